#include "mtcnn/train/torch_threads.h"

#include <ATen/Parallel.h>

#ifndef INTRA_OP_PARALLEL
#error "compile this with OpenMP: at::parallel_for would be a plain loop"
#endif

namespace mtcnn {

void take_over_threads() { at::get_num_threads(); }

WithoutTorchThreads::WithoutTorchThreads() : before_(at::get_num_threads()) { at::set_num_threads(1); }
WithoutTorchThreads::~WithoutTorchThreads() { at::set_num_threads(before_); }

}  // namespace mtcnn
