#include "mtcnn/pipeline/pipeline.h"

#include "mtcnn/cli/common.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/text.h"
#include "mtcnn/pipeline/plan.h"

#include <iostream>
#include <memory>
#include <optional>

namespace mtcnn::cli {
namespace fs = std::filesystem;
namespace {

struct PipelineFlags {
  Common common;
  std::string out, data, from, only;
  std::optional<int64_t> seed;
  bool dry_run = false;
};

/// \param flags  gets the configuration's `out` where there was no --out.
std::vector<Step> plan(PipelineFlags& flags) {
  if (flags.common.config.empty())
    throw Error(ErrorCode::usage, "--config is needed", {.expected = "a file like configs/pipeline.json"});
  const fs::path config = flags.common.config;
  Json object = read_json(config);
  for (const std::string& setting : flags.common.settings) {
    const auto [key, value] = option_detail::parse_setting(setting);
    option_detail::insert(object, key, value);
  }
  PipelineOptions options = read_pipeline_options(object, config);
  if (!flags.data.empty()) options.root = flags.data;
  if (flags.seed) options.seed = *flags.seed;
  if (flags.out.empty()) flags.out = options.out.string();
  if (flags.out.empty())
    throw Error(ErrorCode::usage, "--out is needed", {.where = config.string(), .expected = "--out, or the key 'out'"});
  const fs::path out = flags.out;
  require_apart({{out, "--out"}, {out / "summary.json", "--out"}}, {options.root, config});
  return plan_pipeline(options, config.parent_path(), flags.out);
}

void run(PipelineFlags flags) {
  const std::vector<Step> steps = plan(flags);
  if (flags.dry_run) return print(plan_text(steps, flags.out));
  PipelineJob job{.program = fs::read_symlink("/proc/self/exe"),
                  .out = flags.out,
                  .flags = {"--device", flags.common.device, "--threads", concat(flags.common.threads)},
                  .from = flags.from,
                  .only = flags.only,
                  .quiet = flags.common.quiet};
  if (!flags.common.quiet) job.say = [](const std::string& line) { std::cerr << as_line(line) << "\n"; };
  const InterruptGuard guard;
  run_pipeline(steps, job);
  if (!flags.common.quiet) print(summary_text(pipeline_summary(steps, flags.out)));
}

}  // namespace

void add_pipeline(CLI::App& program) {
  const auto flags = std::make_shared<PipelineFlags>();
  CLI::App& verb = *program.add_subcommand(
      "pipeline",
      "Train a whole model and score it: prepare, train, calibrate, evaluate\n\nFor each net in turn: make crops "
      "(hard examples are found by the nets trained so far) and train; then choose the thresholds and score the model. "
      "Each step is a command of this program; --dry-run shows them. The results are in summary.json in --out.");
  verb.add_option("--out", flags->out,
                  "Folder for all results; the model is in its subfolder model [the configuration's 'out']")
      ->type_name("DIR");
  verb.add_option("--data", flags->data, "Folder of the data sets [root in the configurations]")->type_name("DIR");
  verb.add_option("--seed", flags->seed, "Seed of all random numbers [1]");
  verb.add_flag("--dry-run", flags->dry_run, "Only show the steps, with their sizes and estimated times");
  CLI::Option* from =
      verb.add_option("--from", flags->from, "Run this step and all later ones again")->type_name("STEP");
  verb.add_option("--only", flags->only, "Run only this step, again")->type_name("STEP")->excludes(from);
  add_device_flags(verb, flags->common);
  add_config_flags(verb, flags->common);
  add_quiet_flag(verb, flags->common);
  verb.footer(
      "Steps whose inputs have not changed are skipped. An interrupted run is continued by the same\ncommand.\n"
      "Example: mtcnn pipeline --config configs/pipeline.json --data ~/faces --out work");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
