#include "eval/lockstep.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/error.h"
#include "core/json.h"
#include "eval/kld_base.h"
#include "eval/records.h"
#include "eval/turns.h"

namespace assay {
namespace detail {
namespace {

class Run {
 public:
  Run(const WindowPlan& plan, const Candidate& baseline, const BaselineSource& source,
      std::span<const Candidate> variants, const LockstepOptions& options)
      : plan_(plan),
        baseline_(baseline),
        source_(source),
        variants_(variants),
        options_(options),
        groups_(make_groups(plan)) {
    result_.baseline_nll.resize(plan.windows.size());
    result_.variants.assign(variants.size(),
                            std::vector<std::vector<TokenDivergence>>(plan.windows.size()));
    result_.infos.resize(variants.size() + 1);
    known_infos_.assign(variants.size() + 1, false);
    known_baseline_.assign(plan.windows.size(), false);
    known_.assign(variants.size(), std::vector<bool>(plan.windows.size(), false));
    result_.n_windows.assign(variants.size(), plan.windows.size());
    decided_.assign(variants.size(), false);
    progress_.n_total = static_cast<std::int64_t>(plan.windows.size() * (variants.size() + 1));
  }

  LockstepResult take() {
    load_known();
    if (options_.is_decided) decide_from_store();
    const Turns turns =
        plan_turns(baseline_, variants_, variants_with_work(), options_.max_memory_bytes);
    if (!turns.note.empty()) result_.notes.push_back(turns.note);
    if (turns.variants.empty() && baseline_has_work()) take_turn({});
    for (const std::vector<std::size_t>& turn : turns.variants) take_turn(turn);
    for (const auto& variant : result_.variants) result_.identical.push_back(is_identical(variant));
    return std::move(result_);
  }

 private:
  struct Opened {
    std::size_t index = 0;  // into variants_
    std::unique_ptr<Model> model;
  };

  void load_known();
  Digest info_key(const Candidate& candidate) const;
  void decide_from_store();
  void decide(std::size_t variant, const Group& group);
  void load_info(const Candidate& candidate, std::size_t index);
  void save_info(const Candidate& candidate, const ModelInfo& info);
  std::vector<std::size_t> variants_with_work() const;
  bool baseline_has_work() const;
  bool needs(const Group& group, const std::vector<bool>& known) const;
  void take_turn(const std::vector<std::size_t>& turn);
  void score_group(const Group& group, std::vector<Opened>& opened);
  bool is_over(const std::vector<Opened>& opened) const;
  void drop_decided(const Group& group, std::vector<Opened>& opened);
  void keep(const Group& group, const std::vector<Opened*>& active, const NllRecords& nll,
            std::vector<DivergenceRecords>& records);
  void report(const std::string& name, std::size_t n_windows);
  static bool is_identical(const std::vector<std::vector<TokenDivergence>>& records);

  const WindowPlan& plan_;
  const Candidate& baseline_;
  const BaselineSource& source_;
  std::span<const Candidate> variants_;
  const LockstepOptions& options_;
  std::vector<Group> groups_;
  LockstepResult result_;
  std::vector<bool> known_baseline_;
  std::vector<std::vector<bool>> known_;
  std::vector<bool> decided_;
  std::vector<bool> known_infos_;  // the baseline's, then the variants'
  EvalProgress progress_;
};

void Run::load_known() {
  Store& store = *options_.store;
  for (std::size_t w = 0; w < plan_.windows.size(); ++w) {
    const Window& window = plan_.windows[w];
    const std::size_t n = n_scored(window);
    if (const auto payload = store.get(kNllKind, nll_key(baseline_, window))) {
      if (auto nll = decode_nll(*payload, n)) {
        result_.baseline_nll[w] = std::move(*nll);
        known_baseline_[w] = true;
        progress_.n_from_store += 1;
      }
    }
    for (std::size_t v = 0; v < variants_.size(); ++v) {
      const auto payload =
          store.get(kDivergenceKind, divergence_key(baseline_, variants_[v], window));
      if (!payload) continue;
      if (auto records = decode_divergence(*payload, n)) {
        result_.variants[v][w] = std::move(*records);
        known_[v][w] = true;
        progress_.n_from_store += 1;
      }
    }
  }
  progress_.n_done = progress_.n_from_store;
  load_info(baseline_, 0);
  for (std::size_t v = 0; v < variants_.size(); ++v) load_info(variants_[v], v + 1);
}

// What the store knows may be enough: then the model is not opened for its windows.
void Run::decide_from_store() {
  for (std::size_t v = 0; v < variants_.size(); ++v) {
    for (const Group& group : groups_) {
      if (needs(group, known_[v]) || decided_[v]) break;
      decide(v, group);
    }
  }
}

void Run::decide(std::size_t variant, const Group& group) {
  const std::span<const std::vector<TokenDivergence>> windows = result_.variants[variant];
  if (!options_.is_decided(variant, windows.first(group.last))) return;
  decided_[variant] = true;
  result_.n_windows[variant] = group.last;
  for (std::size_t w = group.last; w < plan_.windows.size(); ++w) {
    if (!known_[variant][w]) --progress_.n_total;
  }
}

// The report states the window and the sequences at once, which are no part of the identity.
Digest Run::info_key(const Candidate& candidate) const {
  const ModelShape shape = shape_of(plan_, baseline_.n_ubatch);
  return Hasher()
      .add_field(kInfoKind)
      .add_field(candidate.identity)
      .add_field(shape.n_ctx)
      .add_field(shape.n_seq_max)
      .finish();
}

void Run::load_info(const Candidate& candidate, std::size_t index) {
  const auto payload = options_.store->get(kInfoKind, info_key(candidate));
  if (!payload) return;
  result_.infos[index] = model_info_from_json(*payload);
  known_infos_[index] = true;
}

void Run::save_info(const Candidate& candidate, const ModelInfo& info) {
  const Record record{kInfoKind, info_key(candidate),
                      fmt::format(R"({{"model":"{}"}})", candidate.name), to_json(info)};
  options_.store->put(std::span(&record, 1));
}

bool Run::needs(const Group& group, const std::vector<bool>& known) const {
  const auto first = known.begin();
  return !std::all_of(first + static_cast<std::ptrdiff_t>(group.first),
                      first + static_cast<std::ptrdiff_t>(group.last),
                      [](bool is_known) { return is_known; });
}

std::vector<std::size_t> Run::variants_with_work() const {
  std::vector<std::size_t> indices;
  for (std::size_t v = 0; v < variants_.size(); ++v) {
    // Without its facts a model is opened even if all its windows are known.
    const bool has_windows =
        !decided_[v] && std::any_of(groups_.begin(), groups_.end(),
                                    [&](const Group& g) { return needs(g, known_[v]); });
    if (!known_infos_[v + 1] || has_windows) indices.push_back(v);
  }
  return indices;
}

bool Run::baseline_has_work() const {
  if (options_.is_decided && !variants_.empty()) return !known_infos_[0];
  return source_.always || !known_infos_[0] ||
         std::any_of(groups_.begin(), groups_.end(),
                     [&](const Group& g) { return needs(g, known_baseline_); });
}

void Run::take_turn(const std::vector<std::size_t>& turn) {
  const ModelShape shape = shape_of(plan_, baseline_.n_ubatch);
  progress_.current = baseline_.name;
  if (options_.progress) options_.progress(progress_);
  source_.open(shape);
  const Model* baseline_model = source_.model();
  if (baseline_model != nullptr) {
    result_.infos[0] = baseline_model->info();
    save_info(baseline_, baseline_model->info());
  }
  std::vector<Opened> opened;
  for (const std::size_t v : turn) {
    opened.push_back({v, variants_[v].open(shape)});
    const ModelInfo& info = opened.back().model->info();
    result_.infos[v + 1] = info;
    save_info(variants_[v], info);
    if (baseline_model != nullptr) require_same_vocabulary(*opened.back().model, *baseline_model);
  }
  for (const Group& group : groups_) {
    if (options_.stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "Interrupted");
    if (is_over(opened)) break;
    score_group(group, opened);
    if (options_.is_decided) drop_decided(group, opened);
  }
}

bool Run::is_over(const std::vector<Opened>& opened) const {
  return options_.is_decided && opened.empty() && !variants_.empty();
}

void Run::drop_decided(const Group& group, std::vector<Opened>& opened) {
  for (const Opened& o : opened) {
    if (!decided_[o.index]) decide(o.index, group);
  }
  std::erase_if(opened, [&](const Opened& o) { return decided_[o.index]; });
}

void Run::score_group(const Group& group, std::vector<Opened>& opened) {
  std::vector<Opened*> active;
  for (Opened& o : opened) {
    if (needs(group, known_[o.index])) active.push_back(&o);
  }
  if (active.empty() && !source_.always && !needs(group, known_baseline_)) return;
  NllRecords nll;
  for (std::size_t w = group.first; w < group.last; ++w)
    nll.emplace_back(n_scored(plan_.windows[w]));
  std::vector<DivergenceRecords> records(active.size());
  for (DivergenceRecords& r : records) {
    for (const auto& window : nll) r.emplace_back(window.size());
  }
  BaselineBatch batch;
  for (const Step& step : make_steps(plan_, group, baseline_.n_ubatch)) {
    BaselineBatch next = empty_batch(plan_, step);
    batch.rows = std::move(next.rows);
    source_.score(group, step, !active.empty(), batch);
    for (const KeptRow& row : batch.rows) nll[row.window - group.first][row.record] = row.nll;
    for (std::size_t a = 0; a < active.size(); ++a) {
      score_variant(*active[a]->model, plan_, group, step, variants_[active[a]->index].n_split,
                    batch, options_.n_threads, options_.stop, records[a]);
    }
  }
  source_.release(group);
  for (Opened* o : active) release_group(*o->model, group);
  keep(group, active, nll, records);
}

void Run::keep(const Group& group, const std::vector<Opened*>& active, const NllRecords& nll,
               std::vector<DivergenceRecords>& records) {
  std::vector<Record> rows;
  for (std::size_t w = group.first; w < group.last; ++w) {
    const std::size_t i = w - group.first;
    const std::string subject =
        fmt::format(R"({{"window":{},"convention":"{}"}})", w, plan_.convention.id());
    rows.push_back({kNllKind, nll_key(baseline_, plan_.windows[w]), subject, encode_nll(nll[i])});
    for (std::size_t a = 0; a < active.size(); ++a) {
      rows.push_back({kDivergenceKind,
                      divergence_key(baseline_, variants_[active[a]->index], plan_.windows[w]),
                      subject, encode_divergence(records[a][i])});
    }
  }
  options_.store->put(rows);  // durable first, then counted
  std::size_t n_new = 0;
  for (std::size_t w = group.first; w < group.last; ++w) {
    n_new += known_baseline_[w] ? 0 : 1;
    known_baseline_[w] = true;
    result_.baseline_nll[w] = nll[w - group.first];
  }
  report(baseline_.name, n_new);
  for (std::size_t a = 0; a < active.size(); ++a) {
    const std::size_t v = active[a]->index;
    n_new = 0;
    for (std::size_t w = group.first; w < group.last; ++w) {
      n_new += known_[v][w] ? 0 : 1;
      known_[v][w] = true;
      result_.variants[v][w] = std::move(records[a][w - group.first]);
    }
    report(variants_[v].name, n_new);
  }
}

void Run::report(const std::string& name, std::size_t n_windows) {
  progress_.n_done += static_cast<std::int64_t>(n_windows);
  progress_.current = name;
  double sum = 0, n = 0;
  for (const auto& window : result_.baseline_nll) {
    for (const float value : window) sum += static_cast<double>(value);
    n += static_cast<double>(window.size());
  }
  progress_.perplexity_so_far = n > 0 ? std::exp(sum / n) : 0;
  if (options_.progress) options_.progress(progress_);
}

bool Run::is_identical(const std::vector<std::vector<TokenDivergence>>& records) {
  return std::all_of(records.begin(), records.end(), [](const auto& window) {
    return std::all_of(window.begin(), window.end(), [](const TokenDivergence& t) {
      return t.kld == 0 && t.nll == t.nll_baseline && t.top == t.top_baseline;
    });
  });
}

}  // namespace

void require_same_vocabulary(const Model& variant, const Model& baseline) {
  const ModelInfo& ours = variant.info();
  const ModelInfo& theirs = baseline.info();
  if (ours.vocabulary == theirs.vocabulary) return;
  std::string difference = fmt::format("{} tokens against {}", ours.n_vocab, theirs.n_vocab);
  for (Token t = 0; t < std::min(ours.n_vocab, theirs.n_vocab); ++t) {
    const std::string here = variant.detokenize(std::span(&t, 1));
    const std::string there = baseline.detokenize(std::span(&t, 1));
    if (here == there) continue;
    difference += fmt::format("; token {} is '{}' against '{}'", t, here, there);
    break;
  }
  throw Error(
      ErrorKind::kBadInput, "Variant and baseline have different vocabularies: " + difference,
      ours.path,
      "Divergence compares predictions token by token: both must come from one base model.");
}

LockstepResult run_lockstep(const WindowPlan& plan, const Candidate& baseline,
                            const BaselineSource& source, std::span<const Candidate> variants,
                            const LockstepOptions& options) {
  return Run(plan, baseline, source, variants, options).take();
}

}  // namespace detail

LockstepResult run_lockstep(const WindowPlan& plan, const Candidate& baseline,
                            std::span<const Candidate> variants, const LockstepOptions& options) {
  std::unique_ptr<Model> model;
  std::unique_ptr<detail::KldBaseWriter> writer;
  detail::BaselineSource source;
  source.always = !options.write_kld_base.empty();
  source.open = [&](const ModelShape& shape) {
    model.reset();
    model = baseline.open(shape);
    if (source.always && !writer) {
      writer = std::make_unique<detail::KldBaseWriter>(options.write_kld_base, plan,
                                                       model->info().n_vocab);
    }
  };
  source.score = [&](const detail::Group& group, const detail::Step& step, bool keep_rows,
                     detail::BaselineBatch& batch) {
    detail::score_baseline(*model, plan, group, step, keep_rows || writer, options.n_threads,
                           options.stop, batch);
    if (writer) writer->add(batch, options.n_threads);
  };
  source.release = [&](const detail::Group& group) { detail::release_group(*model, group); };
  source.model = [&] { return model.get(); };
  LockstepResult result = detail::run_lockstep(plan, baseline, source, variants, options);
  if (writer) writer->finish();
  return result;
}

}  // namespace assay
