// Tables with a line per item, read by a map of columns.
#include "store/table_import.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "core/error.h"
#include "core/sha256.h"

namespace assay::detail {
namespace {

const std::set<std::string>& known_fields() {
  static const std::set<std::string> fields{"id",     "score",  "task",    "filter", "answer",
                                            "target", "prompt", "cluster", "model"};
  return fields;
}

void check_columns(const std::map<std::string, std::string>& columns) {
  bool has_score = false;
  for (const auto& [field, column] : columns) {
    const bool is_score = field == "score" || (field.starts_with("score.") && field.size() > 6);
    has_score = has_score || is_score;
    if (is_score || known_fields().contains(field)) continue;
    throw Error(
        ErrorKind::kUsage, fmt::format("--columns has no field '{}'", field), {},
        "Known are id, score, score.NAME, task, filter, answer, target, prompt, cluster, model.");
  }
  if (columns.contains("id") && has_score) return;
  throw Error(ErrorKind::kUsage,
              "A table needs to be told which columns hold the item and its score", {},
              "Give --columns id=COLUMN,score=COLUMN.");
}

// Cells of one CSV record (RFC 4180); nullopt when a quoted cell goes on in the next line.
std::optional<std::vector<std::string>> cells_of(const std::string& record) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < record.size(); ++i) {
    const char c = record[i];
    if (quoted && c == '"' && i + 1 < record.size() && record[i + 1] == '"') {
      cells.back() += record[++i];
    } else if (c == '"' && (quoted || cells.back().empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  if (quoted) return std::nullopt;
  return cells;
}

}  // namespace

void for_each_csv_row(const std::string& path,
                      const std::function<void(Json&&, const std::string&)>& use) {
  std::vector<std::string> header;
  std::string record;
  std::int64_t first_line = 0;
  for_each_line(path, [&](const std::string& line, std::int64_t number) {
    if (record.empty() && line.empty()) return;
    if (record.empty()) first_line = number;
    record += (record.empty() ? "" : "\n") + line;
    const auto cells = cells_of(record);
    if (!cells) return;
    record.clear();
    if (header.empty()) {
      header = *cells;
      if (header[0].starts_with("\xef\xbb\xbf")) header[0].erase(0, 3);
      return;
    }
    if (cells->size() != header.size()) {
      refuse(fmt::format("The line has {} cells, the header {}", cells->size(), header.size()),
             place(path, first_line), "Correct the line.");
    }
    Json row = Json::object();
    for (std::size_t i = 0; i < header.size(); ++i) row[header[i]] = (*cells)[i];
    use(std::move(row), place(path, first_line));
  });
  if (!record.empty())
    refuse("A quoted cell has no end", place(path, first_line), "Correct the quotes.");
}

namespace {

// HELM's list of statistics: [{"name": {"name": "exact_match", ...}, "mean": 1}]; those of
// perturbed items are others.
const Json* find_statistic(const Json& list, const std::string& name) {
  for (const Json& statistic : list) {
    if (!statistic.is_object() || !statistic.contains("name")) continue;
    const Json& called = statistic["name"];
    const bool is_perturbed = called.is_object() && called.contains("perturbation");
    if (is_perturbed || text_or(called.is_object() ? called : statistic, "name") != name) continue;
    const auto mean = statistic.find("mean");
    return mean == statistic.end() ? nullptr : &*mean;
  }
  return nullptr;
}

// "stats.exact_match" is also looked for inside objects and HELM's lists.
const Json* find_cell(const Json& row, const std::string& column) {
  if (const auto at = row.find(column); at != row.end()) return &*at;
  const std::size_t dot = column.find('.');
  if (dot == std::string::npos) return nullptr;
  const auto at = row.find(column.substr(0, dot));
  if (at == row.end()) return nullptr;
  if (at->is_array()) return find_statistic(*at, column.substr(dot + 1));
  return at->is_object() ? find_cell(*at, column.substr(dot + 1)) : nullptr;
}

class TableReader {
 public:
  TableReader(const std::string& path, const std::map<std::string, std::string>& columns)
      : path_(path), columns_(columns) {}

  void add(const Json& row, const std::string& where) {
    const std::string model = cell_or(row, "model", "unknown model", where);
    const std::string task =
        cell_or(row, "task", std::filesystem::path(path_).stem().string(), where);
    SampleRecord& sample = record(model, task, cell_or(row, "id", {}, where), row, where);
    const std::string filter = cell_or(row, "filter", "none", where);
    bool any_new = false;
    for (const auto& [field, column] : columns_) {
      if (field != "score" && !field.starts_with("score.")) continue;
      any_new = add_score(sample, field == "score" ? column : field.substr(6), filter, row, column,
                          where) ||
                any_new;
    }
    if (!any_new) return;
    sample.filtered.push_back({filter, {}});
    if (!columns_.contains("answer")) return;
    const std::string answer = cell_or(row, "answer", {}, where);
    sample.filtered.back().answers.push_back(answer);
    if (sample.responses.empty()) sample.responses.push_back(text_response(answer));
  }

  std::vector<ImportedRun> take() {
    std::vector<ImportedRun> runs;
    for (const std::string& model : models_) {
      ImportedRun& imported = runs.emplace_back();
      imported.source = path_;
      RunHeader& header = imported.run.header;
      header.model_name = header.model.path = model;
      header.imported_from = "the table " + std::filesystem::path(path_).filename().string();
      header.warnings.push_back(lacking());
      for (TaskResult& task : tasks_[model]) {
        task.n_samples = task.n_original = static_cast<std::int64_t>(task.samples.size());
        imported.run.tasks.push_back(std::move(task));
      }
      imported.aggregations.resize(imported.run.tasks.size());
    }
    if (runs.empty()) refuse("The table has no items", path_, "Give a file with a line per item.");
    return runs;
  }

 private:
  std::string cell_or(const Json& row, const std::string& field, const std::string& otherwise,
                      const std::string& where) const {
    const auto column = columns_.find(field);
    if (column == columns_.end()) return otherwise;
    const Json* cell = find_cell(row, column->second);
    if (cell == nullptr) missing(row, column->second, where);
    return python_text(*cell);
  }

  [[noreturn]] static void missing(const Json& row, const std::string& column,
                                   const std::string& where) {
    std::string known;
    for (const auto& [name, value] : row.items()) known += (known.empty() ? "" : ", ") + name;
    refuse(fmt::format("There is no column '{}'", column), where,
           "The line has: " + known + ". Correct --columns.");
  }

  SampleRecord& record(const std::string& model, const std::string& task, const std::string& key,
                       const Json& row, const std::string& where) {
    if (!tasks_.contains(model)) models_.push_back(model);
    std::vector<TaskResult>& tasks = tasks_[model];
    auto at = std::find_if(tasks.begin(), tasks.end(),
                           [&](const TaskResult& known) { return known.task == task; });
    if (at == tasks.end()) {
      tasks.push_back({.task = task, .alias = task});
      at = tasks.end() - 1;
    }
    const auto [place_of_item, is_new] = items_.try_emplace({model, task, key}, at->samples.size());
    if (!is_new) return at->samples[place_of_item->second];
    SampleRecord sample{.id = {task, key},
                        .doc_json = row.dump(-1, ' ', false, Json::error_handler_t::replace),
                        .target = cell_or(row, "target", {}, where),
                        .cluster = cell_or(row, "cluster", {}, where)};
    if (columns_.contains("prompt"))
      sample.source_hashes.prompt = sha256_of(cell_or(row, "prompt", {}, where));
    if (columns_.contains("target")) sample.source_hashes.target = sha256_of(sample.target);
    at->samples.push_back(std::move(sample));
    return at->samples.back();
  }

  // False: the same was said before.
  bool add_score(SampleRecord& sample, const std::string& metric, const std::string& filter,
                 const Json& row, const std::string& column, const std::string& where) const {
    const Json* cell = find_cell(row, column);
    if (cell == nullptr) missing(row, column, where);
    Score score{.metric = metric, .filter = filter, .value = number_of(*cell)};
    const bool is_empty =
        cell->is_null() || (cell->is_string() && cell->get<std::string>().empty());
    if (score.value && !std::isfinite(*score.value)) score.value.reset();
    if (!score.value && !is_empty) {
      refuse(fmt::format("The score '{}' is not a number", python_text(*cell).substr(0, 40)), where,
             "Map a column with numbers or true and false.");
    }
    if (!score.value) score.reason = "the source has no value";
    for (const Score& known : sample.scores) {
      if (known.metric != metric || known.filter != filter) continue;
      if (known.value == score.value) return false;
      refuse(fmt::format("Two different values of {} for item {} and filter '{}'", metric,
                         sample.id.key, filter),
             where, "Map the column that tells them apart as task, filter or model.");
    }
    sample.scores.push_back(std::move(score));
    return true;
  }

  std::string lacking() const {
    std::string text =
        "The source does not contain: digests of weights, data sets and definitions, settings of "
        "the run, log-probabilities";
    if (!columns_.contains("prompt"))
      text += ", prompts (--columns prompt=COLUMN where it has them)";
    if (!columns_.contains("answer")) text += ", answers";
    return text + ".";
  }

  const std::string& path_;
  const std::map<std::string, std::string>& columns_;
  std::vector<std::string> models_;
  std::map<std::string, std::vector<TaskResult>> tasks_;  // by model
  std::map<std::vector<std::string>, std::size_t> items_;
};

}  // namespace

std::vector<ImportedRun> read_table(const std::string& path,
                                    const std::map<std::string, std::string>& columns) {
  check_columns(columns);
  TableReader reader(path, columns);
  const auto add = [&](Json&& row, const std::string& where) { reader.add(row, where); };
  const std::string suffix = std::filesystem::path(path).extension().string();
  if (suffix == ".csv") {
    for_each_csv_row(path, add);
  } else {
    for_each_object(path, add);
  }
  return reader.take();
}

}  // namespace assay::detail
