#include "mtcnn/train/peers.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/train/gradient_sum.h"
#include "mtcnn/train/shared_answers.h"
#include "mtcnn/train/split_pass.h"
#include "mtcnn/train/torch_threads.h"

#include <mutex>

#include "support/expect_error.h"
#include "support/thread_peers.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

namespace mtcnn {
namespace {

using ::testing::HasSubstr;
using testing::run_ranks;
using torch::Tensor;

TEST(Peers, TextsOfAnyLength) {
  run_ranks(3, [](Peers& peers) {
    const std::string own(static_cast<size_t>(peers.rank()) * 5, '\0');
    const std::vector<std::string> all = gather_texts(peers, own);
    ASSERT_EQ(all.size(), 3U);
    for (size_t rank = 0; rank < 3; ++rank) EXPECT_EQ(all[rank], std::string(rank * 5, '\0'));
    EXPECT_EQ(broadcast_text(peers, concat("of ", peers.rank())), "of 0");
    EXPECT_EQ(broadcast_text(peers, peers.rank() == 0 ? "" : "x"), "");
  });
  EXPECT_EQ(gather_texts(alone(), "a"), std::vector<std::string>{"a"});
  EXPECT_EQ(broadcast_text(alone(), "a"), "a");
}

TEST(Peers, AnErrorOfOneIsAnErrorOfAll) {
  run_ranks(3, [](Peers& peers) {
    const std::string message = testing::error_message(ErrorCode::bad_format, [&] {
      run_together(peers, [&] {
        if (peers.rank() == 1) throw Error(ErrorCode::bad_format, "torn", {.where = "a.safetensors"});
      });
    });
    EXPECT_THAT(message, HasSubstr("a.safetensors: torn"));
    EXPECT_THAT(message, HasSubstr(peers.rank() == 1 ? "a.safetensors" : "rank 1"));
    run_together(peers, [] {});
  });
  EXPECT_THROW(run_together(alone(), [] { throw Error(ErrorCode::usage, "no"); }), Error);
}

TEST(GradientSum, IsTheSameTreeForAnyShares) {
  torch::manual_seed(1);
  std::vector<Tensor> terms;
  for (int i = 0; i < 8; ++i) terms.push_back(torch::randn({257}) * std::pow(10, i - 4));
  const auto sum_of = [&](size_t first, size_t count) {
    std::vector<Tensor> own;
    for (size_t i = first; i < first + count; ++i) own.push_back(terms[i].clone());
    return tree_sum(own);
  };
  const Tensor whole = sum_of(0, 8);
  for (const size_t world : {2U, 4U, 8U}) {
    std::vector<Tensor> sums;
    for (size_t rank = 0; rank < world; ++rank) sums.push_back(sum_of(rank * 8 / world, 8 / world));
    EXPECT_TRUE(torch::equal(tree_sum(sums), whole)) << world;
  }
  EXPECT_TRUE(torch::allclose(whole, torch::stack(terms).sum(0)));
  EXPECT_FALSE(tree_sum({}).defined());
  EXPECT_FALSE(tree_sum({Tensor(), Tensor()}).defined());
}

/// A batch of which each rank has its rows.
struct Example {
  NetKind kind;
  BatchCounts counts;
  Tensor input;
  Tensor offsets;    ///< a row each, whether it counts or not
  Tensor landmarks;  ///< likewise
  NetPointer net;
  NetPointer teacher;

  Example(NetKind net_kind, int64_t rows) : kind(net_kind) {
    torch::manual_seed(5);
    counts = {.negatives = rows / 2, .positives = rows / 8, .parts = rows / 8, .landmarks = rows / 4};
    const int64_t side = net_input_size(kind);
    input = torch::rand({rows, 3, side, side}).contiguous(at::MemoryFormat::ChannelsLast);
    offsets = torch::randn({rows, 4});
    landmarks = torch::randn({rows, 10});
    net = make_net(kind, 5);
    teacher = make_net(kind, 5);
  }

  /// Labels of the rows [first, last).
  BatchTargets targets(int64_t first, int64_t last) const {
    const auto within = [&](int64_t begin, int64_t end) {
      return std::pair(std::clamp(begin, first, last), std::clamp(end, first, last));
    };
    const auto [n0, n1] = within(0, counts.negatives);
    const auto [p0, p1] = within(counts.negatives, counts.faces());
    const auto [b0, b1] = within(counts.faces(), counts.faces() + counts.parts);
    const auto [l0, l1] = within(counts.total() - counts.landmarks, counts.total());
    const BatchCounts own{.negatives = n1 - n0, .positives = p1 - p0, .parts = b1 - b0, .landmarks = l1 - l0};
    return {own, offsets.slice(0, p0, b1).contiguous(), landmarks.slice(0, l0, l1).contiguous()};
  }
};

/// What a step comes to in one rank.
struct Step {
  std::vector<Tensor> numbers;  ///< losses and mask
  std::vector<Tensor> gradients;
};

Step step_of(const Example& example, Peers& peers) {
  const int64_t rows = example.counts.total() / peers.world();
  const int64_t first = rows * peers.rank();
  const Tensor input = example.input.narrow(0, first, rows);
  ThreadPool pool(1);
  // Each rank has a net of its own.
  const NetPointer net = make_net(example.kind, 5);
  load_weights(*net, weights_of(*example.net));
  SplitPass pass(*net, pool);
  const StepAnswers own{.output = pass.forward(input),
                        .teacher = answer(*example.teacher, input, pool),
                        .targets = example.targets(first, first + rows)};
  StepAnswers all = share_answers(peers, own, example.counts);
  gather_gradients(all.output);
  LossTerms terms = multi_task_loss(all.output, all.targets, LossOptions{});
  add_teacher(all.output, all.teacher, {.teacher = 1}, terms);
  terms.total.backward();
  pass.backward(all.output, first);
  sum_gradients(peers, net->parameters());
  Step step{.numbers = {terms.total, terms.face, terms.box, terms.landmark, terms.teacher, terms.kept}};
  for (const Tensor& parameter : net->parameters()) step.gradients.push_back(parameter.grad());
  return step;
}

TEST(SharedStep, LossesMaskAndGradientsHaveTheBitsOfOneProcess) {
  const WithoutTorchThreads without_torch_threads;
  for (const NetKind kind : kNetKinds) {
    const Example example(kind, kind == NetKind::pnet ? 4 * 640 : 4 * 80);
    const Step whole = step_of(example, alone());
    for (const int world : {1, 2, 4}) {
      run_ranks(world, [&](Peers& peers) {
        const Step step = step_of(example, peers);
        for (size_t i = 0; i < whole.numbers.size(); ++i)
          EXPECT_TRUE(torch::equal(step.numbers[i], whole.numbers[i])) << net_name(kind) << " " << world << " " << i;
        for (size_t i = 0; i < whole.gradients.size(); ++i)
          EXPECT_TRUE(torch::equal(step.gradients[i], whole.gradients[i]))
              << net_name(kind) << " " << world << " " << i;
      });
    }
  }
}

TEST(SharedStep, AWishOfOneIsAWishOfAll) {
  run_ranks(4, [](Peers& peers) {
    const BatchCounts counts{.negatives = 4};
    StepAnswers own{.output = {torch::ones({1, 2}), torch::ones({1, 4}), {}},
                    .teacher = {},
                    .targets = {{.negatives = 1}, torch::empty({0, 4}), torch::empty({0, 0})}};
    StepAnswers all = share_answers(peers, own, counts);
    EXPECT_FALSE(all.wishes.stop || all.wishes.save);
    EXPECT_FALSE(all.output.landmarks.defined() || all.teacher.face_logits.defined());
    own.wishes = {.stop = peers.rank() == 2, .save = peers.rank() == 0};
    all = share_answers(peers, own, counts);
    EXPECT_TRUE(all.wishes.stop && all.wishes.save);
    EXPECT_TRUE(torch::equal(all.output.face_logits, torch::ones({4, 2})));
  });
}

TEST(RequireShares, NamesBatchesThatCanBeShared) {
  const torch::Device cpu("cpu");
  for (const auto& [net, rows, world] : {std::tuple(NetKind::pnet, 1280, 2), std::tuple(NetKind::rnet, 640, 8),
                                         std::tuple(NetKind::onet, 480, 3), std::tuple(NetKind::onet, 123, 1)})
    EXPECT_NO_THROW(require_shares(net, rows, world, cpu));
  const auto refusal = [&](NetKind net, int64_t rows, int world, const char* device) {
    return testing::error_message(ErrorCode::usage, [&] { require_shares(net, rows, world, torch::Device(device)); });
  };
  EXPECT_THAT(refusal(NetKind::pnet, 1280, 4, "cpu"), HasSubstr("expected 2560, 5120, 10240"));
  EXPECT_THAT(refusal(NetKind::onet, 640, 6, "cpu"), HasSubstr("expected 480, 960, 1920"));
  EXPECT_THAT(refusal(NetKind::rnet, 480, 2, "cpu"), HasSubstr("160, 320, 640")) << "three parts each";
  EXPECT_THAT(refusal(NetKind::rnet, 640, 3, "cuda"), HasSubstr("a multiple of 3"));
}

}  // namespace
}  // namespace mtcnn
