#include "mtcnn/pipeline/step.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

/// Checksum by file; null for one that is missing.
Json checksums(const std::vector<fs::path>& files) {
  Json all = Json::object();
  for (const fs::path& file : files)
    all[file.string()] = fs::is_regular_file(file) ? Json(checksum_text(crc32(MappedFile(file).bytes()))) : Json();
  return all;
}

/// The record, or null where there is none that can be read.
Json read_record(const fs::path& file) {
  if (!fs::exists(file)) return nullptr;
  Json record = Json::parse(read_text(file), nullptr, false);
  return record.is_object() ? record : Json();
}

/// Everything that decides what the step comes to.
Json cause_of(const Step& step) {
  return {{"command", step.command}, {"inputs", checksums(step.inputs)}, {"facts", step.facts}};
}

double seconds_of(const Json& record) { return record.is_object() ? record.value("seconds", 0.0) : 0; }

}  // namespace

const char* step_state_name(StepState state) {
  switch (state) {
    case StepState::unchanged:
      return "unchanged";
    case StepState::begun:
      return "goes on";
    case StepState::outdated:
      return "again";
    case StepState::waiting:
      break;
  }
  return "to do";
}

StepState StepRecords::state(const Step& step) const {
  const Json record = read_record(file(step));
  if (record.is_null()) return StepState::waiting;
  if (record.value("cause", Json()) != cause_of(step)) return StepState::outdated;
  if (!record.contains("outputs")) return StepState::begun;
  return record["outputs"] == checksums(step.outputs) ? StepState::unchanged : StepState::outdated;
}

double StepRecords::seconds(const Step& step) const { return seconds_of(read_record(file(step))); }

void StepRecords::begin(const Step& step) const {
  const double before = state(step) == StepState::begun ? seconds(step) : 0;
  const Json record = {{"cause", cause_of(step)}, {"seconds", before}};
  write_text(file(step), record.dump(2) + "\n");
}

void StepRecords::forget(const Step& step) const { fs::remove(file(step)); }

void StepRecords::end(const Step& step, double seconds) const {
  for (const fs::path& output : step.outputs) {
    if (!fs::is_regular_file(output))
      throw Error(ErrorCode::not_found, "the step '" + step.name + "' ended without leaving this file",
                  {.where = output.string()});
  }
  Json record = read_record(file(step));
  record["seconds"] = seconds_of(record) + seconds;
  record["outputs"] = checksums(step.outputs);
  write_text(file(step), record.dump(2) + "\n");
}

void StepRecords::cut(const Step& step, double seconds) const {
  Json record = read_record(file(step));
  record["seconds"] = seconds_of(record) + seconds;
  write_text(file(step), record.dump(2) + "\n");
}

}  // namespace mtcnn
