#include "cli/bench_flags.h"

#include <charconv>
#include <map>
#include <regex>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/error.h"

namespace assay::cli {
namespace {

constexpr int kMostValues = 10000;

[[noreturn]] void refuse(const std::string& option, const std::string& text,
                         const std::string& example) {
  throw Error(ErrorKind::kUsage, option + " '" + text + "' is not understood", {},
              "For example " + option + " " + example + ".");
}

int integer(const std::string& text, const std::string& option) {
  int value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size()) refuse(option, text, "512,1024");
  return value;
}

// "FIRST-LAST", with "+STEP" or "*FACTOR".
void add_range(const std::smatch& range, const std::string& option, std::vector<int>& values) {
  const int first = integer(range[1], option), last = integer(range[2], option);
  const bool multiplies = range[3] == "*";
  const int step = range[3].matched ? integer(range[4], option) : 1;
  if (step < 1 || (multiplies && (step < 2 || first < 1)) || first > last)
    refuse(option, range[0], "1-16*2");
  for (std::int64_t value = first; value <= last;
       value = multiplies ? value * step : value + step) {
    values.push_back(static_cast<int>(value));
    if (values.size() > kMostValues) refuse(option, range[0], "1-16*2");
  }
}

std::vector<std::string> parts_of(const std::vector<std::string>& texts) {
  std::vector<std::string> parts;
  for (const std::string& text : texts) {
    std::size_t start = 0;
    for (std::size_t comma = 0; comma != std::string::npos; start = comma + 1) {
      comma = text.find(',', start);
      parts.push_back(text.substr(start, comma == std::string::npos ? comma : comma - start));
    }
  }
  return parts;
}

struct Pair {
  int first = 0, second = 0;
};
Pair parse_pair(const std::string& text, const std::string& option) {
  const std::size_t comma = text.find(',');
  if (comma == std::string::npos) refuse(option, text, "512,128");
  return {integer(text.substr(0, comma), option), integer(text.substr(comma + 1), option)};
}

std::string flash_name(const std::string& text) {
  if (text == "1" || text == "on") return "on";
  if (text == "0" || text == "off") return "off";
  if (text == "-1" || text == "auto") return "auto";
  refuse("--flash-attn", text, "auto");
}

// A list that was given replaces the default.
CLI::Option* add_list(CLI::App& app, const std::string& names, std::vector<std::string>& values,
                      const std::string& help) {
  return app.add_option(names, values, help)
      ->allow_extra_args(false)
      ->type_name("LIST")
      ->capture_default_str();
}

void add_test_flags(CLI::App& app, BenchFlags& flags) {
  add_list(app, "-p,--n-prompt", flags.n_prompt, "Prompt tokens: 512,1024 or 256-1024*2; 0: none");
  add_list(app, "-n,--n-gen", flags.n_gen, "Generated tokens; 0: none");
  add_list(app, "--n-pg", flags.n_pg, "-pg P,G: a prompt and then generated tokens; repeatable");
  add_list(app, "-d,--n-depth", flags.n_depth, "Tokens in the context before the clock starts");
  add_list(app, "--parallel", flags.n_parallel, "Sequences side by side (throughput)");
  app.add_option("--request", flags.requests,
                 "P,G: a prompt of P tokens is answered with G tokens as a user waits for them: "
                 "latencies (default 128,32; 0,0: none)")
      ->allow_extra_args(false);
  app.add_option("--prompts", flags.prompts,
                 "Prompts of the requests, one per line or .jsonl; instead of random tokens");
  CLI::Option* file = app.get_option("--prompts");
  app.add_option("--prompts-task", flags.prompts_task,
                 "Instead: the prompts of this task's first samples, such as gsm8k")
      ->excludes(file);
  app.add_option("--include-path", flags.include_paths,
                 "Folder with more task files (lm-evaluation-harness YAML); repeatable")
      ->allow_extra_args(false);
  add_dataset_flags(app, flags.data);
  app.add_flag("--stop-at-end", flags.stop_at_end,
               "A request ends at an end token, not after a fixed length");
}

void add_point_flags(CLI::App& app, BenchFlags& flags) {
  add_list(app, "-b,--batch-size", flags.n_batch,
           "Prompt tokens for whose last one logits are computed");
  add_list(app, "--ubatch-size", flags.n_ubatch, "-ub: tokens computed in one pass");
  add_list(app, "-t,--threads", flags.n_threads, "Threads (0: one per physical core)");
  add_list(app, "--cache-type-k", flags.type_k, "-ctk: type of the K cache");
  add_list(app, "--cache-type-v", flags.type_v, "-ctv: type of the V cache");
  add_list(app, "--n-gpu-layers", flags.n_gpu_layers, "-ngl: layers on the GPU (-1: all)");
  add_list(app, "--flash-attn", flags.flash_attention, "-fa: on, off or auto");
}

}  // namespace

void add_bench_flags(CLI::App& app, BenchFlags& flags) {
  app.add_option("BASE", flags.baseline, "Baseline: a GGUF file")->required();
  app.add_option("VARIANT", flags.variants, "As for `assay diverge`");
  add_test_flags(app, flags);
  add_point_flags(app, flags);
  app.add_option("-r,--repetitions", flags.n_repetitions,
                 "Exactly so many rounds, instead of --precision and --budget")
      ->check(CLI::Range(0, 1000));
  app.add_option("--precision", flags.precision,
                 "A ratio is known when its interval is at most so far from it on either side")
      ->capture_default_str();
  app.add_option("--budget", flags.budget, "Longest time, such as 90s or 5m (0: none)")
      ->capture_default_str();
  app.add_flag("--keep-processes", flags.keep_processes,
               "One process per variant for all rounds, where loading takes long: less sure, since "
               "a process may be faster than the next from start to end");
  app.add_option("--seed", flags.seed, "Of the order of the variants and of the random tokens")
      ->capture_default_str();
  app.add_option("--max-memory", flags.max_memory_gib,
                 "GiB that all models together may take (0: what is available); more take turns")
      ->check(CLI::NonNegativeNumber);
  add_recipe_flags(app, flags.recipe);
  app.add_option("--cache-dir", flags.cache_dir,
                 "Folder for made variants (default: " + default_cache_dir() + ")");
  add_output_flags(app, flags.output);
  app.add_option("-o,--output", flags.layout,
                 "llama-bench's layout instead: csv, json, jsonl, md or sql")
      ->check(CLI::IsMember({"csv", "json", "jsonl", "md", "sql"}));
  app.add_flag("--summary", flags.summary, "Count, duration, latency and throughput of each test");
}

std::vector<int> parse_integers(const std::vector<std::string>& texts, const std::string& option) {
  static const std::regex kRange(R"((\d+)-(\d+)(?:([+*])(\d+))?)");
  std::vector<int> values;
  for (const std::string& part : parts_of(texts)) {
    std::smatch range;
    if (std::regex_match(part, range, kRange)) {
      add_range(range, option, values);
    } else {
      values.push_back(integer(part, option));
    }
  }
  return values;
}

double parse_duration(const std::string& text, const std::string& option) {
  static const std::map<std::string, double> kUnits{
      {"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}};
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto unit = kUnits.find(std::string(rest, text.data() + text.size()));
  if (error != std::errc() || unit == kUnits.end() || !(value >= 0 && value < 1e7))
    refuse(option, text, "5m");
  return value * unit->second;
}

double parse_precision(const std::string& text) {
  const bool percent = !text.empty() && text.back() == '%';
  const char* end = text.data() + text.size() - (percent ? 1 : 0);
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (percent) value /= 100;
  if (error != std::errc() || rest != end || !(value > 0 && value < 1))
    refuse("--precision", text, "2%");
  return value;
}

std::vector<SpeedTest> to_tests(const BenchFlags& flags) {
  std::vector<SpeedTest> tests;
  const auto add = [&](SpeedTest test) {
    if (test.n_prompt == 0 && test.n_gen == 0) return;  // as llama-bench: 0 is "not this one"
    require_sensible(test);
    tests.push_back(test);
  };
  const std::vector<int> prompts = parse_integers(flags.n_prompt, "-p");
  const std::vector<int> gens = parse_integers(flags.n_gen, "-n");
  for (const int n_depth : parse_integers(flags.n_depth, "-d")) {
    for (const int n_parallel : parse_integers(flags.n_parallel, "--parallel")) {
      const SpeedTest shape{.n_depth = n_depth, .n_parallel = n_parallel};
      const auto with = [&](int n_prompt, int n_gen) {
        SpeedTest test = shape;
        test.n_prompt = n_prompt;
        test.n_gen = n_gen;
        add(test);
      };
      for (const int n_prompt : prompts) with(n_prompt, 0);
      for (const int n_gen : gens) with(0, n_gen);
      for (const std::string& pair : flags.n_pg) {
        const Pair pg = parse_pair(pair, "-pg");
        with(pg.first, pg.second);
      }
    }
  }
  if (!flags.layout.empty()) return tests;  // llama-bench has no requests
  const std::vector<std::string> requests =
      flags.requests.empty() ? std::vector<std::string>{"128,32"} : flags.requests;
  for (const std::string& pair : requests) {
    const Pair request = parse_pair(pair, "--request");
    add({.n_prompt = request.first, .n_gen = request.second, .request = true});
  }
  return tests;
}

std::vector<SpeedPoint> to_points(const BenchFlags& flags) {
  std::vector<SpeedPoint> points{{}};
  // Each list multiplies the points; what differs between them becomes part of their names.
  const auto sweep = [&](const auto& values, const std::string& label, const auto& set) {
    std::vector<SpeedPoint> next;
    for (const SpeedPoint& point : points) {
      for (const auto& value : values) {
        SpeedPoint more = point;
        set(more, value);
        if (values.size() > 1)
          more.label += fmt::format("{}{}={}", more.label.empty() ? "" : " ", label, value);
        next.push_back(std::move(more));
      }
    }
    points = std::move(next);
  };
  const auto positive = [](const std::vector<std::string>& texts, const char* option, int least) {
    std::vector<int> values = parse_integers(texts, option);
    for (const int value : values) {
      if (value < least || value > 1 << 20) refuse(option, std::to_string(value), "512");
    }
    return values;
  };
  sweep(positive(flags.n_batch, "-b", 1), "b", [](SpeedPoint& p, int v) { p.n_batch = v; });
  sweep(positive(flags.n_ubatch, "-ub", 1), "ub",
        [](SpeedPoint& p, int v) { p.runtime.n_ubatch = v; });
  sweep(positive(flags.n_threads, "-t", 0), "t",
        [](SpeedPoint& p, int v) { p.runtime.n_threads = v; });
  sweep(parse_integers(flags.n_gpu_layers, "-ngl"), "ngl",
        [](SpeedPoint& p, int v) { p.runtime.n_gpu_layers = v; });
  sweep(parts_of(flags.type_k), "ctk",
        [](SpeedPoint& p, const std::string& v) { p.runtime.kv.k = v; });
  sweep(parts_of(flags.type_v), "ctv",
        [](SpeedPoint& p, const std::string& v) { p.runtime.kv.v = v; });
  sweep(parts_of(flags.flash_attention), "fa",
        [](SpeedPoint& p, const std::string& v) { p.runtime.flash_attention = flash_name(v); });
  return points;
}

std::vector<std::string> with_long_flags(std::vector<std::string> arguments) {
  static const std::map<std::string, std::string> kLong{
      {"-pg", "--n-pg"},          {"-ub", "--ubatch-size"},   {"-ctk", "--cache-type-k"},
      {"-ctv", "--cache-type-v"}, {"-ngl", "--n-gpu-layers"}, {"-fa", "--flash-attn"}};
  for (std::string& argument : arguments) {
    const auto found = kLong.find(argument);
    if (found != kLong.end()) argument = found->second;
  }
  return arguments;
}

}  // namespace assay::cli
