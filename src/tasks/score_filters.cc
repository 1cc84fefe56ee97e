#include "tasks/score_filters.h"

#include <fmt/format.h>

#include "core/error.h"
#include "tasks/regex.h"
#include "tasks/score_text.h"

namespace assay::detail::score {
namespace {

Json arguments_of(const FilterStep& step) {
  if (step.args_json.empty()) return Json::object();
  return Json::parse(step.args_json);
}

std::unique_ptr<const Filter> make_filter(const FilterStep& step, const TaskConfig& config) {
  const Json args = arguments_of(step);
  std::unique_ptr<const Filter> filter = make_regex_filter(step.function, args);
  if (!filter) filter = make_text_filter(step.function, args);
  if (!filter) filter = make_custom_filter(step.function, args, config);
  return filter;
}

}  // namespace

Pipeline::Pipeline(const FilterPipeline& definition, const TaskConfig& config)
    : name_(definition.name) {
  for (const FilterStep& step : definition.steps) {
    if (step.function != "take_first") only_selects_ = false;
    const std::string where = fmt::format("{}, task {}, filter_list {}, {}", config.file,
                                          config.task, definition.name, step.function);
    try {
      steps_.push_back(make_filter(step, config));
    } catch (const RegexError& e) {
      throw Error(ErrorKind::kBadInput, e.what(), where, "Correct the pattern in the task file.");
    } catch (const Json::exception& e) {
      throw Error(ErrorKind::kBadInput, fmt::format("Wrong argument of a filter: {}", e.what()),
                  where, "Correct it in the task file.");
    }
    if (!steps_.back())
      throw Error(
          ErrorKind::kBadInput, fmt::format("Unknown filter \"{}\"", step.function), where,
          "Known are regex, regex_pos, remove_whitespace, multi_choice_regex, take_first, "
          "take_first_k, majority_vote, lowercase, uppercase, map, format_span and custom.");
  }
}

Json Pipeline::apply(Json responses, const Row& doc) const {
  for (const std::unique_ptr<const Filter>& step : steps_) responses = step->apply(responses, doc);
  return responses;
}

std::vector<Pipeline> pipelines_of(const TaskConfig& config) {
  std::vector<Pipeline> pipelines;
  if (config.filters.empty()) {
    pipelines.emplace_back(FilterPipeline{.name = "none", .steps = {{"take_first", "{}"}}}, config);
    return pipelines;
  }
  for (const FilterPipeline& definition : config.filters)
    pipelines.emplace_back(definition, config);
  return pipelines;
}

std::vector<Json> elements(const Json& value) {
  if (value.is_array()) return value.get<std::vector<Json>>();
  if (!value.is_string()) throw Unscored("a filter got no list of answers");
  std::vector<Json> parts;
  for (const char32_t c : characters(value.get_ref<const std::string&>()))
    parts.emplace_back(utf8(std::u32string_view(&c, 1)));
  return parts;
}

}  // namespace assay::detail::score
