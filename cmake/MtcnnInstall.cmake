# Installs the program, every module (its public headers: mtcnn_add_module), and a package that find_package(mtcnn) finds.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/mtcnn")
get_property(modules GLOBAL PROPERTY MTCNN_MODULES)
install(TARGETS ${modules} EXPORT mtcnnTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
foreach(module IN LISTS modules)
  get_target_property(folder ${module} SOURCE_DIR)
  cmake_path(GET folder FILENAME room)
  get_target_property(headers ${module} MTCNN_HEADERS)
  install(FILES ${headers} DESTINATION "include/mtcnn/${room}")
endforeach()

# The C libraries bring the modules that they need, where these are static libraries; of their own module only the header that C reads is for users.
get_property(c_libraries GLOBAL PROPERTY MTCNN_C_LIBRARIES)
set_target_properties(${c_libraries} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS ${c_libraries} EXPORT mtcnnTargets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/src/mtcnn/capi/mtcnn.h" DESTINATION include/mtcnn/capi)

# The programs find LibTorch and OpenCV where the build found them.
get_property(programs GLOBAL PROPERTY MTCNN_PROGRAMS)
set_target_properties(${programs} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS ${programs} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/THIRD_PARTY_NOTICES" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

install(EXPORT mtcnnTargets NAMESPACE mtcnn:: DESTINATION "${package_dir}")
set(mtcnn_components ${modules} ${c_libraries})
list(TRANSFORM mtcnn_components REPLACE "^mtcnn_" "")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/mtcnnConfig.cmake.in" "${PROJECT_BINARY_DIR}/mtcnnConfig.cmake"
                              INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/mtcnnConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/mtcnnConfig.cmake" "${PROJECT_BINARY_DIR}/mtcnnConfigVersion.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/FindFFmpeg.cmake" "${CMAKE_CURRENT_LIST_DIR}/FindLZ4.cmake" "${CMAKE_CURRENT_LIST_DIR}/FindMatio.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/FindLibTorch.cmake" "${CMAKE_CURRENT_LIST_DIR}/MtcnnDepsDir.cmake"
        DESTINATION "${package_dir}")
