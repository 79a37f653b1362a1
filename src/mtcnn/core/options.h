#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace mtcnn {

/// The numbers that an option accepts.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool open = false;  ///< true: the two ends are excluded
  double step = 0;    ///< only `low` plus multiples of it, up to `high`; 0 = any between the ends

  bool holds(double value) const;
  /// "[0, 1]", "(0, 1)", "0, 45 or 90", "at least 1", "above 1", "at most 1", "below 1" or "any".
  std::string text() const;
  /// The same for help texts: "0 to 1" where it is "[0, 1]" or "(0, 1)".
  std::string words() const;
};

/// How a JSON value becomes a member, with one clear message where it cannot; one overload a type. `where` names the
/// key.
/// \throws Error{usage} on the wrong type, a value outside `range` or one that the member's type cannot hold; NaN and
/// infinities are never accepted.
void assign_option(bool& member, const Json& value, const Range& range, const std::string& where);
void assign_option(int& member, const Json& value, const Range& range, const std::string& where);
void assign_option(int64_t& member, const Json& value, const Range& range, const std::string& where);
void assign_option(float& member, const Json& value, const Range& range, const std::string& where);
void assign_option(double& member, const Json& value, const Range& range, const std::string& where);
void assign_option(std::string& member, const Json& value, const Range& range, const std::string& where);
/// Each number in `range`.
void assign_option(std::vector<double>& member, const Json& value, const Range& range, const std::string& where);
void assign_option(std::array<float, 3>& member, const Json& value, const Range& range, const std::string& where);

/// What the table needs of one field; `Options` is the struct it belongs to.
template <class Options>
struct OptionField {
  std::string name;        ///< dotted where it lies in a section: "confidence.support"
  std::string short_name;  ///< without the section, where that names the field too ("support"); else empty
  std::string help;        ///< one line, with the unit
  Range range;
  std::function<Json(const Options&)> get;
  std::function<void(Options&, const Json&, const std::string& where)> set;
};

/// Whether the fields of a section may be named without it.
enum class SectionName { required, optional };

/// The parts that do not depend on the struct.
namespace option_detail {
/// The value as JSON that reads well and gives back the same member.
template <class Member>
Json to_json(const Member& member) {
  if constexpr (std::is_same_v<Member, float>) {
    return shortest_double(member);
  } else if constexpr (std::is_same_v<Member, std::array<float, 3>>) {
    return {shortest_double(member[0]), shortest_double(member[1]), shortest_double(member[2])};
  } else {
    return member;
  }
}
/// Flattens nested objects to dotted keys, in order.
std::vector<std::pair<std::string, Json>> flatten(const Json& object, const std::string& where);
/// Sets `object["a"]["b"]` for the dotted name "a.b".
void insert(Json& object, const std::string& dotted_name, const Json& value);
/// "key=value": the value is JSON, a bare word, or numbers with commas between.
std::pair<std::string, Json> parse_setting(const std::string& setting);
/// An Error{usage} for a key that is not in the table, with the nearest known name.
[[noreturn]] void throw_unknown(const std::string& key, const std::vector<std::string>& known,
                                const std::string& where);
/// Says, once for a file, which of its keys lack their section. \param keys  as the file has them, and in full.
void warn_of_short_names(const std::vector<std::pair<std::string, std::string>>& keys, const std::string& where);
[[noreturn]] void throw_named_twice(const std::string& key, const std::string& where);
/// A row of docs/configuration.md.
std::string markdown_row(const std::string& name, const Json& value, const Range& range, const std::string& help);
}  // namespace option_detail

/// One line per field of an options struct gives parsing, dumping, range checks and documentation. Unknown keys are
/// refused.
template <class Options>
class OptionTable {
 public:
  template <class Member>
  OptionTable& add(std::string name, Member Options::*member, Range range, std::string help) {
    fields_.push_back({std::move(name),
                       {},
                       std::move(help),
                       range,
                       [member](const Options& options) { return option_detail::to_json(options.*member); },
                       [member, range](Options& options, const Json& value, const std::string& where) {
                         assign_option(options.*member, value, range, where);
                       }});
    return *this;
  }

  /// The fields of a nested struct, under `name`.
  template <class Section>
  OptionTable& section(const std::string& name, Section Options::*member, const OptionTable<Section>& table,
                       SectionName naming = SectionName::required) {
    for (const OptionField<Section>& field : table.fields()) {
      fields_.push_back({name + "." + field.name, naming == SectionName::optional ? field.name : "", field.help,
                         field.range,
                         [member, get = field.get](const Options& options) { return get(options.*member); },
                         [member, set = field.set](Options& options, const Json& value, const std::string& where) {
                           set(options.*member, value, where);
                         }});
    }
    return *this;
  }

  const std::vector<OptionField<Options>>& fields() const { return fields_; }

  /// Overwrites the members that `object` names.
  /// \throws Error{usage} naming `where` and the key.
  void apply(Options& options, const Json& object, const std::string& where) const {
    std::set<std::string> named;
    for (const auto& [key, value] : option_detail::flatten(object, where)) {
      if (!named.insert(apply_one(options, key, value, where).name).second)
        option_detail::throw_named_twice(key, where);
    }
  }

  /// The same for an object that was read from a file; a warning says which keys lack their section, as older files do.
  void apply_file(Options& options, const Json& object, const std::string& where) const {
    apply(options, object, where);
    std::vector<std::pair<std::string, std::string>> short_names;
    for (const auto& field : fields_) {
      if (!field.short_name.empty() && object.contains(field.short_name))
        short_names.emplace_back(field.short_name, field.name);
    }
    option_detail::warn_of_short_names(short_names, where);
  }

  /// One `key=value` as given to --set.
  /// \throws Error{usage}.
  void apply_setting(Options& options, const std::string& setting) const {
    const auto [key, value] = option_detail::parse_setting(setting);
    apply_one(options, key, value, "--set " + setting);
  }

  /// Checks members that were set in code.
  /// \throws Error{usage} naming the member.
  void check(const Options& options) const {
    Options copy = options;
    for (const auto& field : fields_) field.set(copy, field.get(options), field.name);
  }

  Json dump(const Options& options) const {
    Json object = Json::object();
    for (const auto& field : fields_) option_detail::insert(object, field.name, field.get(options));
    return object;
  }

  /// Rows of a Markdown table: name, default, range, help.
  std::string markdown(const Options& defaults = {}) const {
    std::string rows;
    for (const auto& field : fields_)
      rows += option_detail::markdown_row(field.name, field.get(defaults), field.range, field.help);
    return rows;
  }

 private:
  const OptionField<Options>& apply_one(Options& options, const std::string& key, const Json& value,
                                        const std::string& where) const {
    std::vector<std::string> known;
    for (const auto& field : fields_) {
      if (key == field.name || (!key.empty() && key == field.short_name)) {
        field.set(options, value, where + ": " + key);
        return field;
      }
      known.push_back(field.name);
      if (!field.short_name.empty()) known.push_back(field.short_name);
    }
    option_detail::throw_unknown(key, known, where);
  }

  std::vector<OptionField<Options>> fields_;
};

}  // namespace mtcnn
