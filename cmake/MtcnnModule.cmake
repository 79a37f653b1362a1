# Warnings and sanitizers for our own code; never passed on to those who link us.
add_library(mtcnn_build_flags INTERFACE)
target_compile_options(mtcnn_build_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-missing-field-initializers
                                                   # GCC 12 sees overlap in every string concatenation (GCC bug 105651); clang-tidy knows no such warning.
                                                   $<$<AND:$<CXX_COMPILER_ID:GNU>,$<NOT:$<BOOL:${CMAKE_CXX_CLANG_TIDY}>>>:-Wno-restrict>
                                                   # In a batch of sources GCC takes them for headers, in which types of one source would be a fault.
                                                   $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wno-subobject-linkage>
                                                   $<$<BOOL:${MTCNN_WARNINGS_AS_ERRORS}>:-Werror>)
if(MTCNN_SANITIZE STREQUAL "thread")
  target_compile_options(mtcnn_build_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(mtcnn_build_flags INTERFACE -fsanitize=thread)
elseif(MTCNN_SANITIZE)
  target_compile_options(mtcnn_build_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                                                     -fno-omit-frame-pointer)
  target_link_options(mtcnn_build_flags INTERFACE -fsanitize=address,undefined)
endif()

# mtcnn_alone(<files>): compiled one by one where sources are else compiled in batches (CMAKE_UNITY_BUILD, preset release): their own names
# are those of a neighbour, or they include one file several times.
function(mtcnn_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# Installed shared libraries and programs find each other wherever the tree is moved to.
if(BUILD_SHARED_LIBS)
  include(GNUInstallDirs)
  set(CMAKE_INSTALL_RPATH "$ORIGIN" "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
endif()

# mtcnn_add_module(<name> [HEADERS <files>] SOURCES <files> [PUBLIC <targets>] [PRIVATE <targets>])
# One library per module, exported as mtcnn::<name>; shared ones with BUILD_SHARED_LIBS. A header's include path is its path below src/
# ("mtcnn/core/error.h") or, for data_prep, below the source tree ("data_prep/sampler.h"). HEADERS are public: they alone are installed, and
# include no others (scripts/check_layers.py).
function(mtcnn_add_module name)
  cmake_parse_arguments(ARG "" "" "HEADERS;SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(mtcnn_${name} ${ARG_SOURCES})
  add_library(mtcnn::${name} ALIAS mtcnn_${name})
  # A shared library's objects are a static one's: the compiler cache knows them.
  set_target_properties(mtcnn_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON DEFINE_SYMBOL ""
                                                 VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
                                                 INSTALL_RPATH_USE_LINK_PATH ON)
  target_compile_features(mtcnn_${name} PUBLIC cxx_std_20)
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY "${PROJECT_SOURCE_DIR}/src" OUTPUT_VARIABLE below_src)
  if(below_src MATCHES "^mtcnn/")
    target_include_directories(mtcnn_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:include>)
  else()
    target_include_directories(mtcnn_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:include/mtcnn>)
  endif()
  target_link_libraries(mtcnn_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} $<BUILD_INTERFACE:mtcnn_build_flags>)
  list(TRANSFORM ARG_HEADERS PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  set_property(TARGET mtcnn_${name} PROPERTY MTCNN_HEADERS ${ARG_HEADERS})
  set_property(GLOBAL APPEND PROPERTY MTCNN_MODULES mtcnn_${name})
endfunction()
