#include "mtcnn/weights/import.h"

#include "mtcnn/cli/detector_flags.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/model/model_folder.h"

#include <memory>

namespace mtcnn::cli {
namespace {

struct ImportFlags {
  std::vector<std::string> files;
  std::string out;
};

void run(const ImportFlags& flags) {
  require_apart(model_outputs(flags.out), {flags.files.begin(), flags.files.end()});
  Model model;
  std::string sources[3];
  for (const std::string& file : flags.files) {
    for (NetWeights& weights : import_nets(file)) {
      std::string& source = sources[static_cast<size_t>(weights.net)];
      if (!source.empty()) {
        throw Error(ErrorCode::usage, concat("two files hold ", net_title(weights.net)),
                    {.found = source + " and " + file});
      }
      source = file;
      model.nets[static_cast<size_t>(weights.net)] = std::move(weights);
    }
  }
  for (const NetKind net : kNetKinds) {
    if (!sources[static_cast<size_t>(net)].empty()) continue;
    throw Error(ErrorCode::usage, concat("no file holds ", net_title(net)),
                {.hint = "a model folder needs all three nets"});
  }
  write_model(flags.out, model);
  print(concat("imported P-Net, R-Net and O-Net into ", flags.out, "\n"));
}

}  // namespace

void add_import(CLI::App& program) {
  auto flags = std::make_shared<ImportFlags>();
  CLI::App& verb = *program.add_subcommand(
      "import",
      "Turn public MTCNN weights into a model folder\n\nReads the weights that PyTorch, safetensors, Caffe, ONNX "
      "and TensorFlow versions of MTCNN are published with; nets are recognised by content. Channel order, axes and "
      "the "
      "order of the outputs are converted.");
  verb.add_option(
          "files", flags->files,
          "Weights files, one per net, in any order: PyTorch state dicts (.pt), safetensors, Caffe models, ONNX files, "
          "ipazc's .lz4, TropComplique's .npy; or ipazc's one mtcnn_weights.npy")
      ->required()
      ->type_name("FILE");
  verb.add_option("--out", flags->out, "Model folder to write")->required()->type_name("DIR");
  verb.footer(
      "Nothing in the files is executed.\n"
      "Example: mtcnn import pnet.pt rnet.pt onet.pt --out models/public");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
