#include "mtcnn/core/simd.h"

#include "mtcnn/core/error.h"

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#ifdef MTCNN_DOT_PRODUCT_UNITS
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace mtcnn {

namespace {

/// In the order in which each has what those before it have.
enum class Units { plain, avx2, avx512, byte_dot_products };

constexpr std::array<std::pair<std::string_view, Units>, 6> kNames = {{{"plain", Units::plain},
                                                                       {"neon", Units::plain},
                                                                       {"avx2", Units::avx2},
                                                                       {"avx512", Units::avx512},
                                                                       {"vnni", Units::byte_dot_products},
                                                                       {"dotprod", Units::byte_dot_products}}};

Units most_allowed() {
  const char* asked = std::getenv("MTCNN_VECTOR");
  if (asked == nullptr || *asked == '\0') return Units::byte_dot_products;
  for (const auto& [name, units] : kNames) {
    if (name == asked) return units;
  }
  throw Error(ErrorCode::usage, "unknown instruction set",
              {.where = "environment variable MTCNN_VECTOR",
               .found = std::string("'") + asked + "'",
               .expected = "plain, avx2, avx512 or vnni; on Arm neon or dotprod"});
}

/// Whether MTCNN_VECTOR leaves them usable. It is read once.
bool allowed(Units units) {
  static const Units most = most_allowed();
  return units <= most;
}

#if defined(MTCNN_X86_UNITS) && defined(__clang__)
bool cpu_has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2");
}
bool cpu_has_avx512() {
  return cpu_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
bool cpu_has_vnni() { return cpu_has_avx512() && __builtin_cpu_supports("avx512vnni"); }
#elif defined(MTCNN_X86_UNITS)
bool cpu_has_avx2() { return __builtin_cpu_supports("x86-64-v3"); }
bool cpu_has_avx512() { return __builtin_cpu_supports("x86-64-v4"); }
bool cpu_has_vnni() { return cpu_has_avx512() && __builtin_cpu_supports("avx512vnni"); }
#else
bool cpu_has_avx2() { return false; }
bool cpu_has_avx512() { return false; }
bool cpu_has_vnni() { return false; }
#endif

#ifdef MTCNN_DOT_PRODUCT_UNITS
bool cpu_has_dot_product() { return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0; }
#else
bool cpu_has_dot_product() { return false; }
#endif

}  // namespace

bool has_avx2() { return allowed(Units::avx2) && cpu_has_avx2(); }
bool has_avx512() { return allowed(Units::avx512) && cpu_has_avx512(); }
bool has_avx512_vnni() { return allowed(Units::byte_dot_products) && cpu_has_vnni(); }
bool has_dot_product() { return allowed(Units::byte_dot_products) && cpu_has_dot_product(); }

size_t usable_versions() {
  if (has_avx512()) return 3;
  return has_avx2() ? 2 : 1;
}

std::string vector_units() {
#ifdef __aarch64__
  return has_dot_product() ? "dotprod" : "neon";
#else
  if (has_avx512_vnni()) return "vnni";
  if (has_avx512()) return "avx512";
  return has_avx2() ? "avx2" : "plain";
#endif
}

}  // namespace mtcnn
