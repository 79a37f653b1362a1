# Finds LibTorch: the one that Torch_DIR or CMAKE_PREFIX_PATH names, else the wheel that scripts/setup.sh installed. For the Python
# package always that of the interpreter's torch: a process must not hold two.
if(MTCNN_PYTHON)
  find_package(Python 3.10 REQUIRED COMPONENTS Interpreter)
  # -I: while pip builds, it hides the environment's own packages by PYTHONPATH.
  execute_process(COMMAND "${Python_EXECUTABLE}" -I -c "import torch; print(torch.utils.cmake_prefix_path)"
                  OUTPUT_VARIABLE prefix OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
  if(failed)
    message(FATAL_ERROR "${Python_EXECUTABLE} has no torch, which libmtcnn links. First `pip install torch`; where it is installed and this "
                        "goes on, `pip install scikit-build-core pybind11`, then install libmtcnn with --no-build-isolation.")
  endif()
  set(Torch_DIR "${prefix}/Torch")
endif()
if(NOT Torch_DIR)
  set(Torch_DIR "$ENV{Torch_DIR}")
endif()
find_package(Torch QUIET)
if(NOT Torch_FOUND)
  include(MtcnnDepsDir)
  execute_process(COMMAND "${MTCNN_DEPS_DIR}/venv/bin/python" -c "import torch; print(torch.utils.cmake_prefix_path)"
                  OUTPUT_VARIABLE prefix OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
  if(failed)
    message(FATAL_ERROR "No LibTorch: neither Torch_DIR nor CMAKE_PREFIX_PATH names one, and ${MTCNN_DEPS_DIR}/venv has none. "
                        "Run scripts/setup.sh first.")
  endif()
  find_package(Torch REQUIRED PATHS "${prefix}")
endif()
message(STATUS "LibTorch ${Torch_VERSION} in ${TORCH_INSTALL_PREFIX}")
# The wheel's own flags come as a directory-wide string; the targets carry what is needed.

# LibTorch's parallel_for is a template: compiled without OpenMP it is a plain loop. The library must be the one that LibTorch brings, or a
# process has two pools.
file(GLOB MTCNN_OPENMP_LIBRARY "${TORCH_INSTALL_PREFIX}/lib/libgomp*.so*")
if(NOT MTCNN_OPENMP_LIBRARY)
  find_package(OpenMP REQUIRED COMPONENTS CXX)
  set(MTCNN_OPENMP_LIBRARY ${OpenMP_CXX_LIBRARIES})
endif()
