# Run as a script: writes OUTPUT from INPUT with the version and the commit; leaves it alone where nothing changed.
execute_process(COMMAND git -C "${SOURCE_DIR}" describe --always --dirty --exclude=* OUTPUT_VARIABLE COMMIT
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR NOT COMMIT)
  set(COMMIT "unknown")
endif()
configure_file("${INPUT}" "${OUTPUT}" @ONLY)
