#include "eval/scorer.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "core/error.h"

namespace assay::detail {
namespace {

Branch branch_of(const Group& group, std::size_t window) {
  return static_cast<Branch>(window - group.first + 1);
}

std::vector<Extension> extensions_of(const WindowPlan& plan, const Group& group, const Step& step) {
  std::vector<Extension> extensions;
  for (const Piece& piece : step) {
    const Branch branch = branch_of(group, piece.window);
    const std::span<const Token> tokens = plan.windows[piece.window].tokens;
    extensions.push_back({.parent = piece.start == 0 ? 0 : branch,
                          .child = branch,
                          .tokens = tokens.subspan(static_cast<std::size_t>(piece.start),
                                                   static_cast<std::size_t>(piece.length)),
                          .wanted = piece.wanted});
  }
  return extensions;
}

RowSummary checked_summary(const Model& model, const KeptRow& kept, std::span<const float> logits) {
  RowSummary summary = summarize_row(logits);
  if (!summary.finite) {
    throw Error(ErrorKind::kEngine,
                fmt::format("The model's logits are not finite in window {} at scored token {}",
                            kept.window + 1, kept.record + 1),
                model.info().path,
                "The file is damaged, or its values overflow: check it with `assay inspect`.");
  }
  return summary;
}

float nll_of(std::span<const float> logits, const RowSummary& summary, Token target) {
  return static_cast<float>(summary.log_sum_exp -
                            static_cast<double>(logits[static_cast<std::size_t>(target)]));
}

// Where a delivered row belongs in the batch.
std::size_t place_of(const BaselineBatch& batch, const Step& step, const Row& row) {
  const Piece& piece = step[row.extension];
  const std::pair wanted(piece.window, piece.start + row.index);
  const auto found = std::lower_bound(batch.rows.begin(), batch.rows.end(), wanted,
                                      [](const KeptRow& kept, const auto& key) {
                                        return std::pair(kept.window, kept.position) < key;
                                      });
  return static_cast<std::size_t>(found - batch.rows.begin());
}

}  // namespace

void for_each_row(std::size_t n, int n_threads, const std::function<void(std::size_t)>& fn) {
  std::exception_ptr failure;
  std::mutex mutex;
  const auto run = [&](std::size_t first, std::size_t last) {
    try {
      for (std::size_t i = first; i < last; ++i) fn(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  const std::size_t n_parts = std::clamp<std::size_t>(
      static_cast<std::size_t>(std::max(1, n_threads)), 1, std::max<std::size_t>(1, n / 8));
  {
    std::vector<std::jthread> threads;
    for (std::size_t part = 1; part < n_parts; ++part) {
      threads.emplace_back(run, n * part / n_parts, n * (part + 1) / n_parts);
    }
    run(0, n / n_parts);
  }
  if (failure) std::rethrow_exception(failure);
}

BaselineBatch empty_batch(const WindowPlan& plan, const Step& step) {
  BaselineBatch batch;
  for (const Piece& piece : step) {
    const Window& window = plan.windows[piece.window];
    std::size_t record = 0;
    for (int row = window.first_row; row < piece.start; ++row)
      record += is_scored(window, row) ? 1 : 0;
    for (const int index : piece.wanted) {
      const int target = piece.start + index - window.first_row;
      batch.rows.push_back({.window = piece.window,
                            .position = piece.start + index,
                            .record = record++,
                            .target = window.targets[static_cast<std::size_t>(target)]});
    }
  }
  return batch;
}

void score_baseline(Model& model, const WindowPlan& plan, const Group& group, const Step& step,
                    bool keep_rows, int n_threads, const std::stop_token& stop,
                    BaselineBatch& batch) {
  const auto n_vocab = static_cast<std::size_t>(model.info().n_vocab);
  if (keep_rows) batch.storage.resize(std::max(batch.storage.size(), batch.rows.size() * n_vocab));
  const auto take = [&](std::span<const Row> rows) {
    for_each_row(rows.size(), n_threads, [&](std::size_t i) {
      const std::size_t place = place_of(batch, step, rows[i]);
      KeptRow& kept = batch.rows[place];
      const RowSummary summary = checked_summary(model, kept, rows[i].logits);
      kept.nll = nll_of(rows[i].logits, summary, kept.target);
      kept.top = summary.top;
      if (!keep_rows) return;
      const std::span<float> copy = std::span(batch.storage).subspan(place * n_vocab, n_vocab);
      std::copy(rows[i].logits.begin(), rows[i].logits.end(), copy.begin());
      kept.row = {.values = copy, .offset = summary.max};
    });
  };
  model.extend(extensions_of(plan, group, step), take, stop);
}

void score_variant(Model& model, const WindowPlan& plan, const Group& group, const Step& step,
                   int n_split, const BaselineBatch& batch, int n_threads,
                   const std::stop_token& stop, DivergenceRecords& records) {
  for (const Step& part : split_step(step, n_split)) {
    const auto take = [&](std::span<const Row> rows) {
      for_each_row(rows.size(), n_threads, [&](std::size_t i) {
        const KeptRow& kept = batch.rows[place_of(batch, part, rows[i])];
        const RowSummary summary = checked_summary(model, kept, rows[i].logits);
        TokenDivergence& record = records[kept.window - group.first][kept.record];
        record.nll_baseline = kept.nll;
        record.nll = nll_of(rows[i].logits, summary, kept.target);
        record.kld = static_cast<float>(kl_divergence(kept.row, rows[i].logits, summary.max));
        record.top_baseline = kept.top[0];
        record.top = summary.top[0];
        record.overlap5 = static_cast<std::uint8_t>(count_common(kept.top, summary.top, 5));
        record.overlap10 = static_cast<std::uint8_t>(count_common(kept.top, summary.top, kTopK));
      });
    };
    model.extend(extensions_of(plan, group, part), take, stop);
  }
}

void release_group(Model& model, const Group& group) {
  std::vector<Branch> branches;
  for (std::size_t w = group.first; w < group.last; ++w) branches.push_back(branch_of(group, w));
  model.release(branches);
}

}  // namespace assay::detail
