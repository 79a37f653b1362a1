#include "mtcnn/cli/common.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"

#include <cstdio>

namespace mtcnn::cli {

void add_config_flags(CLI::App& verb, Common& common) {
  verb.add_option("--config", common.config,
                  "JSON file with options (docs/configuration.md); flags on the command line win over it")
      ->type_name("FILE")
      ->group(kConfigurationGroup);
  verb.add_option("--set", common.settings, "One option by its name in the config file; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false)
      ->group(kConfigurationGroup);
}

void add_quiet_flag(CLI::App& verb, Common& common) {
  verb.add_flag("-q,--quiet", common.quiet, "No progress, no summary; errors are still shown")->group(kRunGroup);
}

void add_device_flags(CLI::App& verb, Common& common) {
  verb.add_option("--device", common.device, "cpu, cuda, cuda:N or auto (cuda if there is a GPU); cuda is experimental")
      ->capture_default_str()
      ->group(kRunGroup);
  verb.add_option("--threads", common.threads, "CPU threads; 0 = one per core")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024))
      ->group(kRunGroup);
}

void write_result(const std::string& path, const std::string& text) {
  if (path != "-") return write_text(path, text);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw system_error(ErrorCode::unwritable, "writing the result failed", "stdout");
}

}  // namespace mtcnn::cli
