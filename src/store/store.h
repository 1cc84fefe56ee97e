// Durable, content-addressed records in one SQLite file (WAL). A record is on disk before put()
// returns. Safe for several processes at once; a kill at any moment loses at most the record being
// written.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/hash.h"
#include "core/run.h"
#include "core/speed.h"

namespace assay {

struct Record {
  std::string kind;     // "divergence-chunk/1": kind of payload and its format version
  Digest key;           // of everything that decides the payload's content
  std::string subject;  // JSON for people: what this is about; not part of the identity
  std::string payload;  // bytes
};

struct RecordSummary {
  std::string kind;
  Digest key;
  std::string subject;
  std::int64_t payload_bytes = 0;
  std::string created;  // UTC, "2026-11-24T08:15:30Z"
};

struct StoreSummary {
  std::int64_t n_records = 0;
  std::int64_t payload_bytes = 0;
  std::int64_t file_bytes = 0;
};
struct VerifyResult {
  std::int64_t n_checked = 0;
  std::vector<RecordSummary> damaged;
  std::string integrity;
};
struct GcOptions {
  std::string kind;  // only records of this kind; empty = all kinds
  std::optional<std::int64_t> older_than_days;
  bool damaged_only = false;
  bool dry_run = false;
};
struct GcResult {
  std::int64_t n_removed = 0;
  std::int64_t payload_bytes = 0;
};

// Not thread-safe; one per thread. Errors: kIo (cannot be created, disk full: names file and
// remedy), kBadInput (not a store, or written by a newer version).
class Store {
 public:
  static Store open(const std::string& path);  // creates it and its folder when missing
  static Store in_memory();                    // for --no-cache and tests
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  // The payload; nullopt when there is none or its checksum is wrong (then it counts as absent and
  // may be put again).
  std::optional<std::string> get(const std::string& kind, const Digest& key);
  bool contains(const std::string& kind, const Digest& key);
  void put(std::span<const Record> records);  // all or none; existing sound records are kept

  std::vector<RecordSummary> list(const std::string& kind = {});
  std::vector<RecordSummary> find(const std::string& key_prefix);  // hex prefix
  StoreSummary summary();
  VerifyResult verify();
  GcResult gc(const GcOptions& options);
  const std::string& path() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// $ASSAY_STORE, else $XDG_DATA_HOME/assay/store.sqlite, else ~/.local/share/assay/store.sqlite.
std::string default_store_path();

// ---- lm-evaluation-harness's files (lm_eval_export.cc) ----
// The keys of lm-eval 0.4.13's --output_path and --log_samples; ours are added under "assay".

struct LmEvalOutput {
  std::string folder;  // OUTPUT/<model name, made safe for a path>
  std::string date;    // of the file names: "2026-11-25T08-15-30.123456"
};
LmEvalOutput open_lm_eval_output(const std::string& output, const std::string& model_name);
// One line per sample and filter, appended to samples_TASK_DATE.jsonl. The samples must still have
// their requests. Error{kIo}.
void append_lm_eval_samples(const LmEvalOutput& output, std::span<const SampleRecord> samples);
// The harness's hashes of a sample that still has its requests.
SourceHashes lm_eval_hashes(const SampleRecord& sample);
// results_DATE.json; returns its path. Error{kIo}.
std::string write_lm_eval_results(const LmEvalOutput& output, const Run& run);

// ---- Runs made elsewhere (import.cc; docs/formats/import.md) ----

struct ImportOptions {
  // Of a table with a line per item: which column is what. "id", "score" or "score.NAME", "task",
  // "filter", "answer", "target", "prompt", "cluster", "model".
  std::map<std::string, std::string> columns;
};
struct ImportedRun {
  // Its metrics are those that the source states, without ci95. What the source does not contain
  // is said in header.warnings; unknown digests are 0.
  Run run;
  // Per task of the run: how each metric's samples become its number, where the source says so;
  // "" where it does in code of its own.
  std::vector<std::map<std::string, std::string>> aggregations;
  std::string source;  // file or folder
};
// Reads files and folders of lm-evaluation-harness 0.4, logs of Inspect, output of
// llama-perplexity, tables, runs of Assay; recognised by content. In the order of the paths, within
// a folder by name. Samples are read line by line; prompts are not kept. Errors: kIo, kBadInput
// naming file, line and remedy.
std::vector<ImportedRun> read_foreign_runs(std::span<const std::string> paths,
                                           const ImportOptions& options = {});

// Speed that other programs measured: llama-bench's JSON or JSONL, benchmark_app's report,
// llm_bench's CSV; the files together, the first setup being the baseline. Samples where the source
// has them, without figures (summarize_speed). nullopt when no path is such a file. Errors: kIo,
// kBadInput naming file, place and remedy.
std::optional<SpeedResult> read_foreign_speed(std::span<const std::string> paths);

}  // namespace assay
