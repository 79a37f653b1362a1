#pragma once

#include "mtcnn/core/file.h"
#include "mtcnn/weights/torch_tensors.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace mtcnn {

/// What a TorchScript archive keeps of a module and the modules in it, as plain data. Names are paths: "conv1.weight"
/// is the attribute `weight` of the module's attribute `conv1`. Tensors point into the archive's bytes. Attributes of
/// other kinds are passed over.
struct ScriptValues {
  std::map<std::string, StridedTensor> tensors;
  std::map<std::string, int64_t> integers;
  std::map<std::string, std::string> texts;
};

/// A TorchScript archive (torch::jit::Module::save, torch::serialize::OutputArchive, torch.jit.save), read as data: the
/// code in it is neither run nor looked at.
class ScriptArchive {
 public:
  /// \throws Error naming the file if it is missing, over 64 MiB, truncated, damaged or no such archive, if a module
  /// has a state that only code of its own could read (`__setstate__`), or modules lie too deep in one another.
  explicit ScriptArchive(const std::filesystem::path& path);

  const ScriptValues& values() const { return values_; }
  /// The content of an extra file; empty where there is none.
  /// \throws Error if it is damaged or compressed.
  std::string extra_file(const std::string& name) const;

 private:
  std::string where_;
  MappedFile file_;
  Zip zip_;
  std::string folder_;
  ScriptValues values_;
};

}  // namespace mtcnn
