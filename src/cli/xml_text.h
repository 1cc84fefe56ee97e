// Inside cli only: text inside XML, for JUnit files and pictures.
#pragma once

#include <string>

namespace assay {

// For contents and attributes in double quotes; bytes that are no UTF-8, and characters that XML
// 1.0 cannot hold, become '?'.
std::string xml_text(const std::string& text);

}  // namespace assay
