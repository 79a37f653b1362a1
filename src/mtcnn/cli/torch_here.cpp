#include "mtcnn/cli/parts.h"
#include "mtcnn/export/torchscript.h"
#include "mtcnn/gpu/device.h"
#include "mtcnn/gpu/tensor_cascade.h"

/// For mtcnn-torch.
namespace mtcnn::cli {

CascadeFactory other_devices() { return gpu_cascade; }

TrainResult start_training(const TrainJob& job) {
  TrainJob ready = job;
  ready.device = usable_device(job.device);
  return train_net(ready);
}

WeightsFormat torchscript_format() { return kTorchscript; }

}  // namespace mtcnn::cli
