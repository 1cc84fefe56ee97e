// The progress line on stderr: what runs, how far, how fast, how long still. Only on a terminal.
#pragma once

#include <chrono>
#include <string>

#include "study/study.h"

namespace assay::cli {

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();  // clears the line
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const MeasureProgress& progress);
  void show(const TaskRunProgress& progress);
  void show(const BenchProgress& progress);
  void show_bytes(const std::string& what, std::int64_t n_done, std::int64_t n_total);
  void clear();

 private:
  void write(const std::string& line, bool force);
  std::string scoring(const EvalProgress& eval);

  bool terminal_ = false;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_{};
  std::chrono::steady_clock::time_point started_{};
  std::int64_t n_at_start_ = 0;
  bool scoring_ = false;
  std::string phase_;
};

std::string format_duration(double seconds);  // "1:05", "2 h 03 min"

}  // namespace assay::cli
