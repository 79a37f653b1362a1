# Uses ccache where it is installed and the user has not chosen a launcher.
find_program(MTCNN_CCACHE ccache)
if(MTCNN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${MTCNN_CCACHE}")
endif()
