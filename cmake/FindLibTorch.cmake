# Finds LibTorch as it lies in a torch wheel or in a LibTorch archive, for the CPU or for CUDA. LibTorch's own CMake package asks for the
# CUDA toolkit wherever the wheel was built with it; to compile and link, headers and three libraries are enough.
#
# Searched: LibTorch_ROOT and Torch_DIR (variables or environment) and, where neither is set, CMAKE_PREFIX_PATH and last the virtual
# environment that scripts/setup.sh makes; each names a prefix or the folder share/cmake or share/cmake/Torch below it. Gives
#   LibTorch::LibTorch   libtorch_cpu and libc10 with their headers, and the OpenMP library that comes with them
#   LibTorch_VERSION, LibTorch_PREFIX, LibTorch_CUDA (whether CUDA's part, libtorch_cuda, is there)
# CUDA's part is not linked: it takes seconds to load and needs NVIDIA's libraries, so the program loads it when a GPU is asked for
# (mtcnn/gpu/device.h).
set(LibTorch_candidates)
include("${CMAKE_CURRENT_LIST_DIR}/MtcnnDepsDir.cmake")
file(GLOB LibTorch_from_setup "${MTCNN_DEPS_DIR}/venv/lib/python3*/site-packages/torch")
set(LibTorch_prefixes)
set(LibTorch_named ${LibTorch_ROOT} ${Torch_DIR} $ENV{LibTorch_ROOT} $ENV{Torch_DIR})
list(FILTER LibTorch_named EXCLUDE REGEX "NOTFOUND$")
if(NOT LibTorch_named)
  string(REPLACE ":" ";" LibTorch_prefixes "$ENV{CMAKE_PREFIX_PATH}")
  list(PREPEND LibTorch_prefixes ${CMAKE_PREFIX_PATH})
  list(APPEND LibTorch_prefixes ${LibTorch_from_setup})
endif()
foreach(place IN LISTS LibTorch_named LibTorch_prefixes)
  list(APPEND LibTorch_candidates "${place}" "${place}/../.." "${place}/../../..")
endforeach()

# The first place that holds both headers and libraries.
unset(LibTorch_PREFIX)
foreach(place IN LISTS LibTorch_candidates)
  if(NOT LibTorch_PREFIX AND EXISTS "${place}/include/ATen/ATen.h" AND EXISTS "${place}/lib/${CMAKE_SHARED_LIBRARY_PREFIX}c10${CMAKE_SHARED_LIBRARY_SUFFIX}")
    get_filename_component(LibTorch_PREFIX "${place}" REALPATH)
  endif()
endforeach()

unset(LibTorch_VERSION)
if(LibTorch_PREFIX)
  # Newer versions have the numbers in headeronly/.
  foreach(header headeronly/version.h csrc/api/include/torch/version.h)
    if(NOT LibTorch_VERSION AND EXISTS "${LibTorch_PREFIX}/include/torch/${header}")
      file(STRINGS "${LibTorch_PREFIX}/include/torch/${header}" numbers REGEX "^#define TORCH_VERSION_(MAJOR|MINOR|PATCH) +[0-9]+")
      list(TRANSFORM numbers REPLACE ".* ([0-9]+).*" "\\1")
      list(JOIN numbers "." LibTorch_VERSION)
    endif()
  endforeach()
  foreach(part torch_cpu torch_cuda c10)
    set(LibTorch_${part} "${LibTorch_PREFIX}/lib/${CMAKE_SHARED_LIBRARY_PREFIX}${part}${CMAKE_SHARED_LIBRARY_SUFFIX}")
    if(NOT EXISTS "${LibTorch_${part}}")
      unset(LibTorch_${part})
    endif()
  endforeach()
  if(LibTorch_torch_cuda)
    set(LibTorch_CUDA TRUE)
  else()
    set(LibTorch_CUDA FALSE)
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch REQUIRED_VARS LibTorch_PREFIX LibTorch_torch_cpu LibTorch_c10 VERSION_VAR LibTorch_VERSION HANDLE_VERSION_RANGE)

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  set(LibTorch_INCLUDES "${LibTorch_PREFIX}/include" "${LibTorch_PREFIX}/include/torch/csrc/api/include")
  add_library(LibTorch::c10 SHARED IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION "${LibTorch_c10}" INTERFACE_INCLUDE_DIRECTORIES "${LibTorch_INCLUDES}")
  add_library(LibTorch::torch_cpu SHARED IMPORTED)
  set_target_properties(LibTorch::torch_cpu PROPERTIES IMPORTED_LOCATION "${LibTorch_torch_cpu}" INTERFACE_LINK_LIBRARIES LibTorch::c10)

  # LibTorch's parallel_for is a template that is compiled into its users: without OpenMP it is a plain loop. The library must be the one that
  # LibTorch brings, or a process has two pools.
  file(GLOB LibTorch_OPENMP "${LibTorch_PREFIX}/lib/libgomp*.so*")
  if(NOT LibTorch_OPENMP)
    find_package(OpenMP REQUIRED COMPONENTS CXX)
    set(LibTorch_OPENMP ${OpenMP_CXX_LIBRARIES})
  endif()

  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  # A CUDA build of libtorch_cpu names libraries of NVIDIA's wheels; where they lie is the loader's concern, not the linker's.
  set_target_properties(LibTorch::LibTorch PROPERTIES
    INTERFACE_LINK_LIBRARIES "LibTorch::torch_cpu;LibTorch::c10;${LibTorch_OPENMP};${CMAKE_DL_LIBS}"
    INTERFACE_LINK_OPTIONS "$<$<BOOL:${LibTorch_CUDA}>:LINKER:--allow-shlib-undefined>")
endif()
