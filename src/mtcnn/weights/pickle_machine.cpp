#include "mtcnn/weights/pickle_machine.h"

#include "mtcnn/core/text.h"

#include <cstdio>

namespace mtcnn {
namespace {

constexpr int kMostSteps = 1'000'000;
constexpr int kNewestProtocol = 4;

}  // namespace

Pickle PickleMachine::read() {
  try {
    for (int step = 0; step < kMostSteps; ++step) {
      const auto code = reader_.number<uint8_t>();
      if (static_cast<PickleOpcode>(code) == PickleOpcode::stop) {
        const uint32_t root = stack_.pop();
        return {std::move(stack_.objects()), root, reader_.position(), std::move(kept_)};
      }
      if (!read_value(code) && !read_container(code) && !read_memo(code) && !read_call(code) && !read_other(code))
        refuse_opcode(code);
    }
    throw PickleStack::Broken{concat("over ", kMostSteps, " steps"), {}};
  } catch (const PickleStack::Broken& broken) {
    throw Error(ErrorCode::bad_format, concat("broken pickle near its byte ", reader_.position()),
                {.where = reader_.where(), .found = broken.found, .expected = broken.expected});
  }
}

std::string_view PickleMachine::keep(std::string bytes) { return kept_.emplace_back(std::move(bytes)); }

void PickleMachine::refuse_opcode(uint8_t code) const {
  char text[8];
  std::snprintf(text, sizeof text, "0x%02x", code);
  throw Error(ErrorCode::unsupported,
              concat("a pickle opcode that no ", content(), " needs, at its byte ", reader_.position() - 1),
              {.where = reader_.where(),
               .found = concat(text, code > ' ' && code <= '~' ? concat(" '", static_cast<char>(code), "'") : ""),
               .hint = hint()});
}

bool PickleMachine::read_value(uint8_t code) {
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

void PickleMachine::push_long(std::string_view bytes) {
  if (bytes.size() > sizeof(int64_t)) {
    stack_.push_new({.kind = Kind::big_integer, .text = bytes});
    return;
  }
  const bool negative = !bytes.empty() && static_cast<int8_t>(bytes.back()) < 0;
  int64_t value = negative ? -1 : 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  push_integer(value);
}

bool PickleMachine::read_container(uint8_t code) {
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

bool PickleMachine::read_memo(uint8_t code) {
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

bool PickleMachine::read_call(uint8_t code) {
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
    case PickleOpcode::reduce: {
      const std::vector<uint32_t> arguments = stack_.expect(stack_.pop(), Kind::tuple, "a tuple of arguments").items;
      call(stack_.expect(stack_.pop(), Kind::global, "a global to call").text, arguments);
      return true;
    }
    case PickleOpcode::build:
      build(stack_.pop());
      return true;
    default:
      return false;
  }
}

}  // namespace mtcnn
