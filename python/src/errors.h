#pragma once

#include <pybind11/pybind11.h>

namespace mtcnn::python {

/// From here on, Error and ContractError leave `module`'s functions as the exceptions of libmtcnn.errors.
void register_errors();

}  // namespace mtcnn::python
