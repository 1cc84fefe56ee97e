#include <algorithm>

#include <fmt/format.h>

#include "core/error.h"
#include "models/models.h"
#include "study/candidates.h"
#include "study/study.h"

namespace assay {
namespace {

using detail::Prepared;

std::unique_ptr<Model> open_vocabulary(const std::string& path) {
  return open_llama({.path = path, .vocabulary_only = true});
}

WindowPlan make_plan(const MeasureOptions& options, const Model& vocabulary) {
  if (options.progress) options.progress({.phase = "tokenising " + options.corpus.name});
  return plan_windows(options.corpus, vocabulary, options.plan);
}

// With --split, a variant is preceded by its weights alone in full precision and by its weights in
// their own kernels.
std::vector<VariantSpec> specs_of(const MeasureOptions& options) {
  std::vector<VariantSpec> specs;
  const auto add = [&](const VariantSpec& spec) {
    const bool there =
        std::any_of(specs.begin(), specs.end(), [&](const auto& s) { return s.text == spec.text; });
    if (!there) specs.push_back(spec);
  };
  for (const std::string& text : options.variants) {
    const VariantSpec spec = parse_variant(text);
    if (options.split && spec.weights != VariantSpec::Weights::kBaseline && !spec.compute_as) {
      const std::string weights =
          spec.weights == VariantSpec::Weights::kFile ? spec.file : spec.type;
      add(parse_variant(weights + "+as=f32"));
      add(parse_variant(weights));
    }
    add(spec);
  }
  return specs;
}

// The name that the row with only this variant's weights has, or with those as F32.
std::string weights_name(const std::string& name) { return name.substr(0, name.find("+kv=")); }

std::vector<LossSplit> split_losses(const DivergenceReport& report) {
  const auto kld_of = [&](const std::string& name) -> std::optional<double> {
    for (const VariantReport& v : report.variants) {
      if (v.name == name) return v.divergence.kld.value;
    }
    return std::nullopt;
  };
  std::vector<LossSplit> splits;
  for (const VariantReport& variant : report.variants) {
    const auto as_f32 = kld_of(weights_name(variant.name) + "+as=f32");
    const auto own_kernels = kld_of(weights_name(variant.name));
    if (!as_f32 || !own_kernels || variant.name.find("+as=") != std::string::npos) continue;
    splits.push_back({.variant = variant.name,
                      .weights = *as_f32,
                      .kernels = *own_kernels - *as_f32,
                      .kv_cache = variant.divergence.kld.value - *own_kernels});
  }
  return splits;
}

void require_effect(const Prepared& variant, const Prepared& baseline, bool identical) {
  if (!identical || variant.kv == baseline.kv) return;
  throw Error(ErrorKind::kEngine,
              fmt::format("KV cache {}/{} was asked for, yet every result equals the baseline's "
                          "with {}/{}: it was not "
                          "applied",
                          variant.kv.k, variant.kv.v, baseline.kv.k, baseline.kv.v),
              variant.spec.text, "Leave kv= out, or use another engine build.");
}

std::int64_t base_file_bytes(const WindowPlan& plan, int n_vocab) {
  std::int64_t n_rows = 0;
  for (const Window& window : plan.windows)
    n_rows += static_cast<std::int64_t>(window.targets.size());
  return n_rows * (2 * ((n_vocab + 1) / 2) + 4) * 2;
}

VariantReport report_variant(const Prepared& prepared, const WindowPlan& plan,
                             const LockstepResult& result, std::size_t index,
                             const Model& vocabulary) {
  VariantReport report;
  detail::fill_report(prepared, result.infos[index + 1], report);
  report.convention = plan.convention;
  std::vector<std::vector<float>> nll;
  for (const auto& window : result.variants[index]) {
    nll.emplace_back();
    for (const TokenDivergence& token : window) nll.back().push_back(token.nll);
  }
  report.perplexity = summarize_perplexity(plan, nll);
  report.divergence = summarize_divergence(plan, result.variants[index], &vocabulary);
  report.identical = result.identical[index];
  return report;
}

std::vector<Candidate> candidates_of(const std::vector<Prepared>& prepared) {
  std::vector<Candidate> candidates;
  for (const Prepared& p : prepared) candidates.push_back(p.candidate);
  return candidates;
}

void add_notes(std::vector<std::string>& to, const std::vector<std::string>& notes) {
  to.insert(to.end(), notes.begin(), notes.end());
}

void add_noise(const std::optional<NoiseFloor>& noise, DivergenceReport& report) {
  if (!noise || report.variants.empty()) return;
  report.noise = noise;
  for (VariantReport& variant : report.variants)
    variant.sentence += noise_sentence(variant, *noise);
}

DivergenceReport measure_against_base_file(const MeasureOptions& options) {
  if (options.variants.empty())
    throw Error(ErrorKind::kUsage, "No variant was given to compare with the base file");
  std::vector<Prepared> variants;
  for (const VariantSpec& spec : specs_of(options))
    variants.push_back(detail::prepare_variant(options, spec, nullptr));
  const auto vocabulary = open_vocabulary(variants.front().path);
  const WindowPlan plan = plan_from_kld_base(read_kld_base_header(options.kld_base_in),
                                             options.kld_base_in, *vocabulary);
  const LockstepResult result =
      run_against_kld_base(options.kld_base_in, plan, candidates_of(variants),
                           detail::lockstep_options(options, "scoring"));
  DivergenceReport report;
  report.baseline.name = options.kld_base_in;
  report.baseline.info.path = options.kld_base_in;
  report.baseline.convention = plan.convention;
  report.baseline.perplexity = summarize_perplexity(plan, result.baseline_nll);
  for (std::size_t v = 0; v < variants.size(); ++v) {
    report.variants.push_back(report_variant(variants[v], plan, result, v, *vocabulary));
    report.variants.back().sentence = cost_sentence(report.variants.back(), report.baseline);
  }
  report.warnings.emplace_back(
      "the baseline is a base file, whose 16-bit log-probabilities are clamped at 16 below the "
      "maximum: even the "
      "model it was made from shows a difference; run baseline and variants together for exact "
      "values");
  return report;
}

}  // namespace

LockstepOptions detail::lockstep_options(const MeasureOptions& options, const char* phase) {
  LockstepOptions lockstep{
      .store = options.store,
      .max_memory_bytes = options.max_memory_bytes,
      .n_threads = options.runtime.n_threads > 0 ? options.runtime.n_threads : default_threads(),
      .stop = options.stop,
      .write_kld_base = options.kld_base_out};
  if (options.progress) {
    lockstep.progress = [&options, phase](const EvalProgress& eval) {
      options.progress({.phase = phase, .eval = eval});
    };
  }
  return lockstep;
}

DivergenceReport detail::run_divergence(const MeasureOptions& options, const Prepared& baseline,
                                        const std::vector<Prepared>& variants) {
  const auto vocabulary = open_vocabulary(baseline.path);
  const WindowPlan plan = make_plan(options, *vocabulary);
  const LockstepResult result = run_lockstep(plan, baseline.candidate, candidates_of(variants),
                                             detail::lockstep_options(options, "scoring"));
  DivergenceReport report;
  detail::fill_report(baseline, result.infos[0], report.baseline);
  report.baseline.convention = plan.convention;
  report.baseline.perplexity = summarize_perplexity(plan, result.baseline_nll);
  for (std::size_t v = 0; v < variants.size(); ++v) {
    require_effect(variants[v], baseline, result.identical[v]);
    report.variants.push_back(report_variant(variants[v], plan, result, v, *vocabulary));
    report.variants.back().sentence = cost_sentence(report.variants.back(), report.baseline);
  }
  const bool measures_noise = !variants.empty() && variants.front().candidate.n_split > 0;
  if (!measures_noise) add_noise(stored_noise(plan, baseline, *options.store), report);
  report.split = options.split ? split_losses(report) : std::vector<LossSplit>{};
  report.base_file_bytes_avoided = base_file_bytes(plan, vocabulary->info().n_vocab);
  add_notes(report.warnings, baseline_notes(baseline));
  add_notes(report.warnings, pathological_warnings(report.baseline));
  add_notes(report.warnings, plan.notes);
  add_notes(report.warnings, result.notes);
  return report;
}

PerplexityReport measure_perplexity(const MeasureOptions& options) {
  const Prepared baseline = detail::prepare_baseline(options);
  const DivergenceReport report = detail::run_divergence(options, baseline, {});
  return {.model = report.baseline, .warnings = report.warnings};
}

DivergenceReport measure_divergence(const MeasureOptions& options) {
  if (!options.kld_base_in.empty()) return measure_against_base_file(options);
  if (options.variants.empty()) {
    throw Error(ErrorKind::kUsage, "No variant was given", {},
                "For one model alone use `assay perplexity`.");
  }
  const Prepared baseline = detail::prepare_baseline(options);
  std::vector<Prepared> variants;
  for (const VariantSpec& spec : specs_of(options))
    variants.push_back(detail::prepare_variant(options, spec, &baseline));
  return detail::run_divergence(options, baseline, variants);
}

}  // namespace assay
