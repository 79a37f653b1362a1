#include "mtcnn/core/safetensors.h"
#include "mtcnn/train/modules.h"
#include "mtcnn/weights/import.h"

#include "support/shared_data.h"
#include <ATen/ATen.h>
#include <gtest/gtest.h>

/// The public weights give the outputs that facenet-pytorch 2.6.0 gives on the same inputs.
namespace mtcnn {
namespace {

constexpr double kTolerance =
    1e-5;  ///< asked for by the reference; sums of up to 1,152 float products in another order

const std::filesystem::path kFolder = "golden/cascade";

at::Tensor tensor(const Safetensors& file, const std::string& name) {
  const Safetensors::Entry* entry = file.find(name);
  if (entry == nullptr) throw std::runtime_error("the reference file has no " + name);
  std::vector<float> values = file.floats(*entry);
  return at::from_blob(values.data(), entry->shape, at::kFloat).clone();
}

void expect_close(const at::Tensor& actual, const at::Tensor& expected, const std::string& what) {
  ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
  EXPECT_LT((actual - expected).abs().max().item<double>(), kTolerance) << what;
}

/// The reference has x0 … x4, y0 … y4; ours is x0 y0 x1 y1 ….
at::Tensor interleaved(const at::Tensor& points) { return points.view({-1, 2, 5}).transpose(1, 2).reshape({-1, 10}); }

void check_net(NetKind kind, int64_t points, const std::string& weights_suffix) {
  MTCNN_NEEDS_SHARED(kFolder);
  const auto folder = testing::shared_folder() / kFolder;
  const Safetensors reference(folder / "nets.safetensors");
  const NetPointer net = make_net(kind, points);
  load_weights(*net, import_weights(folder / "weights" / (net_name(kind) + weights_suffix)));
  const at::NoGradGuard no_grad;
  std::vector<std::string> cases = {net_name(kind)};
  if (kind == NetKind::pnet) cases.emplace_back("pnet_map");
  for (const std::string& name : cases) {
    const NetOutput output = net->forward(tensor(reference, name + ".input"));
    expect_close(at::softmax(output.face_logits, 1), tensor(reference, name + ".probability"), name + " probability");
    expect_close(output.offsets, tensor(reference, name + ".offsets"), name + " offsets");
    if (kind == NetKind::onet)
      expect_close(output.landmarks, interleaved(tensor(reference, name + ".points")), name + " points");
  }
}

class GoldenNets : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenNets, PNet) { check_net(NetKind::pnet, 0, GetParam()); }
TEST_P(GoldenNets, RNet) { check_net(NetKind::rnet, 0, GetParam()); }
TEST_P(GoldenNets, ONet) { check_net(NetKind::onet, 5, GetParam()); }

INSTANTIATE_TEST_SUITE_P(Files, GoldenNets, ::testing::Values(".pt", ".state_dict.safetensors"),
                         [](const auto& file) { return file.param == ".pt" ? "torch_save" : "safetensors"; });

}  // namespace
}  // namespace mtcnn
