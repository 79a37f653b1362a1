#include "mtcnn/train/peers.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <optional>
#include <system_error>

namespace mtcnn {
namespace {

using torch::Tensor;

class OneProcess : public Peers {
 public:
  int rank() const override { return 0; }
  int world() const override { return 1; }
  bool alone() const override { return true; }
  std::vector<Tensor> gather(const Tensor& own) override { return {own.clone()}; }
  Tensor broadcast(const Tensor& value) override { return value.clone(); }
};

Tensor bytes_of(const std::string& text, int64_t size) {
  Tensor bytes = torch::zeros({size}, torch::kByte);
  std::copy(text.begin(), text.end(), bytes.mutable_data_ptr<uint8_t>());
  return bytes;
}

std::string text_of(const Tensor& bytes, int64_t size) {
  const uint8_t* data = bytes.const_data_ptr<uint8_t>();
  return {data, data + size};
}

Tensor size_of(const std::string& text) { return torch::full({1}, static_cast<int64_t>(text.size()), torch::kLong); }

}  // namespace

Peers& alone() {
  static OneProcess one;
  return one;
}

std::vector<std::string> gather_texts(Peers& peers, const std::string& own) {
  std::vector<int64_t> sizes;
  for (const Tensor& size : peers.gather(size_of(own))) sizes.push_back(size.item<int64_t>());
  const int64_t largest = std::max<int64_t>(1, *std::max_element(sizes.begin(), sizes.end()));
  std::vector<std::string> texts;
  for (const Tensor& bytes : peers.gather(bytes_of(own, largest))) texts.push_back(text_of(bytes, sizes[texts.size()]));
  return texts;
}

std::string broadcast_text(Peers& peers, const std::string& text) {
  const auto size = peers.broadcast(size_of(text)).item<int64_t>();
  const std::string& given = peers.rank() == 0 ? text : std::string();
  return text_of(peers.broadcast(bytes_of(given, std::max<int64_t>(1, size))), size);
}

void run_together(Peers& peers, const std::function<void()>& work) {
  if (peers.alone()) return work();
  std::optional<Error> failure;
  try {
    work();
  } catch (const Error& error) {
    failure = error;
  } catch (const std::system_error& error) {
    failure = system_error(error);
  }
  // A code's digit, then the message.
  const std::string told = failure ? concat(static_cast<int>(failure->code()), failure->what()) : std::string();
  std::vector<std::string> all;
  try {
    all = gather_texts(peers, told);
  } catch (const Error&) {
    if (!failure) throw;  // else what went wrong here comes before that others are gone
  }
  if (failure) throw Error(*failure);
  for (size_t rank = 0; rank < all.size(); ++rank) {
    if (all[rank].empty()) continue;
    throw Error(static_cast<ErrorCode>(all[rank].front() - '0'), concat("rank ", rank, ": ", all[rank].substr(1)));
  }
}

}  // namespace mtcnn
