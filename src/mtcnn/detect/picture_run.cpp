#include "mtcnn/detect/picture_run.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/engine/threads.h"
#include "mtcnn/image/read.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace mtcnn {
namespace {

constexpr int64_t kBatchBytes = int64_t{64} << 20;  ///< decoded images that wait for the search

struct Decoded {
  Image image;
  std::string error;
};

Decoded decode(const PictureFile& file) {
  try {
    return {read_image(file.path), {}};
  } catch (const Error& error) {
    return {{}, error.what()};
  } catch (const std::bad_alloc&) {
    return {{}, file.path.string() + ": too large for this machine's memory"};
  }
}

/// Decodes the first images, as many at a time as there are threads, until the batch or its bytes are full.
std::vector<Decoded> decode_batch(std::span<const PictureFile> pictures, int batch) {
  std::vector<Decoded> decoded;
  int64_t bytes = 0;
  const size_t most = std::min(pictures.size(), static_cast<size_t>(batch));
  while (decoded.size() < most && bytes < kBatchBytes) {
    const size_t first = decoded.size();
    const size_t count = std::min(most - first, static_cast<size_t>(thread_count()));
    decoded.resize(first + count);
    share_work(static_cast<int64_t>(count), [&](int64_t index) {
      const size_t i = first + static_cast<size_t>(index);
      decoded[i] = decode(pictures[i]);
    });
    for (size_t i = first; i < decoded.size(); ++i)
      bytes += int64_t{3} * decoded[i].image.width() * decoded[i].image.height();
  }
  return decoded;
}

}  // namespace

RunTotals& RunTotals::operator+=(const RunTotals& more) {
  pictures += more.pictures;
  unreadable += more.unreadable;
  faces += more.faces;
  search_s += more.search_s;
  interrupted = interrupted || more.interrupted;
  return *this;
}

RunTotals search_pictures(const Detector& detector, std::span<const PictureFile> pictures, int batch,
                          const std::function<void(const PictureResult&)>& use) {
  require(batch > 0, "search_pictures: a batch needs at least one image");
  RunTotals totals;
  while (!pictures.empty()) {
    if (interrupted()) {
      totals.interrupted = true;
      break;
    }
    const std::vector<Decoded> decoded = decode_batch(pictures, batch);
    std::vector<ImageView> views;
    for (const Decoded& item : decoded) views.push_back(item.image.view());
    const auto start = std::chrono::steady_clock::now();
    std::optional<std::vector<Found>> found = unless_interrupted([&] { return detector.detect_stages(views); });
    if (!found) continue;
    totals.search_s += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    for (size_t i = 0; i < decoded.size(); ++i) {
      ++totals.pictures;
      totals.unreadable += decoded[i].error.empty() ? 0 : 1;
      totals.faces += static_cast<int64_t>((*found)[i].faces.size());
      use({pictures[i], decoded[i].image, std::move((*found)[i]), decoded[i].error});
    }
    pictures = pictures.subspan(decoded.size());
  }
  return totals;
}

}  // namespace mtcnn
