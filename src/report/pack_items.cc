// Items of several runs side by side, in pieces small enough to be decoded while a page scrolls.
#include <algorithm>
#include <cmath>
#include <map>

#include <nlohmann/json.hpp>

#include "report/answers.h"
#include "report/deflate.h"
#include "report/report.h"

namespace assay {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<const SampleRecord*>;  // one item in every run; null: that run lacks it

constexpr std::int64_t kItemsInChunk = 200;
constexpr double kLikelihoodDigits = 1e4;  // four decimals of nats are far below the noise floor

// Text that is not UTF-8 gets replacement marks here: it is for reading, not for scoring.
std::string packed(const Json& json) {
  return detail::deflate_base64(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

double rounded(double value) { return std::round(value * kLikelihoodDigits) / kLikelihoodDigits; }

const TaskResult* task_in(const Run& run, const std::string& name) {
  for (const TaskResult& task : run.tasks) {
    if (task.task == name) return &task;
  }
  return nullptr;
}

Json answer_of(const SampleRecord& sample, const std::string& filter) {
  Json answer = Json::object();
  for (const Response& response : sample.responses) {
    if (const auto* choice = std::get_if<LoglikelihoodResult>(&response)) {
      answer["likelihoods"].push_back(rounded(choice->loglikelihood));
    } else if (const auto* text = std::get_if<GenerateResult>(&response)) {
      answer["texts"].push_back(text->text);
    } else {
      answer["errors"].push_back(std::get<RequestError>(response).message);
    }
  }
  for (const FilteredAnswers& filtered : sample.filtered) {
    if (filtered.filter == filter && !filtered.answers.empty())
      answer["filtered"] = filtered.answers;
  }
  return answer;
}

Json item_of(const Row& row, const std::string& filter) {
  const SampleRecord& base = *row.front();
  Json answers = Json::array();
  Json first;
  for (const SampleRecord* sample : row) {
    Json answer = sample ? answer_of(*sample, filter) : Json(nullptr);
    const bool repeats = !answers.empty() && sample && answer == first;
    if (answers.empty()) first = answer;
    answers.push_back(repeats ? Json("same") : std::move(answer));
  }
  return {{"prompt", detail::prompt_of(base)},
          {"target", base.target},
          {"choices", base.choices},
          {"gold", base.gold},
          {"answers", answers}};
}

// 'c': wrong, and another answer than the baseline's wrong one.
char outcome_beside(const SampleRecord* sample, const SampleRecord& base, const PackedItems& out) {
  if (!sample) return '-';
  const char outcome = detail::outcome_of(*sample, out.metric, out.filter);
  if (outcome != '0' || detail::outcome_of(base, out.metric, out.filter) != '0') return outcome;
  const bool same = detail::answer_key(*sample, out.metric) == detail::answer_key(base, out.metric);
  return same ? '0' : 'c';
}

Json index_of(const std::vector<Row>& rows, const PackedItems& out) {
  Json ids = Json::array(), margins = Json::array();
  std::vector<std::string> outcomes(out.models.size());
  for (const Row& row : rows) {
    ids.push_back(row.front()->id.key);
    const std::optional<double> margin = detail::margin_of(*row.front(), out.metric);
    margins.push_back(margin ? Json(rounded(*margin)) : Json(nullptr));
    for (std::size_t m = 0; m < row.size(); ++m)
      outcomes[m] += outcome_beside(row[m], *row.front(), out);
  }
  return {{"ids", ids}, {"outcomes", outcomes}, {"margins", margins}};
}

std::vector<Row> rows_of(const std::vector<const TaskResult*>& tasks) {
  std::vector<Row> rows;
  std::map<std::string, std::size_t> places;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    for (const SampleRecord& sample : tasks[t]->samples) {
      if (t == 0) {
        places.emplace(sample.id.key, rows.size());
        rows.emplace_back(tasks.size()).front() = &sample;
      } else if (const auto place = places.find(sample.id.key); place != places.end()) {
        rows[place->second][t] = &sample;
      }
    }
  }
  return rows;
}

PackedItems pack_task(std::span<const Run> runs, const TaskResult& base) {
  PackedItems out{.task = base.task,
                  .task_class = base.task_class,
                  .metric = base.metrics.front().metric,
                  .filter = base.metrics.front().filter};
  std::vector<const TaskResult*> tasks;
  for (const Run& run : runs) {
    if (const TaskResult* task = task_in(run, base.task)) {
      tasks.push_back(task);
      out.models.push_back(run.header.model_name);
    }
  }
  const std::vector<Row> rows = rows_of(tasks);
  out.n_items = static_cast<std::int64_t>(rows.size());
  out.index = packed(index_of(rows, out));
  for (std::int64_t first = 0; first < out.n_items; first += kItemsInChunk) {
    const std::int64_t n = std::min(kItemsInChunk, out.n_items - first);
    Json items = Json::array();
    for (std::int64_t i = first; i < first + n; ++i)
      items.push_back(item_of(rows[static_cast<std::size_t>(i)], out.filter));
    out.chunks.push_back({.first = first, .n = n, .data = packed(items)});
  }
  return out;
}

}  // namespace

std::vector<PackedItems> pack_items(std::span<const Run> runs) {
  std::vector<PackedItems> all;
  if (runs.empty()) return all;
  for (const TaskResult& task : runs.front().tasks) {
    if (!task.samples.empty() && !task.metrics.empty()) all.push_back(pack_task(runs, task));
  }
  return all;
}

}  // namespace assay
