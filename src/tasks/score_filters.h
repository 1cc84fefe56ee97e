// Inside scores only: what stands between a model's texts and what is scored (lm_eval/filters).
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tasks/rows.h"

namespace assay::detail::score {

// Why one sample has no score; never ends the command.
struct Unscored : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One step. Values are as in Python: a text, null, a number, or a list of them.
class Filter {
 public:
  virtual ~Filter() = default;
  // Errors: Unscored where lm-eval's would raise, RegexError.
  virtual Json apply(const Json& responses, const Row& doc) const = 0;
};

class Pipeline {
 public:
  // Errors: kBadInput naming the task and the filter (unknown name, wrong argument, bad pattern).
  Pipeline(const FilterPipeline& definition, const TaskConfig& config);
  const std::string& name() const { return name_; }
  bool only_selects() const { return only_selects_; }  // take_first and nothing else
  Json apply(Json responses, const Row& doc) const;

 private:
  std::string name_;
  bool only_selects_ = true;
  std::vector<std::unique_ptr<const Filter>> steps_;
};

// The pipelines of a task; when it names none, lm-eval's default.
std::vector<Pipeline> pipelines_of(const TaskConfig& config);

// Python's iteration: a list's elements, a text's characters.
std::vector<Json> elements(const Json& value);

// A key of the step's arguments.
template <typename T>
T argument(const Json& args, const char* key, T otherwise) {
  const auto at = args.find(key);
  return at == args.end() || at->is_null() ? otherwise : at->get<T>();
}

// Made from a step's arguments. nullptr: not one of that family.
std::unique_ptr<const Filter> make_regex_filter(const std::string& function, const Json& args);
std::unique_ptr<const Filter> make_text_filter(const std::string& function, const Json& args);
std::unique_ptr<const Filter> make_custom_filter(const std::string& function, const Json& args,
                                                 const TaskConfig& config);

}  // namespace assay::detail::score
