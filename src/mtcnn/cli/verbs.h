#pragma once

#include <CLI/CLI.hpp>

/// One function a command: adds it to the program. Its callback runs the command and throws Error where that fails.
namespace mtcnn::cli {

void add_average(CLI::App& program);
void add_bench(CLI::App& program);
void add_calibrate(CLI::App& program);
void add_config_reference(CLI::App& program);
void add_convert(CLI::App& program);
void add_detect(CLI::App& program);
void add_export(CLI::App& program);
void add_import(CLI::App& program);
void add_inspect(CLI::App& program);
void add_live(CLI::App& program);
void add_new_object(CLI::App& program);
void add_pipeline(CLI::App& program);
void add_prepare(CLI::App& program);
void add_toy_data(CLI::App& program);
void add_train(CLI::App& program);
void add_eval(CLI::App& program);

/// The evaluations: commands below `eval`.
void add_eval_fddb(CLI::App& eval);
void add_eval_wider(CLI::App& eval);
void add_eval_landmarks(CLI::App& eval);
void add_eval_coco(CLI::App& eval);
void add_eval_cascade(CLI::App& eval);

}  // namespace mtcnn::cli
