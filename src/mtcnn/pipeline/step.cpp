#include "mtcnn/pipeline/step.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/data/json_fields.h"

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

/// Checksum by file; null for one that is missing.
Json checksums(const std::vector<fs::path>& files) {
  Json all = Json::object();
  for (const fs::path& file : files)
    all[file.string()] = is_file(file) ? Json(checksum_text(crc32(MappedFile(file).bytes()))) : Json();
  return all;
}

/// The record, or null where there is none.
/// \throws Error if it is not as begin() and end() write it.
Json read_record(const fs::path& file) {
  if (!path_exists(file)) return nullptr;
  Json record = read_json(file);
  const JsonFields fields(file.string());
  fields.require_object(record, "not the record of a step; delete it to do the step anew");
  fields.require_object(fields.member(record, "cause"), "bad 'cause'");
  if (const double seconds = fields.number(fields.member(record, "seconds"), "seconds"); seconds < 0)
    fields.refuse("bad 'seconds'", record["seconds"], "a number of at least 0");
  if (record.contains("outputs")) fields.require_object(record["outputs"], "bad 'outputs'");
  return record;
}

/// Everything that decides what the step comes to.
Json cause_of(const Step& step) {
  return {{"command", step.command}, {"inputs", checksums(step.inputs)}, {"facts", step.facts}};
}

double seconds_of(const Json& record) { return record.is_object() ? record["seconds"].get<double>() : 0; }

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
  if (record["cause"] != cause_of(step)) return StepState::outdated;
  if (!record.contains("outputs")) return StepState::begun;
  return record["outputs"] == checksums(step.outputs) ? StepState::unchanged : StepState::outdated;
}

double StepRecords::seconds(const Step& step) const { return seconds_of(read_record(file(step))); }

void StepRecords::begin(const Step& step) const {
  const double before = state(step) == StepState::begun ? seconds(step) : 0;
  const Json record = {{"cause", cause_of(step)}, {"seconds", before}};
  write_text(file(step), record.dump(2) + "\n");
}

void StepRecords::forget(const Step& step) const { remove_path(file(step)); }

void StepRecords::end(const Step& step, double seconds) const {
  for (const fs::path& output : step.outputs) {
    if (!is_file(output))
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
