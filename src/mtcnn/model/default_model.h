#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace mtcnn {

/// A file of models/default as it was when the library was built.
/// \throws ContractError where there is no such file.
std::span<const std::byte> default_model_file(std::string_view name);

}  // namespace mtcnn
