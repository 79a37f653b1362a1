#include "mtcnn/train/first_nets.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/text.h"

#include <torch/utils.h>

namespace mtcnn {
namespace {

/// Says so where weights from elsewhere are for another number of points.
void tell_other_points(const NetWeights& weights, int64_t points, const std::string& name, const char* consequence) {
  const int64_t theirs = landmark_count(weights);
  if (theirs == 0 || points == 0 || theirs == points) return;
  log::warning(concat(name, ": a net for ", theirs, " points, the crops have ", points, "; ", consequence));
}

void require_same_channels(const NetWeights& weights, const Channels& channels, const std::string& name) {
  if (channels_of(weights) == channels) return;
  throw Error(ErrorCode::usage, "its layers have other numbers of channels than the net that is to be trained",
              {.where = name,
               .found = Json(channels_of(weights)).dump(),
               .expected = Json(channels).dump(),
               .hint = "width in the configuration says how many"});
}

}  // namespace

NetPointer first_net(const TrainJob& job, int64_t points, const Channels& channels, torch::Device device) {
  torch::manual_seed(static_cast<uint64_t>(job.options.seed));
  NetPointer net = make_net(job.net, points, channels);
  if (job.init) {
    require_same_channels(*job.init, channels, job.init_name);
    load_weights(*net, *job.init);
    tell_other_points(*job.init, points, job.init_name, "the landmark head starts anew");
  }
  net->to(device);
  return net;
}

NetPointer teacher_net(const TrainJob& job, int64_t points, torch::Device device) {
  if (!job.teacher) return nullptr;
  NetPointer net = make_net(job.net, landmark_count(*job.teacher), channels_of(*job.teacher));
  tell_other_points(*job.teacher, points, "the teacher", "points are learnt without it");
  load_weights(*net, *job.teacher);
  net->to(device);
  net->eval();
  return net;
}

}  // namespace mtcnn
