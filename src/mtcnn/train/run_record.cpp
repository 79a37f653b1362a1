#include "mtcnn/train/run_record.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/train/answers_file.h"
#include "mtcnn/train/run_files.h"

namespace mtcnn {
namespace fs = std::filesystem;

RunRecord::RunRecord(const TrainJob& job, const CropSets& crops, const Json& config, Peers& peers)
    : job_(job), crops_(crops), config_(config), peers_(peers) {}

void RunRecord::open(const Json& environment) {
  if (peers_.rank() != 0) return;
  const bool begun = job_.peers == nullptr || path_exists(job_.out / run_files::kConfig);
  folder_.emplace(job_.out, config_, environment, job_.resume && begun);
}

void RunRecord::restore(const RunLength& length, const TrainParts& parts, TrainState& state) {
  if (!folder_) return;
  state = restore_newest(*folder_, length, parts);
  folder_->cut_metrics(state.step);
}

void RunRecord::log(const std::string& text) {
  if (folder_) folder_->log(text);
}

void RunRecord::add_epoch(const EpochRecord& epoch, const NetModule& net, const ValidationAnswers& answers) {
  run_together(peers_, [&] {
    if (!folder_) return;
    folder_->add_metrics(train_line(epoch));
    folder_->add_metrics(validation_line(epoch));
    if (epoch.state.best_epoch == epoch.state.epoch) write_best(epoch, net, answers);
  });
}

void RunRecord::write_best(const EpochRecord& epoch, const NetModule& net, const ValidationAnswers& answers) {
  NetWeights weights = weights_of(net);
  const std::string config = config_.dump();
  weights.metadata["config"] = checksum_text(crc32(std::as_bytes(std::span(config))));
  weights.metadata["epoch"] = concat(epoch.state.epoch);
  Json metrics = validation_line(epoch);
  metrics.erase("time_s");  // equal runs leave equal bytes
  weights.metadata["metrics"] = metrics.dump();
  const LandmarkLayout& landmarks = crops_.training.landmarks();
  if (!(landmarks == face_landmarks())) weights.metadata["landmark_order"] = Json(landmarks.names).dump();
  set_input(weights, crops_.training.input());
  write_weights(best_path(), weights);
  write_answers(job_.out / "best" / "answers.safetensors", answers, crops_.validation,
                {{"net", net_name(job_.net)}, {"epoch", concat(epoch.state.epoch)}});
}

fs::path RunRecord::best_path() const { return job_.out / "best" / concat(net_name(job_.net), ".safetensors"); }

void RunRecord::save(const TrainState& state, const TrainParts& parts) {
  run_together(peers_, [&] {
    if (!folder_) return;
    const fs::path begun = folder_->begin_checkpoint();
    write_checkpoint(begun, state, parts);
    folder_->keep_checkpoint(begun, state.step, job_.options.keep_checkpoints);
  });
}

fs::path RunRecord::finish(const TrainState& state) {
  fs::path exported = job_.out / "export" / best_path().filename();
  run_together(peers_, [&] {
    if (!folder_) return;
    write_weights(exported, read_weights(best_path(), job_.net));
    write_text(job_.out / run_files::kDone,
               concat(state.step, " steps, ", state.epoch, " epochs, best epoch ", state.best_epoch, "\n"));
    folder_->log("done");
  });
  return exported;
}

}  // namespace mtcnn
