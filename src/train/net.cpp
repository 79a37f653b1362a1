#include "mtcnn/train/net.h"

namespace mtcnn {
namespace {

template <class Net>
TrainableNet wrap(NetKind kind, Net net) {
  return {kind, net.ptr(), [net](const torch::Tensor& input) mutable { return net->forward(input); }};
}

}  // namespace

TrainableNet make_net(NetKind kind, bool landmark_head) {
  switch (kind) {
    case NetKind::pnet:
      return wrap(kind, PNet(landmark_head));
    case NetKind::rnet:
      return wrap(kind, RNet(landmark_head));
    case NetKind::onet:
      break;
  }
  return wrap(NetKind::onet, ONet());
}

}  // namespace mtcnn
