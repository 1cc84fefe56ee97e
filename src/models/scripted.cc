// A deterministic model: the logits after a token are a hash of the last `order` tokens. Shipped,
// so that everything above the engines is tested in milliseconds.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>

#include <fmt/format.h>

#include "core/error.h"
#include "models/models.h"

namespace assay {
namespace {

constexpr Token kBos = 256, kEos = 257;

// splitmix64 (Steele, Lea, Flood 2014): a bijection whose output passes as random.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// Uniform in [-1, 1).
float uniform(std::uint64_t seed, std::uint64_t context, Token token) {
  const std::uint64_t bits = mix(mix(seed ^ context) + static_cast<std::uint64_t>(token));
  return static_cast<float>(bits >> 40) / static_cast<float>(1 << 23) - 1.0F;
}

class ScriptedModel final : public Model {
 public:
  explicit ScriptedModel(const ScriptedOptions& options) : options_(options) {
    info_.path = "scripted";
    info_.architecture = "scripted";
    info_.n_vocab = options.n_vocab;
    info_.vocabulary = hash_bytes("scripted" + std::to_string(options.n_vocab));
    info_.n_ctx_train = options.n_ctx;
    info_.bos = kBos;
    info_.eos = kEos;
    info_.adds_bos = options.adds_bos;
    info_.ends = {kEos};
    info_.control = {kBos, kEos};
    info_.engine = "scripted/1";
    info_.runtime.n_ctx = options.n_ctx;
    info_.runtime.n_seq_max = options.n_seq_max;
    info_.runtime.kv_unified = options.share_prefixes;
    info_.runtime.n_ubatch = options.n_ubatch;
    info_.runtime.n_rows_max = options.n_rows_max > 0 ? options.n_rows_max : options.n_ubatch;
  }

  const ModelInfo& info() const override { return info_; }

  std::vector<Token> tokenize(std::string_view text, TokenizeOptions options) const override {
    std::vector<Token> tokens;
    if (options.add_special && options_.adds_bos) tokens.push_back(kBos);
    for (const char c : text) tokens.push_back(static_cast<unsigned char>(c));
    return tokens;
  }

  std::string detokenize(std::span<const Token> tokens) const override {
    std::string text;
    for (const Token token : tokens) {
      text += token < 256 ? std::string(1, static_cast<char>(token)) : fmt::format("<{}>", token);
    }
    return text;
  }

  void extend(std::span<const Extension> extensions, const RowSink& sink,
              std::stop_token stop) override;
  void release(std::span<const Branch> branches) override {
    for (const Branch branch : branches) branches_.erase(branch);
  }
  bool truncate(Branch branch, int length) override {
    if (!options_.truncates) return false;
    std::vector<Token>& tokens = branches_.at(branch).tokens;
    tokens.resize(std::min(tokens.size(), static_cast<std::size_t>(length)));
    branches_.at(branch).cells.resize(tokens.size());
    return true;
  }

 private:
  struct Run {
    std::vector<Token> tokens;
    // Of the KV memory, one for each token; a copy holds the same ones.
    std::vector<std::shared_ptr<int>> cells;
  };

  void require_valid(const Extension& extension) const;
  void require_room(const Run& run) const;
  Run& branch_for(const Extension& extension);
  std::vector<float> logits_after(std::span<const Token> context) const;

  ScriptedOptions options_;
  ModelInfo info_;
  int n_cells_ = 0;  // alive
  std::map<Branch, Run> branches_;
};

void ScriptedModel::require_valid(const Extension& extension) const {
  for (const Token token : extension.tokens) {
    if (token < 0 || token >= options_.n_vocab)
      throw Error(ErrorKind::kEngine, fmt::format("There is no token {}", token));
  }
  int previous = -1;
  for (const int index : extension.wanted) {
    if (index <= previous || index >= static_cast<int>(extension.tokens.size())) {
      throw Error(ErrorKind::kEngine, fmt::format("Row {} is wanted after row {} of {} tokens",
                                                  index, previous, extension.tokens.size()));
    }
    previous = index;
  }
}

void ScriptedModel::require_room(const Run& run) const {
  const auto n_ctx = static_cast<std::size_t>(options_.n_ctx);
  if (run.tokens.size() > n_ctx) {
    throw Error(ErrorKind::kEngine, fmt::format("A branch of {} tokens exceeds the context of {}",
                                                run.tokens.size(), n_ctx));
  }
  if (options_.share_prefixes && n_cells_ > options_.n_ctx) {
    throw Error(ErrorKind::kEngine,
                fmt::format("{} tokens in all branches exceed the memory of {}", n_cells_, n_ctx));
  }
}

ScriptedModel::Run& ScriptedModel::branch_for(const Extension& extension) {
  const auto found = branches_.find(extension.child);
  if (extension.child == extension.parent || extension.child == 0) {
    if (extension.child == 0 || found == branches_.end()) {
      throw Error(ErrorKind::kEngine, fmt::format("Branch {} does not exist", extension.child));
    }
    return found->second;
  }
  if (found != branches_.end()) {
    throw Error(ErrorKind::kEngine, fmt::format("Branch {} exists already", extension.child));
  }
  if (extension.parent != 0 && !branches_.contains(extension.parent)) {
    throw Error(ErrorKind::kEngine, fmt::format("Branch {} does not exist", extension.parent));
  }
  if (branches_.size() >= static_cast<std::size_t>(options_.n_seq_max)) {
    throw Error(ErrorKind::kEngine,
                fmt::format("More than {} branches are alive", options_.n_seq_max));
  }
  Run run;
  if (extension.parent != 0) run = branches_.at(extension.parent);
  return branches_[extension.child] = std::move(run);
}

std::vector<float> ScriptedModel::logits_after(std::span<const Token> context) const {
  std::uint64_t state = 0;
  const auto order = std::min(context.size(), static_cast<std::size_t>(options_.order));
  for (const Token token : context.last(order))
    state = mix(state + static_cast<std::uint64_t>(token) + 1);
  std::vector<float> logits(static_cast<std::size_t>(options_.n_vocab));
  for (Token t = 0; t < options_.n_vocab; ++t) {
    float logit = 4 * uniform(options_.seed, state, t);
    if (options_.noise != 0) {
      logit += static_cast<float>(options_.noise) * uniform(options_.noise_seed + 0x5eed, state, t);
    }
    logits[static_cast<std::size_t>(t)] = logit;
  }
  return logits;
}

void ScriptedModel::extend(std::span<const Extension> extensions, const RowSink& sink,
                           std::stop_token stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "Interrupted");
  std::size_t n_tokens = 0;
  for (const Extension& extension : extensions) {
    require_valid(extension);
    n_tokens += extension.tokens.size();
  }
  if (n_tokens > static_cast<std::size_t>(options_.n_ubatch)) {
    throw Error(ErrorKind::kEngine,
                fmt::format("{} tokens exceed a batch of {}", n_tokens, options_.n_ubatch));
  }
  std::vector<std::vector<float>> storage;
  std::vector<Row> rows;
  std::set<Branch> extended;
  for (std::size_t e = 0; e < extensions.size(); ++e) {
    const Extension& extension = extensions[e];
    if (extension.parent != extension.child && extended.contains(extension.parent)) {
      throw Error(ErrorKind::kEngine,
                  fmt::format("Branch {} is copied and extended in one call", extension.parent));
    }
    extended.insert(extension.child);
    Run& branch = branch_for(extension);
    const std::size_t start = branch.tokens.size();
    for (const Token token : extension.tokens) {
      branch.tokens.push_back(token);
      branch.cells.emplace_back(new int(++n_cells_), [this](const int* cell) {
        --n_cells_;
        delete cell;
      });
    }
    require_room(branch);
    for (const int index : extension.wanted) {
      const std::size_t length = start + static_cast<std::size_t>(index) + 1;
      storage.push_back(logits_after(std::span(branch.tokens).first(length)));
      rows.push_back({.extension = e, .index = index});
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].logits = storage[i];
  if (!rows.empty()) sink(rows);
}

}  // namespace

std::unique_ptr<Model> open_scripted(const ScriptedOptions& options) {
  return std::make_unique<ScriptedModel>(options);
}

}  // namespace assay
