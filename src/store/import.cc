// Runs made elsewhere: what a file is, told from its content.
#include "store/import.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "core/error.h"
#include "core/files.h"
#include "core/json_run.h"
#include "store/inspect_import.h"
#include "store/llama_log_import.h"
#include "store/lm_eval_import.h"
#include "store/table_import.h"

namespace assay {
namespace detail {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKnown =
    "Known are results_*.json and samples_*.jsonl of lm-evaluation-harness 0.4 (or their folder), "
    "logs of Inspect (JSON), output of llama-perplexity, runs of Assay (--json), and with "
    "--columns "
    "jsonl or CSV tables.";

std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code failure;
  for (fs::recursive_directory_iterator it(folder, failure), end; it != end && !failure;
       it.increment(failure)) {
    if (it.depth() > 4) it.disable_recursion_pending();
    const std::string suffix = it->path().extension().string();
    if (it->is_regular_file() && (suffix == ".json" || suffix == ".jsonl" || suffix == ".log"))
      files.push_back(it->path().string());
  }
  if (failure) {
    throw Error(ErrorKind::kIo, "Cannot list the folder: " + failure.message(), folder,
                "Check the name and the permissions.");
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The first object of a file with one per line, or of an array; nothing when it is neither.
bool is_samples_file(const std::string& path) {
  bool found = false;
  struct Enough {};
  try {
    for_each_object(path, [&](Json&& object, const std::string&) {
      found = object.contains("doc_id") &&
              (object.contains("resps") || object.contains("filtered_resps") ||
               object.contains("arguments") || object.contains("metrics"));
      throw Enough{};
    });
  } catch (const Enough&) {
    return found;
  }
  return false;
}

class Importer {
 public:
  Importer(const ImportOptions& options) : options_(options) {}

  void add_folder(const std::string& folder) {
    LmEvalFiles files;
    const std::size_t n_before = runs_.size();
    for (const std::string& path : files_below(folder)) add(path, files, false);
    add_lm_eval(files);
    if (runs_.size() == n_before) refuse("Nothing in the folder is known", folder, kKnown);
  }

  void add_file(const std::string& path, LmEvalFiles& files) { add(path, files, true); }

  void add_lm_eval(const LmEvalFiles& files) {
    for (ImportedRun& run : read_lm_eval_runs(files)) runs_.push_back(std::move(run));
  }

  std::vector<ImportedRun> take() { return std::move(runs_); }

 private:
  void add(const std::string& path, LmEvalFiles& files, bool must_be_known) {
    const std::string suffix = fs::path(path).extension().string();
    if (suffix == ".eval") {
      refuse("Inspect's .eval files are archives", path,
             "Convert it: inspect log convert --to json --output-dir DIR FILE");
    }
    if (must_be_known && !options_.columns.empty()) {
      for (ImportedRun& run : read_table(path, options_.columns)) runs_.push_back(std::move(run));
    } else if (suffix == ".jsonl") {
      if (is_samples_file(path)) {
        files.samples.push_back(path);
      } else if (must_be_known) {
        refuse("The file is of no known kind", path, kKnown);
      }
    } else if (suffix == ".csv") {
      refuse("A table needs to be told which columns hold the item and its score", path,
             "Give --columns id=COLUMN,score=COLUMN.");
    } else {
      add_document(path, files, must_be_known);
    }
  }

  void add_document(const std::string& path, LmEvalFiles& files, bool must_be_known) {
    const std::string text = read_file(path);
    const char first =
        text.empty() ? '\0' : text[std::min(text.find_first_not_of(" \t\r\n"), text.size() - 1)];
    if (first != '{' && first != '[') {
      if (is_llama_perplexity_log(text)) {
        runs_.push_back(read_llama_perplexity_log(text, path));
      } else if (must_be_known) {
        refuse("The file is of no known kind", path, kKnown);
      }
      return;
    }
    Json json = parse_foreign(text, path, 1, [](int depth, Json::parse_event_t event, Json& value) {
      return is_wanted_of_inspect(depth, event, value);
    });
    if (is_lm_eval_results(json)) {
      files.results.emplace(path, std::move(json));
    } else if (is_inspect_log(json)) {
      runs_.push_back(read_inspect_log(json, path));
    } else if (json.is_object() && text_or(json, "schema").starts_with("assay-run")) {
      for (Run& run : runs_from_json(text))
        runs_.push_back({.run = std::move(run), .aggregations = {}, .source = path});
    } else if (must_be_known) {
      refuse("The file is of no known kind", path, kKnown);
    }
  }

  const ImportOptions& options_;
  std::vector<ImportedRun> runs_;
};

}  // namespace
}  // namespace detail

std::vector<ImportedRun> read_foreign_runs(std::span<const std::string> paths,
                                           const ImportOptions& options) {
  detail::Importer importer(options);
  detail::LmEvalFiles files;  // given one by one: they are read together
  for (const std::string& path : paths) {
    if (std::filesystem::is_directory(path)) {
      importer.add_folder(path);
    } else {
      importer.add_file(path, files);
    }
  }
  importer.add_lm_eval(files);
  return importer.take();
}

}  // namespace assay
