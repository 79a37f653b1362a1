#include "mtcnn/engine/runner.h"

#include "mtcnn/core/error.h"
#include "mtcnn/engine/screened.h"
#include "mtcnn/engine/threads.h"

#include <algorithm>
#include <optional>

namespace mtcnn {
namespace {

constexpr int kBandRows = 48;        ///< cells' rows of P-Net that one thread computes at a time
constexpr int kMostCropsAtOnce = 8;  ///< crops that one thread computes at a time; more gain no speed

/// A net of the engine, where it has weights.
template <class Net>
std::optional<Net> prepared(const NetWeights& weights) {
  if (weights.tensors.empty()) return std::nullopt;
  return Net(weights, engine::usable_kernels().back());
}

/// Rows of cells of one part.
struct Band {
  CanvasPart part;
  int first;
  int last;
};

std::vector<Band> bands_of(std::span<const CanvasPart> parts) {
  std::vector<Band> bands;
  for (const CanvasPart& part : parts) {
    const int rows = part.height / 2 - 5;
    for (int row = 0; row < rows; row += kBandRows) bands.push_back({part, row, std::min(rows, row + kBandRows)});
  }
  return bands;
}

}  // namespace

struct NetRunner::Impl {
  explicit Impl(std::span<const NetWeights, 3> weights)
      : points(static_cast<int>(mtcnn::landmark_count(weights[2]))),
        pnet(prepared<engine::ScreenedPNet>(weights[0])),
        rnet(prepared<engine::ScreenedRNet>(weights[1])),
        onet(prepared<engine::CropNet>(weights[2])) {}

  template <class Net>
  static void run_crops(const std::optional<Net>& net, const float* crops, int count, bool exact, float* values) {
    require(net.has_value(), "NetRunner: this net has no weights");
    in_groups(count, [&](int first, int some) {
      net->run(crops + first * net->crop_floats(), some, values + first * ptrdiff_t{net->values()}, exact);
    });
  }

  /// R-Net's answers to those crops that the screen lets through, in place of all.
  void run_screened(const float* crops, int count, float least, bool exact, float* values) const {
    const ptrdiff_t crop_floats = rnet->crop_floats();
    constexpr ptrdiff_t kValues = kFaceValues;
    thread_local std::vector<float> logits;
    thread_local std::vector<float> passed;
    thread_local std::vector<float> answers;
    thread_local std::vector<int> indices;
    logits.resize(static_cast<size_t>(count));
    in_groups(count, [&, rough = logits.data()](int first, int some) {
      rnet->run_screen(crops + first * crop_floats, some, rough + first);
    });
    passed.clear();
    indices.clear();
    for (int i = 0; i < count; ++i) {
      values[i * kValues] = least - 1;
      if (logits[static_cast<size_t>(i)] < rnet->may_reach(least)) continue;
      indices.push_back(i);
      passed.insert(passed.end(), crops + i * crop_floats, crops + (i + 1) * crop_floats);
    }
    answers.resize(indices.size() * kValues);
    run_crops(rnet, passed.data(), static_cast<int>(indices.size()), exact, answers.data());
    const float* answer = answers.data();
    for (const int index : indices) {
      std::copy_n(answer, kValues, values + index * kValues);
      answer += kValues;
    }
  }

  /// Calls work(first, count) for groups of crops, shared among the threads: each thread gets as many.
  template <class Work>
  static void in_groups(int count, Work work) {
    if (count == 0) return;
    const auto divided = [](int number, int by) { return (number + by - 1) / by; };
    const int threads = thread_count();
    const int rounds = divided(count, threads * kMostCropsAtOnce);
    const int size = divided(count, rounds * threads);
    share_work(divided(count, size), [&](int64_t group) {
      const int first = static_cast<int>(group) * size;
      work(first, std::min(size, count - first));
    });
  }

  int points;  ///< that O-Net gives
  std::optional<engine::ScreenedPNet> pnet;
  std::optional<engine::ScreenedRNet> rnet;
  std::optional<engine::CropNet> onet;
};

NetRunner::NetRunner(std::span<const NetWeights, 3> weights) {
  for (size_t net = 0; net < weights.size(); ++net)
    require(weights[net].net == kNetKinds[net], "NetRunner: weights in the order P-Net, R-Net, O-Net are needed");
  impl_ = std::make_unique<Impl>(weights);
}

NetRunner::~NetRunner() = default;
NetRunner::NetRunner(NetRunner&&) noexcept = default;
NetRunner& NetRunner::operator=(NetRunner&&) noexcept = default;

void NetRunner::run_pnet(std::span<const float> canvas, int height, int width, std::span<const CanvasPart> parts,
                         std::vector<float>& values, float least) const {
  require(height >= 12 && width >= 12 && height % 2 == 0 && width % 2 == 0,
          "run_pnet: even sides of at least 12 are needed");
  require(canvas.size() == static_cast<size_t>(height) * static_cast<size_t>(width) * 3,
          "run_pnet: the canvas has another size");
  for (const CanvasPart& part : parts) {
    const bool even = part.x % 2 == 0 && part.y % 2 == 0 && part.width % 2 == 0 && part.height % 2 == 0;
    require(even && part.x >= 0 && part.y >= 0 && part.width >= 12 && part.height >= 12 &&
                part.x + part.width <= width && part.y + part.height <= height,
            "run_pnet: a part is not even or does not lie on the canvas");
  }
  require(impl_->pnet.has_value(), "NetRunner: this net has no weights");
  const ptrdiff_t row_stride = ptrdiff_t{3} * width;
  const ptrdiff_t value_stride = ptrdiff_t{kFaceValues} * (width / 2 - 5);
  values.resize(static_cast<size_t>(height / 2 - 5) * static_cast<size_t>(value_stride));
  const std::vector<Band> bands = bands_of(parts);
  share_work(static_cast<int64_t>(bands.size()), [&](int64_t index) {
    const auto& [part, first, last] = bands[static_cast<size_t>(index)];
    const engine::Plane plane{canvas.data() + part.y * row_stride + ptrdiff_t{3} * part.x, row_stride, part.width,
                              part.height};
    float* corner = values.data() + (part.y / 2 + first) * value_stride + ptrdiff_t{kFaceValues} * (part.x / 2);
    impl_->pnet->run(plane, first, last, least, corner, value_stride);
  });
}

void NetRunner::run_crops(NetKind net, std::span<const float> crops, int count, std::vector<float>& values, float least,
                          bool exact) const {
  const auto side = static_cast<size_t>(net_input_size(net));
  require(net != NetKind::pnet && crops.size() == static_cast<size_t>(count) * side * side * 3,
          "run_crops: the crops have another size");
  values.resize(static_cast<size_t>(count) * static_cast<size_t>(value_count(net)));
  if (net == NetKind::rnet) {
    const bool screened = impl_->rnet && impl_->rnet->screens(least);
    screened ? impl_->run_screened(crops.data(), count, least, exact, values.data())
             : Impl::run_crops(impl_->rnet, crops.data(), count, exact, values.data());
  } else {
    Impl::run_crops(impl_->onet, crops.data(), count, exact, values.data());
  }
}

int NetRunner::value_count(NetKind net) const { return kFaceValues + (net == NetKind::onet ? 2 * impl_->points : 0); }

int NetRunner::landmark_count() const { return impl_->points; }

}  // namespace mtcnn
