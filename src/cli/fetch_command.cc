// assay fetch: a file from the Hugging Face hub into the cache.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/progress.h"
#include "hub/hub.h"

namespace assay::cli {
namespace {

struct FetchFlags {
  std::string reference, endpoint, cache_dir;
  bool offline = false;
};

void run(const FetchFlags& flags, const Context& context) {
  ProgressLine progress;
  const HubReference reference = parse_hub_reference(flags.reference);
  HubOptions options{.endpoint = flags.endpoint,
                     .cache_dir = flags.cache_dir.empty() ? default_cache_dir() : flags.cache_dir,
                     .offline = flags.offline,
                     .stop = context.stop};
  options.progress = [&](std::int64_t n_done, std::int64_t n_total) {
    progress.show_bytes(reference.repository, n_done, n_total);
  };
  if (reference.file.empty()) {
    for (const HubFile& file : list_hub_files(reference, options)) {
      fmt::print("{:>12}  {}\n", file.size_bytes, file.path);
    }
    return;
  }
  const std::string path = fetch_hub_file(reference, options);
  progress.clear();
  fmt::print("{}\n", path);
}

}  // namespace

void add_fetch_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<FetchFlags>();
  CLI::App* command =
      app.add_subcommand("fetch", "Fetch a file from the Hugging Face hub; prints where it lies");
  command
      ->add_option(
          "REFERENCE", flags->reference,
          "hf:org/name[@rev]/file, or hf:datasets/org/name[@rev]/file; without a file: lists them")
      ->required();
  command->add_option("--endpoint", flags->endpoint,
                      "Hub to ask (default: HF_ENDPOINT, else the public one)");
  command->add_option("--cache-dir", flags->cache_dir,
                      "Folder for files (default: " + default_cache_dir() + ")");
  command->add_flag("--offline", flags->offline, "Only look into the cache");
  command->footer(
      "HF_TOKEN is sent to the hub when it is set. An interrupted download goes on where it "
      "stopped.");
  command->callback([flags, &context] { run(*flags, context); });
}

}  // namespace assay::cli
