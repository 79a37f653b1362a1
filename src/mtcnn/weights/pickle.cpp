#include "mtcnn/weights/pickle.h"

#include "mtcnn/core/text.h"
#include "mtcnn/weights/byte_reader.h"

#include <algorithm>
#include <cstdio>
#include <map>

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

/// The opcodes that are understood; names as in CPython's pickletools.
enum class Opcode : uint8_t {
  proto = 0x80,
  frame = 0x95,
  stop = '.',
  mark = '(',
  none = 'N',
  new_true = 0x88,
  new_false = 0x89,
  binint = 'J',
  binint1 = 'K',
  binint2 = 'M',
  long1 = 0x8a,
  binunicode = 'X',
  short_binunicode = 0x8c,
  empty_tuple = ')',
  tuple = 't',
  tuple1 = 0x85,
  tuple2 = 0x86,
  tuple3 = 0x87,
  empty_list = ']',
  append = 'a',
  appends = 'e',
  empty_dict = '}',
  setitem = 's',
  setitems = 'u',
  binput = 'q',
  long_binput = 'r',
  memoize = 0x94,
  binget = 'h',
  long_binget = 'j',
  global = 'c',
  stack_global = 0x93,
  reduce = 'R',
  build = 'b',
  binpersid = 'Q'
};

/// The stack machine of the pickle language, without the parts that could run anything.
class PickleReader {
 public:
  PickleReader(std::span<const std::byte> bytes, const std::string& where) : reader_(bytes, where) {}

  Pickle read() {
    for (int step = 0; step < kMostSteps; ++step) {
      const auto code = reader_.number<uint8_t>();
      if (static_cast<Opcode>(code) == Opcode::stop) {
        pickle_.root = pop();
        pickle_.size = reader_.position();
        return std::move(pickle_);
      }
      if (!read_value(code) && !read_container(code) && !read_memo(code) && !read_call(code)) refuse_opcode(code);
    }
    throw broken(concat("over ", kMostSteps, " steps"));
  }

 private:
  Error broken(const std::string& found, const std::string& expected = {}) const {
    return {ErrorCode::bad_format,
            concat("broken pickle near its byte ", reader_.position()),
            {.where = reader_.where(), .found = found, .expected = expected}};
  }

  [[noreturn]] void refuse_opcode(uint8_t code) const {
    char text[8];
    std::snprintf(text, sizeof text, "0x%02x", code);
    throw Error(ErrorCode::unsupported,
                concat("a pickle opcode that no state dict needs, at its byte ", reader_.position() - 1),
                {.where = reader_.where(),
                 .found = concat(text, code > ' ' && code <= '~' ? concat(" '", static_cast<char>(code), "'") : ""),
                 .hint = "only state dicts saved by torch.save can be imported"});
  }

  void push_new(PickleObject object) {
    stack_.push_back(static_cast<uint32_t>(pickle_.objects.size()));
    pickle_.objects.push_back(std::move(object));
  }
  void push_integer(int64_t value, Kind kind = Kind::integer) { push_new({.kind = kind, .integer = value}); }

  /// Where the part of the stack begins that may be taken from: what lies under the latest mark may not.
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  uint32_t pop() {
    const uint32_t object = top();
    stack_.pop_back();
    return object;
  }
  uint32_t top() const {
    if (stack_.size() <= floor()) throw broken("too few values on its stack");
    return stack_.back();
  }
  std::vector<uint32_t> pop_many(size_t count) {
    if (stack_.size() - floor() < count) throw broken("too few values on its stack");
    std::vector<uint32_t> items(stack_.end() - static_cast<ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }
  std::vector<uint32_t> pop_to_mark() {
    if (marks_.empty()) throw broken("no mark on its stack");
    std::vector<uint32_t> items = pop_many(stack_.size() - marks_.back());
    marks_.pop_back();
    return items;
  }

  PickleObject& at(uint32_t object) { return pickle_.objects[object]; }
  PickleObject& expect(uint32_t object, Kind kind, const char* name) {
    if (at(object).kind != kind) throw broken("another kind of object", name);
    return at(object);
  }

  bool read_value(uint8_t code) {
    switch (static_cast<Opcode>(code)) {
      case Opcode::proto:
        if (const int protocol = reader_.number<uint8_t>(); protocol < 2 || protocol > kNewestProtocol) {
          throw Error(ErrorCode::unsupported, "a pickle of another protocol",
                      {.where = reader_.where(), .found = concat(protocol), .expected = "2, 3 or 4"});
        }
        return true;
      case Opcode::frame:
        if (reader_.number<uint64_t>() > reader_.remaining()) throw broken("a frame that leaves the file");
        return true;
      case Opcode::none:
        push_new({});
        return true;
      case Opcode::new_true:
      case Opcode::new_false:
        push_integer(static_cast<Opcode>(code) == Opcode::new_true ? 1 : 0, Kind::boolean);
        return true;
      case Opcode::binint:
        push_integer(reader_.number<int32_t>());
        return true;
      case Opcode::binint1:
        push_integer(reader_.number<uint8_t>());
        return true;
      case Opcode::binint2:
        push_integer(reader_.number<uint16_t>());
        return true;
      case Opcode::long1:
        push_long(reader_.take_text(reader_.number<uint8_t>()));
        return true;
      case Opcode::binunicode:
        push_new({.kind = Kind::text, .text = reader_.take_text(reader_.number<uint32_t>())});
        return true;
      case Opcode::short_binunicode:
        push_new({.kind = Kind::text, .text = reader_.take_text(reader_.number<uint8_t>())});
        return true;
      default:
        return false;
    }
  }

  void push_long(std::string_view bytes) {
    if (bytes.size() > sizeof(int64_t)) {
      push_new({.kind = Kind::big_integer, .text = bytes});
      return;
    }
    const bool negative = !bytes.empty() && static_cast<int8_t>(bytes.back()) < 0;
    int64_t value = negative ? -1 : 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    push_integer(value);
  }

  bool read_container(uint8_t code) {
    switch (static_cast<Opcode>(code)) {
      case Opcode::mark:
        marks_.push_back(stack_.size());
        return true;
      case Opcode::empty_tuple:
        push_new({.kind = Kind::tuple});
        return true;
      case Opcode::tuple:
        push_new({.kind = Kind::tuple, .items = pop_to_mark()});
        return true;
      case Opcode::tuple1:
      case Opcode::tuple2:
      case Opcode::tuple3:
        push_new({.kind = Kind::tuple, .items = pop_many(size_t{1} + code - static_cast<uint8_t>(Opcode::tuple1))});
        return true;
      case Opcode::empty_list:
        push_new({.kind = Kind::list});
        return true;
      case Opcode::append:
        extend(pop_many(1), Kind::list, "a list");
        return true;
      case Opcode::appends:
        extend(pop_to_mark(), Kind::list, "a list");
        return true;
      case Opcode::empty_dict:
        push_new({.kind = Kind::dict});
        return true;
      case Opcode::setitem:
        extend(pop_many(2), Kind::dict, "a dict");
        return true;
      case Opcode::setitems:
        extend(pop_to_mark(), Kind::dict, "a dict");
        return true;
      default:
        return false;
    }
  }

  /// Adds `items` to the container on top of the stack.
  void extend(const std::vector<uint32_t>& items, Kind kind, const char* name) {
    if (kind == Kind::dict && items.size() % 2 != 0) throw broken("a key without a value");
    auto& all = expect(top(), kind, name).items;
    all.insert(all.end(), items.begin(), items.end());
  }

  bool read_memo(uint8_t code) {
    switch (static_cast<Opcode>(code)) {
      case Opcode::binput:
        memo_[reader_.number<uint8_t>()] = top();
        return true;
      case Opcode::long_binput:
        memo_[reader_.number<uint32_t>()] = top();
        return true;
      case Opcode::memoize:
        memo_[static_cast<uint32_t>(memo_.size())] = top();
        return true;
      case Opcode::binget:
        push_remembered(reader_.number<uint8_t>());
        return true;
      case Opcode::long_binget:
        push_remembered(reader_.number<uint32_t>());
        return true;
      default:
        return false;
    }
  }

  void push_remembered(uint32_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) throw broken(concat("memo entry ", key, " used before it was set"));
    stack_.push_back(found->second);
  }

  bool read_call(uint8_t code) {
    switch (static_cast<Opcode>(code)) {
      case Opcode::global: {
        const std::string_view module = reader_.take_line();
        push_global(module, reader_.take_line());
        return true;
      }
      case Opcode::stack_global: {
        const std::string_view name = expect(pop(), Kind::text, "a global's name").text;
        push_global(expect(pop(), Kind::text, "a module's name").text, name);
        return true;
      }
      case Opcode::reduce:
        rebuild();
        return true;
      case Opcode::build:
        // A state dict is followed by its attributes (_metadata), which say nothing about the tensors.
        expect(pop(), Kind::dict, "a dict of attributes");
        expect(top(), Kind::dict, "a dict that takes them");
        return true;
      case Opcode::binpersid: {
        const auto& items = expect(pop(), Kind::tuple, "a tuple as persistent id").items;
        if (items.size() != 5 && items.size() != 6) throw broken("a persistent id of another length", "5 or 6 values");
        push_new({.kind = Kind::storage, .items = std::vector<uint32_t>(items)});
        return true;
      }
      default:
        return false;
    }
  }

  void push_global(std::string_view module, std::string_view name) {
    const std::string full = concat(module, ".", name);
    const auto* known = std::find(std::begin(kGlobals), std::end(kGlobals), full);
    if (known == std::end(kGlobals)) {
      throw Error(ErrorCode::unsupported, "the pickle asks for a Python object that no state dict needs",
                  {.where = reader_.where(),
                   .found = printable(full),
                   .expected = "float32 or float64 tensors in a dict",
                   .hint = "it was not run; save the net again with torch.save(net.float().state_dict(), file)"});
    }
    push_new({.kind = Kind::global, .text = *known});
  }

  /// The three calls that a state dict makes, as plain data.
  void rebuild() {
    const auto& arguments = expect(pop(), Kind::tuple, "a tuple of arguments").items;
    const std::string_view name = expect(pop(), Kind::global, "a global to call").text;
    if (name == kOrderedDict && arguments.empty()) {
      push_new({.kind = Kind::dict});
    } else if (name == kRebuildTensor && (arguments.size() == 6 || arguments.size() == 7)) {
      push_new({.kind = Kind::tensor, .items = std::vector<uint32_t>(arguments)});
    } else if (name == kRebuildParameter && arguments.size() == 3) {
      stack_.push_back(arguments.front());
    } else {
      throw broken(concat("a call of ", name, " with ", arguments.size(), " arguments"));
    }
  }

  ByteReader reader_;
  Pickle pickle_;
  std::vector<uint32_t> stack_;
  std::vector<size_t> marks_;
  std::map<uint32_t, uint32_t> memo_;
};

}  // namespace

Pickle read_pickle(std::span<const std::byte> bytes, const std::string& where) {
  return PickleReader(bytes, where).read();
}

}  // namespace mtcnn
