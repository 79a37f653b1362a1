#include "mtcnn/eval/mat_file.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/eval/mat_check.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>

#include <matio.h>

namespace mtcnn {
namespace {

constexpr size_t kLargestCount = size_t{1} << 28;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& message, ErrorContext context = {}) {
  context.where = path.string();
  throw Error(ErrorCode::bad_format, message, context);
}

template <class Element>
std::vector<double> as_doubles(const matvar_t& variable, size_t count) {
  if (count > 0 && (variable.data == nullptr || variable.nbytes / sizeof(Element) < count)) return {};
  const auto* data = static_cast<const Element*>(variable.data);
  std::vector<double> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<double>(data[i]);
  return values;
}

std::vector<double> numbers(const matvar_t& variable, size_t count) {
  switch (variable.class_type) {
    case MAT_C_DOUBLE:
      return as_doubles<double>(variable, count);
    case MAT_C_SINGLE:
      return as_doubles<float>(variable, count);
    case MAT_C_INT8:
      return as_doubles<int8_t>(variable, count);
    case MAT_C_UINT8:
      return as_doubles<uint8_t>(variable, count);
    case MAT_C_INT16:
      return as_doubles<int16_t>(variable, count);
    case MAT_C_UINT16:
      return as_doubles<uint16_t>(variable, count);
    case MAT_C_INT32:
      return as_doubles<int32_t>(variable, count);
    case MAT_C_UINT32:
      return as_doubles<uint32_t>(variable, count);
    case MAT_C_INT64:
      return as_doubles<int64_t>(variable, count);
    case MAT_C_UINT64:
      return as_doubles<uint64_t>(variable, count);
    default:
      return {};
  }
}

/// Turns libmatio's tree into ours.
class Converter {
 public:
  Converter(const std::filesystem::path& path, const std::string& name) : path_(path), name_(name) {}

  MatValue convert(const matvar_t* variable) const {
    if (variable == nullptr || variable->dims == nullptr || variable->rank < 2) bad("an empty value");
    MatValue value;
    value.shape.assign(variable->dims, variable->dims + variable->rank);
    size_t count = 1;
    for (const size_t size : value.shape) {
      if (size != 0 && count > kLargestCount / size) bad("an impossible size");
      count *= size;
    }
    if (variable->isComplex != 0) bad("complex numbers");
    if (variable->class_type == MAT_C_CELL) {
      value.kind = MatValue::Kind::cells;
      cells(*variable, count, value);
    } else if (variable->class_type == MAT_C_CHAR) {
      value.kind = MatValue::Kind::text;
      value.text = text(*variable, count);
    } else {
      value.numbers = numbers(*variable, count);
      if (value.numbers.size() != count) bad("a class of values that is not handled");
    }
    return value;
  }

 private:
  [[noreturn]] void bad(const std::string& found) const {
    refuse(path_, "bad variable '" + name_ + "'", {.found = found, .expected = "cells, text or real numbers"});
  }

  void cells(const matvar_t& variable, size_t count, MatValue& value) const {
    if (count == 0) return;
    if (variable.data == nullptr || variable.nbytes / sizeof(matvar_t*) < count) bad("a cell array without its cells");
    auto* const* all = static_cast<matvar_t* const*>(variable.data);
    for (size_t i = 0; i < count; ++i) value.cells.push_back(convert(all[i]));
  }

  std::string text(const matvar_t& variable, size_t count) const {
    if (count == 0) return {};
    if (variable.data == nullptr) bad("text without letters");
    if (variable.data_type == MAT_T_UTF16 || variable.data_type == MAT_T_UINT16) {
      std::string result;
      for (const double unit : as_doubles<uint16_t>(variable, count)) {
        if (unit >= 0x80) bad("letters that are no ASCII");
        result += static_cast<char>(unit);
      }
      return result;
    }
    return {static_cast<const char*>(variable.data), variable.nbytes};
  }

  const std::filesystem::path& path_;
  const std::string& name_;
};

}  // namespace

std::vector<MatValue> read_mat(const std::filesystem::path& path, const std::vector<std::string>& names) {
  // What libmatio has to say would go to stderr; what matters comes as Error.
  static std::once_flag silenced;
  std::call_once(silenced, [] { Mat_LogInitFunc("mtcnn", [](int, auto*) {}); });  // matio 1.5.28 made the text const
  const MappedFile file(path);
  check_mat(path, file.bytes());
  const std::unique_ptr<mat_t, decltype(&Mat_Close)> mat(Mat_Open(path.c_str(), MAT_ACC_RDONLY), &Mat_Close);
  if (mat == nullptr) refuse(path, "cannot read this .mat file");
  std::vector<std::optional<MatValue>> found(names.size());
  size_t missing = names.size();
  // One pass: looking for each name from the start would parse the large variables before it again and again.
  while (missing > 0) {
    const std::unique_ptr<matvar_t, decltype(&Mat_VarFree)> variable(Mat_VarReadNextInfo(mat.get()), &Mat_VarFree);
    if (variable == nullptr) break;
    const auto name = std::find(names.begin(), names.end(), variable->name == nullptr ? "" : variable->name);
    const auto place = static_cast<size_t>(name - names.begin());
    if (name == names.end() || found[place]) continue;
    if (Mat_VarReadDataAll(mat.get(), variable.get()) != 0) refuse(path, "the variable '" + *name + "' cannot be read");
    found[place] = Converter(path, *name).convert(variable.get());
    --missing;
  }
  std::vector<MatValue> values;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!found[i]) refuse(path, "the variable '" + names[i] + "' is missing or cannot be read");
    values.push_back(std::move(*found[i]));
  }
  return values;
}

}  // namespace mtcnn
