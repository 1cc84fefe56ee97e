// The parser behind read_gguf: works on any seekable stream, so that fuzzing needs no files.
#pragma once

#include <istream>
#include <map>
#include <string>
#include <vector>

#include "compress/compress.h"

namespace assay {

// Parses the header of a GGUF of file_bytes bytes that `in` delivers from its start; `path` is for
// messages. `kept` (may be null): its keys name arrays of strings whose content is wanted; such
// arrays are stored as the values. Errors as read_gguf's.
GgufHeader parse_gguf(std::istream& in, std::int64_t file_bytes, const std::string& path,
                      std::map<std::string, std::vector<std::string>>* kept = nullptr);

// parse_gguf of a file, with the arrays of strings kept. Error{kIo} when it cannot be read.
GgufHeader read_gguf_keeping(const std::string& path,
                             std::map<std::string, std::vector<std::string>>* kept);

}  // namespace assay
