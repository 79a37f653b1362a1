#include "mtcnn/cli/common.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/image/read.h"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

namespace mtcnn::cli {
namespace fs = std::filesystem;
namespace {

/// Past the C library's buffer, which others empty without a look at what comes of it.
void write_to_stdout(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EPIPE) {
      throw ClosedPipe();
    } else if (errno != EINTR) {
      throw system_error(ErrorCode::unwritable, "writing the result failed", "stdout");
    }
  }
}

/// Numbers of one width, as `seq -w` writes them, would be octal: "010" eight, and "08" none.
std::string without_leading_zeros(std::string& number) {
  number.erase(0, std::min(number.find_first_not_of('0'), number.size() - 1));
  return "";
}

}  // namespace

void add_config_flags(CLI::App& verb, Common& common) {
  verb.add_option("--config", common.config,
                  "JSON file with options (docs/configuration.md); flags on the command line take precedence")
      ->type_name("FILE")
      ->group(kConfigurationGroup);
  verb.add_option("--set", common.settings, "Set one option by its name in docs/configuration.md; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false)
      ->group(kConfigurationGroup);
}

void add_rank_flags(CLI::App& verb, RankFlags& flags, const std::string& help) {
  constexpr int kMost = 1 << 20;
  const CLI::Validator decimal(without_leading_zeros, "");
  verb.add_option("--rank", flags.rank, help)->capture_default_str()->check(CLI::Range(0, kMost))->transform(decimal);
  verb.add_option("--world", flags.world, "Number of parts, see --rank")
      ->capture_default_str()
      ->check(CLI::Range(1, kMost))
      ->transform(decimal);
}

void require_rank(const RankFlags& flags) {
  if (flags.rank < flags.world) return;
  throw Error(ErrorCode::usage, "no such rank",
              {.found = concat("--rank ", flags.rank, " --world ", flags.world), .expected = "0 <= rank < world"});
}

void add_quiet_flag(CLI::App& verb, Common& common) {
  verb.add_flag("-q,--quiet", common.quiet, "Print no progress and no summary, only errors")->group(kRunGroup);
}

void add_device_flags(CLI::App& verb, Common& common) {
  verb.add_option("--device", common.device,
                  "cpu, cuda, cuda:N, or auto = cuda if there is a GPU, else cpu; cuda is experimental")
      ->capture_default_str()
      ->group(kRunGroup);
  verb.add_option("--threads", common.threads, "CPU threads; 0 = one per core")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024))
      ->group(kRunGroup);
}

ResultFile::ResultFile(const std::string& path) {
  if (path != "-" && path != "/dev/stdout") file_.emplace(path);
}

void ResultFile::write(std::string_view text) {
  if (file_) return file_->write(text);
  write_to_stdout(text);
}

void ResultFile::flush() {
  if (file_) file_->flush();
}

void ResultFile::commit() {
  if (file_) file_->commit();
}

void write_result(const std::string& path, const std::string& text) {
  ResultFile file(path);
  file.write(text);
  file.commit();
}

std::string as_text(std::string_view lines) {
  std::string text;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    text += as_line(lines.substr(0, end));
    if (end == std::string_view::npos) break;
    text += '\n';
    lines.remove_prefix(end + 1);
  }
  return text;
}

void print(const std::string& text) { write_result("-", as_text(text)); }

Output json_output(const std::string& json) { return {json == "-" ? "/dev/stdout" : json, "--json"}; }

std::vector<Output> report_outputs(const std::string& out, const std::string& json,
                                   const std::vector<std::string>& more) {
  const fs::path folder = out;
  std::vector<Output> outputs = {json_output(json)};
  if (out.empty()) return outputs;
  for (const char* name : {"curve.csv", "curve.svg"}) outputs.push_back({folder / name, "--out"});
  for (const std::string& name : more) outputs.push_back({folder / name, "--out"});
  require_distinct(outputs);
  outputs.push_back({folder / "summary.json", "--out"});  // --json may be the same, and says the same
  return outputs;
}

void require_report_apart(const std::vector<Output>& outputs, const std::vector<fs::path>& inputs) {
  require_apart(outputs, inputs);
  std::error_code ignored;
  for (const Output& output : outputs) {
    const fs::path& file = output.path;
    const fs::path ending = file.extension();
    const bool read_where_it_lies =
        is_picture_name(file) || ending == ".txt" || ending == ".mat" || ending == ".jsonl" || ending == ".csv";
    if (output.flag == "--out" || !read_where_it_lies || !fs::is_regular_file(file, ignored)) continue;
    for (const fs::path& folder : inputs) {
      if (fs::is_directory(folder, ignored) && is_within(file, folder)) require_apart({output}, {file});
    }
  }
}

bool guard_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    // The lowest free number is this one. Writes to a stdout that can only be read fail, as they should.
    ::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
  return std::signal(SIGPIPE, SIG_IGN) != SIG_IGN;
}

void refuse_empty_names(CLI::App& program) {
  for (CLI::Option* option : program.get_options()) {
    const std::string type = option->get_type_name();
    const auto names = {"FILE", "DIR", "PATH", "PNG"};
    if (std::none_of(names.begin(), names.end(),
                     [&](const char* name) { return type.find(name) != std::string::npos; }))
      continue;
    option->check(CLI::Validator(
        [](const std::string& name) { return name.empty() ? "an empty name; leave the flag out or name a place" : ""; },
        "", "not_empty"));
  }
  for (CLI::App* verb : program.get_subcommands({})) refuse_empty_names(*verb);
}

}  // namespace mtcnn::cli
