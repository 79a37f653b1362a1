#include "mtcnn/model/model_folder.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"

#include "support/damaged_json.h"
#include "support/foreign_weights.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;

constexpr InputOptions kOddInput = {
    .border = 7, .crop_lead = 2, .crop_margin = 0.5F, .landmark_shift = 0.5F, .window_first = 1, .window_size = 11};

Model random_model() {
  Model model;
  for (const NetKind net : kNetKinds) model.nets[static_cast<size_t>(net)] = testing::random_weights(net, 5);
  model.detector.min_face = 33;
  for (NetWeights& weights : model.nets) set_input(weights, kOddInput);
  return model;
}

/// Takes what a net's file says of its input away, as files of older versions are.
void forget_input(const fs::path& folder, NetKind net) {
  const fs::path file = folder / concat(net_name(net), ".safetensors");
  NetWeights weights = read_weights(file, net);
  weights.metadata.erase("input");
  write_weights(file, weights);
}

std::string message_of(const fs::path& folder) {
  try {
    read_model(folder);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  return names;
}

TEST(ModelFolder, ReplacesAnOlderOneAndLeavesOtherFiles) {
  const testing::TempFolder folder;
  const fs::path model = folder / "model";
  write_model(model, random_model());
  write_text(model / "README.md", "mine");
  fs::create_directory(folder / "model.999999999.0.tmp");
  write_text(folder / "model.999999999.0.tmp" / ".begun", "");
  fs::create_directory(folder / "model.999999999.1.tmp");
  write_text(folder / "model.999999999.1.tmp" / "mine", "");
  fs::create_directories(folder / "model.999999999.2.tmp" / "model");  // killed while it was removed
  Model other = random_model();
  other.detector.min_face = 44;
  write_model(model, other);
  EXPECT_EQ(read_model(model).detector.min_face, 44);
  EXPECT_EQ(read_text(model / "README.md"), "mine");
  EXPECT_THAT(names_in(folder.path()), ::testing::UnorderedElementsAre("model", "model.999999999.1.tmp"))
      << "what killed runs left is gone, other things are not";
}

TEST(ModelFolder, ReplacesFilesInPlaceWhereFoldersCannotBeExchanged) {
  const testing::TempFolder folder;
  const fs::path model = folder / "model";
  write_model(model, random_model());
  fs::create_directory(model / "photos");  // has no second name
  Model other = random_model();
  other.detector.min_face = 44;
  write_model(model, other);
  EXPECT_EQ(read_model(model).detector.min_face, 44);
  EXPECT_EQ(names_in(model).size(), 5U);
  fs::create_directory_symlink(model, folder / "link");
  other.detector.min_face = 55;
  write_model(folder / "link", other);
  EXPECT_EQ(read_model(model).detector.min_face, 55);
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
}

TEST(ModelFolder, RoundTrip) {
  const testing::TempFolder folder;
  write_model(folder / "model", random_model());
  const Model back = read_model(folder / "model");
  EXPECT_EQ(back.detector.min_face, 33);
  for (const NetWeights& weights : back.nets)
    EXPECT_EQ(input_of(weights, "").value(), input_for(weights.net, kOddInput)) << net_name(weights.net);
  const Model model = random_model();
  for (size_t net = 0; net < 3; ++net) {
    for (const NamedTensor& tensor : model.nets[net].tensors)
      EXPECT_EQ(back.nets[net].at(tensor.name).values, tensor.values);
  }
}

TEST(ModelFolder, SaysWhatTheModelFinds) {
  const testing::TempFolder folder;
  Model model = random_model();
  write_model(folder / "face", model);
  EXPECT_FALSE(read_json(folder / "face" / "cascade.json").contains("object")) << "older programs read it, too";
  EXPECT_EQ(read_model(folder / "face").object, "face");
  model.object = "red panda";
  write_model(folder / "panda", model);
  EXPECT_EQ(read_model(folder / "panda").object, "red panda");
  Json cascade = read_json(folder / "panda" / "cascade.json");
  for (const Json& name : {Json(3), Json(""), Json(" panda"), Json("a\nb"), Json(std::string(41, 'a'))}) {
    cascade["object"] = name;
    write_text(folder / "panda" / "cascade.json", cascade.dump());
    EXPECT_THAT(message_of(folder / "panda"), ::testing::HasSubstr("cascade.json: object")) << name;
  }
}

TEST(ModelFolder, EachNetSaysWhatItsInputIs) {
  const testing::TempFolder folder;
  const fs::path model = folder / "model";
  write_model(model, random_model());
  forget_input(model, NetKind::rnet);
  const auto input = [&](NetKind net) {
    return input_of(read_model(model).nets[static_cast<size_t>(net)], "").value();
  };
  EXPECT_EQ(input(NetKind::rnet), InputOptions{});
  Json cascade = read_json(model / "cascade.json");
  cascade["input"] = {{"border", 127}, {"crop_lead", 1}};  // as older versions wrote it
  write_text(model / "cascade.json", cascade.dump());
  EXPECT_EQ(input(NetKind::rnet), (InputOptions{.border = 127, .crop_lead = 1}));
  EXPECT_EQ(input(NetKind::onet), input_for(NetKind::onet, kOddInput)) << "a net's own word counts";
  cascade["input"]["border"] = 300;
  write_text(model / "cascade.json", cascade.dump());
  EXPECT_THAT(message_of(model),
              ::testing::AllOf(::testing::HasSubstr("cascade.json"), ::testing::HasSubstr("border")));
}

TEST(ModelFolder, SingleNetsComeWithTheirInputAndPlainWindows) {
  const testing::TempFolder folder;
  const fs::path model = folder / "model";
  write_model(model, random_model());
  const NetWeights rnet = read_single_net(model, NetKind::rnet);
  EXPECT_EQ(input_of(rnet, "").value(), input_for(NetKind::rnet, kOddInput));
  const NetWeights pnet = read_single_net(model / "pnet.safetensors", NetKind::pnet);
  EXPECT_EQ(input_of(pnet, "").value(), (InputOptions{.border = 7}));
  EXPECT_NE(pnet.at("conv4_2.bias").values, random_model().nets[0].at("conv4_2.bias").values);
  forget_input(model, NetKind::onet);
  EXPECT_EQ(input_of(read_single_net(model / "onet.safetensors", NetKind::onet), "").value(), InputOptions{});
  EXPECT_THROW(read_single_net(model / "onet.safetensors", NetKind::rnet), Error);
  EXPECT_THROW(read_single_net(folder / "nothing", NetKind::rnet), Error);
}

TEST(ModelFolder, InputThatCannotBeUnderstoodIsRefused) {
  const testing::TempFolder folder;
  for (const char* text : {"{", "3", R"({"border": "x"})", R"({"border": -1})", R"({"lead": 1})"}) {
    Model model = random_model();
    model.nets[1].metadata["input"] = text;
    write_model(folder.path(), model);
    EXPECT_THAT(message_of(folder.path()),
                ::testing::AllOf(::testing::HasSubstr("rnet.safetensors"), ::testing::HasSubstr("input")))
        << text;
  }
}

TEST(ModelFolder, MissingThingsAreNamed) {
  const testing::TempFolder folder;
  EXPECT_THAT(message_of(folder / "nothing"), ::testing::HasSubstr("no model folder"));
  write_model(folder / "model", random_model());
  fs::remove(folder / "model" / "rnet.safetensors");
  EXPECT_THAT(message_of(folder / "model"), ::testing::HasSubstr("rnet.safetensors"));
  fs::remove(folder / "model" / "cascade.json");
  EXPECT_THAT(message_of(folder / "model"), ::testing::HasSubstr("cascade.json"));
}

TEST(ModelFolder, NetsInEachOthersPlace) {
  const testing::TempFolder folder;
  write_model(folder / "model", random_model());
  fs::copy_file(folder / "model" / "onet.safetensors", folder / "model" / "rnet.safetensors",
                fs::copy_options::overwrite_existing);
  EXPECT_THAT(message_of(folder / "model"),
              ::testing::AllOf(::testing::HasSubstr("'onet'"), ::testing::HasSubstr("'rnet'")));
}

TEST(ModelFolder, CascadeFileIsChecked) {
  const testing::TempFolder folder;
  write_model(folder.path(), random_model());
  const fs::path file = folder / "cascade.json";
  const Json good = read_json(file);
  const auto with = [&](const std::string& pointer, const Json& value) {
    Json changed = good;
    changed[Json::json_pointer(pointer)] = value;
    write_text(file, changed.dump());
    return message_of(folder.path());
  };
  EXPECT_THAT(with("/version", 2), ::testing::HasSubstr("version"));
  EXPECT_THAT(with("/colour_order", "BGR"), ::testing::HasSubstr("colour_order"));
  EXPECT_THAT(with("/detector/min_fase", 3), ::testing::HasSubstr("did you mean 'min_face'"));
  EXPECT_THAT(with("/detector/factor", 1.5), ::testing::HasSubstr("factor"));
  EXPECT_THAT(with("/detector/thresholds", Json::array({0.6, 0.7})), ::testing::HasSubstr("three numbers"));
  EXPECT_THAT(with("/extra", 1), ::testing::HasSubstr("extra"));
  write_text(file, "{\"format\": ");
  EXPECT_THAT(message_of(folder.path()), ::testing::HasSubstr("not valid JSON"));
  write_text(file, "[]");
  EXPECT_THAT(message_of(folder.path()), ::testing::HasSubstr("not a cascade file"));
}

TEST(ModelFolder, AnyDamageOfTheCascadeFileIsAnErrorThatNamesIt) {
  const testing::TempFolder folder;
  write_model(folder.path(), random_model());
  const fs::path file = folder / "cascade.json";
  testing::for_each_damage(read_json(file), [&](const Json& damaged, const std::string& what) {
    testing::overwrite(file, damaged.dump());
    testing::expect_only_errors("cascade.json", what, [&] { read_model(folder.path()); });
  });
}

TEST(ModelFolder, NamesAsManyPointsAsONetGives) {
  const testing::TempFolder folder;
  Model model = random_model();
  model.nets[2] = testing::random_weights(NetKind::onet, 9, false, 3);
  model.landmark_names = {"tip", "left", "right"};
  write_model(folder / "own", model);
  const Model back = read_model(folder / "own");
  EXPECT_EQ(back.landmark_names, model.landmark_names);
  EXPECT_EQ(landmark_count(back.nets[2]), 3);
  model.landmark_names.pop_back();
  write_model(folder / "model", model);
  EXPECT_THAT(message_of(folder / "model"), ::testing::HasSubstr("found 3 points, expected 2"));
  EXPECT_NO_THROW(read_model(folder / "model", NetKind::rnet)) << "O-Net does not matter for the nets before it";
  model.landmark_names = {"tip", "left", "tip"};
  write_model(folder / "model", model);
  EXPECT_THAT(message_of(folder / "model"), ::testing::HasSubstr("two landmarks of one name"));
  model.nets[2] = testing::random_weights(NetKind::onet, 9, false, 0);
  model.landmark_names = {};
  write_model(folder / "model", model);
  EXPECT_TRUE(read_model(folder / "model").landmark_names.empty());
}

TEST(ModelFolder, NamesOfPointsComeFromTheWeights) {
  NetWeights weights = testing::random_weights(NetKind::onet, 9, false, 2);
  EXPECT_EQ(landmark_names_of(weights, "here"), (std::vector<std::string>{"point_0", "point_1"}));
  weights.metadata["landmark_order"] = R"(["tip", "tail"])";
  EXPECT_EQ(landmark_names_of(weights, "here"), (std::vector<std::string>{"tip", "tail"}));
  weights.metadata["landmark_order"] = R"(["tip"])";
  EXPECT_THROW(landmark_names_of(weights, "here"), Error);
  EXPECT_EQ(landmark_names_of(testing::random_weights(NetKind::onet, 9), "here"), face_landmarks().names);
}

}  // namespace
}  // namespace mtcnn
