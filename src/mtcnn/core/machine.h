#pragma once

#include "mtcnn/core/json.h"

namespace mtcnn {

/// What a timing was measured on: "processor", "cores", "vector" (see vector_units()) and "system".
Json machine_json();

}  // namespace mtcnn
