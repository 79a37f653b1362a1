#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/weights/numpy_nets.h"

#include <memory>

#include <lz4frame.h>

namespace mtcnn {
namespace {

constexpr size_t kMostUnpacked = size_t{64} << 20;

}  // namespace

std::vector<std::byte> unpack_lz4(std::span<const std::byte> bytes, const std::string& where) {
  const auto broken = [&](const std::string& found) {
    return Error(ErrorCode::bad_format, "truncated or damaged LZ4 data", {.where = where, .found = found});
  };
  LZ4F_dctx* made = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)) != 0) throw broken("no memory to unpack it");
  const std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> context(made,
                                                                                     LZ4F_freeDecompressionContext);
  std::vector<std::byte> unpacked;
  std::vector<std::byte> block(size_t{256} << 10);
  for (size_t hint = 1; hint != 0;) {
    size_t written = block.size();
    size_t read = bytes.size();
    hint = LZ4F_decompress(context.get(), block.data(), &written, bytes.data(), &read, nullptr);
    if (LZ4F_isError(hint) != 0) throw broken(LZ4F_getErrorName(hint));
    unpacked.insert(unpacked.end(), block.begin(), block.begin() + static_cast<ptrdiff_t>(written));
    if (unpacked.size() > kMostUnpacked) throw broken(concat("over ", kMostUnpacked, " bytes when unpacked"));
    bytes = bytes.subspan(read);
    if (hint != 0 && read == 0 && written == 0) throw broken("the end of the file before that of the data");
  }
  return unpacked;
}

}  // namespace mtcnn
