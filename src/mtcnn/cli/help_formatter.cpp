#include "mtcnn/cli/help_formatter.h"

#include "mtcnn/core/text.h"

#include <algorithm>
#include <sstream>

namespace mtcnn::cli {
namespace {

constexpr size_t kColumns = 100;
constexpr size_t kIndent = 26;  ///< where descriptions begin

/// The text in lines of at most kColumns, those after the first one indented; its own line ends are kept.
std::string wrapped(const std::string& text, size_t indent) {
  std::string out;
  std::istringstream lines(text);
  bool first = true;
  for (std::string line; std::getline(lines, line); first = false) {
    if (!first) out += line.empty() ? "\n" : "\n" + std::string(indent, ' ');
    size_t column = indent;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      if (column > indent && column + 1 + word.size() > kColumns) {
        out += "\n" + std::string(indent, ' ');
        column = indent;
      }
      if (column > indent) out += " ";
      out += word;
      column += word.size() + 1;
    }
  }
  return out;
}

/// "  left      right", where right begins in a line of its own if left is too long.
std::string row(const std::string& left, const std::string& right) {
  std::string out = "  " + left;
  if (out.size() + 2 > kIndent) {
    out += "\n" + std::string(kIndent, ' ');
  } else {
    out.resize(kIndent, ' ');
  }
  return out + wrapped(right, kIndent) + "\n";
}

/// What CLI11 calls "INT:INT in [1 - 8]", "TEXT:{a,b}" or "FLOAT:NONNEGATIVE", in parts.
struct ValueKind {
  std::string name;   ///< N, X, a|b …
  std::string range;  ///< "1 to 8"; may be empty
};

ValueKind value_kind(const std::string& type) {
  const size_t colon = type.find(':');
  ValueKind kind{.name = type.substr(0, colon)};
  if (kind.name == "INT" || kind.name == "UINT") kind.name = "N";
  if (kind.name == "FLOAT") kind.name = "X";
  if (colon == std::string::npos) return kind;
  const std::string check = type.substr(colon + 1);
  const size_t open = check.find('[');
  if (check.front() == '{') {
    kind.name = check.substr(1, check.size() - 2);
    std::replace(kind.name.begin(), kind.name.end(), ',', '|');
  } else if (check == "NONNEGATIVE") {
    kind.range = "0 or more";
  } else if (open != std::string::npos) {
    kind.range = check.substr(open + 1, check.size() - open - 2);
    const size_t dash = kind.range.find(" - ");
    if (dash != std::string::npos) kind.range.replace(dash, 3, " to ");
  }
  return kind;
}

bool takes_value(const CLI::Option* option) { return option->get_type_size() != 0; }

}  // namespace

HelpFormatter::HelpFormatter() { column_width(kIndent); }

// Put together here, as versions of CLI11 differ in headings and line breaks.
std::string HelpFormatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
  std::string text = concat(make_description(app), make_usage(app, std::move(name)), make_positionals(app),
                            make_groups(app, mode), make_subcommands(app, mode), "\n", make_footer(app));
  for (size_t gap = text.find("\n\n\n"); gap != std::string::npos; gap = text.find("\n\n\n", gap)) text.erase(gap, 1);
  return text;
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string name) const {
  std::string text = "\nUsage: " + name;
  std::string positionals;
  bool has_flags = false;
  for (const CLI::Option* option : app->get_options()) {
    if (option->get_positional()) {
      positionals += " " + make_option_usage(option);
    } else if (option->get_required()) {  // what must be there is part of the usage
      text += concat(" ", option->get_name(), " ", value_kind(option->get_type_name()).name);
    }
    has_flags = has_flags || option->nonpositional();
  }
  if (has_flags) text += " [OPTIONS]";
  text += positionals;
  if (app->get_require_subcommand_min() > 0) text += " SUBCOMMAND";
  return text + "\n";
}

std::string HelpFormatter::make_group(std::string group, bool is_positional,
                                      std::vector<const CLI::Option*> options) const {
  if (group == "OPTIONS") group = "Options";  // from CLI11 2.6 on
  if (group == "POSITIONALS") group = "Positionals";
  std::string text = "\n" + group + ":\n";
  for (const CLI::Option* option : options) text += make_option(option, is_positional);
  return text;
}

std::string HelpFormatter::make_subcommands(const CLI::App* app, CLI::AppFormatMode) const {
  std::string text;
  for (const CLI::App* verb : app->get_subcommands({})) {
    if (!verb->get_group().empty()) text += make_subcommand(verb);
  }
  return text.empty() ? text : "\nSubcommands:\n" + text;
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  std::string left = make_option_name(option, is_positional);
  std::string right = option->get_description();
  if (takes_value(option)) {
    const ValueKind kind = value_kind(option->get_type_name());
    if (!is_positional) left += " " + kind.name;
    if (!kind.range.empty()) right += concat(" (", kind.range, ")");
    if (option->get_required()) right += " (required)";
    if (!option->get_default_str().empty() && option->get_default_str().front() == '[') {
      right += " " + option->get_default_str();
    } else if (!option->get_default_str().empty()) {
      right += concat(" [", option->get_default_str(), "]");
    }
  }
  for (const CLI::Option* other : option->get_excludes()) right += concat(" (not with ", other->get_name(), ")");
  return row(left, right);
}

std::string HelpFormatter::make_subcommand(const CLI::App* verb) const {
  const std::string description = verb->get_description();
  return row(verb->get_name(), description.substr(0, description.find('\n')));
}

std::string HelpFormatter::make_description(const CLI::App* app) const {
  return wrapped(app->get_description(), 0) + "\n";
}

std::string HelpFormatter::make_footer(const CLI::App* app) const {
  const std::string exit_codes = "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 internal bug.\n";
  return app->get_footer().empty() ? exit_codes : app->get_footer() + "\n\n" + exit_codes;
}

}  // namespace mtcnn::cli
