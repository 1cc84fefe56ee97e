// Which tokens of which windows are computed together. The same for every model of a run, and fixed
// by the window's place in the plan, so that a resumed run computes the same batches.
#pragma once

#include <cstddef>
#include <vector>

#include "eval/eval.h"

namespace assay::detail {

struct Piece {             // part of one window, to be computed in one batch with others
  std::size_t window = 0;  // index into the plan
  int start = 0, length = 0;
  std::vector<int> wanted;  // rows of the piece that are scored, relative to start
};
using Step = std::vector<Piece>;  // one batch: at most n_ubatch tokens

// Windows whose records become durable together.
struct Group {
  std::size_t first = 0, last = 0;  // [first, last) of the plan
};

// Short windows run side by side, as llama-perplexity does with 2048 tokens at a time.
std::vector<Group> make_groups(const WindowPlan& plan);
std::vector<Step> make_steps(const WindowPlan& plan, const Group& group, int n_ubatch);

// The same work in batches of at most max_tokens (0: as it is).
std::vector<Step> split_step(const Step& step, int max_tokens);
ModelShape shape_of(const WindowPlan& plan, int n_ubatch);

// Scored targets of a window, and the place of row `row` (of its tokens) among them; -1 if not
// scored.
std::size_t n_scored(const Window& window);
bool is_scored(const Window& window, int row);

}  // namespace assay::detail
