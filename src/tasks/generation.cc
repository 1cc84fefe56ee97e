#include "tasks/generation.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "core/error.h"
#include "tasks/python_text.h"

namespace assay::detail {
namespace {

// lm_eval/utils.py handle_arg_string.
Json typed(const std::string& text) {
  const std::string value = python::strip(text);
  if (value.size() >= 2 && value.front() == value.back() &&
      (value.front() == '\'' || value.front() == '"'))
    return value.substr(1, value.size() - 2);
  const std::string low = python::lower(value);
  if (low == "true" || low == "false") return low == "true";
  if (low == "none") return nullptr;
  const std::size_t sign = !value.empty() && (value[0] == '+' || value[0] == '-') ? 1 : 0;
  const char* end = value.data() + value.size();
  const char* start = value.data() + (sign == 1 && value[0] == '+' ? 1 : 0);
  std::int64_t whole = 0;
  if (python::is_digits(value.substr(sign)) && std::from_chars(start, end, whole).ec == std::errc())
    return whole;
  double real = 0;
  const auto parsed = std::from_chars(start, end, real);
  if (!value.empty() && parsed.ec == std::errc() && parsed.ptr == end) return real;
  return value;
}

Json defaults(const std::string& fewshot_delimiter) {
  return {{"temperature", 0.0},
          {"do_sample", false},
          {"max_gen_toks", 256},
          {"until", Json::array({fewshot_delimiter})}};
}

Json own_kwargs(const TaskConfig& config) {
  if (config.generation_kwargs_json.empty()) return defaults(config.fewshot_delimiter);
  Json kwargs = Json::parse(config.generation_kwargs_json, nullptr, false);
  if (!kwargs.is_object())
    throw Error(ErrorKind::kBadInput, "generation_kwargs is no map", config.file);
  if (!kwargs.contains("until")) kwargs["until"] = Json::array({config.fewshot_delimiter});
  return kwargs;
}

class Reader {
 public:
  Reader(const Json& kwargs, const TaskConfig& config) : kwargs_(kwargs), config_(config) {}

  double number(const char* key, double otherwise) const {
    const auto found = kwargs_.find(key);
    if (found == kwargs_.end() || found->is_null()) return otherwise;
    const Json value = found->is_string() ? typed(found->get<std::string>()) : *found;
    if (!value.is_number() || !std::isfinite(value.get<double>())) wrong(key, *found);
    return value.get<double>();
  }

  std::vector<std::string> until() const {
    std::vector<std::string> result;
    const auto found = kwargs_.find("until");
    if (found == kwargs_.end()) return result;
    const Json list = found->is_array() ? *found : Json::array({*found});
    for (const Json& item : list) {
      if (!item.is_string()) wrong("until", item);
      if (item != "") result.push_back(item.get<std::string>());
    }
    return result;
  }

  int max_new_tokens() const {
    for (const char* key :
         {"max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens"}) {
      const double n = number(key, -1);
      if (n < 0 && (!kwargs_.contains(key) || kwargs_[key].is_null())) continue;
      if (n < 0 || n > 1e9) wrong(key, kwargs_[key]);
      return static_cast<int>(n);
    }
    return 256;
  }

  Sampling sampling(std::uint64_t seed) const {
    Sampling result{.seed = seed};
    const auto do_sample = kwargs_.find("do_sample");
    if (do_sample != kwargs_.end() && *do_sample == false) return result;
    result.temperature = number("temperature", 0);
    if (result.temperature < 0) wrong("temperature", kwargs_["temperature"]);
    result.top_p = number("top_p", 1);
    const double top_k = number("top_k", 0);
    if (top_k > 1e9) wrong("top_k", kwargs_["top_k"]);
    result.top_k = top_k < 0 ? 0 : static_cast<int>(top_k);
    return result;
  }

 private:
  [[noreturn]] void wrong(const char* key, const Json& value) const {
    throw Error(ErrorKind::kBadInput,
                fmt::format("The generation setting {}={} cannot be used", key, value.dump()),
                fmt::format("{}, task {}", config_.file, config_.task));
  }
  const Json& kwargs_;
  const TaskConfig& config_;
};

}  // namespace

Json parse_gen_kwargs(const std::string& text) {
  Json result = Json::object();
  for (const std::string& part : python::split(python::strip(text), ",")) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(ErrorKind::kUsage, fmt::format("--gen-kwargs has '{}' without a value", part), {},
                  "Write it as \"temperature=0.2,top_k=40\".");
    result[part.substr(0, equals)] = typed(part.substr(equals + 1));
  }
  return result;
}

GenerationPlan plan_generation(const TaskConfig& config, const TaskOptions& options) {
  GenerationPlan result;
  if (config.output_type != "generate_until") return result;
  Json kwargs = own_kwargs(config);
  const Json given = parse_gen_kwargs(options.gen_kwargs);
  for (const auto& [key, value] : given.items()) kwargs[key] = value;
  const Reader reader(kwargs, config);
  result.until = reader.until();
  result.max_new_tokens = reader.max_new_tokens();
  result.sampling = reader.sampling(options.sampling_seed);
  for (const auto& [key, value] : kwargs.items()) {
    static const std::string kKnown =
        " until max_gen_toks max_new_tokens max_tokens max_completion_tokens do_sample temperature "
        "top_p top_k ";
    if (kKnown.find(" " + key + " ") == std::string::npos) result.ignored.push_back(key);
  }
  result.kwargs_json = kwargs.dump(-1, ' ', false, Json::error_handler_t::replace);
  return result;
}

}  // namespace assay::detail
