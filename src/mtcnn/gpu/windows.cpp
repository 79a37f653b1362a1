#include "mtcnn/gpu/windows.h"

#include "mtcnn/gpu/boxes.h"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>

namespace mtcnn {

void wait_for(c10::Device device) { at::ones({1}, device).cpu(); }

std::vector<int64_t> to_host(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> flat;
  for (const at::Tensor& tensor : tensors) flat.push_back(tensor.to(at::kLong).view({-1}));
  const at::Tensor all = at::cat(flat).cpu();
  return {all.const_data_ptr<int64_t>(), all.const_data_ptr<int64_t>() + all.numel()};
}

std::vector<at::Tensor> floats_to_host(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> flat;
  for (const at::Tensor& tensor : tensors) flat.push_back(tensor.to(at::kFloat).reshape({-1}));
  const at::Tensor all = at::cat(flat).cpu();
  std::vector<at::Tensor> on_host;
  int64_t begin = 0;
  for (const at::Tensor& tensor : tensors) {
    on_host.push_back(all.narrow(0, begin, tensor.numel()).view(tensor.sizes()));
    begin += tensor.numel();
  }
  return on_host;
}

Counted compacted(const Windows& windows, std::vector<int64_t> counts) {
  const int64_t most = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
  const at::Tensor places = strongest_first(windows.alive.to(at::kByte)).slice(1, 0, most);
  return {{at_places(windows.boxes, places), at_places(windows.scores, places), at_places(windows.votes, places),
           at_places(windows.alive, places)},
          std::move(counts),
          windows.alive.sum(1)};
}

}  // namespace mtcnn
