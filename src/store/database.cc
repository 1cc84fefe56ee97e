#include "store/database.h"

#include <cerrno>
#include <cstring>
#include <new>

#include <sqlite3.h>

namespace assay {
namespace {

// Long enough for another process's commit on a slow disk; a put holds the lock for milliseconds.
constexpr int kBusyTimeoutMs = 60'000;

bool is_out_of_space(sqlite3* connection, int code) {
  if ((code & 0xff) == SQLITE_FULL) return true;
  // The write-ahead log and its index report a full disk as an I/O error or as "cannot open".
  const int system_error = sqlite3_system_errno(connection);
  return ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN) &&
         (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG);
}

[[noreturn]] void fail(sqlite3* connection, int code, const std::string& path) {
  if (is_out_of_space(connection, code)) {
    throw Error(ErrorKind::kIo, "No space left to write the store", path,
                "Free space on that disk, remove old records with 'assay store gc', or choose "
                "another place with --store. What was stored before is safe.");
  }
  switch (code & 0xff) {
    case SQLITE_NOTADB:
      throw Error(ErrorKind::kBadInput, "The file is not a store (no SQLite database)", path,
                  "Name another file with --store, or move this one away.");
    case SQLITE_CORRUPT:
      throw Error(ErrorKind::kBadInput, "The store's database pages are damaged", path,
                  "Run 'assay store verify' for details, then move the file away: a new store is "
                  "made and the records are computed again.");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw BusyError(ErrorKind::kIo, "Another process has kept the store locked for too long",
                      path, "Wait for it or stop it, then run the command again.");
    case SQLITE_NOMEM:
      throw std::bad_alloc();
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      throw Error(ErrorKind::kIo,
                  std::string("The store cannot be opened for writing: ") + sqlite3_errstr(code),
                  path, "Check the permissions of the file and its folder, or use --store.");
    default:
      throw Error(ErrorKind::kIo,
                  std::string("The store cannot be used: ") +
                      (connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code)),
                  path, "Check the disk, or choose another place with --store.");
  }
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement::Statement(sqlite3* connection, const std::string& path, std::string_view sql)
    : connection_(connection), path_(&path) {
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v2(connection, sql.data(), static_cast<int>(sql.size()), &statement,
                           nullptr));
  handle_.reset(statement);
}

void Statement::check(int code) {
  if (code != SQLITE_OK) fail(connection_, code, *path_);
}

Statement& Statement::bind_text(int index, std::string_view text) {
  // A null pointer would bind NULL; an empty view may have one.
  check(sqlite3_bind_text64(handle_.get(), index, text.empty() ? "" : text.data(), text.size(),
                            SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  check(sqlite3_bind_blob64(handle_.get(), index, bytes.empty() ? "" : bytes.data(), bytes.size(),
                            SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_int(int index, std::int64_t value) {
  check(sqlite3_bind_int64(handle_.get(), index, value));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(connection_, code, *path_);
  return false;
}

void Statement::reset() {
  sqlite3_reset(handle_.get());  // repeats the error of the last step, which was thrown already
  sqlite3_clear_bindings(handle_.get());
}

std::int64_t Statement::column_int(int column) {
  return sqlite3_column_int64(handle_.get(), column);
}

std::string_view Statement::column_bytes(int column) {
  const void* bytes = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  if (bytes == nullptr) {
    if (sqlite3_errcode(connection_) == SQLITE_NOMEM) throw std::bad_alloc();
    return {};
  }
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

Database::Database(const std::string& path) : path_(path) {
  sqlite3* connection = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &connection,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE, nullptr);
  connection_.reset(connection);  // also after a failure: it carries the message
  if (code != SQLITE_OK) fail(connection, code, path_);
  sqlite3_busy_timeout(connection, kBusyTimeoutMs);
}

void Database::execute(const char* sql) {
  const int code = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(connection_.get(), code, path_);
}

Statement Database::prepare(std::string_view sql) { return {connection_.get(), path_, sql}; }

std::int64_t Database::read_int(const char* sql) {
  Statement statement = prepare(sql);
  return statement.step() ? statement.column_int(0) : 0;
}

std::string Database::read_text(const char* sql) {
  Statement statement = prepare(sql);
  return statement.step() ? std::string(statement.column_bytes(0)) : std::string();
}

std::int64_t Database::n_changed() const { return sqlite3_changes(connection_.get()); }

bool Database::in_transaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }

Transaction::Transaction(Database& database, Mode mode) : database_(&database) {
  database.execute(mode == Mode::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
  // SQLite has rolled back by itself after some failures, a full disk among them.
  if (database_ == nullptr || !database_->in_transaction()) return;
  try {
    database_->execute("ROLLBACK");
  } catch (...) {
    // Nothing can be done; without a COMMIT nothing of it is ever visible.
  }
}

void Transaction::commit() {
  database_->execute("COMMIT");
  database_ = nullptr;
}

}  // namespace assay
