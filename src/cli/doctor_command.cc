// assay doctor: what could go wrong on this machine, each with its fix.
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/demo_data.h"
#include "cli/flags.h"
#include "core/error.h"
#include "models/models.h"
#include "tasks/tasks.h"

namespace assay::cli {
namespace {

struct Check {
  const char* name;
  std::function<std::string()> run;  // what was found; throws Error with the fix
  bool only_some = false;            // only some commands need it: no failure of the machine
};

std::string check_folder(const std::string& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed || ::access(folder.c_str(), W_OK) != 0) {
    throw Error(ErrorKind::kIo, "not writable", folder,
                "Give another one with --cache-dir or ASSAY_CACHE.");
  }
  const auto space = std::filesystem::space(folder);
  const double gib = static_cast<double>(space.available) / (1 << 30);
  if (gib < 2) {
    throw Error(
        ErrorKind::kIo, fmt::format("only {:.1f} GiB free", gib), folder,
        "Made variants lie here: free some space, or choose another folder with ASSAY_CACHE.");
  }
  return fmt::format("{}, {:.0f} GiB free", folder, gib);
}

std::string check_store(const StoreFlags& flags) {
  Store store = open_store(flags);
  const StoreSummary summary = store.summary();
  return fmt::format("{}, {} records, {:.1f} MiB", store.path(), summary.n_records,
                     static_cast<double>(summary.file_bytes) / (1 << 20));
}

std::string check_memory() {
  constexpr double kGib = 1 << 30;
  const double gib = static_cast<double>(available_memory_bytes()) / kGib;
  if (gib < 1) {
    throw Error(ErrorKind::kEngine, fmt::format("only {:.1f} GiB available", gib), {},
                "Close other programs; models that do not fit together take turns.");
  }
  return fmt::format("{:.1f} GiB available", gib);
}

// The number that llama-perplexity gives must come out here, whatever this processor's kernels are.
std::string check_known_answer(const std::string& cache) {
  Store store = Store::in_memory();
  MeasureOptions options = demo_measurement(cache);
  options.store = &store;
  const double ppl = measure_perplexity(options).model.perplexity.perplexity.value;
  if (std::abs(ppl / kDemoPerplexity - 1) > 1e-3) {
    throw Error(
        ErrorKind::kEngine,
        fmt::format("the built-in model scores {:.4f} instead of {:.4f}", ppl, kDemoPerplexity), {},
        "The engine is miscompiled for this machine: delete the llama folder in the cache and "
        "build again.");
  }
  return fmt::format("built-in model scores {:.4f}, as llama-perplexity does ({:.4f})", ppl,
                     kDemoPerplexity);
}

// Only tasks that run model-written code need it.
std::string check_sandbox() {
  if (const auto problem = sandbox_problem()) {
    throw Error(ErrorKind::kEngine, "tasks that run code cannot be scored: " + *problem);
  }
  return "model-written code runs isolated (docs/sandbox.md)";
}

void run(const StoreFlags& flags, Context& context) {
  const std::string cache = cache_dir(flags);
  const Check checks[] = {
      {"engine", [] { return llama_engine_id(); }},
      {"threads", [] { return fmt::format("{} by default", default_threads()); }},
      {"memory", check_memory},
      {"cache", [&] { return check_folder(cache); }},
      {"store", [&] { return check_store(flags); }},
      {"known answer", [&] { return check_known_answer(cache); }},
      {"sandbox", check_sandbox, true},
  };
  for (const Check& check : checks) {
    try {
      fmt::print("ok    {:<13} {}\n", check.name, check.run());
    } catch (const Error& error) {
      fmt::print("{:<5} {:<13} {}\n", check.only_some ? "note" : "FAIL", check.name, error.what());
      if (!check.only_some) context.exit_code = 4;
    }
  }
}

}  // namespace

void add_doctor_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<StoreFlags>();
  CLI::App* command =
      app.add_subcommand("doctor", "Check this machine: engine, memory, folders, a known answer");
  add_store_flags(*command, *flags);
  command->callback([flags, &context] { run(*flags, context); });
}

}  // namespace assay::cli
