#include "store/store.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "store/database.h"

namespace assay {
namespace {

constexpr std::int64_t kApplicationId = 0x41534159;  // "ASAY", at offset 68 of the file
constexpr std::int64_t kSchemaVersion = 1;

// The payload is last: SQLite reads the other columns without following its overflow pages, so a
// listing of a large store reads little.
constexpr const char* kSchema = R"sql(
CREATE TABLE record (
  kind     TEXT NOT NULL,
  key      BLOB NOT NULL CHECK (length(key) = 16),
  subject  TEXT NOT NULL,
  created  TEXT NOT NULL,
  checksum BLOB NOT NULL CHECK (length(checksum) = 16),
  payload  BLOB NOT NULL,
  PRIMARY KEY (kind, key)
);
)sql";

constexpr const char* kSummaryColumns = "SELECT kind, key, subject, created, length(payload)";

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

// Also over kind and key, so that a payload filed under another record's name is damage too.
Digest checksum_of(std::string_view kind, std::string_view key, std::string_view payload) {
  return Hasher().add_field(kind).add_field(key).add_field(payload).finish();
}

Digest digest_from(std::string_view bytes) {
  Digest digest;
  if (bytes.size() == digest.bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  }
  return digest;
}

RecordSummary read_summary(Statement& row) {
  return {.kind = std::string(row.column_bytes(0)),
          .key = digest_from(row.column_bytes(1)),
          .subject = std::string(row.column_bytes(2)),
          .payload_bytes = row.column_int(4),
          .created = std::string(row.column_bytes(3))};
}

// nullopt when absent or damaged.
std::optional<std::string> read_sound_payload(Database& database, std::string_view kind,
                                              const Digest& key) {
  Statement row =
      database.prepare("SELECT checksum, payload FROM record WHERE kind = ?1 AND key = ?2");
  row.bind_text(1, kind).bind_blob(2, bytes_of(key));
  if (!row.step()) return std::nullopt;
  const std::string_view payload = row.column_bytes(1);
  const Digest checksum = checksum_of(kind, bytes_of(key), payload);
  if (row.column_bytes(0) != bytes_of(checksum)) return std::nullopt;
  return std::string(payload);
}

// The file is ours (true), empty (false), or refused. Call it in a transaction: read one by one,
// the values may come from before and after another process made the store.
bool is_a_store(Database& database, const std::string& path) {
  const std::int64_t application = database.read_int("PRAGMA application_id");
  const std::int64_t version = database.read_int("PRAGMA user_version");
  if (application == kApplicationId && version == kSchemaVersion) return true;
  if (application == kApplicationId && version > kSchemaVersion) {
    throw Error(ErrorKind::kBadInput,
                fmt::format("The store was written by a newer Assay (schema {}, this one knows {})",
                            version, kSchemaVersion),
                path, "Use that Assay, or name another file with --store.");
  }
  if (application == 0 && version == 0 &&
      database.read_int("SELECT count(*) FROM sqlite_schema") == 0) {
    return false;
  }
  throw Error(ErrorKind::kBadInput, "The file is an SQLite database, but not a store", path,
              "Name another file with --store.");
}

void create_schema(Database& database, const std::string& path) {
  database.execute("PRAGMA auto_vacuum = INCREMENTAL");  // has no effect after the first table
  Transaction transaction(database, Transaction::Mode::kWrite);
  if (is_a_store(database, path)) return;  // another process was faster
  database.execute(kSchema);
  database.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                               kApplicationId, kSchemaVersion)
                       .c_str());
  transaction.commit();
}

void prepare_database(Database& database, const std::string& path) {
  bool exists = false;
  {
    const Transaction snapshot(database, Transaction::Mode::kRead);
    exists = is_a_store(database, path);
  }
  if (!exists) create_schema(database, path);
  // FULL, not NORMAL: with WAL both survive a kill, but NORMAL may lose the last commits when the
  // power fails. FULL costs one fsync of the log for each put, milliseconds beside the seconds of
  // computation that a record stands for.
  database.execute("PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL");
}

// SQLite does not wait by the busy timeout in every step of the change to WAL, because two waiting
// connections would block each other; trying again does.
void prepare_patiently(Database& database, const std::string& path) {
  constexpr int kAttempts = 200;
  for (int attempt = 1;; ++attempt) {
    try {
      return prepare_database(database, path);
    } catch (const BusyError&) {
      if (attempt == kAttempts) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(5 + attempt % 7));
    }
  }
}

std::int64_t size_of_file(const std::string& path) {
  std::error_code ignored;
  const std::uintmax_t size = std::filesystem::file_size(path, ignored);
  return ignored ? 0 : static_cast<std::int64_t>(size);
}

void create_folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Error(ErrorKind::kIo, "The store's folder cannot be created: " + error.message(),
                folder.string(), "Check its permissions, or choose another place with --store.");
  }
}

}  // namespace

struct Store::Impl {
  std::string path;
  Database database;

  std::vector<RecordSummary> gc_candidates(const GcOptions& options);
  bool is_damaged(const RecordSummary& record) {
    return !read_sound_payload(database, record.kind, record.key);
  }
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

Store Store::open(const std::string& path) {
  if (path.empty()) {
    throw Error(ErrorKind::kUsage, "The store's path is empty", {}, "Name a file with --store.");
  }
  create_folder_of(path);
  // Absolute, because SQLite takes names such as ":memory:" for something else than a file.
  auto impl =
      std::make_unique<Impl>(Impl{path, Database(std::filesystem::absolute(path).string())});
  prepare_patiently(impl->database, path);
  return Store(std::move(impl));
}

Store Store::in_memory() {
  auto impl = std::make_unique<Impl>(Impl{":memory:", Database(":memory:")});
  create_schema(impl->database, ":memory:");
  return Store(std::move(impl));
}

std::optional<std::string> Store::get(const std::string& kind, const Digest& key) {
  return read_sound_payload(impl_->database, kind, key);
}

bool Store::contains(const std::string& kind, const Digest& key) {
  return get(kind, key).has_value();
}

void Store::put(std::span<const Record> records) {
  if (records.empty()) return;
  Database& database = impl_->database;
  Transaction transaction(database, Transaction::Mode::kWrite);
  Statement insert = database.prepare(
      "INSERT INTO record (kind, key, subject, created, checksum, payload) "
      "VALUES (?1, ?2, ?3, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?4, ?5) "
      "ON CONFLICT (kind, key) DO UPDATE SET subject = excluded.subject, "
      "created = excluded.created, checksum = excluded.checksum, payload = excluded.payload");
  for (const Record& record : records) {
    if (read_sound_payload(database, record.kind, record.key)) continue;
    const std::string_view key = bytes_of(record.key);
    const Digest checksum = checksum_of(record.kind, key, record.payload);
    insert.bind_text(1, record.kind).bind_blob(2, key).bind_text(3, record.subject);
    insert.bind_blob(4, bytes_of(checksum)).bind_blob(5, record.payload);
    insert.step();
    insert.reset();
  }
  transaction.commit();
}

std::vector<RecordSummary> Store::list(const std::string& kind) {
  Statement rows = impl_->database.prepare(std::string(kSummaryColumns) +
                                           " FROM record WHERE ?1 = '' OR kind = ?1"
                                           " ORDER BY created, kind, key");
  rows.bind_text(1, kind);
  std::vector<RecordSummary> records;
  while (rows.step()) records.push_back(read_summary(rows));
  return records;
}

std::vector<RecordSummary> Store::find(const std::string& key_prefix) {
  if (key_prefix.size() > 32 ||
      key_prefix.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
    throw Error(ErrorKind::kUsage, "'" + key_prefix + "' is not the beginning of a record's key",
                {}, "A key has 32 hexadecimal digits; 'assay store ls' shows them.");
  }
  Statement rows = impl_->database.prepare(
      std::string(kSummaryColumns) +
      " FROM record WHERE substr(hex(key), 1, length(?1)) = upper(?1) ORDER BY kind, key");
  rows.bind_text(1, key_prefix);
  std::vector<RecordSummary> records;
  while (rows.step()) records.push_back(read_summary(rows));
  return records;
}

StoreSummary Store::summary() {
  Database& database = impl_->database;
  StoreSummary summary{
      .n_records = database.read_int("SELECT count(*) FROM record"),
      .payload_bytes = database.read_int("SELECT coalesce(sum(length(payload)), 0) FROM record")};
  summary.file_bytes = path() == ":memory:" ? database.read_int("PRAGMA page_count") *
                                                  database.read_int("PRAGMA page_size")
                                            : size_of_file(path()) + size_of_file(path() + "-wal");
  return summary;
}

VerifyResult Store::verify() {
  VerifyResult result;
  try {
    Statement problems = impl_->database.prepare("PRAGMA integrity_check");
    while (problems.step()) {
      if (!result.integrity.empty()) result.integrity += '\n';
      result.integrity += problems.column_bytes(0);
    }
    Statement rows = impl_->database.prepare(std::string(kSummaryColumns) +
                                             ", checksum, payload FROM record ORDER BY rowid");
    while (rows.step()) {
      ++result.n_checked;
      const Digest checksum =
          checksum_of(rows.column_bytes(0), rows.column_bytes(1), rows.column_bytes(6));
      if (rows.column_bytes(5) != bytes_of(checksum)) result.damaged.push_back(read_summary(rows));
    }
  } catch (const Error& error) {
    // Damaged pages are a finding here, not a failure; what was checked before them still counts.
    if (error.kind() != ErrorKind::kBadInput) throw;
    if (result.integrity == "ok") result.integrity.clear();
    if (!result.integrity.empty()) result.integrity += '\n';
    result.integrity += error.what();
  }
  return result;
}

std::vector<RecordSummary> Store::Impl::gc_candidates(const GcOptions& options) {
  Statement rows = database.prepare(
      std::string(kSummaryColumns) +
      " FROM record WHERE (?1 = '' OR kind = ?1)"
      " AND (?2 < 0 OR created < strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-' || ?2 || ' days'))");
  rows.bind_text(1, options.kind).bind_int(2, options.older_than_days.value_or(-1));
  std::vector<RecordSummary> candidates;
  while (rows.step()) candidates.push_back(read_summary(rows));
  if (options.damaged_only) {
    std::erase_if(candidates, [&](const RecordSummary& record) { return !is_damaged(record); });
  }
  return candidates;
}

GcResult Store::gc(const GcOptions& options) {
  if (options.older_than_days.value_or(0) < 0) {
    throw Error(ErrorKind::kUsage, "An age in days cannot be negative");
  }
  // Looking for damage reads every payload; that happens before the write lock is taken.
  const std::vector<RecordSummary> candidates = impl_->gc_candidates(options);
  GcResult result;
  if (options.dry_run) {
    result.n_removed = static_cast<std::int64_t>(candidates.size());
    for (const RecordSummary& record : candidates) result.payload_bytes += record.payload_bytes;
    return result;
  }
  Transaction transaction(impl_->database, Transaction::Mode::kWrite);
  Statement remove =
      impl_->database.prepare("DELETE FROM record WHERE kind = ?1 AND key = ?2 AND created = ?3");
  for (const RecordSummary& record : candidates) {
    // Another process may have repaired it since.
    if (options.damaged_only && !impl_->is_damaged(record)) continue;
    remove.bind_text(1, record.kind).bind_blob(2, bytes_of(record.key));
    remove.bind_text(3, record.created).step();
    remove.reset();
    if (impl_->database.n_changed() == 0) continue;
    ++result.n_removed;
    result.payload_bytes += record.payload_bytes;
  }
  transaction.commit();
  impl_->database.execute("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)");
  return result;
}

const std::string& Store::path() const { return impl_->path; }

}  // namespace assay
