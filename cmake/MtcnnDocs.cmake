# The target `docs`: pages of the public headers. A warning of Doxygen is an error.
find_program(MTCNN_DOXYGEN doxygen)
set(MTCNN_DOCS_DIR "${PROJECT_BINARY_DIR}/docs")
configure_file("${PROJECT_SOURCE_DIR}/docs/Doxyfile.in" "${PROJECT_BINARY_DIR}/Doxyfile" @ONLY)
if(MTCNN_DOXYGEN)
  file(MAKE_DIRECTORY "${MTCNN_DOCS_DIR}")
  add_custom_target(docs COMMAND "${MTCNN_DOXYGEN}" "${PROJECT_BINARY_DIR}/Doxyfile"
                    COMMENT "Pages of the public headers: ${MTCNN_DOCS_DIR}/html/index.html" VERBATIM)
endif()
