#include "mtcnn/core/text.h"
#include "mtcnn/geometry/pyramid.h"
#include "mtcnn/labels/facts.h"

#include <algorithm>

namespace mtcnn {
namespace {

constexpr size_t kMostClassLines = 20;

/// A line of the table of spreads.
std::string spread_line(const std::string& name, const Spread& spread) {
  if (spread.count == 0) return "";
  std::string line = concat("  ", name, std::string(34 - std::min<size_t>(33, name.size()), ' '));
  for (const double value :
       {spread.least, spread.p5, spread.p25, spread.median, spread.p75, spread.p95, spread.greatest})
    line += right_aligned(value >= 100 && value < 1e7 ? fixed(value, 0) : significant(value, 3), 9);
  return line + "\n";
}

Json spread_json(const Spread& spread) {
  if (spread.count == 0) return nullptr;
  return {{"count", spread.count},   {"min", spread.least}, {"p5", spread.p5},   {"p25", spread.p25},
          {"median", spread.median}, {"p75", spread.p75},   {"p95", spread.p95}, {"max", spread.greatest}};
}

std::string share_line(const std::string& what, size_t count, size_t of) {
  return of == 0 ? "" : concat("  ", what, ": ", count, " (", percent_of(count, of), ")\n");
}

std::string classes_text(const LabelFacts& facts) {
  std::string text;
  std::vector<std::pair<std::string, size_t>> classes = facts.classes;
  std::stable_sort(classes.begin(), classes.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (facts.without_class > 0 && !classes.empty()) classes.emplace_back("(no class)", facts.without_class);
  if (!classes.empty()) text += "\nclasses\n";
  for (size_t i = 0; i < std::min(classes.size(), kMostClassLines); ++i)
    text += concat("  ", right_aligned(concat(classes[i].second), 8), "  ", as_line(classes[i].first), "\n");
  if (classes.size() > kMostClassLines) text += concat("  and ", classes.size() - kMostClassLines, " other classes\n");
  return text;
}

std::string problems_text(const LabelFacts& facts) {
  std::string text;
  for (const Skipped& item : facts.dropped) text += concat("  passed over: ", shown(item), "\n");
  for (const Skipped& item : facts.kept) text += concat("  ", shown(item), "\n");
  return text.empty() ? "\nno problems in the labels\n" : "\nproblems in the labels\n" + text;
}

Json problems_json(const std::vector<Skipped>& items) {
  Json list = Json::array();
  for (const Skipped& item : items)
    list.push_back({{"reason", item.reason}, {"count", item.count}, {"examples", item.examples}});
  return list;
}

std::string advice_text(const LabelAdvice& advice) {
  const std::string min_face = advice.min_face ? concat(*advice.min_face) : std::string("the default");
  return concat(
      "\nsettings that suit these labels\n  min_face: ", min_face, "  (", advice.min_face_reason,
      ")\n  square: ", advice.square ? "true" : "false", "  (", advice.square_reason,
      ")\n  landmarks: ", advice.points ? "learn them" : "none", "  (", advice.points_reason,
      ")\n  mirror: the default  (labels do not say whether the mirror image of an object is a valid sample)\n");
}

}  // namespace

std::string facts_text(const LabelFacts& facts, const LabelAdvice& advice) {
  std::string text = concat(facts.images, " images, ", facts.images_without_objects, " without objects; ",
                            facts.objects, " objects, ", facts.ignored, " more to be ignored\n");
  if (facts.images_without_size > 0)
    text += concat("  the size of ", facts.images_without_size, " images is not known\n");
  text += concat("\n  ", std::string(34, ' '));
  for (const char* head : {"min", "5 %", "25 %", "median", "75 %", "95 %", "max"}) text += right_aligned(head, 9);
  text += "\n";
  text += spread_line("objects per image", facts.objects_per_image);
  text += spread_line("image width, pixels", facts.image_width);
  text += spread_line("image height, pixels", facts.image_height);
  text += spread_line("object, shorter side, pixels", facts.shorter_side);
  text += spread_line("object, longer side, pixels", facts.longer_side);
  text += spread_line("shorter side / longer of image", facts.relative_shorter_side);
  text += spread_line("longer side / longer of image", facts.relative_longer_side);
  text += spread_line("width / height", facts.aspect);
  text += classes_text(facts);
  text += "\nobjects\n";
  if (facts.points > 0) text += share_line(concat("with ", facts.points, " points"), facts.with_points, facts.objects);
  text += share_line("cut by the image's border, or within a pixel of it", facts.at_border,
                     facts.relative_longer_side.count);
  text += share_line(concat("more elongated than ", kMostElongation, " to 1"), facts.elongated, facts.objects);
  text += share_line(concat("shorter side below ", kPNetWindow, " pixels: too small to learn from"), facts.below_window,
                     facts.objects);
  if (facts.objects > 0) text += facts.longer_sides.text();
  return text + problems_text(facts) + advice_text(advice);
}

Json facts_json(const LabelFacts& facts, const LabelAdvice& advice) {
  Json classes = Json::array();
  for (const auto& [name, count] : facts.classes) classes.push_back({{"name", name}, {"objects", count}});
  Json json = {{"images", facts.images},
               {"images_without_objects", facts.images_without_objects},
               {"images_without_size", facts.images_without_size},
               {"objects", facts.objects},
               {"ignored", facts.ignored},
               {"points", facts.points},
               {"with_points", facts.with_points},
               {"classes", std::move(classes)},
               {"without_class", facts.without_class},
               {"at_border", facts.at_border},
               {"elongated", facts.elongated},
               {"below_window", facts.below_window}};
  json["objects_per_image"] = spread_json(facts.objects_per_image);
  json["image_width"] = spread_json(facts.image_width);
  json["image_height"] = spread_json(facts.image_height);
  json["shorter_side"] = spread_json(facts.shorter_side);
  json["longer_side"] = spread_json(facts.longer_side);
  json["relative_shorter_side"] = spread_json(facts.relative_shorter_side);
  json["relative_longer_side"] = spread_json(facts.relative_longer_side);
  json["aspect"] = spread_json(facts.aspect);
  json["shorter_sides"] = facts.shorter_sides.json();
  json["longer_sides"] = facts.longer_sides.json();
  json["dropped"] = problems_json(facts.dropped);
  json["kept"] = problems_json(facts.kept);
  json["advice"]["min_face"] = {{"value", advice.min_face ? Json(*advice.min_face) : Json()},
                                {"reason", advice.min_face_reason}};
  json["advice"]["square"] = {{"value", advice.square}, {"reason", advice.square_reason}};
  json["advice"]["points"] = {{"value", advice.points}, {"reason", advice.points_reason}};
  return json;
}

}  // namespace mtcnn
