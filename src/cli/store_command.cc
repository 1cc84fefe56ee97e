// assay store: what has been kept, and its housekeeping.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/flags.h"
#include "core/error.h"

namespace assay::cli {
namespace {

struct StoreCommandFlags {
  std::string path, key, kind;
  std::int64_t older_than_days = -1;
  bool damaged_only = false, dry_run = false;
};

Store open_at(const StoreCommandFlags& flags) {
  return Store::open(flags.path.empty() ? default_store_path() : flags.path);
}

double mib(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

void list(const StoreCommandFlags& flags) {
  Store store = open_at(flags);
  for (const RecordSummary& r : store.list(flags.kind)) {
    fmt::print("{}  {:<20} {:>9} bytes  {}  {}\n", r.key.hex(), r.kind, r.payload_bytes, r.created,
               r.subject);
  }
  const StoreSummary summary = store.summary();
  fmt::print(stderr, "{}: {} records, {:.1f} MiB of payload, {:.1f} MiB on disk\n", store.path(),
             summary.n_records, mib(summary.payload_bytes), mib(summary.file_bytes));
}

void show(const StoreCommandFlags& flags) {
  Store store = open_at(flags);
  const std::vector<RecordSummary> found = store.find(flags.key);
  if (found.empty()) {
    throw Error(ErrorKind::kBadInput, "No record's key starts with '" + flags.key + "'",
                store.path(), "`assay store ls` lists the keys.");
  }
  for (const RecordSummary& r : found) {
    fmt::print("key      {}\nkind     {}\ncreated  {}\npayload  {} bytes\nsubject  {}\n",
               r.key.hex(), r.kind, r.created, r.payload_bytes, r.subject);
  }
}

void collect(const StoreCommandFlags& flags) {
  Store store = open_at(flags);
  GcOptions options{
      .kind = flags.kind, .damaged_only = flags.damaged_only, .dry_run = flags.dry_run};
  if (flags.older_than_days >= 0) options.older_than_days = flags.older_than_days;
  if (flags.kind.empty() && !options.older_than_days && !flags.damaged_only) {
    throw Error(ErrorKind::kUsage, "`store gc` without a choice would remove everything", {},
                "Say --older-than DAYS, --kind KIND or --damaged.");
  }
  const GcResult result = store.gc(options);
  fmt::print("{} {} records, {:.1f} MiB\n", flags.dry_run ? "would remove" : "removed",
             result.n_removed, mib(result.payload_bytes));
}

void verify(const StoreCommandFlags& flags, Context& context) {
  Store store = open_at(flags);
  const VerifyResult result = store.verify();
  fmt::print("{}: {} records checked, {} damaged, database {}\n", store.path(), result.n_checked,
             result.damaged.size(), result.integrity);
  for (const RecordSummary& r : result.damaged)
    fmt::print("damaged  {}  {}  {}\n", r.key.hex(), r.kind, r.subject);
  if (!result.damaged.empty() || result.integrity != "ok") {
    fmt::print(stderr,
               "Remedy: `assay store gc --damaged` removes damaged records; they are computed "
               "again when needed.\n");
    context.exit_code = 3;
  }
}

}  // namespace

void add_store_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<StoreCommandFlags>();
  CLI::App* store =
      app.add_subcommand("store", "The finished work that is kept: list, show, clean up, check");
  store->require_subcommand(1);
  store->add_option("--store", flags->path, "Store file (default: " + default_store_path() + ")");
  CLI::App* ls = store->add_subcommand("ls", "List the records");
  ls->add_option("--kind", flags->kind, "Only this kind");
  ls->callback([flags] { list(*flags); });
  CLI::App* show_command =
      store->add_subcommand("show", "Show the records whose key starts with KEY");
  show_command->add_option("KEY", flags->key, "First digits of a key")->required();
  show_command->callback([flags] { show(*flags); });
  CLI::App* gc = store->add_subcommand("gc", "Remove records");
  gc->add_option("--kind", flags->kind, "Only this kind");
  gc->add_option("--older-than", flags->older_than_days, "Only records older than so many days")
      ->check(CLI::NonNegativeNumber);
  gc->add_flag("--damaged", flags->damaged_only, "Only damaged records");
  gc->add_flag("--dry-run", flags->dry_run, "Only say what would go");
  gc->callback([flags] { collect(*flags); });
  store->add_subcommand("verify", "Check every record and the database")
      ->callback([flags, &context] { verify(*flags, context); });
}

}  // namespace assay::cli
