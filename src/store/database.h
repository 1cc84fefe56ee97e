// A SQLite connection, its statements and its transactions as values. Internal to this folder;
// database.cc is the only file that sees sqlite3.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace assay {

// Another process held the lock for longer than the busy timeout.
class BusyError : public Error {
  using Error::Error;
};

// Every function below throws Error: kBadInput when the file is no SQLite database or its pages are
// damaged, kIo for all else (disk full, permissions, locked), naming the file.

class Statement {
 public:
  // Parameters are numbered from 1, columns from 0. Bound bytes are copied.
  Statement& bind_text(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_int(int index, std::int64_t value);

  bool step();   // true: a row is there; false: done
  void reset();  // ready to be stepped again with other values

  std::int64_t column_int(int column);
  std::string_view column_bytes(int column);  // valid until the next step, reset or destruction

 private:
  friend class Database;
  Statement(sqlite3* connection, const std::string& path, std::string_view sql);
  void check(int code);

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  sqlite3* connection_;
  const std::string* path_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

class Database {
 public:
  explicit Database(const std::string& path);  // ":memory:" or a file, created when missing

  void execute(const char* sql);  // one or more statements whose rows do not matter
  Statement prepare(std::string_view sql);
  std::int64_t read_int(const char* sql);  // the first column of the first row
  std::string read_text(const char* sql);  // likewise
  std::int64_t n_changed() const;          // rows changed by the last statement
  bool in_transaction() const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  std::string path_;
  std::unique_ptr<sqlite3, Close> connection_;
};

// Rolls back unless committed.
class Transaction {
 public:
  enum class Mode {
    kRead,   // one snapshot for all that is read
    kWrite,  // takes the write lock at once, so that it never fails half way because of another
  };
  Transaction(Database& database, Mode mode);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database* database_;
};

}  // namespace assay
