#include "mtcnn/train/net.h"

namespace mtcnn {
namespace {

template <class Net>
TrainableNet wrap(NetKind kind, Net net) {
  return {kind, net.ptr(), [net](const torch::Tensor& input) mutable { return net->forward(input); }};
}

}  // namespace

TrainableNet make_net(NetKind kind, int64_t points) {
  switch (kind) {
    case NetKind::pnet:
      return wrap(kind, PNet(points));
    case NetKind::rnet:
      return wrap(kind, RNet(points));
    case NetKind::onet:
      break;
  }
  return wrap(NetKind::onet, ONet(points));
}

}  // namespace mtcnn
