// Each type's fields are named once, in fields_of(); writing and reading both go through it.
#include "core/json_comparison.h"

#include "core/json_fields.h"

namespace assay::json {

template <>
struct EnumNames<Verdict> {
  static constexpr const char* kNames[] = {"within_margin", "worse", "undecided"};
};
template <>
struct EnumNames<ChangeKind> {
  static constexpr const char* kNames[] = {"points", "ratio"};
};

}  // namespace assay::json

namespace assay {

// Not in an unnamed namespace, where Writer and Reader would not find them.
template <typename Io, typename T>
static void fields_of(Io& io, T& t) requires std::is_same_v<std::remove_const_t<T>, Mismatch> {
  io("task", t.task);
  io("field", t.field);
  io("baseline", t.baseline);
  io("variant", t.variant);
  io("detail", t.detail);
}

template <typename Io, typename T>
static void fields_of(Io& io,
                      T& t) requires std::is_same_v<std::remove_const_t<T>, PartDifference> {
  io("part", t.part);
  io("field", t.field);
  io("baseline", t.baseline);
  io("variant", t.variant);
}

template <typename Io, typename T>
static void fields_of(Io& io, T& t) requires std::is_same_v<std::remove_const_t<T>, FlipTable> {
  io("both_right", t.both_right);
  io("lost", t.lost);
  io("gained", t.gained);
  io("both_wrong", t.both_wrong);
  io("churn", t.churn);
}

template <typename Io, typename T>
static void fields_of(Io& io, T& t) requires std::is_same_v<std::remove_const_t<T>, RepeatNoise> {
  io("n", t.n);
  io("difference", t.difference);
  io("n_flips", t.n_flips);
}

template <typename Io, typename T>
static void fields_of(Io& io, T& t) requires std::is_same_v<std::remove_const_t<T>, Repeats> {
  io("n_runs", t.n_runs);
  io("mean", t.mean);
  io("variance_between_items", t.between_items);
  io("variance_within_item", t.within_item);
  io("std_error", t.std_error);
}

template <typename Io, typename T>
static void metric_identity(Io& io, T& t) {
  io("task", t.task);
  io("task_class", t.task_class);
  io("metric", t.metric);
  io("filter", t.filter);
  io("higher_is_better", t.higher_is_better);
  io("decides", t.decides);
  io("n", t.n);
  io("n_unscored_baseline", t.n_unscored_baseline);
  io("n_unscored_variant", t.n_unscored_variant);
  io("n_missing_baseline", t.n_missing_baseline);
  io("n_missing_variant", t.n_missing_variant);
  io("n_clusters", t.n_clusters);
}

template <typename Io, typename T>
static void metric_fields(Io& io, T& t) {
  metric_identity(io, t);
  io("baseline", t.baseline);
  io("variant", t.variant);
  io("kind", t.kind);
  io("change", t.change);
  io("method", t.method);
  io("flips", t.flips);
  io("bootstrap_ci95", t.bootstrap_ci95);
  io("p_worse", t.p_worse);
  io("p_two_sided", t.p_two_sided);
  io("p_worse_adjusted", t.p_worse_adjusted);
  io("p_within", t.p_within);
  io("p_beyond", t.p_beyond);
  io("p_beyond_adjusted", t.p_beyond_adjusted);
  io("recovery_percent", t.recovery_percent);
  io("minimum_detectable_effect", t.minimum_detectable_effect);
  io("chance", t.chance);
  io("noise", t.noise);
  io("baseline_repeats", t.baseline_repeats);
  io("variant_repeats", t.variant_repeats);
  io("margin", t.margin);
  io("verdict", t.verdict);
  io("reason", t.reason);
  io("n_further", t.n_further);
  io("lost_ids", t.lost_ids);
  io("gained_ids", t.gained_ids);
  io("sentence", t.sentence);
}

template <typename Io, typename T>
static void fields_of(Io& io,
                      T& t) requires std::is_same_v<std::remove_const_t<T>, MetricComparison> {
  metric_fields(io, t);
}

template <typename Io, typename T>
static void fields_of(Io& io,
                      T& t) requires std::is_same_v<std::remove_const_t<T>, GroupComparison> {
  metric_fields(io, t);
  io("tasks", t.tasks);
  io("weights", t.weights);
  io("weighting", t.weighting);
}

template <typename Io, typename T>
static void fields_of(Io& io,
                      T& t) requires std::is_same_v<std::remove_const_t<T>, ClassComparison> {
  io("task_class", t.task_class);
  io("tasks", t.tasks);
  io("n", t.n);
  io("change", t.change);
  io("method", t.method);
}

template <typename Io, typename T>
static void fields_of(Io& io,
                      T& t) requires std::is_same_v<std::remove_const_t<T>, ClassDifference> {
  io("first", t.first);
  io("second", t.second);
  io("difference", t.difference);
  io("p", t.p);
  io("p_adjusted", t.p_adjusted);
}

template <typename Io, typename T>
static void fields_of(Io& io,
                      T& t) requires std::is_same_v<std::remove_const_t<T>, TextComparison> {
  io("task", t.task);
  io("n", t.n);
  io("n_identical", t.n_identical);
  io("identical", t.identical);
  io("unit", t.unit);
  io("first_divergent", t.first_divergent);
  io("length_drift", t.length_drift);
}

template <typename Io, typename T>
static void fields_of(Io& io,
                      T& t) requires std::is_same_v<std::remove_const_t<T>, ComparisonSettings> {
  io("margin", t.margin);
  io("max_ppl_increase", t.max_ppl_increase);
  io("alpha", t.alpha);
  io("power", t.power);
  io("adjustment", t.adjustment);
}

template <typename Io, typename T>
static void fields_of(Io& io, T& t) requires std::is_same_v<std::remove_const_t<T>, ComparedModel> {
  io("name", t.name);
  io("description", t.description);
  io("weights", t.weights);
  io("size_bytes", t.size_bytes);
  io("bits_per_weight", t.bits_per_weight);
  io("imported_from", t.imported_from);
}

template <typename Io, typename T>
static void fields_of(Io& io, T& t) requires std::is_same_v<std::remove_const_t<T>, Comparison> {
  io("baseline", t.baseline);
  io("variant", t.variant);
  io("settings", t.settings);
  io("verdict", t.verdict);
  io("reason", t.reason);
  io("comparable", t.comparable);
  io("mismatches", t.mismatches);
  io("unchecked", t.unchecked);
  io("same_model", t.same_model);
  io("same_answers", t.same_answers);
  io("parts", t.parts);
  io("metrics", t.metrics);
  io("groups", t.groups);
  io("classes", t.classes);
  io("class_differences", t.class_differences);
  io("texts", t.texts);
  io("warnings", t.warnings);
}

const char* name_of(Verdict verdict) {
  return json::EnumNames<Verdict>::kNames[static_cast<int>(verdict)];
}

std::string to_json(const std::vector<Comparison>& comparisons) {
  json::Json list = json::Json::array();
  for (const Comparison& comparison : comparisons) {
    json::Writer writer;
    fields_of(writer, comparison);
    list.push_back(writer.take());
  }
  return json::dump(json::Json{{"schema", kComparisonSchema}, {"comparisons", list}}, 2) + "\n";
}

std::vector<Comparison> comparisons_from_json(std::string_view text) {
  return json::checked("list of comparisons", [&] {
    const json::Json document = json::parse(text);
    if (document.value("schema", "") != kComparisonSchema) {
      throw Error(ErrorKind::kBadInput,
                  std::string("Not a document of schema ") + kComparisonSchema, {},
                  "Give what `assay compare --json` printed.");
    }
    std::vector<Comparison> comparisons;
    for (const json::Json& element : document.at("comparisons")) {
      json::Reader reader(element);
      fields_of(reader, comparisons.emplace_back());
    }
    return comparisons;
  });
}

}  // namespace assay
