#include "data_prep/toy_data.h"

#include "mtcnn/cli/common.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/progress.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace mtcnn::cli {
namespace {

struct ToyFlags {
  Common common;
  std::string out;
  ToyOptions toy;
  std::optional<int64_t> validation;
  std::string object = "face";
};

void run(const ToyFlags& flags) {
  ToyOptions options = flags.toy;
  options.validation = flags.validation.value_or(std::max<int64_t>(1, options.images / 5));
  options.threads = flags.common.threads > 0 ? flags.common.threads
                                             : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  options.object = flags.object == "watch" ? ToyObject::watch : ToyObject::face;
  const InterruptGuard guard;
  ToyCounts counts;
  {
    const int layouts = options.object == ToyObject::face ? 2 : 1;
    Progress progress("images", layouts * (options.images + options.validation), flags.common.quiet);
    options.progress = [&](int64_t done) { progress.update(done); };
    counts = make_toy_data(flags.out, options);
  }
  if (!flags.common.quiet)
    std::cerr << as_line(flags.out) << ": " << counts.pictures << " images, " << counts.faces
              << (flags.object == "watch" ? " watches\n" : " faces\n");
}

}  // namespace

void add_toy_data(CLI::App& program) {
  auto flags = std::make_shared<ToyFlags>();
  CLI::App& verb = *program.add_subcommand(
      "toy-data",
      "Make images of synthetic faces or watches, to try training without a download\n\nWrites data sets in the "
      "layouts of WIDER FACE and CelebA, and the same labels as JSON lines, with boxes and landmarks; watches as own "
      "data only. A detector trained on them finds no real faces.");
  verb.add_option("folder", flags->out,
                  "New folder: wider/ and celeba/ in these data sets' layouts; for watches train/ and val/ as own data")
      ->required()
      ->type_name("DIR");
  verb.add_option("--object", flags->object,
                  "Object: face, or watch (not square, four landmarks: docs/other_objects.md)")
      ->capture_default_str()
      ->check(CLI::IsMember({"face", "watch"}));
  verb.add_option("--images", flags->toy.images, "Training images in each layout")
      ->required()
      ->check(CLI::Range(1, 10000000));
  verb.add_option("--val", flags->validation, "Validation images in each layout [a fifth of --images]")
      ->check(CLI::Range(0, 10000000));
  verb.add_option("--seed", flags->toy.seed, "Seed of all random numbers; the same seed gives the same bytes")
      ->capture_default_str();
  verb.add_option("--threads", flags->common.threads, "CPU threads; 0 = one per core")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  add_quiet_flag(verb, flags->common);
  verb.footer("Example: mtcnn toy-data toys --images 500 --seed 1");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
