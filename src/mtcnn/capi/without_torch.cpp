#include "mtcnn/capi/cascades.h"

/// For the library without LibTorch.
namespace mtcnn {

CascadeFactory other_cascades() { return {}; }

}  // namespace mtcnn
