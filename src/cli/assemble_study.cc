#include "cli/assemble_study.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/load_runs.h"
#include "cli/study_facts.h"
#include "cli/study_families.h"
#include "core/error.h"
#include "core/json.h"
#include "core/json_comparison.h"
#include "core/json_run.h"
#include "report/report.h"
#include "study/study.h"

namespace assay::cli {
namespace {

// The facts that a study document brings with it; its families go to the list.
void add_study(Study given, Study& study, FamilyList& families) {
  if (study.title.empty()) study.title = given.title;
  for (StudyFamily& family : given.families) families.add_family(std::move(family));
  study.method.insert(study.method.end(), given.method.begin(), given.method.end());
  study.warnings.insert(study.warnings.end(), given.warnings.begin(), given.warnings.end());
  study.commands.insert(study.commands.end(), given.commands.begin(), given.commands.end());
}

constexpr const char* kSpeedDocument = "assay-speed/1";

// A speed document (docs/formats/study.md) lists its setups; each names its baseline by index.
std::string speed_baseline(const std::string& text) {
  const auto document = nlohmann::json::parse(text);
  const auto& setups = document.at("setups");
  return setups.at(setups.at(0).at("baseline").get<std::size_t>()).at("name").get<std::string>();
}

void add_document(const std::string& schema, const std::string& text, Study& study,
                  FamilyList& families) {
  if (schema == kComparisonSchema) {
    for (Comparison& c : comparisons_from_json(text)) families.add_comparison(std::move(c));
  } else if (schema == kDivergenceSchema) {
    families.add_divergence(divergence_report_from_json(text));
  } else if (schema == kScreenSchema) {
    families.add_screen(screen_report_from_json(text));
  } else if (schema == kLayersSchema) {
    families.add_layers(layer_report_from_json(text));
  } else if (schema == kSpeedDocument) {
    families.add_speed(speed_baseline(text), text);
  } else {
    add_study(study_from_json(text), study, families);
  }
}

bool is_our_document(const std::string& schema) {
  return schema == kComparisonSchema || schema == kDivergenceSchema || schema == kScreenSchema ||
         schema == kLayersSchema || schema == kSpeedDocument || schema == kStudySchema;
}

void add_input(const std::string& path, Study& study, FamilyList& families,
               std::vector<SpeedResult>& speeds) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    const std::string text = path == "-" ? "" : read_input(path);
    const std::string schema = schema_of(text);
    if (is_our_document(schema)) {
      try {
        add_document(schema, text, study, families);
      } catch (const Error& failure) {
        throw Error(failure.kind(), failure.what(), path, failure.remedy());
      } catch (const nlohmann::json::exception& failure) {
        throw Error(ErrorKind::kBadInput, failure.what(), path);
      }
      return;
    }
  }
  if (std::optional<SpeedResult> speed = import_speed(std::span(&path, 1))) {
    speeds.push_back(std::move(*speed));
    return;
  }
  families.add_runs(load_runs(path));
}

// To the family that has most of its models.
void attach_speed(const SpeedResult& speed, std::vector<Gathered>& families, Study& study) {
  Gathered* owner = nullptr;
  SpeedResult named;
  int most = 0;
  for (Gathered& g : families) {
    std::vector<std::string> variants;
    for (const StudyModel& variant : g.family.variants) variants.push_back(variant.name);
    SpeedResult here = speed;
    const int n = adopt_names(here, g.family.baseline.name, variants);
    if (n <= most) continue;
    most = n;
    owner = &g;
    named = std::move(here);
  }
  if (owner != nullptr) {
    owner->family.speeds.push_back(to_json(named));
    return;
  }
  study.warnings.push_back(
      fmt::format("what {} measured is left out: '{}' ends with the name of none of the models",
                  speed.imported_from, speed.setups.front().name));
}

// One run's answers cannot explain a mean over several.
void warn_of_repeats(const Gathered& g, Study& study) {
  for (const Comparison& comparison : g.family.comparisons) {
    for (const MetricComparison& row : comparison.metrics) {
      if (!row.baseline_repeats) continue;
      study.warnings.push_back(
          fmt::format("{}: scores are means over {} runs with different seeds, the items are those "
                      "of the first run",
                      g.family.baseline.name, row.baseline_repeats->n_runs));
      return;
    }
  }
}

// Runs become comparisons and items.
void compare_runs_of(Gathered& g, const CompareFlags& flags, Study& study) {
  if (g.runs.empty()) return;
  warn_of_repeats(g, study);
  for (const Run& run : g.runs) {
    if (&run != &g.runs.front() && run.header.model.weights == g.runs.front().header.model.weights)
      continue;  // a KV variant: the baseline's facts hold
    std::vector<MethodFact> facts = facts_of(g.family.name, run);
    study.method.insert(study.method.end(), facts.begin(), facts.end());
  }
  CompareOptions options = to_compare_options(flags);
  for (std::size_t i = 1; i < g.runs.size(); ++i) {
    const std::string& name = g.runs[i].header.model_name;
    const bool given = std::any_of(g.family.comparisons.begin(), g.family.comparisons.end(),
                                   [&](const Comparison& c) { return c.variant.name == name; });
    if (given) continue;
    Comparison comparison = compare_runs(g.runs.front(), g.runs[i], options);
    for (StudyModel& variant : g.family.variants) {
      if (variant.name == comparison.variant.name) variant.parts = comparison.parts;
    }
    g.family.comparisons.push_back(std::move(comparison));
  }
  for (PackedItems& items : pack_items(g.runs)) g.family.items.push_back(std::move(items));
}

std::string now_utc() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

std::string title_of(const std::vector<StudyFamily>& families) {
  std::string title;
  for (const StudyFamily& family : families) title += (title.empty() ? "" : ", ") + family.name;
  return title;
}

bool is_decoding(const nlohmann::json& test) {
  return test.at("n_prompt") == 0 && test.at("n_gen") > 0 && test.at("n_depth") == 0 &&
         test.at("n_parallel") == 1 && test.at("request") == false;
}

// Tokens per second of decoding one sequence, by variant.
std::map<std::string, double> speeds_of(const StudyFamily& family) {
  std::map<std::string, double> speeds;
  for (const std::string& text : family.speeds) {
    const auto document = nlohmann::json::parse(text);
    for (const auto& series : document.at("series")) {
      if (!is_decoding(document.at("tests").at(series.at("test").get<std::size_t>()))) continue;
      const auto& setup = document.at("setups").at(series.at("setup").get<std::size_t>());
      for (const auto& measure : series.at("measures")) {
        if (measure.at("name") == "tokens_per_s")
          speeds[setup.at("name").get<std::string>()] = measure.at("median").get<double>();
      }
    }
  }
  return speeds;
}

}  // namespace

Study assemble_study(const std::vector<std::string>& inputs, const AssembleOptions& options) {
  const CompareOptions compare = to_compare_options(options.compare);
  Study study{.assay_version = ASSAY_VERSION, .title = options.title, .created = now_utc()};
  FamilyList families;
  std::vector<SpeedResult> speeds;  // of other programs
  for (const std::string& input : inputs) add_input(input, study, families, speeds);
  for (const SpeedResult& speed : speeds) attach_speed(speed, families.all(), study);
  for (Gathered& g : families.all()) {
    compare_runs_of(g, options.compare, study);
    if (g.family.variants.empty()) {
      throw Error(ErrorKind::kUsage, "Nothing is compared with '" + g.family.name + "'", {},
                  "Give the variants' results too.");
    }
    if (!g.family.decision)
      g.family.decision =
          decide(g.family, options.rules, speeds_of(g.family), compare.max_ppl_increase);
    study.families.push_back(std::move(g.family));
  }
  if (study.title.empty()) study.title = title_of(study.families);
  study.findings = find_in(study.families);
  if (study.commands.empty()) study.commands = commands_of(study.families, inputs);
  return study;
}

}  // namespace assay::cli
