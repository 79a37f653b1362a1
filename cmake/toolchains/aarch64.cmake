# For 64-bit Arm with the packaged cross compiler; what is built runs in QEMU's user mode. scripts/try_arm.sh makes the sysroot.
#   MTCNN_ARM_SYSROOT   (environment) a sysroot of your own
include("${CMAKE_CURRENT_LIST_DIR}/../MtcnnDepsDir.cmake")
if(DEFINED ENV{MTCNN_ARM_SYSROOT})
  set(CMAKE_SYSROOT "$ENV{MTCNN_ARM_SYSROOT}")
else()
  # The compiler's own C library and the sysroot's must be of one release.
  cmake_host_system_information(RESULT release QUERY DISTRIB_VERSION_CODENAME)
  set(CMAKE_SYSROOT "${MTCNN_DEPS_DIR}/arm64-${release}")
endif()
if(NOT IS_DIRECTORY "${CMAKE_SYSROOT}/usr/include")
  message(FATAL_ERROR "${CMAKE_SYSROOT}: no headers and libraries for 64-bit Arm here; scripts/try_arm.sh puts them there")
endif()

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# Libraries that ours link to need more of them; nothing has told the linker where those lie.
foreach(kind EXE SHARED MODULE)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT "-Wl,-rpath-link,${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu")
endforeach()

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
find_program(MTCNN_QEMU NAMES qemu-aarch64-static qemu-aarch64 REQUIRED)
set(CMAKE_CROSSCOMPILING_EMULATOR "${MTCNN_QEMU}" -L "${CMAKE_SYSROOT}")
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
