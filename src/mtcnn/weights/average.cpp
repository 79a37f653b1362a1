#include "mtcnn/weights/average.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/weights/input.h"

#include <algorithm>

namespace mtcnn {
namespace {

void require_alike(const AveragedNet& first, const AveragedNet& other) {
  const auto differ = [&](const std::string& what, const std::string& found, const std::string& expected) {
    if (found == expected) return;
    throw Error(ErrorCode::usage, concat("its ", what, " differs from that of ", first.name),
                {.where = other.name, .found = found, .expected = expected});
  };
  differ("kind", net_title(other.weights.net), net_title(first.weights.net));
  const auto input = [](const AveragedNet& net) {
    return input_option_table().dump(input_of(net.weights, net.name).value_or(InputOptions{})).dump();
  };
  differ("input", input(other), input(first));
  const auto channels = [](const AveragedNet& net) { return Json(channels_of(net.weights)).dump(); };
  differ("number of channels", channels(other), channels(first));
  if (first.weights.net != NetKind::onet) return;
  differ("number of landmarks", concat(landmark_count(other.weights)), concat(landmark_count(first.weights)));
  const auto order = [](const AveragedNet& net) {
    const auto found = net.weights.metadata.find("landmark_order");
    return found == net.weights.metadata.end() ? std::string("not named") : found->second;
  };
  differ("order of landmarks", order(other), order(first));
}

NamedTensor mean_of(std::span<const AveragedNet> nets, const NamedTensor& like, double shares) {
  NamedTensor mean = like;
  for (size_t i = 0; i < like.values.size(); ++i) {
    double sum = 0;
    for (const AveragedNet& net : nets)
      sum += net.share / shares * static_cast<double>(net.weights.at(like.name).values[i]);
    mean.values[i] = static_cast<float>(sum);
  }
  return mean;
}

}  // namespace

NetWeights average_weights(std::span<const AveragedNet> nets) {
  require(!nets.empty(), "average_weights: no nets");
  double shares = 0;
  for (const AveragedNet& net : nets) shares += net.share;
  require(shares > 0, "average_weights: shares above zero are needed");
  for (const AveragedNet& net : nets) require_alike(nets.front(), net);
  NetWeights average{.net = nets.front().weights.net, .tensors = {}, .metadata = nets.front().weights.metadata};
  Json from = Json::array();
  for (const AveragedNet& net : nets) {
    std::erase_if(average.metadata, [&](const auto& item) {
      const auto found = net.weights.metadata.find(item.first);
      return found == net.weights.metadata.end() || found->second != item.second;
    });
    from.push_back({{"checksum", weights_checksum(net.weights)}, {"share", net.share / shares}});
  }
  average.metadata["averaged_from"] = from.dump();
  for (const NamedTensor& tensor : nets.front().weights.tensors) {
    const bool everywhere = std::ranges::all_of(nets, [&](const AveragedNet& net) {
      const NamedTensor* other = net.weights.find(tensor.name);
      return other != nullptr && other->shape == tensor.shape;
    });
    if (everywhere) average.tensors.push_back(mean_of(nets, tensor, shares));
  }
  return average;
}

void raise_face_logit(NetWeights& weights, float raise) {
  const std::string bias = net_spec(weights.net).head(HeadKind::face).name + ".bias";  // of no face and face
  for (NamedTensor& tensor : weights.tensors) {
    if (tensor.name == bias) tensor.values.at(1) += raise;
  }
}

}  // namespace mtcnn
