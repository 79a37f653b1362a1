#include "mtcnn/data/manifest.h"

#include "input.h"

/// manifest.json of a folder of crops.
MTCNN_FUZZ_TARGET(input) {
  mtcnn::fuzz::input_file("manifest.json", input);
  const mtcnn::Manifest manifest = mtcnn::read_manifest(mtcnn::fuzz::input_folder());
  manifest.counts();
  mtcnn::inputs_text(manifest, "manifest.json");
}
