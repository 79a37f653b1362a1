#pragma once

#include "mtcnn/data/landmark_layout.h"
#include "mtcnn/model/options.h"
#include "mtcnn/weights/input.h"
#include "mtcnn/weights/onnx_file.h"
#include "mtcnn/weights/weights.h"

#include <array>
#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn {

/// How a model folder holds its nets.
struct WeightsFormat {
  const char* extension;                                               ///< of a net's file
  void (*write)(const std::filesystem::path&, const NetWeights& net);  ///< in one atomic step
};

inline constexpr WeightsFormat kSafetensors = {".safetensors", write_weights};
inline constexpr WeightsFormat kOnnx = {".onnx", write_onnx};

/// A model folder in memory: three nets and how to use them. docs/formats.md describes the files.
struct Model {
  std::array<NetWeights, 3> nets;  ///< P-Net, R-Net, O-Net; without tensors where a net is not there (yet)
  DetectorOptions detector;        ///< what suits these weights; the user's own options win
  std::string object = "face";     ///< what it finds, one of them; see require_object_name()
  std::vector<std::string> landmark_names = face_landmarks().names;  ///< of the points that O-Net gives, in order
};

/// The name of one object, as output has it: 1 to 40 bytes of UTF-8 without control characters and without line ends.
/// \throws Error{usage} naming `where` on any other.
void require_object_name(const std::string& name, const std::string& where, ErrorCode code = ErrorCode::usage);

/// Each net is `NET.safetensors` or, where there is none, the TorchScript file `NET.pt` or `NET.onnx`. All nets that
/// are read say what their input is, see input_of(): where a file does not, as in older folders, cascade.json's `input`
/// counts. \param last  nets behind this one are not read: the first nets alone are what hard examples are mined with.
/// \throws Error if a file is missing, damaged, of another version or of another net, see read_weights(), or if O-Net
/// gives another number of points than cascade.json names.
Model read_model(const std::filesystem::path& folder, NetKind last = NetKind::onet);

/// One net from a weights file of any kind that is known, a training run (its best weights) or a model folder. It says
/// what its input is, see input_of(); P-Net's windows are moved to where crops are made for, see with_plain_windows().
/// \throws Error as read_model() and import_weights() do, and if the file holds another net.
NetWeights read_single_net(const std::filesystem::path& path, NetKind net);

/// Writes pnet.safetensors, rnet.safetensors, onet.safetensors (or pnet.pt …, pnet.onnx …) and, last, cascade.json.
/// Each file is written atomically. Nets without tensors are left out.
void write_model(const std::filesystem::path& folder, const Model& model, const WeightsFormat& format = kSafetensors);

/// What may be a file of the model in this folder, there or not: cascade.json and each net's in every format.
std::vector<std::filesystem::path> model_files(const std::filesystem::path& folder);

/// The model that comes with the library: models/default, embedded when it was built.
Model default_model();

/// The default model's detector options alone; reads no weights.
DetectorOptions default_model_options();

/// The names of the points that a net was trained for: as its file says, else default_landmark_names().
/// \throws Error naming `where` if the file's names do not fit its landmark head.
std::vector<std::string> landmark_names_of(const NetWeights& weights, const std::string& where);

}  // namespace mtcnn
