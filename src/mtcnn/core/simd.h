#pragma once

/// Put before a function with a hot plain loop: the compiler makes a version of it for each generation of x86 vector
/// units and picks one when the program starts. Elsewhere, and under sanitizers (which start too late for that), it
/// means nothing.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define MTCNN_SIMD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MTCNN_SIMD_CLONES
#endif
