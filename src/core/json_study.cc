// Fields are named once, in fields_of(). Documents with a form of their own are embedded as they
// are written elsewhere.
#include "core/json_comparison.h"
#include "core/json_fields.h"
#include "core/study.h"

namespace assay::json {

template <>
struct EnumNames<Standing> {
  static constexpr const char* kNames[] = {"recommended", "runner_up", "qualified", "ruled_out",
                                           "undecided"};
};
template <>
struct EnumNames<FindingState> {
  static constexpr const char* kNames[] = {"shown", "not_shown", "undecided"};
};

}  // namespace assay::json

namespace assay {

using json::Json;

template <typename T, typename Struct>
concept Is = std::is_same_v<std::remove_const_t<T>, Struct>;

// Not in an unnamed namespace, where Writer and Reader would not find them.
template <typename Io, Is<TensorTypeCount> T>
static void fields_of(Io& io, T& t) {
  io("type", t.type);
  io("n_tensors", t.n_tensors);
  io("n_weights", t.n_weights);
  io("size_bytes", t.size_bytes);
}

template <typename Io, Is<PartDifference> T>
static void fields_of(Io& io, T& t) {
  io("part", t.part);
  io("field", t.field);
  io("baseline", t.baseline);
  io("variant", t.variant);
}

template <typename Io, Is<TensorLoss> T>
static void fields_of(Io& io, T& t) {
  io("name", t.name);
  io("baseline_type", t.baseline_type);
  io("type", t.type);
  io("n_weights", t.n_weights);
  io("size_bytes", t.size_bytes);
  io("relative_rms", t.relative_rms);
}

template <typename Io, Is<VariantLayers> T>
static void fields_of(Io& io, T& t) {
  io("name", t.name);
  io("tensors", t.tensors);
}

template <typename Io, Is<LayerReport> T>
static void fields_of(Io& io, T& t) {
  io("baseline", t.baseline);
  io("variants", t.variants);
}

template <typename Io, Is<StudyModel> T>
static void fields_of(Io& io, T& t) {
  io("name", t.name);
  io("description", t.description);
  io("weights", t.weights);
  io("engine", t.engine);
  io("origin", t.origin);
  io("size_bytes", t.size_bytes);
  io("bits_per_weight", t.bits_per_weight);
  io("n_weights", t.n_weights);
  io("kv_k", t.kv_k);
  io("kv_v", t.kv_v);
  io("tensor_types", t.tensor_types);
  io.added("tensors", t.tensors);
  io("parts", t.parts);
  io("notes", t.notes);
}

template <typename Io, Is<PackedChunk> T>
static void fields_of(Io& io, T& t) {
  io("first", t.first);
  io("n", t.n);
  io("data", t.data);
}

template <typename Io, Is<PackedItems> T>
static void fields_of(Io& io, T& t) {
  io("task", t.task);
  io("task_class", t.task_class);
  io("metric", t.metric);
  io("filter", t.filter);
  io("n_items", t.n_items);
  io("models", t.models);
  io("index", t.index);
  io("chunks", t.chunks);
}

template <typename Io, Is<StandingReason> T>
static void fields_of(Io& io, T& t) {
  io("rule", t.rule);
  io("text", t.text);
}

template <typename Io, Is<VariantStanding> T>
static void fields_of(Io& io, T& t) {
  io("variant", t.variant);
  io("standing", t.standing);
  io("reasons", t.reasons);
  io("would_decide", t.would_decide);
}

template <typename Io, Is<DecisionRules> T>
static void fields_of(Io& io, T& t) {
  io("max_size_bytes", t.max_size_bytes);
  io("min_tokens_per_second", t.min_tokens_per_second);
  io("objective", t.objective);
}

template <typename Io, Is<Decision> T>
static void fields_of(Io& io, T& t) {
  io("rules", t.rules);
  io("evidence", t.evidence);
  io("recommended", t.recommended);
  io("runner_up", t.runner_up);
  io("sentence", t.sentence);
  io("variants", t.variants);
}

template <typename Io, Is<FindingValue> T>
static void fields_of(Io& io, T& t) {
  io("label", t.label);
  io("n", t.n);
  io("change", t.change);
}

template <typename Io, Is<Finding> T>
static void fields_of(Io& io, T& t) {
  io("kind", t.kind);
  io("state", t.state);
  io("family", t.family);
  io("variant", t.variant);
  io("subject", t.subject);
  io("other", t.other);
  io("sentence", t.sentence);
  io("values", t.values);
}

template <typename Io, Is<MethodFact> T>
static void fields_of(Io& io, T& t) {
  io("family", t.family);
  io("subject", t.subject);
  io("field", t.field);
  io("value", t.value);
}

template <typename Io, Is<StudyCommand> T>
static void fields_of(Io& io, T& t) {
  io("purpose", t.purpose);
  io("command", t.command);
}

// The families have documents inside: family() and read_family() write those.
template <typename Io, Is<StudyFamily> T>
static void fields_of(Io& io, T& t) {
  io("name", t.name);
  io("baseline", t.baseline);
  io("variants", t.variants);
  io("items", t.items);
  io("decision", t.decision);
}

template <typename Io, Is<Study> T>
static void fields_of(Io& io, T& t) {
  io("assay_version", t.assay_version);
  io("title", t.title);
  io("created", t.created);
  io("findings", t.findings);
  io("method", t.method);
  io("commands", t.commands);
  io("warnings", t.warnings);
}

namespace {

Json family_json(const StudyFamily& family) {
  json::Writer writer;
  fields_of(writer, family);
  Json out = writer.take();
  out["comparisons"] = json::parse(to_json(family.comparisons)).at("comparisons");
  out["divergences"] = Json::array();
  for (const DivergenceReport& report : family.divergences)
    out["divergences"].push_back(json::parse(to_json(report)));
  out["screens"] = Json::array();
  for (const ScreenReport& report : family.screens)
    out["screens"].push_back(json::parse(to_json(report)));
  out["speeds"] = Json::array();
  for (const std::string& speed : family.speeds) out["speeds"].push_back(json::parse(speed));
  return out;
}

StudyFamily read_family(const Json& in) {
  StudyFamily family;
  json::Reader reader(in);
  fields_of(reader, family);
  const Json comparisons{{"schema", kComparisonSchema}, {"comparisons", in.at("comparisons")}};
  family.comparisons = comparisons_from_json(comparisons.dump());
  for (const Json& report : in.at("divergences"))
    family.divergences.push_back(divergence_report_from_json(report.dump()));
  for (const Json& report : in.at("screens"))
    family.screens.push_back(screen_report_from_json(report.dump()));
  for (const Json& speed : in.at("speeds")) family.speeds.push_back(speed.dump());
  return family;
}

}  // namespace

std::string to_json(const Study& study) {
  json::Writer writer;
  fields_of(writer, study);
  Json out{{"schema", kStudySchema}};
  out.update(writer.take());
  out["families"] = Json::array();
  for (const StudyFamily& family : study.families) out["families"].push_back(family_json(family));
  return json::dump(out, 1) + "\n";
}

Study study_from_json(std::string_view text) {
  return json::checked("study", [&] {
    const Json in = json::parse(text);
    if (in.value("schema", "") != kStudySchema) {
      throw Error(ErrorKind::kBadInput, std::string("Not a document of schema ") + kStudySchema, {},
                  "Give what `assay report --json` printed.");
    }
    Study study;
    json::Reader reader(in);
    fields_of(reader, study);
    for (const Json& family : in.at("families")) study.families.push_back(read_family(family));
    return study;
  });
}

std::string to_json(const LayerReport& report) {
  json::Writer writer;
  fields_of(writer, report);
  Json document{{"schema", kLayersSchema}};
  document.update(writer.take());
  return json::dump(document, 1) + "\n";
}

LayerReport layer_report_from_json(std::string_view text) {
  const Json document = json::parse(text);
  return json::checked("layer report", [&] {
    LayerReport report;
    json::Reader reader(document);
    fields_of(reader, report);
    return report;
  });
}

}  // namespace assay
