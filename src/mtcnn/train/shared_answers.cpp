#include "mtcnn/train/shared_answers.h"

#include "mtcnn/core/error.h"

namespace mtcnn {
namespace {

using torch::Tensor;

/// What is known of a batch's rows as one matrix, a column a value: heads, the teacher's heads, labels. Rows without a
/// label have zeros there.
Tensor matrix_of(const StepAnswers& own) {
  const BatchCounts& counts = own.targets.counts;
  const int64_t rows = counts.total();
  std::vector<Tensor> columns;
  for (const NetOutput* output : {&own.output, &own.teacher}) {
    for (const HeadKind head : output->heads()) columns.push_back(output->of(head).flatten(1));
  }
  const auto add_labels = [&](const Tensor& labels, int64_t first) {
    Tensor all = torch::zeros({rows, labels.size(1)}, labels.options());
    all.narrow(0, first, labels.size(0)).copy_(labels);
    columns.push_back(all);
  };
  add_labels(own.targets.offsets, counts.negatives);
  add_labels(own.targets.landmarks, counts.negatives + counts.boxes());
  return torch::cat(columns, 1);
}

/// Takes a matrix apart from the left.
class Columns {
 public:
  explicit Columns(Tensor matrix) : matrix_(std::move(matrix)) {}

  /// Contiguous, as it was before it was shared.
  Tensor next(int64_t count) {
    next_ += count;
    return matrix_.narrow(1, next_ - count, count).contiguous();
  }

  NetOutput next_heads(const NetOutput& like) {
    NetOutput output;
    for (const HeadKind head : like.heads()) {
      const Tensor own = like.of(head);
      std::vector<int64_t> shape = own.sizes().vec();
      shape[0] = matrix_.size(0);
      output.of(head) = next(own[0].numel()).view(shape);
    }
    return output;
  }

 private:
  Tensor matrix_;
  int64_t next_ = 0;
};

}  // namespace

StepAnswers share_answers(Peers& peers, const StepAnswers& own, const BatchCounts& all) {
  if (peers.alone()) return own;
  const torch::NoGradGuard no_grad;
  const Tensor matrix = matrix_of(own);
  const int64_t rows = matrix.size(0);
  require(rows * peers.world() == all.total(), "share_answers: the processes have not the batch's rows");
  // The wishes are a row of their own, which every matrix is wide enough for.
  const Tensor message = torch::cat({matrix, torch::zeros({1, matrix.size(1)}, matrix.options())});
  if (own.wishes.stop) message[rows][0] = 1;
  if (own.wishes.save) message[rows][1] = 1;
  std::vector<Tensor> parts;
  Tensor wishes = torch::zeros({matrix.size(1)}, matrix.options());
  for (const Tensor& part : peers.gather(message)) {
    parts.push_back(part.narrow(0, 0, rows));
    wishes += part[rows];
  }
  const Tensor wished = wishes.narrow(0, 0, 2).to(torch::kCPU);
  Columns columns(torch::cat(parts));
  StepAnswers shared;
  shared.output = columns.next_heads(own.output);
  shared.teacher = columns.next_heads(own.teacher);
  const Tensor offsets = columns.next(own.targets.offsets.size(1));
  const Tensor landmarks = columns.next(own.targets.landmarks.size(1));
  shared.targets = {all, offsets.narrow(0, all.negatives, all.boxes()),
                    landmarks.narrow(0, all.negatives + all.boxes(), all.landmarks)};
  shared.wishes = {.stop = wished[0].item<float>() > 0, .save = wished[1].item<float>() > 0};
  return shared;
}

}  // namespace mtcnn
