# The interpreter of the tests that are written in Python, and one ctest of one file of them.
#
# It must have zmq, msgpack and xxhash, which Debian's has with python3-zmq, python3-msgpack and
# python3-xxhash; another python3 that comes first on the PATH often has not.
foreach(candidate /usr/bin/python3 python3)
  execute_process(COMMAND ${candidate} -c "import zmq, msgpack, xxhash"
                  RESULT_VARIABLE missing OUTPUT_QUIET ERROR_QUIET)
  if(NOT missing)
    set(EMOSTAGE_PYTHON ${candidate})
    break()
  endif()
endforeach()
if(NOT EMOSTAGE_PYTHON)
  message(FATAL_ERROR "The end-to-end tests need a python3 with zmq, msgpack and xxhash: "
                      "apt install python3-zmq python3-msgpack python3-xxhash, "
                      "or configure with -DEMOSTAGE_TESTS=OFF.")
endif()

# What a sanitizer adds to time and memory says nothing of the product: its tests then only show it.
set(EMOSTAGE_PYTHON_ENVIRONMENT "EMOSTAGE_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
if(EMOSTAGE_SANITIZE)
  list(APPEND EMOSTAGE_PYTHON_ENVIRONMENT "EMOSTAGE_SANITIZED=1")
endif()

# emostage_python_command(label name timeout command...): one ctest, in the folder of the caller.
function(emostage_python_command label name timeout)
  add_test(NAME ${label}_${name} COMMAND ${EMOSTAGE_PYTHON} -B ${ARGN}
           WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set_tests_properties(${label}_${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout}
    ENVIRONMENT "${EMOSTAGE_PYTHON_ENVIRONMENT};EMOSTAGE_LOGS=${CMAKE_CURRENT_BINARY_DIR}")
endfunction()

# emostage_python_test(label file timeout): one ctest of one unittest file.
function(emostage_python_test label file timeout)
  emostage_python_command(${label} ${file} ${timeout} -m unittest -v ${file})
endfunction()
