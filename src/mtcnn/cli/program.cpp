#include "mtcnn/cli/program.h"

#include "mtcnn/cli/common.h"
#include "mtcnn/cli/help_formatter.h"
#include "mtcnn/cli/parts.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/cut_files.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/version.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr int kInternalBug = 3;

const char* kind_of(mtcnn::ErrorCode code) {
  switch (code) {
    case mtcnn::ErrorCode::usage:
      return "usage";
    case mtcnn::ErrorCode::not_found:
      return "not_found";
    case mtcnn::ErrorCode::unreadable:
      return "unreadable";
    case mtcnn::ErrorCode::unwritable:
      return "unwritable";
    case mtcnn::ErrorCode::bad_format:
      return "bad_format";
    case mtcnn::ErrorCode::unsupported:
      return "unsupported";
    case mtcnn::ErrorCode::interrupted:
      return "interrupted";
  }
  return "other";
}

/// Programs that run this one ask for the kind of an error by MTCNN_ERROR_KINDS: "error: [not_found] …".
std::string with_kind(const mtcnn::Error& error) {
  const char* asked = std::getenv("MTCNN_ERROR_KINDS");
  if (asked == nullptr || *asked == '\0') return error.what();
  return mtcnn::concat("[", kind_of(error.code()), "] ", error.what());
}

int report(const std::string& message, int exit_code) {
  std::fprintf(stderr, "error: %s\n", message.c_str());
  return exit_code;
}

std::string version_text() {
  std::string text = mtcnn::concat("mtcnn ", mtcnn::version(), " (commit ", mtcnn::commit(), ")");
  if (const std::string torch = mtcnn::cli::libtorch_version(); !torch.empty()) text += ", LibTorch " + torch;
  return text + ", OpenCV " MTCNN_OPENCV_VERSION;
}

int parse_and_run(int argc, char** argv) {
  CLI::App program(
      "MTCNN: the three-stage face detector.\n\nFinds faces (boxes and five landmarks), trains the three nets, and "
      "scores detectors. Each command has its own --help.",
      "mtcnn");
  program.formatter(std::make_shared<mtcnn::cli::HelpFormatter>());  // commands inherit it
  program.require_subcommand(1);
  program.footer("Example: mtcnn detect photos/ --json faces.jsonl --draw annotated/");
  program.set_version_flag("--version", version_text());
  program
      .add_flag_callback(
          "--licences", [] { throw CLI::CallForVersion(mtcnn::licences(), 0); },
          "Print the licence of this program and those of the weights and libraries inside it, and exit")
      ->trigger_on_parse();
  mtcnn::cli::add_bench(program);
  mtcnn::cli::add_calibrate(program);
  mtcnn::cli::add_config_reference(program);
  mtcnn::cli::add_convert(program);
  mtcnn::cli::add_detect(program);
  mtcnn::cli::add_export(program);
  mtcnn::cli::add_import(program);
  mtcnn::cli::add_average(program);
  mtcnn::cli::add_live(program);
  mtcnn::cli::add_new_object(program);
  mtcnn::cli::add_pipeline(program);
  mtcnn::cli::add_prepare(program);
  mtcnn::cli::add_train(program);
  mtcnn::cli::add_eval(program);
  mtcnn::cli::add_inspect(program);
  mtcnn::cli::add_toy_data(program);
  mtcnn::cli::refuse_empty_names(program);
  // `mtcnn nosuch --help` would be help on the program, as if all were well.
  std::vector<std::string> names;
  for (const CLI::App* verb : program.get_subcommands({})) names.push_back(verb->get_name());
  if (argc > 1 && argv[1][0] != '-' && std::find(names.begin(), names.end(), argv[1]) == names.end()) {
    const std::string nearest = mtcnn::nearest_name(argv[1], names);
    return report(
        mtcnn::concat("there is no command '", argv[1], "'", nearest.empty() ? "" : "; did you mean " + nearest + "?",
                      nearest.empty() ? "; see --help" : " See --help"),
        kWrongUsage);
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version and --licences
      std::ostringstream text;
      const int code = program.exit(error, text, text);
      mtcnn::cli::print(text.str());
      return code;
    }
    return report(std::string(error.what()) + "; see --help", kWrongUsage);
  }
  return 0;
}

}  // namespace

int mtcnn::cli::run_program(int argc, char** argv) {
  mtcnn::log::set_sink(mtcnn::log::stderr_sink());
  const bool pipes_kill = mtcnn::cli::guard_standard_streams();
  mtcnn::report_cut_files();
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may grow no further is then a failed write, which clears up
  try {
    try {
      return parse_and_run(argc, argv);
    } catch (const mtcnn::cli::NeedsProgram& need) {
      mtcnn::cli::go_on_elsewhere(need, argv, pipes_kill);
    }
  } catch (const mtcnn::cli::ClosedPipe&) {
    if (!pipes_kill) return report("stdout: nobody reads the results any more (broken pipe)", kFailed);
    std::signal(SIGPIPE, SIG_DFL);
    return std::raise(SIGPIPE);
  } catch (const mtcnn::Error& error) {
    return report(with_kind(error), error.code() == mtcnn::ErrorCode::usage ? kWrongUsage : kFailed);
  } catch (const mtcnn::ContractError& error) {
    return report(std::string("internal bug: ") + error.what(), kInternalBug);
  } catch (const std::bad_alloc&) {
    return report(std::string("out of memory") + (argc > 1 ? std::string(" in `mtcnn ") + argv[1] + "`" : ""), kFailed);
  } catch (const std::system_error& error) {
    return report(with_kind(mtcnn::system_error(error)), kFailed);
  } catch (const std::runtime_error& error) {  // of a library that the system refused something, as OpenCV's threads
    return report(mtcnn::as_line(mtcnn::concat("a library failed: ", error.what())), kFailed);
  } catch (const std::exception& error) {
    return report(std::string("internal bug: ") + error.what(), kInternalBug);
  }
}
