// Whole files, read and written.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace assay {

// Errors: kBadInput for a folder, kIo with the reason when it cannot be read.
std::string read_file(const std::string& path);

using TextSink = std::function<void(std::string_view)>;
// Writes what `write` hands on. The bytes go beside the file and take its name last: what was there
// before stays when writing fails or is killed. The file's folder is made. What is no plain file (a
// pipe, a device, a link) is written in place. Error{kIo} with the reason and `remedy`.
void write_file(const std::string& path, const std::string& remedy,
                const std::function<void(const TextSink&)>& write);
void write_file(const std::string& path, const std::string& remedy, std::string_view text);

}  // namespace assay
