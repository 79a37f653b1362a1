#include "mtcnn/weights/pickle.h"

#include "mtcnn/core/text.h"
#include "mtcnn/weights/byte_reader.h"
#include "mtcnn/weights/pickle_opcodes.h"
#include "mtcnn/weights/pickle_stack.h"

#include <algorithm>
#include <cstdio>

namespace mtcnn {
namespace {

using Kind = PickleObject::Kind;

constexpr int kMostSteps = 1'000'000;
constexpr int kNewestProtocol = 4;

constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kRebuildParameter = "torch._utils._rebuild_parameter";
constexpr std::string_view kGlobals[] = {kOrderedDict, kRebuildTensor, kRebuildParameter, "torch.FloatStorage",
                                         "torch.DoubleStorage"};
constexpr std::string_view kLongStorage = "torch.LongStorage";
constexpr std::string_view kScriptClasses = "__torch__";  ///< the module that TorchScript's classes are below

/// The machine of the pickle language, without the parts that could run anything.
class PickleReader {
 public:
  PickleReader(std::span<const std::byte> bytes, const std::string& where, PickleDialect dialect)
      : reader_(bytes, where), script_(dialect == PickleDialect::script_module) {}

  Pickle read() {
    try {
      for (int step = 0; step < kMostSteps; ++step) {
        const auto code = reader_.number<uint8_t>();
        if (static_cast<PickleOpcode>(code) == PickleOpcode::stop) {
          const uint32_t root = stack_.pop();
          return {std::move(stack_.objects()), root, reader_.position()};
        }
        if (!read_value(code) && !read_container(code) && !read_memo(code) && !read_call(code) && !read_object(code))
          refuse_opcode(code);
      }
      throw PickleStack::Broken{concat("over ", kMostSteps, " steps"), {}};
    } catch (const PickleStack::Broken& broken) {
      throw Error(ErrorCode::bad_format, concat("broken pickle near its byte ", reader_.position()),
                  {.where = reader_.where(), .found = broken.found, .expected = broken.expected});
    }
  }

 private:
  const char* content() const { return script_ ? "TorchScript file of ours" : "state dict"; }

  [[noreturn]] void refuse_opcode(uint8_t code) const {
    char text[8];
    std::snprintf(text, sizeof text, "0x%02x", code);
    throw Error(ErrorCode::unsupported,
                concat("a pickle opcode that no ", content(), " needs, at its byte ", reader_.position() - 1),
                {.where = reader_.where(),
                 .found = concat(text, code > ' ' && code <= '~' ? concat(" '", static_cast<char>(code), "'") : ""),
                 .hint = script_ ? "nothing in it was run" : "only state dicts saved by torch.save can be imported"});
  }

  void push_integer(int64_t value, Kind kind = Kind::integer) { stack_.push_new({.kind = kind, .integer = value}); }
  void push_text(std::string_view text) { stack_.push_new({.kind = Kind::text, .text = text}); }

  bool read_value(uint8_t code) {
    switch (static_cast<PickleOpcode>(code)) {
      case PickleOpcode::proto:
        if (const int protocol = reader_.number<uint8_t>(); protocol < 2 || protocol > kNewestProtocol) {
          throw Error(ErrorCode::unsupported, "a pickle of another protocol",
                      {.where = reader_.where(), .found = concat(protocol), .expected = "2, 3 or 4"});
        }
        return true;
      case PickleOpcode::frame:
        if (reader_.number<uint64_t>() > reader_.remaining())
          throw PickleStack::Broken{"a frame that leaves the file", {}};
        return true;
      case PickleOpcode::none:
        stack_.push_new({});
        return true;
      case PickleOpcode::new_true:
      case PickleOpcode::new_false:
        push_integer(static_cast<PickleOpcode>(code) == PickleOpcode::new_true ? 1 : 0, Kind::boolean);
        return true;
      case PickleOpcode::binint:
        push_integer(reader_.number<int32_t>());
        return true;
      case PickleOpcode::binint1:
        push_integer(reader_.number<uint8_t>());
        return true;
      case PickleOpcode::binint2:
        push_integer(reader_.number<uint16_t>());
        return true;
      case PickleOpcode::long1:
        push_long(reader_.take_text(reader_.number<uint8_t>()));
        return true;
      case PickleOpcode::binunicode:
        push_text(reader_.take_text(reader_.number<uint32_t>()));
        return true;
      case PickleOpcode::short_binunicode:
        push_text(reader_.take_text(reader_.number<uint8_t>()));
        return true;
      default:
        return false;
    }
  }

  void push_long(std::string_view bytes) {
    if (bytes.size() > sizeof(int64_t)) {
      stack_.push_new({.kind = Kind::big_integer, .text = bytes});
      return;
    }
    const bool negative = !bytes.empty() && static_cast<int8_t>(bytes.back()) < 0;
    int64_t value = negative ? -1 : 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    push_integer(value);
  }

  bool read_container(uint8_t code) {
    switch (static_cast<PickleOpcode>(code)) {
      case PickleOpcode::mark:
        stack_.mark();
        return true;
      case PickleOpcode::empty_tuple:
        stack_.push_new({.kind = Kind::tuple});
        return true;
      case PickleOpcode::tuple:
        stack_.push_new({.kind = Kind::tuple, .items = stack_.pop_to_mark()});
        return true;
      case PickleOpcode::tuple1:
      case PickleOpcode::tuple2:
      case PickleOpcode::tuple3:
        stack_.push_new({.kind = Kind::tuple,
                         .items = stack_.pop_many(size_t{1} + code - static_cast<uint8_t>(PickleOpcode::tuple1))});
        return true;
      case PickleOpcode::empty_list:
        stack_.push_new({.kind = Kind::list});
        return true;
      case PickleOpcode::append:
        stack_.extend(stack_.pop_many(1), Kind::list, "a list");
        return true;
      case PickleOpcode::appends:
        stack_.extend(stack_.pop_to_mark(), Kind::list, "a list");
        return true;
      case PickleOpcode::empty_dict:
        stack_.push_new({.kind = Kind::dict});
        return true;
      case PickleOpcode::setitem:
        stack_.extend(stack_.pop_many(2), Kind::dict, "a dict");
        return true;
      case PickleOpcode::setitems:
        stack_.extend(stack_.pop_to_mark(), Kind::dict, "a dict");
        return true;
      default:
        return false;
    }
  }

  bool read_memo(uint8_t code) {
    switch (static_cast<PickleOpcode>(code)) {
      case PickleOpcode::binput:
        stack_.remember(reader_.number<uint8_t>());
        return true;
      case PickleOpcode::long_binput:
        stack_.remember(reader_.number<uint32_t>());
        return true;
      case PickleOpcode::memoize:
        stack_.remember(stack_.remembered());
        return true;
      case PickleOpcode::binget:
        stack_.recall(reader_.number<uint8_t>());
        return true;
      case PickleOpcode::long_binget:
        stack_.recall(reader_.number<uint32_t>());
        return true;
      default:
        return false;
    }
  }

  bool read_call(uint8_t code) {
    switch (static_cast<PickleOpcode>(code)) {
      case PickleOpcode::global: {
        const std::string_view module = reader_.take_line();
        push_global(module, reader_.take_line());
        return true;
      }
      case PickleOpcode::stack_global: {
        const std::string_view name = stack_.expect(stack_.pop(), Kind::text, "a global's name").text;
        push_global(stack_.expect(stack_.pop(), Kind::text, "a module's name").text, name);
        return true;
      }
      case PickleOpcode::reduce:
        rebuild();
        return true;
      case PickleOpcode::build:
        build();
        return true;
      case PickleOpcode::binpersid: {
        const auto& items = stack_.expect(stack_.pop(), Kind::tuple, "a tuple as persistent id").items;
        if (items.size() != 5 && items.size() != 6)
          throw PickleStack::Broken{"a persistent id of another length", "5 or 6 values"};
        stack_.push_new({.kind = Kind::storage, .items = std::vector<uint32_t>(items)});
        return true;
      }
      default:
        return false;
    }
  }

  /// What TorchScript writes besides.
  bool read_object(uint8_t code) {
    if (!script_) return false;
    switch (static_cast<PickleOpcode>(code)) {
      case PickleOpcode::binfloat:
        reader_.take(sizeof(double));
        stack_.push_new({.kind = Kind::real});
        return true;
      case PickleOpcode::newobj: {
        if (!stack_.expect(stack_.pop(), Kind::tuple, "a tuple of arguments").items.empty())
          throw PickleStack::Broken{"a class with arguments", "none"};
        const uint32_t of = stack_.pop();
        stack_.expect(of, Kind::script_class, "a class of the archive");
        stack_.push_new({.kind = Kind::object, .items = {of}});
        return true;
      }
      default:
        return false;
    }
  }

  /// Where Python and TorchScript would let the object take its state in, by code of its own where it has such.
  void build() {
    const uint32_t state = stack_.pop();
    PickleObject& object = stack_.at(stack_.top());
    if (script_ && object.kind == Kind::object) {
      if (object.items.size() > 1) throw PickleStack::Broken{"an object with two states", "one"};
      object.items.push_back(state);
      return;
    }
    // A state dict is followed by its attributes (_metadata), which say nothing about the tensors.
    stack_.expect(state, Kind::dict, "a dict of attributes");
    stack_.expect(stack_.top(), Kind::dict, "a dict that takes them");
  }

  void push_class(std::string_view module, std::string_view name) {
    push_text(module);
    push_text(name);
    stack_.push_new({.kind = Kind::script_class, .items = stack_.pop_many(2)});
  }

  void push_global(std::string_view module, std::string_view name) {
    if (script_ && (module == kScriptClasses || module.starts_with(concat(kScriptClasses, ".")))) {
      push_class(module, name);
      return;
    }
    const std::string full = concat(module, ".", name);
    if (script_ && full == kLongStorage) {
      stack_.push_new({.kind = Kind::global, .text = kLongStorage});
      return;
    }
    const auto* known = std::find(std::begin(kGlobals), std::end(kGlobals), full);
    if (known == std::end(kGlobals)) {
      throw Error(
          ErrorCode::unsupported, concat("the pickle asks for a Python object that no ", content(), " needs"),
          {.where = reader_.where(),
           .found = printable(full),
           .expected = script_ ? "modules of float32 tensors" : "float32 or float64 tensors in a dict",
           .hint = script_ ? "it was not run"
                           : "it was not run; save the net again with torch.save(net.float().state_dict(), file)"});
    }
    stack_.push_new({.kind = Kind::global, .text = *known});
  }

  /// The three calls that a state dict makes, as plain data.
  void rebuild() {
    const auto& arguments = stack_.expect(stack_.pop(), Kind::tuple, "a tuple of arguments").items;
    const std::string_view name = stack_.expect(stack_.pop(), Kind::global, "a global to call").text;
    if (name == kOrderedDict && arguments.empty()) {
      stack_.push_new({.kind = Kind::dict});
    } else if (name == kRebuildTensor && (arguments.size() == 6 || arguments.size() == 7)) {
      stack_.push_new({.kind = Kind::tensor, .items = std::vector<uint32_t>(arguments)});
    } else if (name == kRebuildParameter && arguments.size() == 3) {
      stack_.push(arguments.front());
    } else {
      throw PickleStack::Broken{concat("a call of ", name, " with ", arguments.size(), " arguments"), {}};
    }
  }

  ByteReader reader_;
  bool script_;
  PickleStack stack_;
};

}  // namespace

Pickle read_pickle(std::span<const std::byte> bytes, const std::string& where, PickleDialect dialect) {
  return PickleReader(bytes, where, dialect).read();
}

}  // namespace mtcnn
