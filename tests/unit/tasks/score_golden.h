// For the tests of scores: golden values by lm-eval (tests/golden/scores/make_golden.py), samples.
#pragma once

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasks/rows.h"

namespace assay::testing {

using Json = nlohmann::ordered_json;

inline const Json& golden() {
  static const Json all = Json::parse(
      std::ifstream(std::string(ASSAY_SOURCE_DIR) + "/tests/golden/scores/golden.json"));
  return all;
}

// $ASSAY_DATA; empty when it is not set.
inline std::string data_folder() {
  const char* folder = std::getenv("ASSAY_DATA");
  return folder == nullptr ? std::string() : std::string(folder);
}

// FNV-1a over texts, each followed by a NUL, as in make_golden.py.
class Fnv {
 public:
  void add(const std::string& text) {
    for (const char c : text) byte(static_cast<unsigned char>(c));
    byte(0);
  }
  std::string hex() const {
    std::string out(16, '0');
    for (int i = 0; i < 16; ++i)
      out[static_cast<std::size_t>(15 - i)] = "0123456789abcdef"[hash_ >> (4 * i) & 15U];
    return out;
  }

 private:
  void byte(unsigned char b) { hash_ = (hash_ ^ b) * 0x100000001b3ULL; }
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

inline SampleRecord text_sample(const std::vector<std::string>& answers, const Json& doc,
                                const std::string& target) {
  SampleRecord sample;
  sample.id = {.task = "t", .key = "0"};
  sample.doc_json = doc.dump();
  sample.target = target;
  for (const std::string& answer : answers) {
    const int index = static_cast<int>(sample.requests.size());
    sample.requests.push_back({.index = index, .body = GenerateUntil{}});
    sample.responses.emplace_back(GenerateResult{.text = answer});
  }
  return sample;
}

inline SampleRecord choice_sample(const std::vector<double>& lls, const std::vector<bool>& greedy,
                                  const std::vector<std::string>& choices, std::vector<int> gold) {
  SampleRecord sample;
  sample.id = {.task = "t", .key = "0"};
  sample.doc_json = "{}";
  sample.choices = choices;
  sample.gold = std::move(gold);
  for (std::size_t i = 0; i < lls.size(); ++i) {
    sample.requests.push_back({.index = static_cast<int>(i), .body = Loglikelihood{}});
    sample.responses.emplace_back(
        LoglikelihoodResult{.loglikelihood = lls[i], .is_greedy = greedy[i]});
  }
  return sample;
}

inline const Score* find_score(const SampleRecord& sample, const std::string& metric,
                               const std::string& filter = "none") {
  for (const Score& score : sample.scores)
    if (score.metric == metric && score.filter == filter) return &score;
  return nullptr;
}

}  // namespace assay::testing
