# Uses ccache where it is installed and the user has not chosen a launcher. Paths count relative to the source tree, so that a second
# clone finds what the first one compiled.
find_program(MTCNN_CCACHE ccache)
if(MTCNN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=true "${MTCNN_CCACHE}")
endif()
