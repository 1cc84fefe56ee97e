// The files of a folder inside the program (cmake/embed.cmake, assay_embed_folder).
#pragma once

#include <string_view>
#include <vector>

namespace assay {

struct EmbeddedFile {
  std::string_view path;  // below the folder: "arc/arc_easy.yaml"
  std::string_view content;
};

// begin, end: the symbols that assay_embed_folder defined. By path; views into the program.
std::vector<EmbeddedFile> embedded_files(const unsigned char* begin, const unsigned char* end);

}  // namespace assay
