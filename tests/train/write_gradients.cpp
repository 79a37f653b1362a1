// Usage: write_gradients NET NEGATIVES POSITIVES PARTS LANDMARKS FILE [DEVICE]
// One training step's inputs, losses, mining mask and gradients, for comparison with another implementation. Every
// other crop repeats the one before, so that losses tie at the cut of the mining. With a device the pass is the one
// that a GPU computes.
#include "mtcnn/core/safetensors.h"
#include "mtcnn/gpu/torch_device.h"
#include "mtcnn/train/loss.h"
#include "mtcnn/train/modules.h"
#include "mtcnn/train/split_pass.h"
#include "mtcnn/train/torch_threads.h"

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <torch/torch.h>

namespace {

/// Tensors that live until the file is written.
struct Dump {
  std::vector<std::pair<std::string, torch::Tensor>> tensors;

  void add(const std::string& name, const torch::Tensor& tensor) {
    tensors.emplace_back(name,
                         tensor.detach().cpu().to(torch::kFloat).contiguous().clone(at::MemoryFormat::Contiguous));
  }

  void write(const std::string& path) const {
    std::vector<mtcnn::TensorView> views;
    for (const auto& [name, tensor] : tensors) {
      views.push_back({name, mtcnn::Dtype::f32, tensor.sizes().vec(),
                       std::as_bytes(std::span(tensor.const_data_ptr<float>(), static_cast<size_t>(tensor.numel())))});
    }
    mtcnn::write_safetensors(path, views, {});
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7 && argc != 8) {
    std::cerr << "usage: write_gradients NET NEGATIVES POSITIVES PARTS LANDMARKS FILE [DEVICE]\n";
    return 2;
  }
  mtcnn::NetKind kind = mtcnn::NetKind::pnet;
  for (const mtcnn::NetKind net : mtcnn::kNetKinds) {
    if (argv[1] == std::string(mtcnn::net_name(net))) kind = net;
  }
  const auto number = [&](int i) { return std::strtoll(argv[i], nullptr, 10); };
  const mtcnn::BatchCounts counts{
      .negatives = number(2), .positives = number(3), .parts = number(4), .landmarks = number(5)};
  const bool elsewhere = argc == 8;
  const torch::Device device = elsewhere ? mtcnn::choose_device(argv[7]) : torch::Device(torch::kCPU);
  const mtcnn::WithoutTorchThreads without_torch_threads;
  torch::manual_seed(11);
  const mtcnn::NetPointer net = mtcnn::make_net(kind, 5);
  const int64_t side = mtcnn::net_input_size(kind);
  torch::Tensor input = torch::rand({counts.total(), 3, side, side}) * 2 - 1;
  for (int64_t i = 1; i < counts.total(); i += 2) input[i].copy_(input[i - 1]);
  const mtcnn::BatchTargets targets{counts, (torch::randn({counts.boxes(), 4}) * 0.2).to(device),
                                    torch::rand({counts.landmarks, 10}).to(device)};
  Dump dump;
  dump.add("input", input);
  dump.add("target_offsets", targets.offsets);
  dump.add("target_landmarks", targets.landmarks);
  mtcnn::ThreadPool pool(2);
  mtcnn::SplitPass pass(*net, pool);
  net->to(device);
  input = input.to(device).contiguous(at::MemoryFormat::ChannelsLast);
  mtcnn::NetOutput output = elsewhere ? net->forward(input) : pass.forward(input);
  if (!elsewhere) mtcnn::gather_gradients(output);
  const mtcnn::LossTerms terms = mtcnn::multi_task_loss(output, targets, mtcnn::LossOptions{});
  terms.total.backward();
  if (!elsewhere) pass.backward(output);
  dump.add("losses", torch::stack({terms.face, terms.box, terms.landmark, terms.total}));
  dump.add("kept", terms.kept);
  for (const auto& parameter : net->named_parameters()) {
    dump.add("parameter." + parameter.key(), parameter.value());
    const torch::Tensor& gradient = parameter.value().grad();
    dump.add("gradient." + parameter.key(), gradient.defined() ? gradient : torch::zeros_like(parameter.value()));
  }
  dump.write(argv[6]);
  return 0;
}
