// The message of the Error that `run` throws; "" when it throws none.
#pragma once

#include <string>

#include "core/error.h"

namespace assay {

template <typename Run>
std::string error_text(Run run, ErrorKind kind = ErrorKind::kBadInput) {
  try {
    run();
  } catch (const Error& error) {
    return (error.kind() == kind ? "" : "another kind: ") + std::string(error.what());
  }
  return {};
}

}  // namespace assay
