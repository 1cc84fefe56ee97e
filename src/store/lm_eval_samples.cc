// samples_TASK_DATE.jsonl: a line per item and filter, merged into a record per item.
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "core/error.h"
#include "core/json_run.h"
#include "core/sha256.h"
#include "store/lm_eval_import.h"

namespace assay::detail {
namespace {

std::string told_output_type(const Json& line) {
  const auto arguments = arguments_of(line);
  if (arguments.empty() || arguments[0].empty()) return {};
  if (arguments[0].size() == 1) return "loglikelihood_rolling";
  if (arguments[0][1].is_object()) return "generate_until";
  return arguments.size() > 1 ? "multiple_choice" : "loglikelihood";
}

Response response_of(const Json& value, const std::string& output_type) {
  if (output_type == "generate_until" || output_type.empty()) {
    return text_response(python_text(value));
  }
  LoglikelihoodResult result;
  const bool is_pair = value.is_array() && !value.empty();
  const auto ll = number_of(is_pair ? value[0] : value);
  if (!ll || !std::isfinite(*ll)) {
    return RequestError{"the source's log-likelihood is not a finite number: " +
                        value.dump().substr(0, 60)};
  }
  result.loglikelihood = *ll;
  if (is_pair && value.size() > 1) result.is_greedy = number_of(value[1]).value_or(0) != 0;
  return result;
}

// resps is, per request, its repeats. Repeats of a text are answers of their own; of a likelihood
// they say the same.
std::vector<Response> responses_of(const Json& line, const std::string& output_type) {
  std::vector<Response> responses;
  const bool has_all = line.contains("resps") && line.at("resps").is_array();
  const bool has_filtered = line.contains("filtered_resps") && line.at("filtered_resps").is_array();
  if (!has_all && !has_filtered) return responses;
  const bool is_text = output_type == "generate_until" || output_type.empty();
  if (!has_all && is_text) return responses;  // what a filter left is not what was answered
  for (const Json& request : line.at(has_all ? "resps" : "filtered_resps")) {
    if (!has_all || !request.is_array()) {
      responses.push_back(response_of(request, output_type));
      continue;
    }
    for (const Json& repeat : request) {
      responses.push_back(response_of(repeat, output_type));
      if (!is_text) break;
    }
  }
  return responses;
}

std::vector<std::string> answers_of(const Json& line, const std::string& output_type) {
  std::vector<std::string> answers;
  if (output_type != "generate_until" || !line.contains("filtered_resps")) return answers;
  const Json& filtered = line.at("filtered_resps");
  if (!filtered.is_array()) return {python_text(filtered)};
  for (const Json& one : filtered) {
    if (!one.is_array()) {
      answers.push_back(python_text(one));
      continue;
    }
    for (const Json& part : one) answers.push_back(python_text(part));
  }
  return answers;
}

class Merger {
 public:
  Merger(const TaskFacts& facts) : facts_(facts) { read_.output_type = facts.output_type; }

  void add(const Json& line, const std::string& where) {
    if (!line.contains("doc_id") || line.at("doc_id").is_null()) {
      refuse("The line has no doc_id", where,
             "Is it a samples_*.jsonl of lm-evaluation-harness? For other tables give --columns.");
    }
    const std::string key = python_text(line.at("doc_id"));
    const auto [at, is_new] = items_.try_emplace(key, read_.samples.size());
    if (is_new) start(line, key, where);
    merge(line, at->second, where);
  }

  LmEvalSamples take() {
    const auto is_number = [](const SampleRecord& sample) {
      const std::string& key = sample.id.key;
      return !key.empty() && key.size() < 18 &&
             key.find_first_not_of("0123456789") == std::string::npos;
    };
    std::vector<SampleRecord>& samples = read_.samples;
    if (std::all_of(samples.begin(), samples.end(), is_number)) {  // ranks write in turns
      std::stable_sort(samples.begin(), samples.end(), [](const auto& a, const auto& b) {
        return std::stoll(a.id.key) < std::stoll(b.id.key);
      });
    }
    return std::move(read_);
  }

 private:
  struct Seen {
    Digest responses;
    std::vector<std::string> filters;  // of the lines so far
  };

  void start(const Json& line, const std::string& key, const std::string& where) {
    if (read_.output_type.empty()) read_.output_type = told_output_type(line);
    SampleRecord sample;
    if (line.contains("assay")) {
      sample = own_record(line.at("assay"), where);
    } else {
      read_.is_whole = false;
      sample.responses = responses_of(line, read_.output_type);
      if (read_.output_type == "multiple_choice") fill_choices(line, facts_, sample);
    }
    sample.id = {facts_.task, key};
    if (line.contains("doc")) sample.doc_json = line.at("doc").dump();
    if (line.contains("target")) sample.target = python_text(line.at("target"));
    sample.source_hashes = hashes_of(line, sample);
    read_.samples.push_back(std::move(sample));
    seen_.push_back({.responses = hash_of_responses(line)});
  }

  static SampleRecord own_record(const Json& json, const std::string& where) {
    try {
      return sample_from_json(json.dump());
    } catch (const Error& error) {
      refuse(fmt::format("Assay's part of the line is damaged: {}", error.what()), where,
             "Export the run again.");
    }
  }

  static Digest hash_of_responses(const Json& line) {
    return hash_bytes(line.contains("resps") ? line.at("resps").dump() : std::string());
  }

  SourceHashes hashes_of(const Json& line, const SampleRecord& sample) {
    if (line.contains("doc_hash")) {
      return {.doc = text_or(line, "doc_hash"),
              .prompt = text_or(line, "prompt_hash"),
              .target = text_or(line, "target_hash")};
    }
    read_.has_hashes = false;
    SourceHashes hashes;
    if (line.contains("doc")) hashes.doc = sha256_of(line.at("doc").dump(2));
    const auto arguments = arguments_of(line);
    if (!arguments.empty() && !arguments[0].empty() && arguments[0][0].is_string())
      hashes.prompt = sha256_of(arguments[0][0].get<std::string>());
    if (line.contains("target")) hashes.target = sha256_of(sample.target);
    return hashes;
  }

  // Until 0.4.8 a line does not name its filter: an item's lines come in the filters' order.
  std::string filter_of(const Json& line, const Seen& seen) {
    if (line.contains("filter")) return python_text(line.at("filter"));
    read_.has_filters = false;
    const std::size_t n = seen.filters.size();
    if (n < facts_.filters.size()) return facts_.filters[n];
    if (!facts_.filters.empty()) return facts_.filters.back();
    return n == 0 ? "none" : fmt::format("filter {}", n + 1);
  }

  void merge(const Json& line, std::size_t item, const std::string& where) {
    SampleRecord& sample = read_.samples[item];
    Seen& seen = seen_[item];
    const std::string filter = filter_of(line, seen);
    if (seen.responses != hash_of_responses(line)) conflict(sample, filter, where);
    const bool is_repeated =
        std::find(seen.filters.begin(), seen.filters.end(), filter) != seen.filters.end();
    std::vector<Score> scores = scores_of(line, filter, sample, where);
    if (is_repeated) {
      check_same(sample, filter, scores, where);
      ++read_.n_repeated;
      return;
    }
    seen.filters.push_back(filter);
    if (line.contains("assay") || has_filter(sample, filter)) return;  // all of it is there already
    for (Score& score : scores) {
      const bool is_known =
          score.filter == "weight" && find(sample, score.metric, "weight") != nullptr;
      if (!is_known) sample.scores.push_back(std::move(score));
    }
    sample.filtered.push_back({filter, answers_of(line, read_.output_type)});
  }

  static bool has_filter(const SampleRecord& sample, const std::string& filter) {
    return std::any_of(sample.filtered.begin(), sample.filtered.end(),
                       [&](const FilteredAnswers& known) { return known.filter == filter; });
  }

  static const Score* find(const SampleRecord& sample, const std::string& metric,
                           const std::string& filter) {
    for (const Score& score : sample.scores) {
      if (score.metric == metric && score.filter == filter) return &score;
    }
    return nullptr;
  }

  void check_same(const SampleRecord& sample, const std::string& filter,
                  const std::vector<Score>& scores, const std::string& where) const {
    for (const Score& score : scores) {
      const Score* known = find(sample, score.metric, score.filter);
      if (known == nullptr || known->value != score.value) conflict(sample, filter, where);
    }
  }

  [[noreturn]] void conflict(const SampleRecord& sample, const std::string& filter,
                             const std::string& where) const {
    refuse(fmt::format("Two different lines for item {} and filter '{}'", sample.id.key, filter),
           where, "Two runs are mixed in this file: give each run's own.");
  }

  const TaskFacts& facts_;
  LmEvalSamples read_;
  std::unordered_map<std::string, std::size_t> items_;
  std::vector<Seen> seen_;
};

}  // namespace

LmEvalSamples read_lm_eval_samples(const std::string& path, const TaskFacts& facts) {
  Merger merger(facts);
  for_each_object(path, [&](Json&& line, const std::string& where) { merger.add(line, where); });
  LmEvalSamples read = merger.take();
  if (read.samples.empty()) {
    refuse("The file has no samples", path, "Was the run stopped before it wrote any?");
  }
  return read;
}

}  // namespace assay::detail
