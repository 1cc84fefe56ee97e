// Which files of a folder are one run of lm-evaluation-harness, and the run.
#include "store/lm_eval_import.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

namespace assay::detail {
namespace {

struct FileName {
  std::string task;  // or all of the name where it does not end in a date
  std::string date;
};

// "samples_gsm8k_2026-11-26T01-02-03.456789", "results_2026-...": the date, "" when there is none.
FileName split_name(const std::string& path) {
  std::string stem = std::filesystem::path(path).stem().string();
  for (const char* prefix : {"samples_", "results_"}) {
    if (stem.starts_with(prefix)) stem.erase(0, std::string(prefix).size());
  }
  const std::size_t mark = stem.rfind('_') == std::string::npos ? 0 : stem.rfind('_') + 1;
  const std::string last = stem.substr(mark);
  const bool is_date = last.size() >= 19 && last[4] == '-' && last[7] == '-' && last[10] == 'T';
  if (!is_date) return {stem, {}};
  return {mark == 0 ? std::string() : stem.substr(0, mark - 1), last};
}

// The task that a samples file belongs to. Until 0.4.2 its name begins with the model's arguments;
// a renamed file may have more behind the task's name.
std::string task_of(const std::string& named, const std::vector<TaskFacts>& facts) {
  std::string best;
  for (const TaskFacts& known : facts) {
    const bool fits = named == known.task || named.ends_with("_" + known.task) ||
                      named.starts_with(known.task + "_");
    if (named == known.task) return named;
    if (fits && known.task.size() > best.size()) best = known.task;
  }
  return best.empty() ? named : best;
}

struct RunFiles {
  std::string path;  // of the results, "" = none
  const Json* results = nullptr;
  std::vector<std::string> samples;
};

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

// By folder and date; files without a date belong to the folder's only results.
std::vector<RunFiles> runs_of(const LmEvalFiles& files) {
  std::map<std::pair<std::string, std::string>, RunFiles> runs;
  std::map<std::string, std::vector<std::string>> dates;  // of results, by folder
  for (const auto& [path, json] : files.results) {
    const std::string date = split_name(path).date;
    RunFiles& run = runs[{folder_of(path), date}];
    if (run.results != nullptr) {
      refuse("Two results files without a date in one folder", path,
             "Import them one by one, each with its samples files.");
    }
    run.path = path;
    run.results = &json;
    dates[folder_of(path)].push_back(date);
  }
  for (const std::string& path : files.samples) {
    std::string date = split_name(path).date;
    const std::vector<std::string>& known = dates[folder_of(path)];
    if (date.empty() && known.size() == 1) date = known[0];
    runs[{folder_of(path), date}].samples.push_back(path);
  }
  std::vector<RunFiles> list;
  for (auto& [key, run] : runs) list.push_back(std::move(run));
  return list;
}

class RunReader {
 public:
  explicit RunReader(const RunFiles& files) : files_(files) {
    if (files.results != nullptr) {
      read_ = read_lm_eval_results(*files.results, files.path);
    } else {
      read_.run.header.model_name = "unknown model";
      read_.run.header.imported_from = "lm-evaluation-harness of an unknown version";
      lacking_.push_back("no results file, so neither model, versions nor settings");
    }
  }

  ImportedRun read() {
    for (const std::string& path : files_.samples) add_samples(path);
    bool any = false;
    for (const TaskResult& task : read_.run.tasks) any = any || !task.samples.empty();
    if (!any) lacking_.push_back("no samples, so nothing can be paired (run with --log_samples)");
    if (!read_.is_ours) say_what_is_lacking(any);
    return {.run = std::move(read_.run),
            .aggregations = std::move(read_.aggregations),
            .source = files_.path.empty() ? files_.samples.front() : files_.path};
  }

 private:
  void add_samples(const std::string& path) {
    const std::string task = task_of(split_name(path).task, read_.facts);
    const std::size_t at = place_of(task);
    TaskResult& result = read_.run.tasks[at];
    if (!result.samples.empty()) {
      refuse(fmt::format("Two samples files for the task {}", task), path,
             "Give the files of one run only.");
    }
    LmEvalSamples samples = read_lm_eval_samples(path, read_.facts[at]);
    if (result.output_type.empty()) result.output_type = samples.output_type;
    result.samples = std::move(samples.samples);
    const auto n = static_cast<std::int64_t>(result.samples.size());
    if (result.n_samples != 0 && result.n_samples != n) {
      warn(task, fmt::format("the results are of {} samples, {} has {}", result.n_samples,
                             std::filesystem::path(path).filename().string(), n));
    }
    result.n_samples = n;
    result.n_original = std::max(result.n_original, n);
    if (samples.n_repeated > 0)
      warn(task, fmt::format("{} lines say the same again", samples.n_repeated));
    if (!samples.has_hashes)
      warn(task, "the source has no hashes of prompts: they were computed from its texts");
    if (!samples.has_filters && read_.facts[at].filters.size() > 1)
      warn(task, "the source does not name filters: they were told by the order of its lines");
    if (read_.is_ours && !samples.is_whole)
      warn(task, "samples without Assay's own record: their token log-probabilities are lost");
  }

  std::size_t place_of(const std::string& task) {
    for (std::size_t i = 0; i < read_.run.tasks.size(); ++i) {
      if (read_.run.tasks[i].task == task) return i;
    }
    if (files_.results != nullptr) {
      warn(task,
           fmt::format("it is not in {}", std::filesystem::path(files_.path).filename().string()));
    }
    read_.run.tasks.push_back({.task = task, .alias = task});
    read_.facts.push_back({.task = task});
    read_.aggregations.emplace_back();
    return read_.run.tasks.size() - 1;
  }

  void warn(const std::string& task, const std::string& what) {
    read_.run.header.warnings.push_back(task + ": " + what);
  }

  void say_what_is_lacking(bool has_samples) {
    std::string text = "The source does not contain: digests of weights, data sets and definitions";
    if (has_samples) text += "; tokens of prompts and answers, log-probabilities of single tokens";
    for (const std::string& lacking : lacking_) text += "; " + lacking;
    read_.run.header.warnings.push_back(text + ".");
  }

  const RunFiles& files_;
  LmEvalResults read_;
  std::vector<std::string> lacking_;
};

}  // namespace

std::vector<ImportedRun> read_lm_eval_runs(const LmEvalFiles& files) {
  std::vector<ImportedRun> runs;
  for (const RunFiles& run : runs_of(files)) runs.push_back(RunReader(run).read());
  return runs;
}

}  // namespace assay::detail
