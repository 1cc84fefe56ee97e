#include "bench/workload.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "bench/bench.h"
#include "core/error.h"

namespace assay {

void require_sensible(const SpeedTest& test) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::kUsage, what + " (" + to_string(test) + ")", {},
                "For example -p 512 -n 128.");
  };
  if (test.n_prompt < 0 || test.n_gen < 0 || test.n_depth < 0)
    refuse("A test cannot have a negative number of tokens");
  if (test.n_parallel < 1) refuse("A test has at least one sequence");
  if (test.n_prompt + test.n_gen == 0) refuse("A test of no tokens measures nothing");
  if (test.request && (test.n_prompt == 0 || test.n_gen == 0))
    refuse("A request has a prompt and generates at least one token");
  if (test.request && test.n_parallel > 1) refuse("Requests are measured one at a time");
}

namespace detail {

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int context_of(std::span<const SpeedTest> tests) {
  int n = 0;
  for (const SpeedTest& test : tests) n = std::max(n, test.n_depth + test.n_prompt + test.n_gen);
  return n;
}

int sequences_of(std::span<const SpeedTest> tests) {
  int n = 1;
  for (const SpeedTest& test : tests) n = std::max(n, test.n_parallel);
  return n;
}

namespace {

Token best_of(std::span<const float> logits) {
  return static_cast<Token>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

const RowSink kIgnore = [](std::span<const Row>) {};

}  // namespace

Workload::Workload(Model& model, ClockNs clock) : model_(model), clock_(std::move(clock)) {}

Token Workload::random_token() {
  return static_cast<Token>(rng_.below(static_cast<std::uint64_t>(model_.info().n_vocab)));
}

// As llama-bench: a text begins as the tokenizer would begin it.
Token Workload::first_token() {
  const ModelInfo& info = model_.info();
  return info.adds_bos && info.bos ? *info.bos : random_token();
}

// Keeps the first n_depth tokens of each branch, or drops the branches where that is impossible.
void Workload::forget(int n_depth) {
  bool kept = n_depth > 0;
  for (int b = 1; b <= n_alive_ && kept; ++b)
    kept = model_.truncate(static_cast<Branch>(b), n_depth);
  if (kept) return;
  std::vector<Branch> all;
  for (int b = 1; b <= n_alive_; ++b) all.push_back(static_cast<Branch>(b));
  model_.release(all);
  n_alive_ = 0;
  depth_ = 0;
}

void Workload::prepare_depth(const WorkOptions& options) {
  const SpeedTest& test = options.test;
  const bool reusable = depth_ == test.n_depth && n_alive_ == test.n_parallel;
  forget(reusable ? test.n_depth : 0);
  if (test.n_depth > 0 && n_alive_ == 0) {
    WorkOptions depth = options;
    depth.prompt = {};
    prefill(depth, test.n_depth, kIgnore);
    depth_ = test.n_depth;
  }
}

// Continues every branch by n_tokens, in passes of at most n_ubatch tokens to which each branch
// contributes equally, as llama.cpp parts a batch of several sequences.
void Workload::prefill(const WorkOptions& options, int n_tokens, const RowSink& sink) {
  const int n_parallel = options.test.n_parallel;
  const int per_pass = std::max(1, model_.info().runtime.n_ubatch / n_parallel);
  const int per_batch = std::max(1, options.n_batch / n_parallel);
  std::vector<std::vector<Token>> tokens(static_cast<std::size_t>(n_parallel));
  int n_done = 0;
  while (n_done < n_tokens) {
    const int in_batch = std::min(n_tokens, (n_done / per_batch + 1) * per_batch) - n_done;
    const int n = std::min(per_pass, in_batch);
    const bool batch_ends = n == in_batch;
    const int last[] = {n - 1};
    std::vector<Extension> extensions;
    for (int b = 0; b < n_parallel; ++b) {
      std::vector<Token>& mine = tokens[static_cast<std::size_t>(b)];
      mine.clear();
      for (int i = 0; i < n; ++i) {
        const std::size_t at = static_cast<std::size_t>(n_done + i);
        mine.push_back(at < options.prompt.size() ? options.prompt[at]
                       : at == 0                  ? first_token()
                                                  : random_token());
      }
      const Branch child = static_cast<Branch>(b + 1);
      const bool is_new = b >= n_alive_;
      extensions.push_back(
          {.parent = is_new ? 0 : child,
           .child = child,
           .tokens = mine,
           .wanted = batch_ends ? std::span<const int>(last) : std::span<const int>()});
    }
    model_.extend(extensions, n_done + n == n_tokens ? sink : kIgnore, options.stop);
    n_alive_ = n_parallel;
    n_done += n;
  }
}

// One token of each branch per pass. A request's are the model's own choice, else they are random.
void Workload::decode(const WorkOptions& options, SpeedSample& sample) {
  const SpeedTest& test = options.test;
  const int only[] = {0};
  std::vector<Token> tokens(static_cast<std::size_t>(test.n_parallel));
  const std::vector<Token>& ends = model_.info().ends;
  const RowSink choose = [&](std::span<const Row> rows) {
    next_.assign(1, best_of(rows.front().logits));
  };
  // The prompt's last logits are a request's first token.
  const int n_steps = test.request ? test.n_gen - 1 : test.n_gen;
  sample.token_ns.reserve(static_cast<std::size_t>(std::max(0, n_steps)));
  std::int64_t last = clock_();
  const auto is_end = [&](Token token) {
    return std::binary_search(ends.begin(), ends.end(), token);
  };
  for (int step = 0; step < n_steps; ++step) {
    if (test.request && options.stop_at_end && is_end(next_.front())) break;
    std::vector<Extension> extensions;
    for (int b = 0; b < test.n_parallel; ++b) {
      const bool is_new = b >= n_alive_;
      Token& token = tokens[static_cast<std::size_t>(b)];
      token = test.request ? next_.front() : is_new ? first_token() : random_token();
      const Branch child = static_cast<Branch>(b + 1);
      extensions.push_back({.parent = is_new ? 0 : child,
                            .child = child,
                            .tokens = std::span<const Token>(&token, 1),
                            .wanted = only});
    }
    model_.extend(extensions, test.request ? choose : kIgnore, options.stop);
    n_alive_ = test.n_parallel;
    const std::int64_t now = clock_();
    sample.token_ns.push_back(now - last);
    last = now;
    sample.n_gen += test.n_parallel;
  }
}

SpeedSample Workload::run(const WorkOptions& options) {
  require_sensible(options.test);
  const SpeedTest& test = options.test;
  rng_ = Rng(options.seed);
  prepare_depth(options);
  SpeedSample sample;
  const RowSink choose = [&](std::span<const Row> rows) {
    next_.assign(1, best_of(rows.front().logits));
  };
  if (options.at_start) options.at_start();
  const std::int64_t start = clock_();
  if (test.n_prompt > 0) {
    const int n_given = static_cast<int>(options.prompt.size());
    const int n_prompt = n_given > 0 ? n_given : test.n_prompt;
    prefill(options, n_prompt, test.request ? choose : kIgnore);
    sample.prompt_ns = clock_() - start;
    sample.n_prompt = n_prompt * test.n_parallel;
    if (test.request) sample.n_gen = 1;
  }
  if (test.n_gen > 0) decode(options, sample);
  sample.duration_ns = clock_() - start;
  return sample;
}

}  // namespace detail
}  // namespace assay
