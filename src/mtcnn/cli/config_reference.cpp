#include "mtcnn/cli/common.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/text.h"
#include "mtcnn/model/options.h"
#include "mtcnn/pipeline/options.h"
#include "mtcnn/train/options.h"

#include <string>

#include "data_prep/options.h"

namespace mtcnn::cli {
namespace {

std::string table_text(const char* title, const char* intro, const std::string& rows) {
  return concat("\n## ", title, "\n\n", intro, "\n\n| key | default | range | |\n|---|---|---|---|\n", rows);
}

}  // namespace

void add_config_reference(CLI::App& program) {
  CLI::App& verb =
      *program.add_subcommand("config-reference", "Print docs/configuration.md: every key of every configuration");
  verb.group("");  // for those who work on this project
  verb.callback([] {
    std::string page =
        "# Configuration\n\nWritten by `mtcnn config-reference`; a test keeps it true.\n\n"
        "Order: defaults, then the model folder's `cascade.json` (`detect`, `eval`), then `--config FILE` "
        "(JSON), then each "
        "`--set key=value`, then\n"
        "dedicated flags. Unknown keys are errors.\n";
    page +=
        table_text("`mtcnn detect`",
                   "`--config`, `--set`, and `detector` in `cascade.json`. Defaults are those of the built-in default "
                   "model. Another model's are in its `cascade.json`; for\nkeys that it lacks they are the paper's: "
                   "`thresholds` 0.6, 0.7, 0.7, `nms_rnet` 0.7, and 0 for the numbers of `confidence`.",
                   detector_option_table().markdown(default_model_options()));
    page += table_text("`input` of a net", "How its crops are made: in the metadata of its weights; not for `--set`.",
                       input_option_table().markdown());
    page += table_text(
        "`mtcnn prepare`",
        "`--config` and `--set`. Beside these keys: `root`, the folder of the data sets (relative to the "
        "configuration file's own folder),\n`datasets` and `validation`, two lists of data sets (below), and "
        "`landmarks`, the objects' points where they are not the five of a face:\n`{\"names\": [\"tip\", …]}` or "
        "`{\"count\": 68}`, each with `\"mirror\"`, the pairs of points (by name, or number from 0) that change places "
        "in a mirror image;\n`{\"count\": 0}` = no points. configs/prepare.json and configs/objects/prepare.json are "
        "examples.",
        prepare_option_table().markdown());
    page += table_text(
        "`mtcnn train`",
        "`--config` and `--set`. Defaults are R-Net's; P-Net has `batch.size` 1280 and `optimizer.lr` 0.004, O-Net "
        "`loss.landmark` 1.",
        train_option_table().markdown());
    page += table_text(
        "`mtcnn pipeline`: a round",
        "An entry of `rounds`; files are named relative to the pipeline's own. Beside `rounds`: `root`, the folder "
        "of the data sets (else that of the\nprepare configurations), `out`, the folder for results without `--out`, "
        "`seed`, `object`, the name of what "
        "is found, `detector`, options of\n`mtcnn detect` that the model gets, `calibrate`, `evaluate` and "
        "`learning_curve` (below). "
        "configs/pipeline.json is an example.",
        round_option_table().markdown());
    page += table_text("`mtcnn pipeline`: `calibrate`", "How the model's thresholds are chosen, see `mtcnn calibrate`.",
                       calibration_step_table().markdown());
    page +=
        table_text("`mtcnn pipeline`: an evaluation", "An entry of `evaluate`.", evaluation_option_table().markdown());
    page += table_text("`mtcnn pipeline`: a point of the learning curve",
                       "An entry of `learning_curve`: a pipeline of its own, on a part of the images.",
                       subset_option_table().markdown());
    page += table_text("A data set of `mtcnn prepare`", "An entry of `datasets` or `validation`.",
                       dataset_option_table().markdown());
    print(page);
  });
}

}  // namespace mtcnn::cli
