#include "mtcnn/weights/import.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/safetensors.h"
#include "mtcnn/weights/torch_file.h"

#include <limits>

#include "support/foreign_weights.h"
#include "support/shared_data.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using testing::CaffeGeneration;
using testing::expect_same;
using testing::facenet_layout;
using ::testing::HasSubstr;
using testing::legacy_torch_file;
using testing::random_weights;
using testing::refusal;
using testing::TempFolder;
using testing::TorchStyle;
using testing::write_bytes;
using testing::zip_torch_file;

class Import : public ::testing::Test {
 protected:
  NetWeights import_bytes(const std::string& bytes) {
    write_bytes(folder_ / "weights.bin", bytes);
    return import_weights(folder_ / "weights.bin");
  }

  TempFolder folder_;
};

TEST_F(Import, StateDictsInEveryFormGiveTheSame) {
  const TorchStyle styles[] = {{},
                               {.protocol = 4},
                               {.ordered = false},
                               {.parameters = true},
                               {.shared_storage = true},
                               {.reversed_strides = true},
                               {.protocol = 4, .ordered = false, .shared_storage = true, .reversed_strides = true},
                               {.doubles = true}};
  for (const NetKind net : kNetKinds) {
    const NetWeights weights = random_weights(net, 11, true);
    for (const TorchStyle& style : styles) {
      expect_same(import_bytes(legacy_torch_file(facenet_layout(weights), style)), weights);
      expect_same(import_bytes(zip_torch_file(facenet_layout(weights), style)), weights);
    }
  }
}

TEST_F(Import, ForeignSafetensorsGiveTheSame) {
  for (const NetKind net : kNetKinds) {
    const NetWeights weights = random_weights(net, 12);
    const auto foreign = facenet_layout(weights);
    std::vector<TensorView> views;
    for (const NamedTensor& tensor : foreign) {
      views.push_back({tensor.name, Dtype::f32, tensor.shape, std::as_bytes(std::span(tensor.values))});
    }
    write_safetensors(folder_ / "foreign.safetensors", views, {});
    expect_same(import_weights(folder_ / "foreign.safetensors"), weights);
  }
}

TEST_F(Import, CaffemodelsOfBothGenerationsGiveTheSame) {
  for (const NetKind net : kNetKinds) {
    for (const bool landmarks : {false, true}) {
      const NetWeights weights = random_weights(net, 13, landmarks);
      expect_same(import_bytes(caffemodel(weights, CaffeGeneration::layer)), weights);
      expect_same(import_bytes(caffemodel(weights, CaffeGeneration::old_layers)), weights);
    }
  }
}

TEST_F(Import, OurOwnFilesPassThrough) {
  NetWeights weights = random_weights(NetKind::onet, 14);
  weights.metadata["source"] = "elsewhere.pt";
  write_weights(folder_ / "ours.safetensors", weights);
  const NetWeights imported = import_weights(folder_ / "ours.safetensors");
  expect_same(imported, weights);
  EXPECT_EQ(imported.metadata.at("source"), "elsewhere.pt");
  EXPECT_EQ(imported.metadata.count("source_layout"), 0U);
}

TEST_F(Import, SaysWhereTheWeightsCameFrom) {
  const NetWeights weights = random_weights(NetKind::pnet, 15);
  const auto source = [&](const std::string& name, const std::string& bytes) {
    write_bytes(folder_ / name, bytes);
    const auto metadata = import_weights(folder_ / name).metadata;
    return metadata.at("source") + " | " + metadata.at("source_layout");
  };
  EXPECT_EQ(source("a.pt", legacy_torch_file(weights.tensors)),
            "a.pt | facenet-pytorch state dict (legacy torch.save)");
  EXPECT_EQ(source("b.pt", zip_torch_file(weights.tensors)), "b.pt | facenet-pytorch state dict (torch.save)");
  EXPECT_EQ(source("det1.caffemodel", caffemodel(weights, CaffeGeneration::layer)), "det1.caffemodel | caffemodel");
  // What is imported can be written, whatever the file was called.
  write_bytes(folder_ / "\xff.pt", zip_torch_file(weights.tensors));
  const NetWeights imported = import_weights(folder_ / "\xff.pt");
  EXPECT_EQ(imported.metadata.at("source"), "?.pt");
  write_weights(folder_ / "written.safetensors", imported);
  expect_same(read_weights(folder_ / "written.safetensors", NetKind::pnet), weights);
}

TEST_F(Import, TensorsThatFitNoNetAreNamed) {
  const NetWeights weights = random_weights(NetKind::rnet, 16);
  const auto refused = [&](const std::vector<NamedTensor>& tensors) {
    return refusal([&] { import_bytes(zip_torch_file(tensors)); });
  };
  auto tensors = weights.tensors;
  tensors[0].name = "features.conv1.weight";
  EXPECT_THAT(refused(tensors), HasSubstr("unknown tensor 'features.conv1.weight' in the weights of R-Net"));
  for (NamedTensor& tensor : tensors) tensor.name = "module." + tensor.name;
  EXPECT_THAT(refused(tensors), HasSubstr("none of the three nets: found tensors module.features.conv1.weight"));
  tensors = weights.tensors;
  tensors.pop_back();
  EXPECT_THAT(refused(tensors), HasSubstr("'dense5_2.bias' of R-Net is missing"));
  tensors = weights.tensors;
  tensors.push_back(tensors[1]);
  EXPECT_THAT(refused(tensors), HasSubstr("'conv1.bias' is there twice"));
  tensors = weights.tensors;
  tensors[1].shape = {4, 7};
  EXPECT_THAT(refused(tensors), HasSubstr("found [4, 7], expected [28]"));
  tensors = weights.tensors;
  tensors[1].values[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(refused(tensors), HasSubstr("'conv1.bias' is damaged: found nan at position 3"));
  EXPECT_THAT(refused({}), HasSubstr("none of the three nets: found no tensors"));
}

TEST(StridedTensors, AreReadThroughTheirStrides) {
  const std::vector<float> storage = {9, 0, 1, 2, 3, 4, 5};
  StridedTensor tensor{.name = "t",
                       .shape = {3, 2},
                       .strides = {1, 3},
                       .offset = 1,
                       .dtype = Dtype::f32,
                       .storage = std::as_bytes(std::span(storage))};
  const TensorSpec spec{.name = "t", .shape = {3, 2}};
  EXPECT_THAT(contiguous(tensor, spec, "here").values, ::testing::ElementsAre(0, 3, 1, 4, 2, 5));
  tensor.strides = {0, 1};
  EXPECT_THAT(contiguous(tensor, spec, "here").values, ::testing::ElementsAre(0, 1, 0, 1, 0, 1));
}

TEST(StridedTensors, StayInsideTheirStorage) {
  const std::vector<float> storage(7);
  const TensorSpec spec{.name = "t", .shape = {3, 2}};
  const auto read = [&](std::vector<int64_t> strides, int64_t offset) {
    contiguous({.name = "t",
                .shape = {3, 2},
                .strides = std::move(strides),
                .offset = offset,
                .storage = std::as_bytes(std::span(storage))},
               spec, "here");
  };
  constexpr int64_t huge = std::numeric_limits<int64_t>::max();
  EXPECT_NO_THROW(read({2, 1}, 1));
  EXPECT_THAT(refusal([&] { read({2, 1}, 2); }), HasSubstr("'t' reaches beyond its storage"));
  EXPECT_THAT(refusal([&] { read({3, 1}, 0); }), HasSubstr("strides [3, 1] from 0, expected 7 values"));
  EXPECT_NE(refusal([&] { read({huge, 1}, 0); }), "");
  EXPECT_NE(refusal([&] { read({huge / 2, 1}, huge); }), "");
  EXPECT_NE(refusal([&] { read({1, 1}, huge); }), "");
}

class ImportGolden : public ::testing::TestWithParam<NetKind> {
 protected:
  std::filesystem::path weights(const char* ending) {
    return testing::shared_folder() / "golden/cascade/weights" / (std::string(net_name(GetParam())) + ending);
  }
};

TEST_P(ImportGolden, TorchFileAndSafetensorsGiveTheSame) {
  MTCNN_NEEDS_SHARED("golden/cascade/weights");
  const NetWeights from_torch = import_weights(weights(".pt"));
  EXPECT_EQ(from_torch.net, GetParam());
  expect_same(from_torch, import_weights(weights(".state_dict.safetensors")));
}

TEST_P(ImportGolden, OnlyDenseColumnsAndPointsMove) {
  MTCNN_NEEDS_SHARED("golden/cascade/weights");
  const NetWeights imported = import_weights(weights(".pt"));
  const Safetensors original(weights(".state_dict.safetensors"));
  NetWeights as_stored = imported;
  as_stored.tensors = facenet_layout(imported);
  for (const NamedTensor& tensor : as_stored.tensors) {
    const auto* entry = original.find(tensor.name);
    ASSERT_NE(entry, nullptr);
    EXPECT_TRUE(original.floats(*entry) == tensor.values) << tensor.name;
    const bool moves =
        tensor.name == "dense4.weight" || tensor.name == "dense5.weight" || tensor.name.starts_with("dense6_3");
    EXPECT_EQ(imported.at(tensor.name).values != tensor.values, moves) << tensor.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Nets, ImportGolden, ::testing::ValuesIn(kNetKinds),
                         [](const auto& net) { return net_name(net.param); });

}  // namespace
}  // namespace mtcnn
