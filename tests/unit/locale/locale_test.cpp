#include "mtcnn/core/file.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/memory.h"
#include "mtcnn/core/options.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/annotations.h"
#include "mtcnn/data/detections.h"
#include "mtcnn/data/manifest.h"
#include "mtcnn/data/shard.h"
#include "mtcnn/eval/fddb.h"
#include "mtcnn/eval/fddb_files.h"
#include "mtcnn/eval/plot.h"
#include "mtcnn/eval/wider_detections.h"
#include "mtcnn/pipeline/options.h"
#include "mtcnn/pipeline/plan.h"
#include "mtcnn/weights/weights.h"

#include <clocale>
#include <locale>
#include <map>
#include <sstream>
#include <string>

#include "support/shared_data.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using testing::TempFolder;
using Texts = std::map<std::string, std::string>;

/// Numbers as in 1.234.567,5: what a program with a user interface in German makes global.
class Commas : public std::numpunct<char> {
 protected:
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

/// While it lives, C++ and, where the system has such a locale, C write numbers with commas.
class GermanNumbers {
 public:
  GermanNumbers() : former_(std::locale::global(std::locale(std::locale::classic(), new Commas))) {
    for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"}) {
      if (std::setlocale(LC_ALL, name) != nullptr) break;
    }
  }
  ~GermanNumbers() {
    std::locale::global(former_);
    std::setlocale(LC_ALL, "C");
  }
  GermanNumbers(const GermanNumbers&) = delete;
  GermanNumbers& operator=(const GermanNumbers&) = delete;

 private:
  std::locale former_;
};

constexpr double kThousands = 1234567.25;

Detection face(double x) { return {.x = x, .y = 1.0 / 3, .w = kThousands, .h = 2000, .confidence = 0.98765}; }

/// All files below `folder`, by their names.
void add_files(const fs::path& folder, Texts& texts) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) texts[entry.path().lexically_relative(folder).string()] = read_text(entry.path());
  }
}

void write_detections(const fs::path& folder) {
  write_text(folder / "detections.jsonl", detections_line({.image = "a.jpg", .width = 12345, .faces = {face(1.5)}}));
  write_text(folder / "annotations.jsonl",
             annotation_line({.image = "a.jpg", .width = 12345, .height = 2000, .faces = {{.5, 1234.5, 2, 3}}}));
  const WiderGroundTruth truth{.images = {{.event = "0--Parade", .name = "first"}}};
  write_wider_results(folder / "wider", {.faces = {{face(.25), face(kThousands)}}}, truth);
  const std::vector<FddbFold> folds = {
      {"01", {{.name = "a", .detections = {{FddbRectangle{kThousands, .5, 1000, 2}, .75}}}}}};
  write_fddb_results(folds, folder / "fddb");
  const FddbRow row{.threshold = 1.0 / 3, .false_positives = 12345, .discrete = .5, .continuous = .25};
  write_text(folder / "fddb.txt", fddb_roc_text({&row, 1}, FddbMetric::discrete));
}

void write_plot(const fs::path& folder) {
  const Plot plot{.title = "t",
                  .x_label = "x",
                  .y_label = "y",
                  .x_max = 20000,
                  .series = {{.name = "s", .x = {0, 1234.5, kThousands}, .y = {.125, .5, 1}}}};
  write_text(folder / "plot.svg", plot_svg(plot));
  write_text(folder / "plot.csv", plot_csv(plot));
}

void write_crops(const fs::path& folder) {
  Manifest manifest{.stage = "pnet", .crop_size = 12, .seed = 1234567, .images = 54321, .segments = 1234};
  manifest.inputs = {{"datasets", {{{"name", "own"}, {"images", 54321}}}}};
  manifest.done = {{.index = 1233, .images = 54321}};
  manifest.done[0].shards = {{.file = shard_name("pnet", CropKind::part, 1233), .count = 4321, .checksum = "c"}};
  write_manifest(folder / "crops", manifest);
  write_text(folder / "inputs.txt", inputs_text(read_manifest(folder / "crops"), "here"));
}

void write_net(const fs::path& folder) {
  NetWeights net{.net = NetKind::pnet, .metadata = {{"epoch", concat(1234)}, {"loss", concat(kThousands)}}};
  for (const TensorSpec& tensor : tensor_specs(NetKind::pnet))
    net.tensors.push_back({tensor.name, tensor.shape, std::vector<float>(static_cast<size_t>(tensor.count()), 0.5F)});
  write_weights(folder / "pnet.safetensors", net);
  read_weights(folder / "pnet.safetensors", NetKind::pnet);
}

/// A data set of one image, and what a pipeline makes of it.
void write_plan(const fs::path& folder) {
  write_text(folder / "data" / "own" / "annotations.jsonl",
             R"({"image": "a.jpg", "faces": [{"box": [1, 2, 30, 40]}]})");
  const Json dataset = {{"kind", "own"}, {"path", "own"}};
  write_text(folder / "prepare.json",
             Json({{"root", "data"}, {"datasets", {dataset}}, {"validation", {dataset}}}).dump());
  for (const char* net : {"pnet", "rnet", "onet"})
    write_text(folder / concat(net, ".json"), R"({"optimizer": {"lr": 0.00125}})");
  const Json round = {{"prepare", "prepare.json"}, {"pnet", "pnet.json"}, {"rnet", "rnet.json"}, {"onet", "onet.json"}};
  const Json calibrate = {{"path", "own"}, {"false_faces_per_picture", 0.0175}, {"lost_recall", 1.0 / 3}};
  const PipelineOptions options =
      read_pipeline_options({{"seed", 1234567}, {"rounds", {round}}, {"calibrate", calibrate}}, folder / "p.json");
  std::string commands;
  for (const Step& step : plan_pipeline(options, folder, "out"))
    commands += concat(step.name, ": ", join(step.command, " "), "; ", step.size, "\n");
  const std::string root = folder.string();
  for (size_t at = commands.find(root); at != std::string::npos; at = commands.find(root))
    commands.erase(at, root.size());
  write_text(folder / "plan.txt", commands);
}

struct Numbers {
  double number = 0;
  float small = 0;
  int64_t whole = 0;
};

/// What a program reads, as it writes it again.
std::string read_and_written() {
  const auto table = OptionTable<Numbers>()
                         .add("number", &Numbers::number, {.low = -1e6, .high = 1234567.5}, "")
                         .add("small", &Numbers::small, {}, "")
                         .add("whole", &Numbers::whole, {}, "");
  Numbers numbers;
  table.apply(numbers, parse_json(R"({"number": 1234.5, "small": 0.7})", "here"), "here");
  table.apply_setting(numbers, "whole=1234567");
  table.apply_setting(numbers, "number=.5");
  return table.dump(numbers).dump() + table.markdown() + fixed(kThousands, 3) + significant(kThousands, 6) +
         concat(kThousands, " ", 1234567, " ", 0.7F);
}

Texts everything() {
  const TempFolder folder;
  write_detections(folder.path());
  write_plot(folder.path());
  write_crops(folder.path());
  write_net(folder.path());
  write_plan(folder.path());
  Texts texts;
  add_files(folder.path(), texts);
  texts["options"] = read_and_written();
  std::vector<ImageDetections> read;
  read_detections(folder / "detections.jsonl", [&](ImageDetections&& image) { read.push_back(std::move(image)); });
  texts["detections read"] = detections_line(read.at(0));
  return texts;
}

TEST(Locale, ChangesNothingThatIsWrittenOrRead) {
  const Texts plain = everything();
  const GermanNumbers german;
  std::ostringstream stream;
  stream << kThousands;
  ASSERT_EQ(stream.str(), "1,23457e+06") << "the locale is not in force";
  const Texts there = everything();
  ASSERT_EQ(there.size(), plain.size());
  for (const auto& [name, text] : plain) EXPECT_EQ(there.at(name), text) << name;
  EXPECT_THAT(plain.at("plan.txt"), ::testing::AllOf(::testing::HasSubstr("--false-faces 0.0175"),
                                                     ::testing::HasSubstr("--lost-recall 0.3333333333333333")));
  EXPECT_GT(resident_bytes(), 1 << 20);
}

}  // namespace
}  // namespace mtcnn
