#include "mtcnn/model/default_model.h"

#include "mtcnn/core/error.h"

// The files' bytes, taken in by the assembler; MTCNN_DEFAULT_MODEL is their folder.
#define MTCNN_EMBED(symbol, file)                                                                              \
  asm(".pushsection .rodata\n.balign 64\n" #symbol ":\n.incbin \"" MTCNN_DEFAULT_MODEL "/" file "\"\n" #symbol \
      "_end:\n.byte 0\n.popsection\n");                                                                        \
  extern "C" __attribute__((visibility("hidden"))) const std::byte symbol[];                                   \
  extern "C" __attribute__((visibility("hidden"))) const std::byte symbol##_end[]

MTCNN_EMBED(mtcnn_default_cascade, "cascade.json");
MTCNN_EMBED(mtcnn_default_pnet, "pnet.safetensors");
MTCNN_EMBED(mtcnn_default_rnet, "rnet.safetensors");
MTCNN_EMBED(mtcnn_default_onet, "onet.safetensors");

namespace mtcnn {

std::span<const std::byte> default_model_file(std::string_view name) {
  if (name == "cascade.json") return {mtcnn_default_cascade, mtcnn_default_cascade_end};
  if (name == "pnet.safetensors") return {mtcnn_default_pnet, mtcnn_default_pnet_end};
  if (name == "rnet.safetensors") return {mtcnn_default_rnet, mtcnn_default_rnet_end};
  if (name == "onet.safetensors") return {mtcnn_default_onet, mtcnn_default_onet_end};
  throw ContractError("default_model_file: no such file");
}

}  // namespace mtcnn
