// SHA-256, where others give or expect one: downloads, lm-evaluation-harness's sample hashes.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

namespace assay {

// 64 lower-case hex digits.
std::string sha256_of(std::string_view bytes);
// Of the file's content. Error{kIo} when it cannot be read, Error{kInterrupted} when stopped.
std::string sha256_of_file(const std::string& path, const std::stop_token& stop);

}  // namespace assay
