#pragma once

#include <filesystem>
#include <string>

#include <pugixml.hpp>

namespace mtcnn::labels {

/// Parses an XML file. Entities that a document type declares are not expanded, and nothing outside the file is read.
/// \throws Error naming the file and the line where it is no XML or too large.
void load_xml(const std::filesystem::path& file, pugi::xml_document& document);

/// Writes the document as write_label_file() does.
void save_xml(const std::filesystem::path& file, const pugi::xml_document& document);

/// The text of a child, blanks around it aside.
/// \throws Error{bad_format} naming `where` where it is missing, empty or no UTF-8.
std::string child_text(const pugi::xml_node& node, const char* name, const std::string& where);
/// The number in a child. \throws as child_text(), and where it is no finite number.
double child_number(const pugi::xml_node& node, const char* name, const std::string& where);
/// True where the child or attribute is there and says 1, true or yes.
bool is_set(const char* text);

/// The same for attributes.
std::string attribute_text(const pugi::xml_node& node, const char* name, const std::string& where);
double attribute_number(const pugi::xml_node& node, const char* name, const std::string& where);

}  // namespace mtcnn::labels
