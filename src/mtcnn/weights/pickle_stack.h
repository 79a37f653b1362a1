#pragma once

#include "mtcnn/weights/pickle.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mtcnn {

/// The memory of the pickle language's machine: the objects made so far, the stack, its marks and the memo. For this
/// module alone.
class PickleStack {
 public:
  /// What is wrong with the pickle.
  struct Broken {
    std::string found;
    std::string expected;
  };

  PickleObject& at(uint32_t object) { return objects_[object]; }
  /// \throws Broken unless the object is of this kind, called `name` in the message.
  PickleObject& expect(uint32_t object, PickleObject::Kind kind, const char* name);
  std::vector<PickleObject>& objects() { return objects_; }

  void push(uint32_t object) { stack_.push_back(object); }
  /// \return the place of the new object.
  uint32_t push_new(PickleObject object);

  /// All that take something \throws Broken where it is not there: what lies under the latest mark may not be taken.
  uint32_t top() const;
  uint32_t pop();
  std::vector<uint32_t> pop_many(size_t count);
  std::vector<uint32_t> pop_to_mark();
  void mark() { marks_.push_back(stack_.size()); }

  /// Adds `items` to the list or dict on top of the stack.
  void extend(const std::vector<uint32_t>& items, PickleObject::Kind kind, const char* name);

  /// Remembers the object on top.
  void remember(uint32_t key) { memo_[key] = top(); }
  uint32_t remembered() const { return static_cast<uint32_t>(memo_.size()); }
  void recall(uint32_t key);

 private:
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  std::vector<PickleObject> objects_;
  std::vector<uint32_t> stack_;
  std::vector<size_t> marks_;
  std::map<uint32_t, uint32_t> memo_;
};

}  // namespace mtcnn
