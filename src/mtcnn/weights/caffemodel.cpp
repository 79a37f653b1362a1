#include "mtcnn/weights/caffemodel.h"

#include "mtcnn/core/safetensors.h"
#include "mtcnn/core/text.h"
#include "mtcnn/weights/byte_reader.h"

#include <functional>
#include <limits>

namespace mtcnn {
namespace {

constexpr size_t kMostLayers = 1000;
constexpr size_t kMostBlobs = 8;
constexpr size_t kMostDimensions = 8;

enum class Wire : uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// One field of a message: the raw bytes of a fixed or length-delimited value, or the value of a varint.
struct Field {
  uint64_t number = 0;
  Wire wire = Wire::varint;
  uint64_t varint = 0;
  std::span<const std::byte> bytes = {};
};

using FieldVisitor = std::function<void(const Field&)>;

Error broken(const std::string& where, const std::string& found) {
  return {ErrorCode::bad_format, "not a readable caffemodel", {.where = where, .found = found}};
}

uint64_t read_varint(ByteReader& reader) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = reader.number<uint8_t>();
    value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return value;
  }
  throw broken(reader.where(), "a number of more than 10 bytes");
}

void each_field(std::span<const std::byte> message, const std::string& where, const FieldVisitor& visit) {
  ByteReader reader(message, where);
  while (reader.remaining() > 0) {
    const uint64_t tag = read_varint(reader);
    Field field{.number = tag >> 3U, .wire = static_cast<Wire>(tag & 7U)};
    if (field.number == 0) throw broken(where, "a field number 0");
    switch (field.wire) {
      case Wire::varint:
        field.varint = read_varint(reader);
        break;
      case Wire::fixed64:
        field.bytes = reader.take(8);
        break;
      case Wire::bytes:
        field.bytes = reader.take(read_varint(reader));
        break;
      case Wire::fixed32:
        field.bytes = reader.take(4);
        break;
      default:
        throw broken(where, concat("wire type ", tag & 7U));
    }
    visit(field);
  }
}

/// The text of a string field. \throws Error if the field is of another type.
std::string text_of(const Field& field, const std::string& where) {
  if (field.wire != Wire::bytes) throw broken(where, "a name that is no text");
  return {reinterpret_cast<const char*>(field.bytes.data()), field.bytes.size()};
}

/// Adds the numbers of a repeated float or double field, packed or one by one.
template <class Number>
void append_numbers(const Field& field, std::vector<float>& values, const std::string& where) {
  if (field.bytes.size() % sizeof(Number) != 0 || field.wire == Wire::varint) {
    throw broken(where, "blob data that are no whole numbers of values");
  }
  ByteReader reader(field.bytes, where);
  while (reader.remaining() > 0) values.push_back(static_cast<float>(reader.number<Number>()));
}

int64_t checked_dimension(uint64_t dimension, const std::string& where) {
  if (dimension > static_cast<uint64_t>(std::numeric_limits<int32_t>::max())) {
    throw broken(where, concat("a dimension of ", dimension));
  }
  return static_cast<int64_t>(dimension);
}

std::vector<int64_t> read_shape(const Field& message, const std::string& where) {
  std::vector<int64_t> shape;
  each_field(message.bytes, where, [&](const Field& field) {
    if (field.number != 1) return;
    if (field.wire == Wire::varint) shape.push_back(checked_dimension(field.varint, where));
    if (field.wire == Wire::bytes) {
      ByteReader reader(field.bytes, where);
      while (reader.remaining() > 0 && shape.size() <= kMostDimensions) {
        shape.push_back(checked_dimension(read_varint(reader), where));
      }
    }
    if (shape.size() > kMostDimensions) throw broken(where, concat("a blob of over ", kMostDimensions, " dimensions"));
  });
  return shape;
}

CaffeBlob read_blob(std::span<const std::byte> message, const std::string& where) {
  CaffeBlob blob;
  std::vector<int64_t> old_shape;  // num, channels, height, width
  each_field(message, where, [&](const Field& field) {
    if (field.number >= 1 && field.number <= 4 && field.wire == Wire::varint) {
      old_shape.resize(4, 1);
      old_shape[field.number - 1] = checked_dimension(field.varint, where);
    } else if (field.number == 5) {
      append_numbers<float>(field, blob.values, where);
    } else if (field.number == 7 && field.wire == Wire::bytes) {
      blob.shape = read_shape(field, where);
    } else if (field.number == 8) {
      append_numbers<double>(field, blob.values, where);
    }
  });
  if (blob.shape.empty()) blob.shape = old_shape;
  uint64_t count = 1;
  for (const int64_t dimension : blob.shape) {
    // No overflow: a product that passes the check is at most the file's size, a dimension at most 2^31.
    count *= static_cast<uint64_t>(dimension);
    if (count > blob.values.size()) break;
  }
  if (count != blob.values.size()) {
    throw broken(where, concat(blob.values.size(), " values in a blob of shape ", shape_text(blob.shape)));
  }
  return blob;
}

/// \param name_field, blobs_field  the numbers of these fields, which differ between the two generations of layers.
CaffeLayer read_layer(std::span<const std::byte> message, uint64_t name_field, uint64_t blobs_field,
                      const std::string& where) {
  CaffeLayer layer;
  each_field(message, where, [&](const Field& field) {
    if (field.number == name_field) layer.name = text_of(field, where);
    if (field.number == blobs_field && field.wire == Wire::bytes) {
      if (layer.blobs.size() == kMostBlobs) throw broken(where, concat("over ", kMostBlobs, " blobs in one layer"));
      layer.blobs.push_back(read_blob(field.bytes, where));
    }
  });
  return layer;
}

}  // namespace

std::vector<CaffeLayer> read_caffemodel(std::span<const std::byte> bytes, const std::string& where) {
  std::vector<CaffeLayer> layers;
  each_field(bytes, where, [&](const Field& field) {
    const bool is_layer = field.number == 100;
    const bool is_old_layer = field.number == 2;
    if (field.wire != Wire::bytes || (!is_layer && !is_old_layer)) return;
    CaffeLayer layer = is_layer ? read_layer(field.bytes, 1, 7, where) : read_layer(field.bytes, 4, 6, where);
    if (layer.blobs.empty()) return;
    if (layers.size() == kMostLayers) throw broken(where, concat("over ", kMostLayers, " layers"));
    layers.push_back(std::move(layer));
  });
  return layers;
}

}  // namespace mtcnn
