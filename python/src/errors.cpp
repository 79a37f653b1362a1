#include "errors.h"

#include "mtcnn/core/error.h"

#include <exception>
#include <system_error>

namespace mtcnn::python {
namespace py = pybind11;
namespace {

const char* class_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
      return "UsageError";
    case ErrorCode::not_found:
      return "NotFoundError";
    case ErrorCode::unreadable:
      return "UnreadableError";
    case ErrorCode::unwritable:
      return "UnwritableError";
    case ErrorCode::bad_format:
      return "BadFormatError";
    case ErrorCode::unsupported:
      return "UnsupportedError";
    case ErrorCode::interrupted:
      return "Interrupted";
  }
  return "Error";
}

void raise(const char* name, const char* message) {
  PyErr_SetString(py::module_::import("libmtcnn.errors").attr(name).ptr(), message);
}

}  // namespace

void register_errors() {
  // NOLINTNEXTLINE(performance-unnecessary-value-param): the signature that pybind11 asks for
  py::register_local_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const Error& error) {
      raise(class_name(error.code()), error.what());
    } catch (const ContractError& error) {
      raise("InternalError", error.what());
    } catch (const std::system_error& failure) {
      const Error error = system_error(failure);
      raise(class_name(error.code()), error.what());
    }
  });
}

}  // namespace mtcnn::python
