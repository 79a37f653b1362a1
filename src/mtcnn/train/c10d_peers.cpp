#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/train/batch_source.h"
#include "mtcnn/train/group_training.h"
#include "mtcnn/train/peers.h"

#include <torch/csrc/distributed/c10d/GroupRegistry.hpp>

/// The one file that knows c10d, whose functions change between versions of torch. What is called here is there from
/// 2.8 on.
namespace mtcnn {
namespace {

using torch::Tensor;

/// The others, joined by a process group of torch.
class GroupPeers : public Peers {
 public:
  /// \param device  that the group's messages must lie on.
  GroupPeers(const std::string& group, torch::Device device)
      : group_(c10d::resolve_process_group(group)), device_(device) {}

  int rank() const override { return group_->getRank(); }
  int world() const override { return group_->getSize(); }

  std::vector<Tensor> gather(const Tensor& own) override {
    std::vector<Tensor> sent = {own.to(device_)};
    std::vector<std::vector<Tensor>> received(1);
    for (int i = 0; i < world(); ++i) received.front().push_back(torch::empty_like(sent.front()));
    wait([&] { return group_->allgather(received, sent); });
    for (Tensor& tensor : received.front()) tensor = tensor.to(own.device());
    return received.front();
  }

  Tensor broadcast(const Tensor& value) override {
    std::vector<Tensor> given = {value.to(device_, /*non_blocking=*/false, /*copy=*/true)};
    wait([&] { return group_->broadcast(given); });
    return given.front().to(value.device());
  }

 private:
  template <class Call>
  static void wait(const Call& call) {
    try {
      call()->wait();
    } catch (const std::exception& error) {
      throw Error(
          ErrorCode::unreadable, "another process of this training is gone or does not answer",
          {.found = as_line(split(error.what(), '\n').front()),
           .hint = "its own messages say why; the same command with --resume goes on from the last checkpoint"});
    }
  }

  c10::intrusive_ptr<c10d::ProcessGroup> group_;
  torch::Device device_;
};

}  // namespace

TrainResult train_in_group(const TrainJob& job, const std::string& group) {
  GroupPeers peers(group, device_of(job));
  TrainJob shared = job;
  shared.peers = &peers;
  return train_net(shared);
}

}  // namespace mtcnn
