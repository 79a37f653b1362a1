#include "mtcnn/model/options.h"

#include "mtcnn/core/json.h"
#include "mtcnn/pipeline/options.h"
#include "mtcnn/train/options.h"

#include "data_prep/options.h"
#include "input.h"

/// Configuration files of every command.
MTCNN_FUZZ_TARGET(input) {
  const mtcnn::Json json = mtcnn::parse_json(mtcnn::fuzz::as_text(input), "config.json");
  const auto try_it = [](auto read) { mtcnn::fuzz::expect_result_or_error(read); };
  try_it([&] {
    mtcnn::DetectorOptions options;
    mtcnn::detector_option_table().apply_file(options, json, "config.json");
  });
  try_it([&] {
    mtcnn::TrainOptions options;
    mtcnn::train_option_table().apply_file(options, json, "config.json");
    mtcnn::check_train_options(options);
  });
  try_it([&] {
    mtcnn::PrepareOptions options;
    mtcnn::apply_prepare_options(options, json, "config.json", mtcnn::fuzz::input_folder());
    mtcnn::check_prepare_options(options);
  });
  try_it([&] { mtcnn::read_pipeline_options(json, "config.json"); });
}
