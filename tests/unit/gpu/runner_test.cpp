#include "mtcnn/engine/runner.h"

#include "mtcnn/core/error.h"
#include "mtcnn/engine/threads.h"
#include "mtcnn/gpu/torch_device.h"
#include "mtcnn/gpu/torch_nets.h"
#include "mtcnn/train/modules.h"

#include <thread>

#include "support/foreign_weights.h"
#include "unit/gpu/tested_device.h"
#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

/// The merged, repacked forward against the plain modules. Sums of up to 1,152 float products in another order.
constexpr double kTolerance = 2e-5;

std::array<NetWeights, 3> random_nets() {
  return {testing::random_weights(NetKind::pnet, 1, true), testing::random_weights(NetKind::rnet, 2),
          testing::random_weights(NetKind::onet, 3)};
}

/// [count, H, W, 3] floats as the modules' [count, 3, H, W].
at::Tensor to_planes(std::vector<float>& floats, at::IntArrayRef sizes) {
  return at::from_blob(floats.data(), sizes, at::kFloat).permute({0, 3, 1, 2}).contiguous();
}

std::vector<float> random_floats(size_t count) {
  const at::Tensor values = at::rand({static_cast<int64_t>(count)}) * 2 - 1;
  return {values.const_data_ptr<float>(), values.const_data_ptr<float>() + count};
}

/// The modules' output in the runner's order: logit difference, offsets, landmarks.
at::Tensor merged(const NetOutput& output) {
  at::Tensor logit = output.face_logits.slice(1, 1, 2) - output.face_logits.slice(1, 0, 1);
  std::vector<at::Tensor> parts = {logit, output.offsets};
  if (output.landmarks.defined()) parts.push_back(output.landmarks);
  return at::cat(parts, 1);
}

void expect_equal(const at::Tensor& values, const at::Tensor& expected) {
  ASSERT_EQ(values.numel(), expected.numel());
  EXPECT_LT((values.reshape(expected.sizes()) - expected).abs().max().item<double>(),
            kTolerance * std::max(1.0, expected.abs().max().item<double>()));
}

void expect_close(const std::vector<float>& actual, const at::Tensor& expected) {
  ASSERT_EQ(static_cast<int64_t>(actual.size()), expected.numel());
  expect_equal(at::from_blob(const_cast<float*>(actual.data()), expected.sizes(), at::kFloat), expected);
}

TEST(Runner, PNetEqualsItsModule) {
  at::manual_seed(5);
  const auto nets = random_nets();
  const NetRunner runner(nets);
  const NetPointer module = make_net(NetKind::pnet, 0);
  load_weights(*module, nets[0]);
  for (const auto& [height, width] : std::vector<std::pair<int, int>>{{12, 12}, {64, 96}, {34, 50}}) {
    std::vector<float> canvas = random_floats(static_cast<size_t>(height * width * 3));
    std::vector<float> values;
    runner.run_pnet(canvas, height, width, std::vector<CanvasPart>{{0, 0, width, height}}, values);
    const at::NoGradGuard no_grad;
    expect_close(values, merged(module->forward(to_planes(canvas, {1, height, width, 3}))).permute({0, 2, 3, 1}));
  }
}

/// Of any width, also with a number of channels that fills no vector.
TEST(Runner, RunsNetsOfOtherWidths) {
  at::manual_seed(9);
  const at::NoGradGuard no_grad;
  for (const double width : {0.3, 1.3, 2.0}) {
    std::array<NetWeights, 3> nets;
    std::array<NetPointer, 3> modules;
    for (const NetKind net : kNetKinds) {
      const auto i = static_cast<size_t>(net);
      nets[i] = testing::random_weights(net, 1, false, 5, width);
      modules[i] = make_net(net, net == NetKind::onet ? 5 : 0, channels_for(net, width));
      load_weights(*modules[i], nets[i]);
    }
    const NetRunner runner(nets);
    const TorchNets torch_nets(nets, at::kCPU);
    std::vector<float> values;
    std::vector<float> canvas = random_floats(size_t{34} * 50 * 3);
    runner.run_pnet(canvas, 34, 50, std::vector<CanvasPart>{{0, 0, 50, 34}}, values);
    const at::Tensor picture = to_planes(canvas, {1, 34, 50, 3});
    const at::Tensor expected = merged(modules[0]->forward(picture)).permute({0, 2, 3, 1});
    expect_close(values, expected);
    expect_equal(torch_nets.run_pnet(picture), expected);
    for (const NetKind net : {NetKind::rnet, NetKind::onet}) {
      const int side = net_input_size(net);
      std::vector<float> crops = random_floats(static_cast<size_t>(9 * side * side * 3));
      const at::Tensor planes = to_planes(crops, {9, side, side, 3});
      const at::Tensor answers = merged(modules[static_cast<size_t>(net)]->forward(planes));
      runner.run_crops(net, crops, 9, values);
      expect_close(values, answers);
      expect_equal(torch_nets.run_crops(net, planes), answers);
    }
  }
}

TEST(Runner, GivesAsManyPointsAsONetHas) {
  at::manual_seed(8);
  const at::NoGradGuard no_grad;
  for (const int points : {0, 1, 4, 68}) {
    auto nets = random_nets();
    nets[2] = testing::random_weights(NetKind::onet, 3, false, points);
    const NetRunner runner(nets);
    EXPECT_EQ(runner.landmark_count(), points);
    EXPECT_EQ(runner.value_count(NetKind::rnet), 5);
    EXPECT_EQ(runner.value_count(NetKind::onet), 5 + 2 * points);
    const NetPointer module = make_net(NetKind::onet, points);
    load_weights(*module, nets[2]);
    std::vector<float> values;
    std::vector<float> crops = random_floats(size_t{9} * 48 * 48 * 3);
    runner.run_crops(NetKind::onet, crops, 9, values);
    expect_close(values, merged(module->forward(to_planes(crops, {9, 48, 48, 3}))));
  }
}

TEST(Runner, CropNetsEqualTheirModules) {
  at::manual_seed(6);
  const auto nets = random_nets();
  const NetRunner runner(nets);
  const NetPointer rnet = make_net(NetKind::rnet, 0);
  const NetPointer onet = make_net(NetKind::onet, 5);
  load_weights(*rnet, nets[1]);
  load_weights(*onet, nets[2]);
  const at::NoGradGuard no_grad;
  for (const int count : {1, 7, 32}) {
    std::vector<float> values;
    std::vector<float> small = random_floats(static_cast<size_t>(count) * 24 * 24 * 3);
    runner.run_crops(NetKind::rnet, small, count, values);
    expect_close(values, merged(rnet->forward(to_planes(small, {count, 24, 24, 3}))));
    std::vector<float> large = random_floats(static_cast<size_t>(count) * 48 * 48 * 3);
    runner.run_crops(NetKind::onet, large, count, values);
    expect_close(values, merged(onet->forward(to_planes(large, {count, 48, 48, 3}))));
  }
}

/// Parts give the values that their cells have on the whole canvas, to the bit, whatever the number of threads.
TEST(Runner, PartsAndThreadsChangeNothing) {
  at::manual_seed(7);
  const auto nets = random_nets();
  const NetRunner runner(nets);
  constexpr int kWidth = 90;
  constexpr int kHeight = 100;
  constexpr int kColumns = kWidth / 2 - 5;
  const std::vector<float> canvas = random_floats(size_t{kWidth} * kHeight * 3);
  std::vector<float> whole;
  runner.run_pnet(canvas, kHeight, kWidth, std::vector<CanvasPart>{{0, 0, kWidth, kHeight}}, whole);
  const std::vector<CanvasPart> parts = {{0, 0, 40, 100}, {40, 0, 50, 14}, {40, 14, 12, 86}};
  const OneThread one_thread;
  std::vector<float> values;
  runner.run_pnet(canvas, kHeight, kWidth, parts, values);
  for (const CanvasPart& part : parts) {
    for (int row = 0; row < part.height / 2 - 5; ++row) {
      for (int column = 0; column < part.width / 2 - 5; ++column) {
        const size_t cell = static_cast<size_t>((part.y / 2 + row) * kColumns + part.x / 2 + column) * kFaceValues;
        for (size_t i = cell; i < cell + kFaceValues; ++i) ASSERT_EQ(values[i], whole[i]);
      }
    }
  }
}

/// What the GPU runs, here on the CPU.
TEST(TorchNets, EqualTheModules) {
  at::manual_seed(8);
  const auto nets = random_nets();
  const TorchNets torch_nets(nets, at::kCPU);
  const NetPointer pnet = make_net(NetKind::pnet, 0);
  const NetPointer rnet = make_net(NetKind::rnet, 0);
  const NetPointer onet = make_net(NetKind::onet, 5);
  load_weights(*pnet, nets[0]);
  load_weights(*rnet, nets[1]);
  load_weights(*onet, nets[2]);
  const at::NoGradGuard no_grad;
  std::vector<float> floats = random_floats(size_t{34} * 50 * 3);
  const at::Tensor picture = to_planes(floats, {1, 34, 50, 3});
  expect_equal(torch_nets.run_pnet(picture), merged(pnet->forward(picture)).permute({0, 2, 3, 1}));
  floats = random_floats(size_t{5} * 24 * 24 * 3);
  const at::Tensor small = to_planes(floats, {5, 24, 24, 3});  // filled up to 8
  expect_equal(torch_nets.run_crops(NetKind::rnet, small), merged(rnet->forward(small)));
  floats = random_floats(size_t{4} * 48 * 48 * 3);
  const at::Tensor large = to_planes(floats, {4, 48, 48, 3});
  expect_equal(torch_nets.run_crops(NetKind::onet, large), merged(onet->forward(large)));
}

/// On a GPU, too, where the tests run on one.
TEST(TorchNets, GiveTheLogitsOfTheEngine) {
  at::manual_seed(10);
  const auto nets = random_nets();
  const NetRunner runner(nets);
  const at::Device device = choose_device(testing::tested_device());
  const TorchNets torch_nets(nets, device);
  const auto expect_near = [](const at::Tensor& values, const std::vector<float>& expected) {
    const at::Tensor host = values.cpu().contiguous();
    ASSERT_EQ(host.numel(), static_cast<int64_t>(expected.size()));
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(host.const_data_ptr<float>()[i], expected[i], 1e-4) << i;
  };
  std::vector<float> values;
  std::vector<float> canvas = random_floats(size_t{64} * 96 * 3);
  runner.run_pnet(canvas, 64, 96, std::vector<CanvasPart>{{0, 0, 96, 64}}, values);
  expect_near(torch_nets.run_pnet(to_planes(canvas, {1, 64, 96, 3}).to(device)), values);
  for (const NetKind net : {NetKind::rnet, NetKind::onet}) {
    const int side = net_input_size(net);
    std::vector<float> crops = random_floats(static_cast<size_t>(33 * side * side * 3));
    runner.run_crops(net, crops, 33, values);
    expect_near(torch_nets.run_crops(net, to_planes(crops, {33, side, side, 3}).to(device)), values);
  }
}

TEST(Runner, MayBeUsedFromSeveralThreads) {
  const auto nets = random_nets();
  const NetRunner runner(nets);
  const std::vector<float> canvas = random_floats(64 * 64 * 3);
  std::vector<float> expected;
  runner.run_pnet(canvas, 64, 64, std::vector<CanvasPart>{{0, 0, 64, 64}}, expected);
  std::vector<std::vector<float>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results)
    threads.emplace_back([&] { runner.run_pnet(canvas, 64, 64, std::vector<CanvasPart>{{0, 0, 64, 64}}, result); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, expected);
}

TEST(Runner, RefusesWrongSizes) {
  const auto nets = random_nets();
  const NetRunner runner(nets);
  std::vector<float> values;
  EXPECT_THROW(runner.run_pnet(std::vector<float>(13 * 12 * 3), 13, 12, {}, values), ContractError);
  const std::vector<CanvasPart> outside = {{2, 0, 12, 12}};
  EXPECT_THROW(runner.run_pnet(std::vector<float>(12 * 12 * 3), 12, 12, outside, values), ContractError);
  EXPECT_THROW(runner.run_crops(NetKind::rnet, std::vector<float>(10), 1, values), ContractError);
  const std::array<NetWeights, 3> swapped = {nets[1], nets[0], nets[2]};
  EXPECT_THROW(NetRunner{swapped}, ContractError);
}

}  // namespace
}  // namespace mtcnn
