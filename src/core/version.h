#pragma once

namespace mtcnn {

/// The project's version, "major.minor.patch".
const char* version();

/// The commit this library was built from, with "-dirty" where the tree had changes; "unknown" outside a git checkout.
const char* commit();

}  // namespace mtcnn
