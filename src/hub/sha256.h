#pragma once

#include <stop_token>
#include <string>

namespace assay {

// 64 lower-case hex digits of the file's content. Error{kIo} when it cannot be read,
// Error{kInterrupted} when stopped.
std::string sha256_of_file(const std::string& path, std::stop_token stop);

}  // namespace assay
