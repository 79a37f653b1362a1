#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/data/manifest.h"
#include "mtcnn/image/image.h"
#include "mtcnn/weights/input.h"

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data_prep/options.h"
#include "data_prep/sampler.h"
#include "data_prep/sources.h"

namespace mtcnn {

/// Runs the nets trained so far over some images; called from several threads at once.
using WindowFinder = std::function<std::vector<MinedWindows>(std::span<const ImageView> images)>;

/// What to make, and who makes it.
struct PrepareJob {
  std::string stage;  ///< "pnet", "rnet" or "onet"
  int crop_size = 0;  ///< side of a crop in pixels
  std::filesystem::path out;
  SampleOptions samples;
  LandmarkLayout landmarks = face_landmarks();  ///< the points of the sources' faces
  InputOptions input;                           ///< what the net's crops are like
  uint64_t seed = 1;
  Json recipe;          ///< for the manifest: what decides the crops, see recipe_json()
  WindowFinder finder;  ///< empty where nothing is mined
  Json model;           ///< for the manifest: the nets behind `finder`, with checksums
  int threads = 1;
  int rank = 0;  ///< this run makes every world-th segment
  int world = 1;
  std::function<void(int64_t pictures)> progress;  ///< called with the number of images done, from one thread at a time
};

/// What a run came to.
struct PrepareResult {
  Manifest manifest;             ///< with all segments of this rank
  int64_t resumed_pictures = 0;  ///< whose crops were there already
};

/// Makes the crops of all images in `sources` and writes them into `job.out`: sources.jsonl, shards and manifest.json
/// (or, for one rank of several, a part of it). Continues what an earlier run with the same job began, however that one
/// ended. The same job gives the same bytes for any number of threads and ranks. Memory: `threads` times a segment
/// (about 16 MiB) and a batch of images. Images that cannot be read are counted and passed over.
/// \throws Error if the folder holds crops of another job, if every image is unreadable, if writing fails, or, with
/// all finished segments kept, if the user interrupts.
PrepareResult prepare_crops(const PrepareJob& job, const Sources& sources);

/// Joins the parts that all ranks have written into `folder` to one manifest.json and removes them.
/// \throws Error naming what is missing or does not belong together.
Manifest merge_parts(const std::filesystem::path& folder);

}  // namespace mtcnn
