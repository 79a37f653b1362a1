#include "mtcnn/train/split_pass.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/train/gradient_sum.h"
#include "mtcnn/train/torch_threads.h"

#include <algorithm>

#include <torch/autograd.h>

namespace mtcnn {
namespace {

using torch::Tensor;

/// Rows of a part: few enough to share a batch among threads (P-Net's usual one among two, as its augmentation keeps
/// others busy), enough to hide what every call to LibTorch costs.
int64_t rows_of_part(NetKind net) { return net == NetKind::pnet ? 640 : 80; }

NetOutput join(const std::vector<NetOutput>& parts) {
  NetOutput all;
  for (const HeadKind head : parts.front().heads()) {
    std::vector<Tensor> tensors;
    for (const NetOutput& part : parts) tensors.push_back(part.of(head).detach());
    all.of(head) = torch::cat(tensors);
  }
  return all;
}

std::vector<NetOutput> forward_parts(const NetModule& net, const Tensor& input, ThreadPool& pool) {
  const int64_t rows = input.size(0);
  const int64_t part_rows = input.is_cpu() ? rows_of_part(net.kind()) : rows;
  std::vector<NetOutput> parts(static_cast<size_t>((rows + part_rows - 1) / part_rows));
  const bool gradients = torch::GradMode::is_enabled();
  pool.run(static_cast<int64_t>(parts.size()), [&](int64_t i) {
    take_over_threads();
    const torch::AutoGradMode mode(gradients);
    parts[static_cast<size_t>(i)] = net.forward(input.slice(0, i * part_rows, std::min(rows, (i + 1) * part_rows)));
  });
  return parts;
}

}  // namespace

NetOutput answer(const NetModule& net, const Tensor& input, ThreadPool& pool) {
  const torch::NoGradGuard no_grad;
  return join(forward_parts(net, input, pool));
}

void gather_gradients(NetOutput& output) {
  for (const HeadKind head : output.heads()) output.of(head).requires_grad_();
}

SplitPass::SplitPass(const NetModule& net, ThreadPool& pool) : net_(net), pool_(pool), parameters_(net.parameters()) {}

NetOutput SplitPass::forward(const Tensor& input) {
  parts_ = forward_parts(net_, input, pool_);
  return join(parts_);
}

void SplitPass::backward(const NetOutput& output, int64_t first) {
  std::vector<std::vector<Tensor>> gradients(parts_.size());
  std::vector<int64_t> first_rows;
  int64_t rows = first;
  for (const NetOutput& part : parts_) {
    first_rows.push_back(rows);
    rows += part.face_logits.size(0);
  }
  pool_.run(static_cast<int64_t>(parts_.size()), [&](int64_t index) {
    take_over_threads();
    const auto i = static_cast<size_t>(index);
    std::vector<Tensor> heads;
    std::vector<Tensor> head_gradients;
    for (const HeadKind head : output.heads()) {
      const Tensor leaf = output.of(head);
      if (!leaf.grad().defined()) continue;
      heads.push_back(parts_[i].of(head));
      head_gradients.push_back(leaf.grad().narrow(0, first_rows[i], heads.back().size(0)));
    }
    gradients[i] = torch::autograd::grad(heads, parameters_, head_gradients, /*retain_graph=*/false,
                                         /*create_graph=*/false, /*allow_unused=*/true);
    parts_[i] = {};
  });
  const torch::NoGradGuard no_grad;
  for (size_t p = 0; p < parameters_.size(); ++p) {
    std::vector<Tensor> terms;
    for (const std::vector<Tensor>& part : gradients) terms.push_back(part[p]);
    parameters_[p].mutable_grad() = tree_sum(std::move(terms));
  }
}

void require_shares(NetKind net, int64_t rows, int world, torch::Device device) {
  if (world == 1) return;
  const bool split = device.is_cpu();
  const int64_t least = split ? world * rows_of_part(net) : world;
  const int64_t parts = rows / least;  // of a process
  if (rows % least == 0 && (!split || (parts & (parts - 1)) == 0)) return;
  throw Error(ErrorCode::usage, concat("a batch of this size cannot be shared by ", world, " processes"),
              {.where = "batch.size",
               .found = concat(rows, " crops"),
               .expected = split ? concat(least, ", ", 2 * least, ", ", 4 * least, " and so on")
                                 : concat("a multiple of ", world),
               .hint = "set batch.size, or start another number of processes"});
}

}  // namespace mtcnn
