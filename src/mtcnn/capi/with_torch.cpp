#include "mtcnn/capi/cascades.h"
#include "mtcnn/gpu/tensor_cascade.h"

/// For the library with LibTorch.
namespace mtcnn {

CascadeFactory other_cascades() { return gpu_cascade; }

}  // namespace mtcnn
