#include "mtcnn/eval/wider_report.h"

#include "mtcnn/core/text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace mtcnn {
namespace {

constexpr int kDigits = 4;

std::string short_number(double value) {
  char text[32];
  return {std::begin(text), std::to_chars(std::begin(text), std::end(text), value).ptr};
}

std::string height_name(const WiderHeightRecall& range) {
  return std::isinf(range.high) ? concat(range.low, "+") : concat(range.low, "-", range.high);
}

Json run_json(const WiderResult& result, const WiderOptions& options) {
  const auto& [run, scores] = result;
  Json json = {{"name", run.name}};
  for (size_t s = 0; s < kWiderSettings; ++s) json["ap"][kWiderSettingNames[s]] = scores.settings[s].ap;
  for (size_t s = 0; s < kWiderSettings; ++s) {
    const std::optional<Interval>& interval = scores.settings[s].interval;
    if (interval) json["ap_interval"][kWiderSettingNames[s]] = {interval->low, interval->high};
  }
  for (const WiderHeightRecall& range : scores.heights) {
    Json& entry = json["recall_by_height"][height_name(range)];
    entry["recall"] =
        range.faces > 0 ? Json(static_cast<double>(range.found) / static_cast<double>(range.faces)) : Json();
    entry["found"] = range.found;
    entry["faces"] = range.faces;
  }
  for (size_t s = 0; s < kWiderSettings; ++s) {
    Json& entry = json["false_positives_per_image"][kWiderSettingNames[s]] = Json::object();
    for (size_t i = 0; i < options.recalls.size(); ++i) {
      const std::optional<double>& value = scores.settings[s].false_positives[i];
      entry["at_recall_" + short_number(options.recalls[i])] = value ? Json(*value) : Json();
    }
  }
  json["counts"] = {{"listed_images", run.listed_images},   {"detections", run.detections},
                    {"missing_images", run.missing_images}, {"unreadable_images", run.unreadable_images},
                    {"unknown_images", run.unknown_images}, {"unknown_detections", run.unknown_detections},
                    {"unknown_names", run.unknown_names},   {"negative_sizes", run.negative_sizes}};
  return json;
}

Plot make_plot(std::span<const WiderResult> results) {
  Plot plot{.title = "WIDER FACE validation", .x_label = "recall", .y_label = "precision"};
  for (size_t r = 0; r < results.size(); ++r) {
    for (size_t s = 0; s < kWiderSettings; ++s) {
      const WiderScore& score = results[r].scores.settings[s];
      PlotSeries series{.name =
                            concat(results[r].run.name, ", ", kWiderSettingNames[s], " (AP ", fixed(score.ap, 3), ")")};
      // Several runs: one colour each, so that the same setting can be compared; one run: one colour a setting.
      series.colour = static_cast<int>(results.size() > 1 ? r : s);
      series.dash = results.size() > 1 ? static_cast<int>(s) : 0;
      for (size_t t = 0; t < score.recall.size(); ++t) {
        if (score.precision[t] == 0 && score.recall[t] == 0) continue;  // nothing found yet: no point of the curve
        series.x.push_back(score.recall[t]);
        series.y.push_back(score.precision[t]);
      }
      plot.series.push_back(std::move(series));
    }
  }
  return plot;
}

using Rows = std::vector<std::vector<std::string>>;

Rows ap_rows(std::span<const WiderResult> results) {
  Rows rows = {{"AP", "easy", "medium", "hard"}};
  for (const WiderResult& result : results) {
    std::vector<std::string> row = {result.run.name};
    for (const WiderScore& score : result.scores.settings) {
      const std::string ap = fixed(score.ap, kDigits);
      row.push_back(!score.interval ? ap
                                    : concat(ap, " [", fixed(score.interval->low, kDigits), ", ",
                                             fixed(score.interval->high, kDigits), "]"));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Rows height_rows(std::span<const WiderResult> results) {
  Rows rows = {{"recall by face height"}};
  for (const WiderHeightRecall& range : results.front().scores.heights) {
    rows[0].push_back(concat(height_name(range), " (", range.faces, ")"));
  }
  for (const WiderResult& result : results) {
    std::vector<std::string> row = {result.run.name};
    for (const WiderHeightRecall& range : result.scores.heights) {
      const double recall = static_cast<double>(range.found) / static_cast<double>(range.faces);
      row.push_back(range.faces > 0 ? fixed(recall, kDigits) : "-");
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Rows false_positive_rows(std::span<const WiderResult> results, const WiderOptions& options) {
  Rows rows = {{"false positives per image at recall"}};
  for (const double recall : options.recalls) rows[0].push_back(short_number(recall));
  for (const WiderResult& result : results) {
    for (size_t s = 0; s < kWiderSettings; ++s) {
      std::vector<std::string> row = {concat(result.run.name, ", ", kWiderSettingNames[s])};
      for (const std::optional<double>& value : result.scores.settings[s].false_positives)
        row.push_back(value ? fixed(*value, 3) : "-");
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::string remarks(const WiderRun& run) {
  std::string text;
  const auto say = [&](int64_t count, const auto&... parts) {
    if (count > 0) text += concat(run.name, ": ", parts..., ": ", count, "\n");
  };
  say(run.missing_images, "images missing in the detections (they count as empty)");
  say(run.unreadable_images, "images that the detector could not read (they count as empty)");
  say(run.negative_sizes, "detections of negative width or height (scored as they are)");
  const bool more = static_cast<int64_t>(run.unknown_names.size()) < run.unknown_images;
  say(run.unknown_images, "images that are not in the ground truth (left out with their ", run.unknown_detections,
      " detections: ", join(run.unknown_names, ", "), more ? ", …)" : ")");
  return text;
}

}  // namespace

EvalReport wider_report(std::span<const WiderResult> results, const WiderGroundTruth& truth,
                        const WiderOptions& options) {
  EvalReport report{.name = "wider", .protocol = kWiderProtocol};
  report.settings = {
      {"bootstrap", options.bootstrap.repeats}, {"seed", options.bootstrap.seed}, {"recalls", options.recalls}};
  Json runs = Json::array();
  for (const WiderResult& result : results) runs.push_back(run_json(result, options));
  if (!results.empty()) report.figures["ap"] = runs[0]["ap"];
  Json counts = {{"events", truth.events}, {"images", truth.images.size()}, {"faces", truth.faces}};
  for (size_t s = 0; s < kWiderSettings; ++s) counts["kept_faces"][kWiderSettingNames[s]] = truth.kept_faces[s];
  report.figures["ground_truth"] = std::move(counts);
  report.figures["runs"] = std::move(runs);
  report.plot = make_plot(results);
  return report;
}

std::string wider_text(std::span<const WiderResult> results, const WiderGroundTruth& truth,
                       const WiderOptions& options) {
  std::string text = concat(kWiderProtocol, "\n", truth.events, " events, ", truth.images.size(), " images, ",
                            truth.faces, " faces (kept: ", truth.kept_faces[0], " easy, ", truth.kept_faces[1],
                            " medium, ", truth.kept_faces[2], " hard)\n");
  if (options.bootstrap.repeats > 0)
    text += concat("in brackets: 95 % intervals over images, ", options.bootstrap.repeats, " bootstrap repeats, seed ",
                   options.bootstrap.seed, "\n");
  if (results.empty()) return text;
  text += "\n" + text_table(ap_rows(results)) + "\n" + text_table(height_rows(results)) + "\n";
  if (!options.recalls.empty()) text += text_table(false_positive_rows(results, options)) + "\n";
  std::string notes;
  for (const WiderResult& result : results) notes += remarks(result.run);
  if (notes.empty()) text.pop_back();  // no blank line at the end
  return text + notes;
}

}  // namespace mtcnn
