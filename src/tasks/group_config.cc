// lm_eval/config/group.py: a group's own fields. Its members are select.cc's.
#include <algorithm>
#include <array>

#include "tasks/config.h"

namespace assay::detail {
namespace {

using Severity = ConfigProblem::Severity;

constexpr std::array<std::string_view, 5> kGroupFields = {"group", "group_alias", "task",
                                                          "aggregate_metric_list", "metadata"};

AggregateMetric parse_aggregate(const YamlNode& map, ConfigProblems& problems) {
  FieldReader reader(map, "aggregate_metric_list", problems);
  AggregateMetric aggregate;
  aggregate.metric = reader.text("metric");
  if (!map.find("metric")) {
    reader.report(Severity::kBroken, map, "an entry of aggregate_metric_list has no metric");
  }
  aggregate.weight_by_size = reader.boolean("weight_by_size", true);
  aggregate.filters = reader.texts("filter_list");
  const Yaml aggregation = reader.get("aggregation");
  if (aggregation && !(aggregation->is_text() && aggregation->text() == "mean")) {
    reader.report(
        aggregation->kind == YamlNode::Kind::kFunction ? Severity::kPartial : Severity::kBroken,
        *aggregation, "of a group's aggregations there is only 'mean'");
  }
  reader.report_unknown();
  return aggregate;
}

std::vector<AggregateMetric> parse_aggregates(FieldReader& reader, ConfigProblems& problems) {
  std::vector<AggregateMetric> aggregates;
  const Yaml value = reader.value("aggregate_metric_list");
  if (!value) return aggregates;
  std::vector<Yaml> items = {value};  // one map may stand without a list
  if (value->kind == YamlNode::Kind::kSequence) items = value->items;
  for (const Yaml& item : items) {
    if (item->kind == YamlNode::Kind::kMap) {
      aggregates.push_back(parse_aggregate(*item, problems));
    } else {
      reader.wrong_kind("aggregate_metric_list", *item, "a map or a list of maps");
    }
  }
  return aggregates;
}

}  // namespace

bool is_group_field(std::string_view key) {
  return std::find(kGroupFields.begin(), kGroupFields.end(), key) != kGroupFields.end();
}

ParsedGroup parse_group(const YamlNode& map) {
  ParsedGroup parsed;
  FieldReader reader(map, "", parsed.problems);
  parsed.config.group = reader.text("group");
  parsed.config.alias = reader.text("group_alias");
  parsed.config.aggregates = parse_aggregates(reader, parsed.problems);
  if (const Yaml metadata = reader.value("metadata")) {
    if (metadata->kind != YamlNode::Kind::kMap) {
      reader.wrong_kind("metadata", *metadata, "a map");
    } else if (const Yaml version = metadata->find("version")) {
      parsed.config.version = version->is_text() ? version->text() : number_text(to_json(*version));
    }
  }
  const Yaml members = reader.value("task");
  if (!members) {
    reader.report(Severity::kBroken, map, "the group has no list `task` of its members");
  } else if (members->kind != YamlNode::Kind::kSequence) {
    reader.report(Severity::kBroken, *members,
                  "a group's `task` is a list of its members, not " +
                      std::string(kind_name(*members)) + "; lm-eval would make an empty group");
  }
  return parsed;
}

}  // namespace assay::detail
