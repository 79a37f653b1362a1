#include "data_prep/window_finder.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/detect/detector.h"
#include "mtcnn/engine/threads.h"
#include "mtcnn/model/model_folder.h"

#include <algorithm>

namespace mtcnn {
namespace {

/// The last net whose windows are needed for the stage; nothing where none is.
std::optional<NetKind> last_net(const std::string& stage, const MiningOptions& options) {
  if (options.false_faces > 0) return NetKind::onet;
  if (stage == "rnet") return NetKind::pnet;
  if (stage == "onet") return NetKind::rnet;
  return std::nullopt;
}

Json net_json(const NetWeights& weights) {
  const InputOptions input = input_of(weights, net_name(weights.net)).value_or(InputOptions{});
  return {{"net", net_name(weights.net)}, {"checksum", weights_checksum(weights)}, {"input", input_json(input)}};
}

}  // namespace

Miner make_miner(const std::string& stage, const MiningOptions& options, const std::filesystem::path& folder,
                 const std::function<Detector(const Model&)>& make_detector) {
  const std::optional<NetKind> last = last_net(stage, options);
  if (!last) return {.finder = {}, .model = nullptr};
  if (folder.empty()) {
    throw Error(ErrorCode::usage, concat("crops for ", stage, " are mined with nets that are trained already"),
                {.expected = concat("--model DIR, a folder with nets up to ", net_title(*last)),
                 .hint = "`mtcnn export --run RUN --out DIR` makes one of training runs"});
  }
  Model model = read_model(folder, *last);
  model.detector = {.min_face = options.min_face,
                    .factor = options.factor,
                    .thresholds = {options.pnet_threshold, options.rnet_threshold, options.onet_threshold},
                    .padding = options.padding};
  Json nets = Json::array();
  for (const NetWeights& weights : model.nets) {
    if (!weights.tensors.empty()) nets.push_back(net_json(weights));
  }
  const auto most_false = static_cast<size_t>(options.false_faces) * 4;  // some will turn out to be faces
  const bool wants_pnet = stage == "rnet";
  const bool wants_rnet = stage == "onet";
  return {.finder =
              [detector = make_detector(model), last = *last, wants_pnet, wants_rnet,
               most_false](std::span<const ImageView> images) {
                const OneThread alone;  // every worker searches images of its own
                std::vector<MinedWindows> mined;
                for (Found& found : detector.detect_stages(images, last)) {
                  MinedWindows& windows = mined.emplace_back();
                  if (wants_pnet) windows.windows = std::move(found.after_pnet);
                  if (wants_rnet) windows.windows = std::move(found.after_rnet);
                  for (const Face& face : found.faces) {
                    if (windows.false_faces.size() < most_false) windows.false_faces.push_back(square(face.box));
                  }
                }
                return mined;
              },
          .model = {{"nets", std::move(nets)}}};
}

}  // namespace mtcnn
