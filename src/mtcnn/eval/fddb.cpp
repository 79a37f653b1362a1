#include "mtcnn/eval/fddb.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/eval/fddb_assignment.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace mtcnn {
namespace {

constexpr double kNoDetections = std::numeric_limits<double>::max();

/// A face that a detection touches.
struct Contact {
  size_t face;
  double overlap;
};

/// For each detection the faces it overlaps.
std::vector<std::vector<Contact>> find_contacts(const FddbImage& image, FddbAngle angle) {
  std::vector<FddbMask> faces;
  for (const FddbEllipse& face : image.faces) faces.push_back(fddb_mask(face, image.size, angle));
  std::vector<std::vector<Contact>> contacts(image.detections.size());
  for (size_t i = 0; i < contacts.size(); ++i) {
    const FddbMask mask = fddb_mask(image.detections[i].region, image.size, angle);
    for (size_t face = 0; face < faces.size(); ++face) {
      const double overlap = fddb_overlap(faces[face], mask);
      if (overlap > 0) contacts[i].push_back({face, overlap});
    }
  }
  return contacts;
}

/// True positives and summed overlap of the best matching between some detections and the faces they touch.
class Matcher {
 public:
  Matcher(const FddbImage& image, const FddbOptions& options)
      : image_(image), options_(options), contacts_(find_contacts(image, options.angle)) {}

  bool touches_a_face(size_t detection) const { return !contacts_[detection].empty(); }

  /// \param detections  in file order, each touching a face; writes the two sums of `entry`.
  void match(std::span<const size_t> detections, FddbEntry& entry) const {
    constexpr size_t absent = std::numeric_limits<size_t>::max();
    std::vector<size_t> place(image_.faces.size(), absent);
    for (const size_t detection : detections) {
      for (const Contact& contact : contacts_[detection]) place[contact.face] = 0;
    }
    size_t faces = 0;
    for (size_t& index : place) {
      if (index != absent) index = faces++;
    }
    const bool faces_are_rows = faces <= detections.size();
    RatingMatrix ratings(std::min(faces, detections.size()), std::max(faces, detections.size()));
    for (size_t i = 0; i < detections.size(); ++i) {
      for (const Contact& contact : contacts_[detections[i]]) {
        const size_t face = place[contact.face];
        (faces_are_rows ? ratings.at(face, i) : ratings.at(i, face)) = contact.overlap;
      }
    }
    const std::vector<size_t> column_of = assign(ratings);
    entry.true_positives = 0;
    entry.overlap_sum = 0;
    for (size_t row = 0; row < column_of.size(); ++row) {
      const double overlap = ratings.at(row, column_of[row]);
      entry.overlap_sum += overlap;
      if (overlap > 0.5) ++entry.true_positives;
    }
  }

 private:
  std::vector<size_t> assign(const RatingMatrix& ratings) const {
    if (options_.assignment == FddbAssignment::optimal) return assign_optimal(ratings);
    auto assignment = assign_reference(ratings);
    if (!assignment) {
      throw Error(ErrorCode::unsupported, "the reference evaluator's solver leaves a face or detection over and aborts",
                  {.where = image_.name, .hint = "use --assignment optimal"});
    }
    return *assignment;
  }

  const FddbImage& image_;
  const FddbOptions& options_;
  std::vector<std::vector<Contact>> contacts_;
};

double rate(const FddbRow& row, FddbMetric metric) {
  return metric == FddbMetric::discrete ? row.discrete : row.continuous;
}

/// The images' present entries, with their sums kept up to date.
class Totals {
 public:
  explicit Totals(size_t images) : current_(images), sum_before_(images + 1, 0.0) {}

  void set(size_t image, const FddbEntry& entry) {
    false_positives_ += entry.false_positives - current_[image].false_positives;
    true_positives_ += entry.true_positives - current_[image].true_positives;
    if (entry.overlap_sum != current_[image].overlap_sum) first_changed_ = std::min(first_changed_, image);
    current_[image] = entry;
  }

  FddbRow row(double threshold, int64_t faces) {
    // Adding up in file order again keeps every digit; what lies before the first change is still right.
    for (size_t i = first_changed_; i < current_.size(); ++i) {
      sum_before_[i + 1] = sum_before_[i] + current_[i].overlap_sum;
    }
    first_changed_ = current_.size();
    const auto count = static_cast<double>(std::max<int64_t>(faces, 1));
    return {threshold, false_positives_, static_cast<double>(true_positives_) / count, sum_before_.back() / count};
  }

 private:
  std::vector<FddbEntry> current_;
  std::vector<double> sum_before_;  ///< overlaps of the images before each
  size_t first_changed_ = 0;
  int64_t false_positives_ = 0;
  int64_t true_positives_ = 0;
};

}  // namespace

std::vector<FddbEntry> score_fddb_image(const FddbImage& image, const FddbOptions& options) {
  const auto score = [&](size_t i) { return image.detections[i].score; };
  std::vector<size_t> order(image.detections.size());
  std::iota(order.begin(), order.end(), size_t{0});
  for (const size_t i : order) require(!std::isnan(score(i)), "score_fddb_image: a score is NaN");
  if (order.empty()) return {{kNoDetections, 0, 0, 0}};
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return score(a) > score(b); });

  const Matcher matcher(image, options);
  std::vector<FddbEntry> entries;
  std::vector<size_t> touching;  // valid detections that touch a face, in file order
  FddbEntry entry;
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    entry.threshold = score(order[begin]);
    bool changed = false;
    for (; end < order.size() && score(order[end]) == entry.threshold; ++end) {
      if (!matcher.touches_a_face(order[end])) continue;
      touching.insert(std::lower_bound(touching.begin(), touching.end(), order[end]), order[end]);
      changed = true;
    }
    if (changed) matcher.match(touching, entry);
    entry.false_positives = static_cast<int64_t>(end) - entry.true_positives;
    entries.push_back(entry);
  }
  return entries;
}

std::vector<FddbRow> fddb_curve(std::span<const std::vector<FddbEntry>> images, int64_t faces) {
  struct Event {
    size_t image;
    const FddbEntry* entry;
  };
  std::vector<Event> events;
  for (size_t i = 0; i < images.size(); ++i) {
    for (const FddbEntry& entry : images[i]) events.push_back({i, &entry});
  }
  std::sort(events.begin(), events.end(),
            [](const Event& a, const Event& b) { return a.entry->threshold > b.entry->threshold; });
  std::vector<FddbRow> rows;
  Totals totals(images.size());
  for (auto event = events.begin(); event != events.end();) {
    const double threshold = event->entry->threshold;
    for (; event != events.end() && event->entry->threshold == threshold; ++event)
      totals.set(event->image, *event->entry);
    rows.push_back(totals.row(threshold, faces));
  }
  std::reverse(rows.begin(), rows.end());
  return rows;
}

std::string fddb_roc_text(std::span<const FddbRow> curve, FddbMetric metric) {
  constexpr int kDigits = 6;
  std::string text;
  for (const FddbRow& row : curve) {
    // As a double, so that a million and more come out in six digits as well.
    text += concat(significant(rate(row, metric), kDigits), " ",
                   significant(static_cast<double>(row.false_positives), kDigits));
    if (metric == FddbMetric::discrete) text += " " + significant(row.threshold, kDigits);
    text += "\n";
  }
  return text;
}

double fddb_rate_at(std::span<const FddbRow> curve, FddbMetric metric, int64_t false_positives) {
  double best = 0;
  for (const FddbRow& row : curve) {
    if (row.false_positives <= false_positives) best = std::max(best, rate(row, metric));
  }
  return best;
}

}  // namespace mtcnn
