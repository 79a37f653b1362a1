#include "mtcnn/labels/xml.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"
#include "mtcnn/labels/raw_labels.h"

#include <algorithm>
#include <string_view>

namespace mtcnn::labels {
namespace {

[[noreturn]] void missing(const char* name, const std::string& where) {
  throw Error(ErrorCode::bad_format, concat("'", name, "' is missing or empty"), {.where = where});
}

/// Collects what pugixml writes.
struct TextWriter : pugi::xml_writer {
  std::string text;
  void write(const void* data, size_t size) override { text.append(static_cast<const char*>(data), size); }
};

}  // namespace

void load_xml(const std::filesystem::path& file, pugi::xml_document& document) {
  const std::string text = label_text(file);
  const pugi::xml_parse_result result = document.load_buffer(text.data(), text.size());
  if (result && document.document_element()) return;
  const size_t at = std::min(text.size(), static_cast<size_t>(std::max<ptrdiff_t>(0, result.offset)));
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(at), '\n');
  std::string reason = result ? "no element" : result.description();
  std::transform(reason.begin(), reason.begin() + 1, reason.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  throw Error(
      ErrorCode::bad_format, "no XML, or damaged",
      {.where = concat(file.string(), ":", line), .found = reason, .hint = "export or download the file again"});
}

void save_xml(const std::filesystem::path& file, const pugi::xml_document& document) {
  TextWriter writer;
  document.save(writer, "  ", pugi::format_indent | pugi::format_no_declaration);
  write_unsynced(file, writer.text);
}

std::string child_text(const pugi::xml_node& node, const char* name, const std::string& where) {
  std::string text(trim(node.child_value(name)));
  if (text.empty()) missing(name, where);
  return utf8(std::move(text), where);
}

double child_number(const pugi::xml_node& node, const char* name, const std::string& where) {
  return number_in(child_text(node, name, where), where, concat("'", name, "'"));
}

bool is_set(const char* text) {
  const std::string_view value = trim(text);
  return value == "1" || value == "true" || value == "True" || value == "yes";
}

std::string attribute_text(const pugi::xml_node& node, const char* name, const std::string& where) {
  std::string text(trim(node.attribute(name).value()));
  if (text.empty()) missing(name, where);
  return utf8(std::move(text), where);
}

double attribute_number(const pugi::xml_node& node, const char* name, const std::string& where) {
  return number_in(attribute_text(node, name, where), where, concat("'", name, "'"));
}

}  // namespace mtcnn::labels
