#pragma once

#include "mtcnn/detect/detector.h"

#include <pybind11/pybind11.h>

namespace mtcnn::python {

/// A trace as nested dicts and lists of arrays; libmtcnn/tracing.py gives them names and a description.
pybind11::dict trace_dict(const Trace& trace);

}  // namespace mtcnn::python
