#include "mtcnn/train/loss.h"

#include "mtcnn/core/error.h"
#include "mtcnn/train/modules.h"
#include "mtcnn/train/optimizer.h"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace mtcnn {
namespace {

/// Leaves whose gradients can be looked at.
struct Case {
  NetOutput output;
  BatchTargets targets;

  explicit Case(const BatchCounts& counts, bool landmark_head = true) {
    torch::manual_seed(3);
    const int64_t n = counts.total();
    output.face_logits = torch::randn({n, 2}).requires_grad_();
    output.offsets = torch::randn({n, 4}).requires_grad_();
    if (landmark_head) output.landmarks = torch::randn({n, 10}).requires_grad_();
    targets = {counts, torch::randn({counts.boxes(), 4}), torch::randn({counts.landmarks, 10})};
  }
};

/// Rows of a leaf that have a gradient.
std::vector<bool> touched(const torch::Tensor& leaf) {
  std::vector<bool> rows;
  for (int64_t i = 0; i < leaf.size(0); ++i)
    rows.push_back(leaf.grad().defined() && leaf.grad()[i].abs().sum().item<float>() > 0);
  return rows;
}

TEST(MiningMask, KeepsTheHighestAndBreaksTiesByRow) {
  const auto mask = mining_mask(torch::tensor({.1F, .5F, .5F, .9F, .5F, .2F, .0F, .5F, .3F, .4F}), .4);
  EXPECT_TRUE(torch::equal(mask, torch::tensor({0, 1, 1, 1, 1, 0, 0, 0, 0, 0}).to(torch::kBool)));
  EXPECT_EQ(mining_mask(torch::rand({7}), .7).sum().item<int64_t>(), 5);
  EXPECT_EQ(mining_mask(torch::zeros({0}), .7).numel(), 0);
}

TEST(Loss, EachTaskReadsItsOwnKinds) {
  Case c({.negatives = 3, .positives = 2, .parts = 2, .landmarks = 2});
  LossOptions options;
  options.mined = 1;
  multi_task_loss(c.output, c.targets, options).total.backward();
  using Rows = std::vector<bool>;
  EXPECT_EQ(touched(c.output.face_logits), (Rows{1, 1, 1, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(touched(c.output.offsets), (Rows{0, 0, 0, 1, 1, 1, 1, 0, 0}))
      << "landmark samples are not for the box loss";
  EXPECT_EQ(touched(c.output.landmarks), (Rows{0, 0, 0, 0, 0, 0, 0, 1, 1}));
}

TEST(Loss, ByHand) {
  const BatchCounts counts{.negatives = 1, .positives = 1, .parts = 1, .landmarks = 1};
  Case c(counts);
  c.output.face_logits = torch::tensor({{0.F, 2.F}, {1.F, 0.F}, {9.F, 9.F}, {9.F, 9.F}});
  c.output.offsets = torch::zeros({4, 4});
  c.output.landmarks = torch::zeros({4, 10});
  c.targets.offsets = torch::tensor({{.1F, .2F, .3F, .4F}, {0.F, 0.F, 0.F, 1.F}});
  c.targets.landmarks = torch::full({1, 10}, .5F);
  LossOptions options;
  options.mined = .5;  // of two samples the harder: the negative that looks like a face
  const LossTerms terms = multi_task_loss(c.output, c.targets, options);
  EXPECT_NEAR(terms.face.item<double>(), std::log(1 + std::exp(2)), 1e-6);
  EXPECT_NEAR(terms.box.item<double>(), (.01 + .04 + .09 + .16 + 1) / 2, 1e-6);
  EXPECT_NEAR(terms.landmark.item<double>(), 2.5, 1e-6);
  EXPECT_NEAR(terms.total.item<double>(), std::log(1 + std::exp(2)) + .5 * .65 + .5 * 2.5, 1e-5);
  EXPECT_EQ(terms.kept.sum().item<int64_t>(), 1);
}

TEST(Loss, AbsentKindsCostNothing) {
  for (const BatchCounts& counts : {BatchCounts{.negatives = 3}, BatchCounts{.parts = 3}, BatchCounts{.landmarks = 2},
                                    BatchCounts{.positives = 2, .landmarks = 1}}) {
    Case c(counts);
    const LossTerms terms = multi_task_loss(c.output, c.targets, {});
    EXPECT_TRUE(std::isfinite(terms.total.item<double>()));
    if (counts.faces() == 0) {
      EXPECT_EQ(terms.face.item<double>(), 0);
    }
    if (counts.boxes() == 0) {
      EXPECT_EQ(terms.box.item<double>(), 0);
    }
    if (counts.landmarks == 0) {
      EXPECT_EQ(terms.landmark.item<double>(), 0);
    }
  }
  Case headless({.negatives = 3, .landmarks = 2}, false);
  EXPECT_EQ(multi_task_loss(headless.output, headless.targets, {}).landmark.item<double>(), 0);
}

TEST(Loss, OptionsDoWhatTheySay) {
  const BatchCounts counts{.negatives = 4, .positives = 2, .parts = 1, .landmarks = 2};
  const Case c(counts);
  const auto with = [&](const auto& change) {
    LossOptions options;
    change(options);
    const LossTerms terms = multi_task_loss(c.output, c.targets, options);
    EXPECT_TRUE(std::isfinite(terms.total.template item<double>()));
    return terms;
  };
  const auto smooth = with([](LossOptions& o) { o.box_loss = "smooth_l1"; });
  const torch::Tensor errors = c.output.offsets.slice(0, 4, 7) - c.targets.offsets;
  const torch::Tensor reference =
      torch::smooth_l1_loss(errors, torch::zeros_like(errors), at::Reduction::None).sum(1).mean();
  EXPECT_NEAR(smooth.box.item<double>(), reference.item<double>(), 1e-5);

  const auto focal = with([](LossOptions& o) { o.face_loss = "focal"; });
  EXPECT_EQ(focal.kept.sum().item<int64_t>(), 6) << "focal loss takes the place of mining";
  const torch::Tensor p = torch::softmax(c.output.face_logits.slice(0, 0, 6), 1);
  double sum = 0;
  for (int64_t i = 0; i < 6; ++i) {
    const bool face = i >= 4;
    const double q = p[i][face ? 1 : 0].item<double>();
    sum -= (face ? .25 : .75) * (1 - q) * (1 - q) * std::log(q);
  }
  EXPECT_NEAR(focal.face.item<double>(), sum / 6, 1e-5);

  const auto soft = with([](LossOptions& o) {
    o.label_smoothing = .2;
    o.mined = 1;
  });
  const torch::Tensor labels = torch::tensor({0, 0, 0, 0, 1, 1}, torch::kLong);
  const torch::Tensor wanted =
      torch::nn::functional::cross_entropy(c.output.face_logits.slice(0, 0, 6), labels,
                                           torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(.2));
  EXPECT_NEAR(soft.face.item<double>(), wanted.item<double>(), 1e-5);

  const auto wing = with([](LossOptions& o) { o.landmark_loss = "wing"; });
  double total = 0;
  const torch::Tensor points = (c.output.landmarks.slice(0, 7, 9) - c.targets.landmarks).abs().flatten();
  for (int64_t i = 0; i < points.numel(); ++i) {
    const double e = points[i].item<double>();
    total += e < .1 ? .1 * std::log(1 + e / .02) : e - (.1 - .1 * std::log(1 + .1 / .02));
  }
  EXPECT_NEAR(wing.landmark.item<double>(), total / 2, 1e-4);
}

TEST(Loss, IouLossIsOneMinusGiou) {
  const BatchCounts counts{.positives = 3};
  Case c(counts);
  // The same box; a shifted one; one that does not touch.
  c.output.offsets =
      torch::tensor({{.1F, .1F, -.1F, -.1F}, {0.F, 0.F, 0.F, 0.F}, {0.F, 0.F, -.5F, 0.F}}).requires_grad_();
  c.targets.offsets = torch::tensor({{.1F, .1F, -.1F, -.1F}, {.5F, 0.F, .5F, 0.F}, {1.F, 0.F, 1.F, 0.F}});
  LossOptions options;
  options.box_loss = "iou";
  const LossTerms terms = multi_task_loss(c.output, c.targets, options);
  const double shifted = 1 - 1 / 3.0;          // IoU 1/3, hull = union
  const double apart = 1 + (2.0 - 1.5) / 2.0;  // IoU 0, union 1.5 in a hull of 2
  EXPECT_NEAR(terms.box.item<double>(), (0 + shifted + apart) / 3, 1e-5);
  terms.total.backward();
  EXPECT_TRUE(c.output.offsets.grad().isfinite().all().item<bool>());
  EXPECT_NE(c.output.offsets.grad()[2].abs().sum().item<float>(), 0) << "boxes that do not touch still learn";
}

TEST(Loss, RefusesRowsThatDoNotFit) {
  Case c({.negatives = 3, .positives = 2});
  c.targets.counts.negatives = 4;
  EXPECT_THROW(multi_task_loss(c.output, c.targets, {}), ContractError);
}

TEST(Optimizer, SparesBiasesAndSlopesFromDecay) {
  for (const char* kind : {"sgd", "adam", "adamw"}) {
    NetPointer net = make_net(NetKind::rnet, 5);
    OptimizerOptions options;
    options.kind = kind;
    options.weight_decay = .3;
    const auto optimizer = make_optimizer(*net, options);
    ASSERT_EQ(optimizer->param_groups().size(), 2U);
    for (const torch::Tensor& parameter : optimizer->param_groups()[0].params()) EXPECT_GT(parameter.dim(), 1);
    for (const torch::Tensor& parameter : optimizer->param_groups()[1].params()) EXPECT_EQ(parameter.dim(), 1);
    // Without any gradient but decay, only the first group moves.
    for (const torch::Tensor& parameter : net->parameters()) parameter.mutable_grad() = torch::zeros_like(parameter);
    const torch::Tensor slope = net->named_parameters()["prelu1.weight"].clone();
    const torch::Tensor weight = net->named_parameters()["conv1.weight"].clone();
    optimizer->step();
    EXPECT_TRUE(torch::equal(slope, net->named_parameters()["prelu1.weight"])) << kind;
    EXPECT_FALSE(torch::equal(weight, net->named_parameters()["conv1.weight"])) << kind;
    set_learning_rate(*optimizer, .5);
    EXPECT_EQ(optimizer->param_groups()[1].options().get_lr(), .5);
  }
}

TEST(TeacherLoss, IsNothingWhereTheNetsAgree) {
  const Case c({.negatives = 3, .positives = 2, .parts = 1, .landmarks = 2});
  EXPECT_NEAR(teacher_loss(c.output, c.output, {}).item<float>(), 0, 1e-6);
}

TEST(TeacherLoss, ByHand) {
  NetOutput ours{torch::tensor({{0.F, 0.F}, {0.F, 0.F}}), torch::zeros({2, 4}), torch::zeros({2, 10})};
  // The teacher is sure that the first is a face and the second none.
  NetOutput teacher{torch::tensor({{0.F, 30.F}, {30.F, 0.F}}),
                    torch::tensor({{1.F, 2.F, 0.F, 0.F}, {7.F, 7.F, 7.F, 7.F}}), torch::Tensor()};
  LossOptions options;
  options.face = 2;
  options.box = .5;
  EXPECT_NEAR(teacher_loss(ours, teacher, options).item<double>(), 2 * std::log(2.0) + .5 * 5, 1e-5)
      << "boxes of what is no face do not count";
  teacher.landmarks = torch::full({2, 10}, 2.F);
  options.landmark = .1;
  EXPECT_NEAR(teacher_loss(ours, teacher, options).item<double>(), 2 * std::log(2.0) + .5 * 5 + .1 * 40, 1e-5);
  ours.landmarks = torch::Tensor();
  EXPECT_NEAR(teacher_loss(ours, teacher, options).item<double>(), 2 * std::log(2.0) + .5 * 5, 1e-5);
  EXPECT_THROW(teacher_loss(ours, {torch::zeros({3, 2}), torch::zeros({3, 4}), {}}, options), ContractError);
}

TEST(Optimizer, ClipsTheCommonNorm) {
  NetPointer net = make_net(NetKind::pnet, 0);
  double squares = 0;
  for (const torch::Tensor& parameter : net->parameters()) {
    parameter.mutable_grad() = torch::full_like(parameter, .1);
    squares += .01 * static_cast<double>(parameter.numel());
  }
  EXPECT_NEAR(clip_gradients(*net, 2), std::sqrt(squares), 1e-3);
  EXPECT_NEAR(clip_gradients(*net, 100), 2, 1e-3);
  EXPECT_EQ(clip_gradients(*net, 0), 0);
}

TEST(WeightAverage, FollowsSlowlyAndComesBack) {
  NetPointer net = make_net(NetKind::pnet, 0);
  WeightAverage average(*net, .9);
  NetPointer copy = make_net(NetKind::pnet, 0);
  const torch::Tensor before = net->parameters()[0].detach().clone();
  net->parameters()[0].data().add_(1);
  average.update(*net, 100);
  average.copy_to(*copy);
  EXPECT_TRUE(torch::allclose(copy->parameters()[0], before + .1, 1e-4, 1e-5));
  WeightAverage none(*net, 0);
  net->parameters()[0].data().add_(1);
  none.update(*net, 5);
  none.copy_to(*copy);
  EXPECT_TRUE(torch::equal(copy->parameters()[0], net->parameters()[0]));
}

}  // namespace
}  // namespace mtcnn
