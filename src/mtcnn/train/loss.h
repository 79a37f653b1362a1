#pragma once

#include "mtcnn/train/batch.h"
#include "mtcnn/train/modules.h"
#include "mtcnn/train/options.h"

#include <map>
#include <string>

#include <torch/types.h>

namespace mtcnn {

/// A batch's labels as tensors.
struct BatchTargets {
  BatchCounts counts;
  torch::Tensor offsets;    ///< float32 [positives + parts, 4]
  torch::Tensor landmarks;  ///< float32 [landmarks, 2 points]
};

/// The terms of the multi-task loss, scalars. A task of which the batch has no samples is exactly 0 and has no
/// gradient.
struct LossTerms {
  torch::Tensor total;  ///< weighted sum
  torch::Tensor face;
  torch::Tensor box;
  torch::Tensor landmark;
  torch::Tensor teacher;                        ///< see teacher_loss(); 0 without a teacher
  std::map<std::string, torch::Tensor> others;  ///< of further tasks, by name
  torch::Tensor kept;                           ///< bool [negatives + positives]: the face samples that are learnt from

  /// All tasks by name, the total left out.
  std::map<std::string, torch::Tensor> tasks() const;
};

/// Online hard sample mining: the ceil(share * M) samples of highest loss; of equal ones the earlier.
/// \param losses  [M].
/// \return bool [M].
/// Source: Zhang et al. 2016, sec. II-C.
torch::Tensor mining_mask(const torch::Tensor& losses, double share);

/// Face: cross-entropy over negatives and positives, mean of the mined ones. Boxes: sum of squares over the four
/// offsets, mean over positives and parts. Landmarks: sum of squares over all numbers, mean over landmark
/// samples, where the net has that head. LossOptions changes them.
/// \param output  of a net for a batch in the order of BatchCounts.
/// \throws ContractError where output and targets do not have the same number of rows, or a loss has a name that
/// check_train_options() refuses.
/// Source: Zhang et al. 2016, sec. II-C.
LossTerms multi_task_loss(const NetOutput& output, const BatchTargets& targets, const LossOptions& options);

/// How far a net is from another one's answers to the same crops. Face: Kullback-Leibler divergence of the
/// probabilities, mean over all rows. Boxes, and landmarks where both nets have that head for as many points: sums of
/// squares as in multi_task_loss(), each row weighted by the teacher's probability of a face. The tasks are weighted as
/// there. Exactly 0 where the answers are the same. \param output,teacher  of two nets for the same batch; the
/// teacher's without gradients. \throws ContractError where they do not have the same number of rows. Source: Hinton et
/// al. 2015.
torch::Tensor teacher_loss(const NetOutput& output, const NetOutput& teacher, const LossOptions& options);

/// Adds options.teacher times the teacher's loss to the terms.
void add_teacher(const NetOutput& output, const NetOutput& teacher, const LossOptions& options, LossTerms& terms);

}  // namespace mtcnn
