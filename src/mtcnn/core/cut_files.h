#pragma once

namespace mtcnn {

/// From now on the process ends with one line and exit code 1 where a mapped file was cut off while it was read, which
/// is SIGBUS otherwise; the line names the file. For programs; the library leaves signals alone.
void report_cut_files();

}  // namespace mtcnn
