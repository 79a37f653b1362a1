# MTCNN_PORTABLE: what is built here runs on machines that have none of our libraries. The C library alone is linked when a program starts; with
# MTCNN_WITH_TORCH also the LibTorch of the same version that is there, and the C++ library that it shares with us (scripts/gpu_check.sh).
# zlib and OpenCV must be there as static libraries (scripts/build_opencv.sh makes both).
if(MTCNN_PORTABLE)
  if(BUILD_SHARED_LIBS)
    message(FATAL_ERROR "MTCNN_PORTABLE is for programs of one file; leave BUILD_SHARED_LIBS off.")
  endif()
  if(MTCNN_WITH_VIDEO OR MTCNN_WITH_MATIO)
    message(FATAL_ERROR "MTCNN_PORTABLE: FFmpeg, OpenCV's windows and libmatio are no static libraries here. "
                        "Add -DMTCNN_WITH_VIDEO=OFF -DMTCNN_WITH_MATIO=OFF.")
  endif()
  set(ZLIB_USE_STATIC_LIBS ON)
  # Symbols of static libraries stay inside, so that a process may hold another OpenCV or C++ library beside ours.
  add_link_options(LINKER:--exclude-libs,ALL LINKER:--gc-sections LINKER:--as-needed)
  if(MTCNN_WITH_TORCH)
    set(CMAKE_SKIP_RPATH ON)  # who starts the programs says where LibTorch is
  else()
    add_link_options(-static-libstdc++ -static-libgcc)
  endif()
  add_compile_options(-ffunction-sections -fdata-sections)
  # No path of the machine that builds is in the binaries.
  add_compile_options("-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=" "-ffile-prefix-map=${PROJECT_BINARY_DIR}/=build/")
endif()

# mtcnn_refuse_shared_opencv(): Debian's OpenCV brings more than a hundred shared libraries.
function(mtcnn_refuse_shared_opencv)
  if(MTCNN_PORTABLE AND OpenCV_SHARED)
    message(FATAL_ERROR "MTCNN_PORTABLE: the OpenCV in ${OpenCV_DIR} is no static library. Run scripts/build_opencv.sh and add "
                        "-DCMAKE_PREFIX_PATH=<the folder that it prints>.")
  endif()
endfunction()

# mtcnn_link_spdlog(<target>): spdlog and fmt as shared libraries or, portable, as headers, whose code becomes part of the target.
function(mtcnn_link_spdlog target)
  if(NOT MTCNN_PORTABLE)
    target_link_libraries(${target} PRIVATE spdlog::spdlog)
    return()
  endif()
  # Not linked: where fmt is a package of its own, spdlog::spdlog_header_only brings its shared library.
  set(headers spdlog::spdlog_header_only)
  if(TARGET fmt::fmt-header-only)
    list(APPEND headers fmt::fmt-header-only)
  endif()
  foreach(library IN LISTS headers)
    target_include_directories(${target} SYSTEM PRIVATE "$<TARGET_PROPERTY:${library},INTERFACE_INCLUDE_DIRECTORIES>")
    target_compile_definitions(${target} PRIVATE "$<TARGET_PROPERTY:${library},INTERFACE_COMPILE_DEFINITIONS>")
  endforeach()
endfunction()
