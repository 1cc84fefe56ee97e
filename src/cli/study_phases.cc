#include "cli/study_phases.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "cli/bench_flags.h"
#include "cli/calibration_flags.h"
#include "cli/output.h"
#include "cli/study_card.h"
#include "core/error.h"
#include "core/json.h"
#include "core/json_comparison.h"
#include "report/report.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char *kSpeedKind = "study-speed/2", *kLayersKind = "study-layers/1";
constexpr int kPromptTokens = 512, kAnswerTokens = 64;
constexpr double kSpeedPrecision = 0.02;

class Family {
 public:
  Family(const StudyFlags& flags, const FamilyNames& names, std::string folder, Store& store,
         ProgressLine& progress, const std::stop_token& stop)
      : flags_(flags),
        folder_(std::move(folder)),
        store_(store),
        progress_(progress),
        stop_(stop),
        result_{.names = names} {}

  FamilyResult run() {
    std::error_code error;  // a folder that cannot be made is said by the first file
    fs::create_directories(folder_, error);
    result_.kept = result_.names.variants;
    if (!flags_.text.text.empty()) screen();
    if (!flags_.text.text.empty() && !result_.kept.empty()) diverge();
    if (!flags_.ask.tasks.empty() && !result_.kept.empty()) evaluate();
    if (!result_.kept.empty()) layers();
    if (!flags_.no_speed && !result_.kept.empty()) speed();
    return std::move(result_);
  }

 private:
  MeasureOptions measure(const std::vector<std::string>& variants) {
    MeasureOptions options = to_measure(flags_.text, flags_.engine, flags_.recipe, flags_.store);
    options.baseline = result_.names.baseline;
    options.variants = variants;
    options.corpus = load_corpus(flags_.text.text, to_format(flags_.text));
    options.store = &store_;
    options.progress = [this](const MeasureProgress& p) { progress_.show(p); };
    options.stop = stop_;
    return options;
  }

  void write(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    write_whole(path, text);
    result_.documents.push_back(path);
  }

  void screen() {
    ScreenOptions options;
    options.measure = measure(result_.names.variants);
    options.measure.plan.n_windows = 0;  // stops by itself
    options.seed = flags_.ask.seed;
    options.confidence = parse_confidence(flags_.confidence);
    options.max_ppl_increase = parse_margin(flags_.compare.max_ppl_increase, "--max-ppl-increase");
    if (flags_.max_kld != 0) options.max_kld = flags_.max_kld;
    result_.screen = screen_variants(options);
    write("screen.json", to_json(*result_.screen));
    result_.kept = preferred(*result_.screen);
    const auto n = flags_.keep == "all" ? result_.kept.size()
                                        : static_cast<std::size_t>(std::stoi(flags_.keep));
    if (result_.kept.size() <= n) return;
    result_.passed.assign(result_.kept.begin() + static_cast<std::ptrdiff_t>(n),
                          result_.kept.end());
    result_.kept.resize(n);
  }

  void diverge() {
    const MeasureOptions options = measure(result_.kept);
    const auto warnings = calibration_warnings(flags_.compare.calibration, options.corpus);
    DivergenceReport report = measure_divergence(options);
    report.warnings.insert(report.warnings.end(), warnings.begin(), warnings.end());
    write("divergence.json", to_json(report));
  }

  void evaluate() {
    TaskRunOptions options =
        to_task_run(flags_.ask, flags_.engine, flags_.recipe, flags_.store, stop_);
    options.baseline = result_.names.baseline;
    options.variants = result_.kept;
    options.store = &store_;
    options.progress = [this](const TaskRunProgress& p) { progress_.show(p); };
    if (flags_.stop_early) {
      options.early_stop.margin = parse_margin(flags_.compare.margin, "--margin");
      options.early_stop.confidence = parse_confidence(flags_.confidence);
      options.early_stop.seed = flags_.ask.seed;
    }
    std::vector<std::vector<Run>> by_model(1 + result_.kept.size());
    for (int repeat = 0; repeat < flags_.n_repeats; ++repeat) {
      options.task.sampling_seed = flags_.ask.seed + static_cast<std::uint64_t>(repeat);
      std::vector<Run> runs;
      for (TaskRun& run : run_tasks(options)) runs.push_back(std::move(run.run));
      const std::string path =
          folder_ + (repeat == 0 ? "/runs.json" : fmt::format("/runs-{}.json", repeat + 1));
      write_runs(runs, path);
      if (repeat == 0) result_.documents.push_back(path);
      for (std::size_t m = 0; m < runs.size() && flags_.n_repeats > 1; ++m)
        by_model[m].push_back(std::move(runs[m]));
    }
    if (flags_.n_repeats > 1) compare_means(by_model);
  }

  // Over all repeats; in the study these stand for what the first runs alone would say.
  void compare_means(const std::vector<std::vector<Run>>& by_model) {
    const CompareOptions options = to_compare_options(flags_.compare);
    std::vector<Comparison> comparisons;
    for (std::size_t m = 1; m < by_model.size(); ++m)
      comparisons.push_back(compare_repeats(by_model.front(), by_model[m], options));
    write("comparison.json", to_json(comparisons));
  }

  // A pass over the files: kept by their content.
  void layers() {
    MeasureOptions options;
    options.baseline = result_.names.baseline;
    options.variants = result_.kept;
    options.recipe = to_recipe(flags_.recipe, flags_.engine.n_threads);
    options.runtime = to_runtime(flags_.engine);
    options.cache_dir = cache_dir(flags_.store);
    options.progress = [this](const MeasureProgress& p) { progress_.show(p); };
    options.stop = stop_;
    const Digest key =
        models_key(kLayersSchema, options.baseline, options.variants, options.cache_dir);
    std::string document;
    if (const auto known = store_.get(kLayersKind, key)) {
      document = *known;
    } else {
      document = to_json(measure_layers(options));
      const Record record{kLayersKind, key, "{}", document};
      store_.put(std::span(&record, 1));
    }
    write("layers.json", document);
  }

  // Rounds are paired, so that one variant more means measuring all of them again.
  void speed() {
    SpeedOptions options;
    options.baseline = result_.names.baseline;
    options.variants = result_.kept;
    options.points = {SpeedPoint{.runtime = to_runtime(flags_.engine)}};
    options.recipe = to_recipe(flags_.recipe, flags_.engine.n_threads);
    options.cache_dir = cache_dir(flags_.store);
    options.progress = [this](const MeasureProgress& p) { progress_.show(p); };
    options.bench.tests = {SpeedTest{.n_prompt = kPromptTokens}, SpeedTest{.n_gen = kAnswerTokens}};
    options.bench.precision = kSpeedPrecision;
    options.bench.budget_s = parse_duration(flags_.speed_budget, "--speed-budget");
    options.bench.seed = flags_.ask.seed;
    options.bench.child = {"/proc/self/exe", kBenchChild};
    options.bench.progress = [this](const BenchProgress& p) { progress_.show(p); };
    options.bench.stop = stop_;
    const Digest key = speed_key(options);
    if (const auto known = store_.get(kSpeedKind, key)) return write("speed.json", *known);
    const SpeedResult result = measure_speed(options);
    if (result.partial && stop_.stop_requested())
      throw Error(ErrorKind::kInterrupted, "Interrupted");
    const std::string document = to_json(result);
    const Record record{kSpeedKind, key, "{}", document};
    store_.put(std::span(&record, 1));
    write("speed.json", document);
  }

  // Everything that the figures depend on: files by content, settings, this machine.
  Digest speed_key(const SpeedOptions& options) const {
    Hasher hasher;
    hasher.add_field(
        models_key(kSpeedSchema, options.baseline, options.variants, options.cache_dir));
    hasher.add_field(flags_.speed_budget);
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    hasher.add_field(std::string_view(host));
    const RuntimeRequest& runtime = options.points.front().runtime;
    hasher.add_field(runtime.n_threads).add_field(runtime.n_ubatch).add_field(runtime.n_gpu_layers);
    hasher.add_field(runtime.flash_attention);
    return hasher.finish();
  }

  Digest models_key(const char* schema, const std::string& baseline,
                    const std::vector<std::string>& variants, const std::string& cache_dir) const {
    Hasher hasher;
    hasher.add_field(schema).add_field(llama_engine_id()).add_field(flags_.recipe.imatrix);
    for (const std::string& type : flags_.recipe.tensor_types) hasher.add_field(type);
    const auto add_model = [&](const std::string& name) {
      const VariantSpec spec = parse_variant(name);
      hasher.add_field(name);
      if (spec.weights == VariantSpec::Weights::kFile)
        hasher.add_field(weights_digest(spec.file, cache_dir));
    };
    add_model(baseline);
    for (const std::string& variant : variants) add_model(variant);
    return hasher.finish();
  }

  const StudyFlags& flags_;
  std::string folder_;
  Store& store_;
  ProgressLine& progress_;
  std::stop_token stop_;
  FamilyResult result_;
};

}  // namespace

std::vector<std::string> preferred(const ScreenReport& screen) {
  std::vector<const ScreenedVariant*> left;
  for (const ScreenedVariant& variant : screen.variants) {
    if (variant.verdict != ScreenVerdict::kDropped) left.push_back(&variant);
  }
  std::stable_sort(left.begin(), left.end(),
                   [](const auto* a, const auto* b) { return a->size_bytes < b->size_bytes; });
  std::vector<std::string> names;
  for (const ScreenedVariant* variant : left) names.push_back(variant->name);
  return names;
}

std::string write_study(const Study& study, const std::string& folder) {
  const std::string document = to_json(study);
  write_whole(folder + "/study.json", document);
  if (const std::string card = model_index_yaml(study); !card.empty())
    write_whole(folder + "/model-index.yaml", card);
  if (const std::string badge = badge_svg(study); !badge.empty())
    write_whole(folder + "/badge.svg", badge);
  if (report_template().empty()) return {};
  const std::string page = folder + "/report.html";
  write_whole(page, report_page(report_template(), document));
  return page;
}

FamilyResult measure_family(const StudyFlags& flags, const FamilyNames& names,
                            const std::string& folder, Store& store, ProgressLine& progress,
                            const std::stop_token& stop) {
  return Family(flags, names, folder, store, progress, stop).run();
}

}  // namespace assay::cli
