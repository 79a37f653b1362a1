#pragma once

#include "mtcnn/weights/foreign_net.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

/// \file
/// Nets in files of numpy arrays, read as data: nothing in them is run. For this module alone.
namespace mtcnn {

/// A file that numpy.save made of ipazc mtcnn 0.1's dict of three lists, or of TropComplique's dict of one net's
/// arrays. \throws Error naming `where` if it is damaged or holds anything else.
std::vector<ForeignNet> read_npy_nets(std::span<const std::byte> bytes, const std::string& where);

/// A file that joblib.dump made of ipazc mtcnn 1.0's list of one net's arrays, compressed by LZ4.
/// \throws Error as read_npy_nets(), and if this build is without LZ4 (MTCNN_WITH_LZ4).
ForeignNet read_lz4_net(std::span<const std::byte> bytes, const std::string& where);

/// The content of an LZ4 frame, at most 64 MiB.
/// \throws Error naming `where` if it is damaged or larger, or if this build is without LZ4.
std::vector<std::byte> unpack_lz4(std::span<const std::byte> bytes, const std::string& where);

}  // namespace mtcnn
