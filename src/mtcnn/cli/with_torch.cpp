#include "mtcnn/cli/torch_part.h"
#include "mtcnn/core/error.h"
#include "mtcnn/export/torchscript.h"
#include "mtcnn/gpu/device.h"
#include "mtcnn/gpu/tensor_cascade.h"

/// The program `mtcnn-torch`.
namespace mtcnn::cli {

std::string libtorch_version() { return MTCNN_LIBTORCH_VERSION; }

CascadeFactory other_devices() { return gpu_cascade; }

TrainResult start_training(const TrainJob& job) {
  TrainJob ready = job;
  ready.device = usable_device(job.device);
  return train_net(ready);
}

WeightsFormat torchscript_format() { return kTorchscript; }

void go_on_with_torch(const NeedsTorch& need, char**, bool) { throw ContractError(need.what + " is here"); }

}  // namespace mtcnn::cli
