#pragma once

#include "mtcnn/weights/weights.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace mtcnn::testing {

/// Parts of a pickle as TorchScript writes them, without its memo.
std::string pickled_text(const std::string& text);
std::string pickled_integer(int32_t value);
/// A contiguous tensor in a storage of its own. \param storage  torch's name of its class.
std::string pickled_tensor(const std::string& key, const std::vector<int64_t>& shape,
                           const std::string& storage = "FloatStorage");
/// An object whose state is a dict of these attributes, pickled.
std::string pickled_module(const std::string& name, const std::vector<std::pair<std::string, std::string>>& attributes);

/// A TorchScript archive with this object, these storages "0", "1", … and, where it is not empty, the extra file
/// mtcnn.json.
std::string script_file(const std::string& pickled_object, const std::vector<std::vector<float>>& storages,
                        const std::string& extra = "");

/// What the extra file says of a net.
std::string script_extra(NetKind net);

/// A net as `mtcnn export --format torchscript` writes it, but for its code.
std::string script_net_file(const NetWeights& weights);

}  // namespace mtcnn::testing
