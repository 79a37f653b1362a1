#include "unit/eval/mat_writer.h"

#include <memory>
#include <stdexcept>

#include <matio.h>

namespace mtcnn::testing {
namespace {

using File = std::unique_ptr<mat_t, decltype(&Mat_Close)>;

File create(const std::filesystem::path& path, MatFormat format) {
  const mat_ft version = format == MatFormat::v4 ? MAT_FT_MAT4 : format == MatFormat::v73 ? MAT_FT_MAT73 : MAT_FT_MAT5;
  File file(Mat_CreateVer(path.c_str(), nullptr, version), &Mat_Close);
  if (file == nullptr) throw std::runtime_error("cannot create " + path.string());
  return file;
}

template <class Element>
matvar_t* number_variable(const char* name, const MatValue& value, matio_classes in_class, matio_types type) {
  std::vector<Element> data(value.numbers.begin(), value.numbers.end());
  std::vector<size_t> shape = value.shape;
  return Mat_VarCreate(name, in_class, type, 2, shape.data(), data.data(), 0);
}

matvar_t* variable(const char* name, const MatValue& value, MatClass numbers) {
  std::vector<size_t> shape = value.shape;
  if (value.kind == MatValue::Kind::text)
    return Mat_VarCreate(name, MAT_C_CHAR, MAT_T_UTF8, 2, shape.data(), const_cast<char*>(value.text.data()), 0);
  if (value.kind == MatValue::Kind::cells) {
    std::vector<matvar_t*> cells;
    for (const MatValue& cell : value.cells) cells.push_back(variable(nullptr, cell, numbers));
    return Mat_VarCreate(name, MAT_C_CELL, MAT_T_CELL, 2, shape.data(), cells.data(), 0);
  }
  switch (numbers) {
    case MatClass::single:
      return number_variable<float>(name, value, MAT_C_SINGLE, MAT_T_SINGLE);
    case MatClass::signed32:
      return number_variable<int32_t>(name, value, MAT_C_INT32, MAT_T_INT32);
    case MatClass::unsigned8:
      return number_variable<uint8_t>(name, value, MAT_C_UINT8, MAT_T_UINT8);
    case MatClass::unsigned16:
      return number_variable<uint16_t>(name, value, MAT_C_UINT16, MAT_T_UINT16);
    default:
      return number_variable<double>(name, value, MAT_C_DOUBLE, MAT_T_DOUBLE);
  }
}

void write(mat_t* file, matvar_t* value, matio_compression compression) {
  const std::unique_ptr<matvar_t, decltype(&Mat_VarFree)> guard(value, &Mat_VarFree);
  if (value == nullptr || Mat_VarWrite(file, value, compression) != 0)
    throw std::runtime_error("cannot write a variable");
}

}  // namespace

MatValue mat_text(const std::string& text) {
  return {.kind = MatValue::Kind::text, .shape = {1, text.size()}, .text = text};
}

MatValue mat_numbers(size_t rows, size_t columns, std::vector<double> values) {
  return {.kind = MatValue::Kind::numbers, .shape = {rows, columns}, .numbers = std::move(values)};
}

MatValue mat_cells(std::vector<MatValue> cells) {
  const size_t count = cells.size();
  return {.kind = MatValue::Kind::cells, .shape = {count, 1}, .cells = std::move(cells)};
}

void write_mat(const std::filesystem::path& path, const MatVariables& variables, MatFormat format, MatClass numbers) {
  const File file = create(path, format);
  for (const auto& [name, value] : variables) {
    write(file.get(), variable(name.c_str(), value, numbers),
          format == MatFormat::v7 ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE);
  }
}

void write_struct_mat(const std::filesystem::path& path) {
  const File file = create(path, MatFormat::v5);
  size_t shape[] = {1, 1};
#if MATIO_VERSION >= 1600
  const char* fields[] = {"a", nullptr};
  matvar_t* value = Mat_VarCreateStruct2("bad", 2, shape, fields);
#else
  const char* fields[] = {"a"};
  matvar_t* value = Mat_VarCreateStruct("bad", 2, shape, fields, 1);
#endif
  Mat_VarSetStructFieldByName(value, "a", 0, variable(nullptr, mat_numbers(1, 1, {1}), MatClass::real));
  write(file.get(), value, MAT_COMPRESSION_NONE);
}

void write_complex_mat(const std::filesystem::path& path) {
  const File file = create(path, MatFormat::v5);
  double real = 1;
  double imaginary = 2;
  mat_complex_split_t parts{&real, &imaginary};
  size_t shape[] = {1, 1};
  write(file.get(), Mat_VarCreate("bad", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, shape, &parts, MAT_F_COMPLEX),
        MAT_COMPRESSION_NONE);
}

}  // namespace mtcnn::testing
