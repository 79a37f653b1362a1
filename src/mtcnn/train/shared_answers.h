#pragma once

#include "mtcnn/train/loss.h"
#include "mtcnn/train/modules.h"
#include "mtcnn/train/peers.h"

namespace mtcnn {

/// What a process asks of all at a step: each goes by its own signals and its own clock.
struct StepWishes {
  bool stop = false;
  bool save = false;  ///< a checkpoint
};

/// Answers to a batch and its labels.
struct StepAnswers {
  NetOutput output;
  NetOutput teacher;  ///< no heads without a teacher
  BatchTargets targets;
  StepWishes wishes;
};

/// Makes of what each process has to its rows of a batch what all have to the whole batch, so that loss, mining and
/// totals see all rows, and have the same bits in all processes and as in one process. One message a step.
/// \param own  of this process's rows, n of them in all processes.
/// \param all  of the whole batch: world * n rows.
/// \return with all rows in order, and a wish that any process has.
StepAnswers share_answers(Peers& peers, const StepAnswers& own, const BatchCounts& all);

}  // namespace mtcnn
