#include "cli/exit_codes.h"

#include <algorithm>

namespace assay::cli {

int exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kBadInput:
      return 3;
    case ErrorKind::kEngine:
      return 4;
    case ErrorKind::kIo:
      return 5;
    case ErrorKind::kInterrupted:
      return 130;
  }
  return 4;
}

int exit_code_of(const std::vector<Verdict>& verdicts) {
  const auto any = [&](Verdict verdict) {
    return std::find(verdicts.begin(), verdicts.end(), verdict) != verdicts.end();
  };
  if (any(Verdict::kWorse)) return 1;
  return any(Verdict::kUndecided) || verdicts.empty() ? 10 : 0;
}

}  // namespace assay::cli
