// One batch at a time: the baseline's rows are kept, each variant's rows are compared with them and
// dropped.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "eval/eval.h"
#include "eval/row_math.h"
#include "eval/schedule.h"

namespace assay::detail {

struct KeptRow {
  std::size_t window = 0;
  int position = 0;        // the row follows this token of the window
  std::size_t record = 0;  // place among the window's scored targets
  Token target = 0;
  float nll = 0;
  TopK top{};
  BaselineRow row;  // views into BaselineBatch::storage
};

struct BaselineBatch {
  std::vector<KeptRow> rows;   // by window, then by position
  std::vector<float> storage;  // rows.size() * n_vocab
};

// Records of the windows of one group, [window - group.first][record].
using NllRecords = std::vector<std::vector<float>>;
using DivergenceRecords = std::vector<std::vector<TokenDivergence>>;

// The rows of a step with windows, records and targets filled in, in the order a model delivers
// them.
BaselineBatch empty_batch(const WindowPlan& plan, const Step& step);

// Runs the step on `model`, keeps its logits in the batch and fills nll and top. keep_rows false:
// nll only.
void score_baseline(Model& model, const WindowPlan& plan, const Group& group, const Step& step,
                    bool keep_rows, int n_threads, const std::stop_token& stop,
                    BaselineBatch& batch);

// Runs the step on `model`, in parts of n_split tokens, and writes a record per row of the batch.
void score_variant(Model& model, const WindowPlan& plan, const Group& group, const Step& step,
                   int n_split, const BaselineBatch& batch, int n_threads,
                   const std::stop_token& stop, DivergenceRecords& records);

void release_group(Model& model, const Group& group);

// Calls fn(i) for i in [0, n) on n_threads threads; rethrows the first exception.
void for_each_row(std::size_t n, int n_threads, const std::function<void(std::size_t)>& fn);

}  // namespace assay::detail
