#include "mtcnn/weights/pickle_stack.h"

#include "mtcnn/core/text.h"

#include <utility>

namespace mtcnn {
namespace {

using Kind = PickleObject::Kind;

PickleStack::Broken too_few() { return {"too few values on its stack", {}}; }

}  // namespace

PickleObject& PickleStack::expect(uint32_t object, Kind kind, const char* name) {
  if (at(object).kind != kind) throw Broken{"another kind of object", name};
  return at(object);
}

uint32_t PickleStack::push_new(PickleObject object) {
  const auto place = static_cast<uint32_t>(objects_.size());
  objects_.push_back(std::move(object));
  push(place);
  return place;
}

uint32_t PickleStack::top() const {
  if (stack_.size() <= floor()) throw too_few();
  return stack_.back();
}

uint32_t PickleStack::pop() {
  const uint32_t object = top();
  stack_.pop_back();
  return object;
}

std::vector<uint32_t> PickleStack::pop_many(size_t count) {
  if (stack_.size() - floor() < count) throw too_few();
  std::vector<uint32_t> items(stack_.end() - static_cast<ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  return items;
}

std::vector<uint32_t> PickleStack::pop_to_mark() {
  if (marks_.empty()) throw Broken{"no mark on its stack", {}};
  std::vector<uint32_t> items = pop_many(stack_.size() - marks_.back());
  marks_.pop_back();
  return items;
}

void PickleStack::extend(const std::vector<uint32_t>& items, Kind kind, const char* name) {
  if (kind == Kind::dict && items.size() % 2 != 0) throw Broken{"a key without a value", {}};
  auto& all = expect(top(), kind, name).items;
  all.insert(all.end(), items.begin(), items.end());
}

void PickleStack::recall(uint32_t key) {
  const auto found = memo_.find(key);
  if (found == memo_.end()) throw Broken{concat("memo entry ", key, " used before it was set"), {}};
  push(found->second);
}

}  // namespace mtcnn
