#include "mtcnn/train/batch_source.h"

#include "mtcnn/core/device_name.h"
#include "mtcnn/train/device_source.h"
#include "mtcnn/train/loader.h"
#include "mtcnn/train/tensors.h"

namespace mtcnn {
namespace {

class LoaderSource : public BatchSource {
 public:
  LoaderSource(const TrainJob& job, const CropSet& crops, DataRank rank)
      : loader_(crops, job.options, rank, loader_threads(job.threads)) {}

  BatchCounts counts() const override { return loader_.counts(); }
  int64_t steps_per_epoch() const override { return loader_.steps_per_epoch(); }
  std::string description() const override { return "batches are made on the CPU"; }
  void seek(int64_t step) override { loader_.seek(step); }
  double waited_s() const override { return loader_.waited_s(); }

  TensorBatch next() override {
    const Batch& batch = loader_.next();
    return {input_tensor(batch, torch::kCPU), target_tensors(batch, torch::kCPU), batch.samples};
  }

 private:
  Loader loader_;
};

}  // namespace

torch::Device device_of(const TrainJob& job) {
  return job.device == kTensorsOnCpu ? torch::Device(torch::kCPU) : torch::Device(job.device);
}

bool makes_batches_on_device(const TrainJob& job) { return job.device != "cpu"; }

std::unique_ptr<BatchSource> make_batch_source(const TrainJob& job, const CropSet& crops, DataRank rank) {
  if (makes_batches_on_device(job)) return make_device_source(job, crops, rank);
  return std::make_unique<LoaderSource>(job, crops, rank);
}

}  // namespace mtcnn
