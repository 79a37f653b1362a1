#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mtcnn {

/// One object of a pickle. Objects refer to one another by their place in Pickle::objects, so that neither cycles nor
/// deep nesting can do harm. Text points into the bytes that were read.
struct PickleObject {
  enum class Kind {
    none,
    boolean,       ///< integer: 0 or 1
    integer,       ///< integer
    real,          ///< a floating-point number; nobody needs its value
    big_integer,   ///< text: its little-endian two's complement bytes, more than 8
    text,          ///< text
    global,        ///< text: "module.name", one of the few that are allowed
    script_class,  ///< items: the texts of module and name of a class whose code lies in a TorchScript archive
    tuple,         ///< items
    list,          ///< items
    dict,          ///< items: key, value, key, value, …
    storage,       ///< items: those of torch's persistent id ('storage', type, key, place, count and maybe a view)
    tensor,        ///< items: the arguments of _rebuild_tensor_v2 (storage, offset, shape, strides, …)
    object,        ///< items: its script_class, and its state where it has one
    bytes,         ///< text
    dtype,         ///< text: numpy's, as "f4"
    array          ///< items: those of numpy's state: shape, dtype, whether the first axis runs fastest, bytes or list
  };

  Kind kind = Kind::none;
  int64_t integer = 0;
  std::string_view text = {};
  std::vector<uint32_t> items = {};
};

/// What one pickle holds.
struct Pickle {
  std::vector<PickleObject> objects;
  uint32_t root = 0;
  size_t size = 0;                    ///< bytes of the pickle itself; others may follow it
  std::deque<std::string> kept = {};  ///< what text points into that is not in the bytes as it is
};

/// How much of the language is understood.
enum class PickleDialect {
  state_dict,    ///< what torch.save makes of a state dict of float32 or float64 tensors
  script_module  ///< the same, int64 tensors, and objects of the classes of a TorchScript archive
};

/// Reads the pickle at the start of `bytes`, which must stay alive as long as the result. This is no unpickler: of the
/// language it knows only what the dialect needs (protocols 2 to 4), it builds plain data and calls nothing.
/// \param where names the source in messages.
/// \throws Error naming any other opcode or global (as "os.system"); if the bytes end early, or the pickle is
/// inconsistent or has over a million steps.
/// Source: the comments of CPython's Lib/pickletools.py (the language), torch/_utils.py and torch/serialization.py (the
/// globals and persistent ids).
Pickle read_pickle(std::span<const std::byte> bytes, const std::string& where,
                   PickleDialect dialect = PickleDialect::state_dict);

/// The same for what numpy.save and joblib.dump make of arrays of float32 or float64 in lists and dicts.
/// \throws Error as read_pickle() does, and if an array's numbers are big-endian.
/// Source: numpy/core/src/multiarray/methods.c (states of arrays and dtypes), joblib/numpy_pickle.py.
Pickle read_numpy_pickle(std::span<const std::byte> bytes, const std::string& where);

}  // namespace mtcnn
