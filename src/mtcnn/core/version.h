#pragma once

/// All of the library; one folder of headers is one part of it (docs/architecture.md).
namespace mtcnn {

/// The project's version, "major.minor.patch".
const char* version();

/// The commit this library was built from, with "-dirty" where the tree had changes; "unknown" outside a git checkout.
const char* commit();

/// The project's licence, then the notices of others' work that the library and the program carry, the default model's
/// weights above all: LICENSE and THIRD_PARTY_NOTICES, word for word.
const char* licences();

}  // namespace mtcnn
