#include "data_prep/segment_worker.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/image/read.h"

#include <new>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMiningBatch = 16;
constexpr int64_t kBatchBytes = int64_t{24} << 20;  ///< decoded images held at a time; one may be larger

Box box_of(const FaceAnnotation& face) {
  return {static_cast<float>(face.x), static_cast<float>(face.y), static_cast<float>(face.x + face.w),
          static_cast<float>(face.y + face.h)};
}

std::optional<Landmarks> points_of(const FaceAnnotation& face) {
  if (!face.landmarks) return std::nullopt;
  Landmarks points;
  for (const auto& [x, y] : *face.landmarks) points.push_back({static_cast<float>(x), static_cast<float>(y)});
  return points;
}

}  // namespace

SegmentWorker::SegmentWorker(const PrepareJob& job, const Sources& sources)
    : job_(job), sources_(sources), cutter_(job.crop_size, job.input) {}

SegmentWorker::Opened SegmentWorker::open(size_t index) const {
  const SourcePicture& picture = sources_.pictures[index];
  Opened opened{.picture = &picture, .row = static_cast<int32_t>(index)};
  try {
    opened.image = read_image(sources_.path(picture));
    const ImageAnnotation& said = picture.annotation;
    if (said.width > 0 && (said.width != opened.image.width() || said.height != opened.image.height())) {
      opened.error = concat(said.image, ": the image is ", opened.image.width(), "x", opened.image.height(),
                            ", its labels are for ", said.width, "x", said.height);
    }
  } catch (const Error& error) {
    opened.error = error.what();
  } catch (const std::bad_alloc&) {
    opened.error = picture.annotation.image + ": too large for this machine's memory";
  }
  return opened;
}

std::vector<SegmentWorker::Opened> SegmentWorker::open_batch(const Segment& segment, size_t done) const {
  std::vector<Opened> batch;
  int64_t bytes = 0;
  const size_t most = job_.finder ? kMiningBatch : 1;
  while (batch.size() < most && done + batch.size() < segment.count && bytes < kBatchBytes) {
    batch.push_back(open(segment.first + done + batch.size()));
    bytes += int64_t{3} * batch.back().image.width() * batch.back().image.height();
  }
  return batch;
}

PictureFaces SegmentWorker::checked_faces(const Opened& opened) {
  const Box frame{0, 0, static_cast<float>(opened.image.width()), static_cast<float>(opened.image.height())};
  std::vector<SampledFace> faces;
  for (const FaceAnnotation& face : opened.picture->annotation.faces) {
    const Box box = box_of(face);
    if (intersection(box, frame) <= 0) {
      skipped_.add("face outside its image", concat(opened.picture->annotation.image, " [", face.x, ", ", face.y, ", ",
                                                    face.w, ", ", face.h, "]"));
      continue;
    }
    const bool learnt = std::min(box.width(), box.height()) >= job_.samples.min_face;
    if (!learnt && !face.ignore) {
      skipped_.add(
          concat("face smaller than ", job_.samples.min_face, " pixels"),
          concat(opened.picture->annotation.image, " [", face.x, ", ", face.y, ", ", face.w, ", ", face.h, "]"));
    }
    faces.push_back({.box = box, .landmarks = points_of(face), .learnt = learnt, .ignored = face.ignore});
  }
  return {std::move(faces), opened.image.width(), opened.image.height(), job_.landmarks};
}

void SegmentWorker::cut(const Opened& opened, const MinedWindows* mined) {
  const PictureFaces faces = checked_faces(opened);
  RandomStream random(job_.seed, job_.stage, static_cast<uint64_t>(opened.row));
  const float weight = sources_.datasets[opened.picture->dataset].weight;
  for (const PlannedCrop& planned : plan_crops(faces, job_.samples, weight, mined, random))
    cutter_.add(opened.image.view(), planned, opened.row);
}

std::optional<ManifestSegment> SegmentWorker::make(const Segment& segment, const std::function<bool()>& picture_done) {
  ManifestSegment made{.index = segment.index,
                       .first_image = static_cast<int64_t>(segment.first),
                       .images = static_cast<int64_t>(segment.count)};
  for (size_t done = 0; done < segment.count;) {
    const std::vector<Opened> batch = open_batch(segment, done);
    std::vector<ImageView> views;
    for (const Opened& opened : batch) views.push_back(opened.error.empty() ? opened.image.view() : ImageView{});
    std::vector<MinedWindows> mined;
    if (job_.finder) mined = job_.finder(views);
    for (size_t i = 0; i < batch.size(); ++i) {
      if (batch[i].error.empty()) {
        cut(batch[i], job_.finder ? &mined[i] : nullptr);
      } else {
        ++made.unreadable;
        skipped_.add("image that cannot be used", batch[i].error);
      }
      if (!picture_done()) return std::nullopt;
    }
    done += batch.size();
  }
  made.shards = write(segment);
  made.skipped = skipped_.all();
  return made;
}

std::vector<ShardEntry> SegmentWorker::write(const Segment& segment) const {
  std::vector<ShardEntry> entries;
  for (const Crops& crops : cutter_.crops()) {
    const std::string name = shard_name(job_.stage, crops.kind, segment.index);
    if (crops.count() == 0) continue;
    write_shard(job_.out / name, job_.stage, crops);
    entries.push_back({.file = name,
                       .kind = crops.kind,
                       .count = crops.count(),
                       .bytes = file_bytes(job_.out / name),
                       .checksum = Shard(job_.out / name).checksum()});
  }
  return entries;
}

}  // namespace mtcnn
