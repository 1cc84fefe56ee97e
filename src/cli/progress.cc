#include "cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include <fmt/format.h>

#include "core/number_format.h"

namespace assay::cli {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// "  12.3/s  4:05 left"; empty as long as nothing can be said.
std::string pace(double n_new, double elapsed_s, std::int64_t n_left) {
  if (n_new <= 0 || elapsed_s <= 0.5) return {};
  const double rate = n_new / elapsed_s;
  return fmt::format("  {:.1f}/s  {} left", rate,
                     format_duration(static_cast<double>(n_left) / rate));
}

}  // namespace

std::string format_duration(double seconds) {
  const std::int64_t total = std::llround(seconds);
  if (total >= 3600) return fmt::format("{} h {:02} min", total / 3600, total / 60 % 60);
  return fmt::format("{}:{:02}", total / 60, total % 60);
}

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) == 1) {}
ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::clear() {
  if (shown_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

void ProgressLine::write(const std::string& line, bool force) {
  const auto now = steady_clock::now();
  if (!terminal_ || (!force && now - last_ < std::chrono::milliseconds(100))) return;
  last_ = now;
  shown_ = true;
  fmt::print(stderr, "\r{}\033[K", line.substr(0, terminal_width() - 1));
  std::fflush(stderr);
}

void ProgressLine::show(const MeasureProgress& progress) {
  const bool new_phase = progress.phase != phase_;
  phase_ = progress.phase;
  if (progress.eval.n_total > 0) {
    write(scoring(progress.eval), new_phase);
  } else if (progress.n_total > 0) {
    write(fmt::format("{}: tensor {} of {}", progress.phase, progress.n_done, progress.n_total),
          new_phase);
  } else {
    write(progress.phase + " ...", new_phase);
  }
}

void ProgressLine::show(const BenchProgress& progress) {
  std::string line = progress.phase + "  " + format_duration(progress.elapsed_s);
  if (progress.budget_s > 0) line += " of at most " + format_duration(progress.budget_s);
  write(line, false);
}

void ProgressLine::show(const TaskRunProgress& progress) {
  const EvaluateProgress& task = progress.task;
  const std::string phase = progress.model + progress.phase + task.task;
  const bool is_new = phase != phase_;
  phase_ = phase;
  if (task.task.empty()) return write(progress.phase + " ...", is_new);
  const auto now = steady_clock::now();
  if (is_new) {
    started_ = now;
    n_at_start_ = task.n_done;
  }
  std::string line =
      fmt::format("{}  {} ({}/{})  {}/{}", progress.model, task.task, progress.task_index + 1,
                  progress.n_tasks, task.n_done, task.n_total);
  line += pace(static_cast<double>(task.n_done - n_at_start_),
               duration<double>(now - started_).count(), task.n_total - task.n_done);
  if (task.n_from_store > 0) line += fmt::format("  {} from store", task.n_from_store);
  if (task.estimate) {
    line += fmt::format("  {} {:.4f}", task.metric, task.estimate->value);
    if (task.estimate->std_error) line += fmt::format(" ± {:.4f}", *task.estimate->std_error);
  }
  write(line, is_new);
}

std::string ProgressLine::scoring(const EvalProgress& eval) {
  const auto now = steady_clock::now();
  if (!scoring_) {
    scoring_ = true;
    started_ = now;
    n_at_start_ = eval.n_done;
  }
  std::string line =
      fmt::format("{:3.0f} %  {}/{} windows",
                  100.0 * static_cast<double>(eval.n_done) / static_cast<double>(eval.n_total),
                  eval.n_done, eval.n_total);
  line += pace(static_cast<double>(eval.n_done - n_at_start_),
               duration<double>(now - started_).count(), eval.n_total - eval.n_done);
  if (eval.n_from_store > 0) line += fmt::format("  {} from store", eval.n_from_store);
  if (eval.perplexity_so_far > 0)
    line += fmt::format("  baseline PPL {:.4f}", eval.perplexity_so_far);
  return line + "  " + eval.current;
}

void ProgressLine::show_bytes(const std::string& what, std::int64_t n_done, std::int64_t n_total) {
  if (phase_ != what) {
    phase_ = what;
    started_ = steady_clock::now();
    n_at_start_ = n_done;
  }
  const double elapsed = duration<double>(steady_clock::now() - started_).count();
  const double rate = elapsed > 0.5 ? static_cast<double>(n_done - n_at_start_) / elapsed : 0;
  std::string line =
      fmt::format("{}: {:.1f} of {:.1f} MiB", what, static_cast<double>(n_done) / kMebibyte,
                  static_cast<double>(n_total) / kMebibyte);
  if (rate > 0) {
    line += fmt::format("  {:.1f} MiB/s  {} left", rate / kMebibyte,
                        format_duration(static_cast<double>(n_total - n_done) / rate));
  }
  write(line, n_done == n_total);
}

}  // namespace assay::cli
