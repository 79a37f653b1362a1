#include "mtcnn/weights/pickle.h"

#include "mtcnn/core/text.h"
#include "mtcnn/weights/pickle_machine.h"

#include <algorithm>

namespace mtcnn {
namespace {

constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kRebuildParameter = "torch._utils._rebuild_parameter";
constexpr std::string_view kGlobals[] = {kOrderedDict, kRebuildTensor, kRebuildParameter, "torch.FloatStorage",
                                         "torch.DoubleStorage"};
constexpr std::string_view kLongStorage = "torch.LongStorage";
constexpr std::string_view kScriptClasses = "__torch__";  ///< the module that TorchScript's classes are below

/// What torch writes.
class TorchPickle : public PickleMachine {
 public:
  TorchPickle(std::span<const std::byte> bytes, const std::string& where, PickleDialect dialect)
      : PickleMachine(bytes, where), script_(dialect == PickleDialect::script_module) {}

 private:
  const char* content() const override { return script_ ? "TorchScript file of ours" : "state dict"; }
  const char* hint() const override {
    return script_ ? "nothing in it was run" : "only state dicts saved by torch.save can be imported";
  }

  bool read_other(uint8_t code) override {
    if (static_cast<PickleOpcode>(code) == PickleOpcode::binpersid) {
      const auto& items = stack_.expect(stack_.pop(), Kind::tuple, "a tuple as persistent id").items;
      if (items.size() != 5 && items.size() != 6)
        throw PickleStack::Broken{"a persistent id of another length", "5 or 6 values"};
      stack_.push_new({.kind = Kind::storage, .items = std::vector<uint32_t>(items)});
      return true;
    }
    return script_ && read_object(code);
  }

  /// What TorchScript writes besides.
  bool read_object(uint8_t code) {
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
  void build(uint32_t state) override {
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

  void push_global(std::string_view module, std::string_view name) override {
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
  void call(std::string_view name, const std::vector<uint32_t>& arguments) override {
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

  bool script_;
};

}  // namespace

Pickle read_pickle(std::span<const std::byte> bytes, const std::string& where, PickleDialect dialect) {
  return TorchPickle(bytes, where, dialect).read();
}

}  // namespace mtcnn
