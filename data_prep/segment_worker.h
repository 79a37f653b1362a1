#pragma once

#include <functional>
#include <optional>

#include "data_prep/crop_cutter.h"
#include "data_prep/prepare.h"
#include "data_prep/segments.h"

namespace mtcnn {

/// Makes one segment.
class SegmentWorker {
 public:
  /// \param job, sources  outlive the worker.
  SegmentWorker(const PrepareJob& job, const Sources& sources);

  /// To be called once. Reads the segment's images, cuts their crops and writes its shards.
  /// \param picture_done  called after every image; false stops the work.
  /// \return what the manifest says of it; nothing where the work was stopped.
  /// \throws Error if a shard cannot be written.
  std::optional<ManifestSegment> make(const Segment& segment, const std::function<bool()>& picture_done);

 private:
  /// A decoded image, or why there is none.
  struct Opened {
    const SourcePicture* picture = nullptr;
    int32_t row = 0;  ///< in sources.jsonl
    Image image;
    std::string error;
  };

  Opened open(size_t index) const;
  std::vector<Opened> open_batch(const Segment& segment, size_t done) const;
  void cut(const Opened& opened, const MinedWindows* mined);
  std::vector<ShardEntry> write(const Segment& segment) const;
  PictureFaces checked_faces(const Opened& opened);

  const PrepareJob& job_;
  const Sources& sources_;
  CropCutter cutter_;
  SkipCounts skipped_;
};

}  // namespace mtcnn
