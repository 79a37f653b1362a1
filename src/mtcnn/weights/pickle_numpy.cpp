#include "mtcnn/core/text.h"
#include "mtcnn/weights/pickle.h"
#include "mtcnn/weights/pickle_machine.h"

#include <algorithm>
#include <limits>

namespace mtcnn {
namespace {

constexpr std::string_view kEncode = "_codecs.encode";
constexpr std::string_view kArrayClass = "numpy.ndarray";
constexpr std::string_view kDtype = "numpy.dtype";
constexpr std::string_view kWrapper = "joblib.numpy_pickle.NumpyArrayWrapper";
constexpr std::string_view kReconstruct = "numpy.core.multiarray._reconstruct";
constexpr std::string_view kReconstruct2 = "numpy._core.multiarray._reconstruct";  ///< from numpy 2
constexpr std::string_view kKnown[] = {kEncode, kArrayClass, kDtype, kWrapper, kReconstruct, kReconstruct2};

/// The bytes whose values are the code points of a UTF-8 text below 256.
std::string latin1(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<uint8_t>(text[i]);
    if (first < 0x80) {
      bytes += text[i];
      continue;
    }
    const auto second = i + 1 < text.size() ? static_cast<uint8_t>(text[i + 1]) : uint8_t{0};
    if ((first != 0xc2 && first != 0xc3) || (second & 0xc0U) != 0x80)
      throw PickleStack::Broken{"a text that is not of bytes", "code points below 256"};
    bytes += static_cast<char>(((first & 3U) << 6U) | (second & 0x3fU));
    ++i;
  }
  return bytes;
}

/// What numpy and joblib write.
class NumpyPickle : public PickleMachine {
 public:
  NumpyPickle(std::span<const std::byte> bytes, const std::string& where)
      : PickleMachine(bytes, where), decodable_(bytes.size()) {}

 private:
  const char* content() const override { return "file of numpy arrays"; }
  const char* hint() const override { return "nothing in it was run; only arrays in lists and dicts can be imported"; }

  bool read_other(uint8_t code) override {
    switch (static_cast<PickleOpcode>(code)) {
      case PickleOpcode::short_binstring:
      case PickleOpcode::short_binbytes:
        push_text(reader_.take_text(reader_.number<uint8_t>()), Kind::bytes);
        return true;
      case PickleOpcode::binstring:
      case PickleOpcode::binbytes:
        push_text(reader_.take_text(reader_.number<uint32_t>()), Kind::bytes);
        return true;
      case PickleOpcode::newobj: {
        if (!stack_.expect(stack_.pop(), Kind::tuple, "a tuple of arguments").items.empty())
          throw PickleStack::Broken{"a class with arguments", "none"};
        if (stack_.expect(stack_.pop(), Kind::global, "a class").text != kWrapper)
          throw PickleStack::Broken{"an object of another class", std::string(kWrapper)};
        stack_.push_new({.kind = Kind::object});
        return true;
      }
      default:
        return false;
    }
  }

  void push_global(std::string_view module, std::string_view name) override {
    const std::string full = concat(module, ".", name);
    const auto* known = std::find(std::begin(kKnown), std::end(kKnown), full);
    if (known == std::end(kKnown)) {
      throw Error(ErrorCode::unsupported, concat("the pickle asks for a Python object that no ", content(), " needs"),
                  {.where = reader_.where(),
                   .found = printable(full),
                   .expected = "float32 or float64 arrays in lists and dicts",
                   .hint = "it was not run"});
    }
    push_text(*known, Kind::global);
  }

  void call(std::string_view name, const std::vector<uint32_t>& arguments) override {
    if (name == kEncode && arguments.size() == 2) {
      const std::string_view text = stack_.expect(arguments[0], Kind::text, "a text").text;
      // One text could be decoded again and again: without a limit a small file could fill the memory.
      if (text.size() > decodable_) throw PickleStack::Broken{"more bytes than the file has", {}};
      decodable_ -= text.size();
      push_text(keep(latin1(text)), Kind::bytes);
    } else if ((name == kReconstruct || name == kReconstruct2) && arguments.size() == 3) {
      stack_.push_new({.kind = Kind::array});
    } else if (name == kDtype && !arguments.empty()) {
      push_text(name_of(arguments[0]), Kind::dtype);
    } else {
      throw PickleStack::Broken{concat("a call of ", name, " with ", arguments.size(), " arguments"), {}};
    }
  }

  /// A name: Python 2 wrote such as bytes.
  std::string_view name_of(uint32_t place) {
    const PickleObject& object = stack_.at(place);
    if (object.kind != Kind::text && object.kind != Kind::bytes) throw PickleStack::Broken{"no text", "a name"};
    return object.text;
  }

  void build(uint32_t state) override {
    const uint32_t top = stack_.top();
    switch (stack_.at(top).kind) {
      case Kind::dtype: {
        const auto& items = stack_.expect(state, Kind::tuple, "a tuple as dtype's state").items;
        if (items.size() < 2) throw PickleStack::Broken{"a dtype's state without byte order", {}};
        if (name_of(items[1]) == ">") throw PickleStack::Broken{"big-endian numbers", "little-endian ones"};
        return;
      }
      case Kind::array: {
        const auto& items = stack_.expect(state, Kind::tuple, "a tuple as an array's state").items;
        if (items.size() != 5) throw PickleStack::Broken{"an array's state of another length", "5 values"};
        if (!stack_.at(top).items.empty()) throw PickleStack::Broken{"an array with two states", "one"};
        std::vector<uint32_t> parts(items.begin() + 1, items.end());
        stack_.at(top).items = std::move(parts);
        return;
      }
      case Kind::object:
        read_wrapped(stack_.expect(state, Kind::dict, "a dict of attributes").items);
        return;
      default:
        throw PickleStack::Broken{"an object with a state", "an array or a dtype"};
    }
  }

  /// joblib writes an array's bytes behind the state of its wrapper, which the array takes the place of.
  void read_wrapped(const std::vector<uint32_t>& attributes) {
    constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
    uint32_t shape = kNone;
    uint32_t dtype = kNone;
    std::string_view order;
    bool aligned = false;
    for (size_t i = 0; i + 1 < attributes.size(); i += 2) {
      const std::string_view key = name_of(attributes[i]);
      const uint32_t value = attributes[i + 1];
      if (key == "shape") shape = value;
      if (key == "dtype") dtype = value;
      if (key == "order") order = name_of(value);
      if (key == "numpy_array_alignment_bytes") aligned = stack_.at(value).kind == Kind::integer;
    }
    if (shape == kNone || dtype == kNone) throw PickleStack::Broken{"an array without shape and dtype", {}};
    const std::string_view type = stack_.expect(dtype, Kind::dtype, "a dtype").text;
    if (type != "f4" && type != "f8")
      throw PickleStack::Broken{concat("numbers of type ", printable(type)), "f4 or f8"};
    uint64_t size = type == "f4" ? sizeof(float) : sizeof(double);
    for (const uint32_t item : stack_.expect(shape, Kind::tuple, "a tuple as shape").items) {
      const int64_t side = stack_.expect(item, Kind::integer, "a whole number").integer;
      if (side < 0 || __builtin_mul_overflow(size, static_cast<uint64_t>(side), &size))
        throw PickleStack::Broken{"an array of unreasonable shape", {}};
    }
    if (aligned) reader_.take(reader_.number<uint8_t>());  // the number of bytes that were left free
    push_text(reader_.take_text(size), Kind::bytes);
    const uint32_t bytes = stack_.pop();
    push_integer(order == "F" ? 1 : 0, Kind::boolean);
    const uint32_t fortran = stack_.pop();
    PickleObject& array = stack_.at(stack_.top());
    array.kind = Kind::array;
    array.items = {shape, dtype, fortran, bytes};
  }

  size_t decodable_;
};

}  // namespace

Pickle read_numpy_pickle(std::span<const std::byte> bytes, const std::string& where) {
  return NumpyPickle(bytes, where).read();
}

}  // namespace mtcnn
