# Where scripts/setup.sh keeps the virtual environment: MTCNN_DEPS_DIR, else the user's cache (as in scripts/environment.sh).
if(DEFINED ENV{MTCNN_DEPS_DIR})
  set(MTCNN_DEPS_DIR "$ENV{MTCNN_DEPS_DIR}")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(MTCNN_DEPS_DIR "$ENV{XDG_CACHE_HOME}/mtcnn")
else()
  set(MTCNN_DEPS_DIR "$ENV{HOME}/.cache/mtcnn")
endif()
