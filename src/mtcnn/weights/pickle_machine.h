#pragma once

#include "mtcnn/weights/byte_reader.h"
#include "mtcnn/weights/pickle.h"
#include "mtcnn/weights/pickle_opcodes.h"
#include "mtcnn/weights/pickle_stack.h"

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mtcnn {

/// The machine of the pickle language, without the parts that could run anything: values, containers and the memo. What
/// globals, calls and states mean, and which further opcodes there are, a dialect says. For this module alone.
class PickleMachine {
 public:
  using Kind = PickleObject::Kind;

  PickleMachine(std::span<const std::byte> bytes, const std::string& where) : reader_(bytes, where) {}
  virtual ~PickleMachine() = default;
  PickleMachine(const PickleMachine&) = delete;
  PickleMachine& operator=(const PickleMachine&) = delete;

  /// See read_pickle().
  Pickle read();

 protected:
  virtual const char* content() const = 0;  ///< what is read, for errors
  virtual const char* hint() const = 0;     ///< what to do with another opcode
  /// \return false for an opcode that is not of the dialect.
  virtual bool read_other(uint8_t code) = 0;
  virtual void push_global(std::string_view module, std::string_view name) = 0;
  /// A call of the global of this name.
  virtual void call(std::string_view name, const std::vector<uint32_t>& arguments) = 0;
  /// The object on top takes its state, which was popped.
  virtual void build(uint32_t state) = 0;

  void push_integer(int64_t value, Kind kind = Kind::integer) { stack_.push_new({.kind = kind, .integer = value}); }
  void push_text(std::string_view text, Kind kind = Kind::text) { stack_.push_new({.kind = kind, .text = text}); }
  /// Bytes that are not in the file, as long as the result lives.
  std::string_view keep(std::string bytes);

  ByteReader reader_;
  PickleStack stack_;

 private:
  [[noreturn]] void refuse_opcode(uint8_t code) const;
  bool read_value(uint8_t code);
  void push_long(std::string_view bytes);
  bool read_container(uint8_t code);
  bool read_memo(uint8_t code);
  bool read_call(uint8_t code);

  std::deque<std::string> kept_;
};

}  // namespace mtcnn
