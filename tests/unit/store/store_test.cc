#include "store/store.h"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "core/error.h"
#include "store/database.h"
#include "temporary_folder.h"

namespace assay {
namespace {

Record make_record(const std::string& kind, const std::string& name, std::string payload) {
  return {.kind = kind,
          .key = hash_bytes(name),
          .subject = "{\"name\":\"" + name + "\"}",
          .payload = std::move(payload)};
}

void put_one(Store& store, const Record& record) { store.put(std::span(&record, 1)); }

template <class Action>
Error error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error was thrown";
  return Error(ErrorKind::kUsage, "none");
}

TEST(Store, GivesBackWhatWasPutAfterReopening) {
  const TemporaryFolder folder;
  const std::string path = folder / "new/folder/store.sqlite";
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  const std::vector<Record> records = {
      make_record("divergence-chunk/1", "a", every_byte),
      make_record("divergence-chunk/1", "empty", ""),
      make_record("model-info/1", "a", std::string(3'000'000, 'x'))};
  Store::open(path).put(records);

  Store store = Store::open(path);
  EXPECT_EQ(store.path(), path);
  for (const Record& record : records) {
    EXPECT_TRUE(store.contains(record.kind, record.key));
    EXPECT_EQ(store.get(record.kind, record.key), record.payload);
  }
  EXPECT_EQ(store.get("perplexity-chunk/1", records[0].key), std::nullopt);
  EXPECT_EQ(store.get("divergence-chunk/1", hash_bytes("b")), std::nullopt);
  EXPECT_FALSE(store.contains("divergence-chunk/1", hash_bytes("b")));

  const StoreSummary summary = store.summary();
  EXPECT_EQ(summary.n_records, 3);
  EXPECT_EQ(summary.payload_bytes, 256 + 0 + 3'000'000);
  EXPECT_GT(summary.file_bytes, summary.payload_bytes);
}

TEST(Store, ListsWithSizeSubjectAndUtcTime) {
  Store store = Store::in_memory();
  const std::vector<Record> records = {make_record("a/1", "x", "12345"),
                                       make_record("b/1", "y", "123")};
  store.put(records);
  EXPECT_EQ(store.list().size(), 2u);
  const std::vector<RecordSummary> of_a = store.list("a/1");
  ASSERT_EQ(of_a.size(), 1u);
  EXPECT_EQ(of_a[0].kind, "a/1");
  EXPECT_EQ(of_a[0].key, records[0].key);
  EXPECT_EQ(of_a[0].subject, "{\"name\":\"x\"}");
  EXPECT_EQ(of_a[0].payload_bytes, 5);
  ASSERT_EQ(of_a[0].created.size(), 20u);
  EXPECT_EQ(of_a[0].created[10], 'T');
  EXPECT_EQ(of_a[0].created[19], 'Z');
  EXPECT_TRUE(store.list("c/1").empty());
  EXPECT_EQ(store.path(), ":memory:");
}

TEST(Store, KeepsTheFirstSoundPayload) {
  Store store = Store::in_memory();
  put_one(store, make_record("a/1", "x", "first"));
  put_one(store, make_record("a/1", "x", "second"));
  EXPECT_EQ(store.get("a/1", hash_bytes("x")), "first");
  EXPECT_EQ(store.summary().n_records, 1);
  store.put({});
}

TEST(Store, FindsByHexPrefix) {
  Store store = Store::in_memory();
  Record first{.kind = "a/1", .key = Digest::from_hex("ab000000000000000000000000000001")};
  Record second{.kind = "a/1", .key = Digest::from_hex("abf00000000000000000000000000002")};
  Record other{.kind = "b/1", .key = Digest::from_hex("cd000000000000000000000000000001")};
  store.put(std::vector<Record>{first, second, other});
  EXPECT_EQ(store.find("ab").size(), 2u);
  EXPECT_EQ(store.find("ABF").size(), 1u);
  EXPECT_EQ(store.find("abf00000000000000000000000000002").at(0).key, second.key);
  EXPECT_EQ(store.find("").size(), 3u);
  EXPECT_TRUE(store.find("abe").empty());
  for (const std::string prefix : {"xyz", "%", "ab000000000000000000000000000001a"}) {
    EXPECT_EQ(error_of([&] { store.find(prefix); }).kind(), ErrorKind::kUsage) << prefix;
  }
}

TEST(Store, GarbageCollectionRemovesWhatItsOptionsSay) {
  const TemporaryFolder folder;
  const std::string path = folder / "store.sqlite";
  Store store = Store::open(path);
  store.put(std::vector<Record>{make_record("a/1", "old", std::string(1'000'000, 'o')),
                                make_record("a/1", "new", "12"), make_record("b/1", "old", "123")});
  Database(path).execute(
      "UPDATE record SET created = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-10 days') "
      "WHERE subject LIKE '%old%'");
  const std::int64_t size_before = store.summary().file_bytes;

  const GcResult preview = store.gc({.older_than_days = 9, .dry_run = true});
  EXPECT_EQ(preview.n_removed, 2);
  EXPECT_EQ(preview.payload_bytes, 1'000'003);
  EXPECT_EQ(store.summary().n_records, 3);

  EXPECT_EQ(store.gc({.older_than_days = 11}).n_removed, 0);
  EXPECT_EQ(store.gc({.damaged_only = true}).n_removed, 0);
  const GcResult removed = store.gc({.kind = "a/1", .older_than_days = 9});
  EXPECT_EQ(removed.n_removed, 1);
  EXPECT_EQ(removed.payload_bytes, 1'000'000);
  EXPECT_LT(store.summary().file_bytes, size_before - 900'000) << "the space goes back to the disk";
  EXPECT_FALSE(store.contains("a/1", hash_bytes("old")));
  EXPECT_TRUE(store.contains("b/1", hash_bytes("old")));
  EXPECT_EQ(store.gc({}).n_removed, 2);
  EXPECT_EQ(store.summary().n_records, 0);
  EXPECT_EQ(error_of([&] { store.gc({.older_than_days = -1}); }).kind(), ErrorKind::kUsage);
}

TEST(Store, UsesWalWithFullSynchronisationAndCarriesItsIdentity) {
  const TemporaryFolder folder;
  const std::string path = folder / "store.sqlite";
  Store store = Store::open(path);
  put_one(store, make_record("a/1", "x", "y"));
  Database reader(path);
  EXPECT_EQ(reader.read_text("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(reader.read_int("PRAGMA application_id"), 0x41534159);
  EXPECT_EQ(reader.read_int("PRAGMA user_version"), 1);
  EXPECT_EQ(reader.read_int("PRAGMA auto_vacuum"), 2) << "2 = incremental";
}

TEST(Store, RefusesWhatIsNoStore) {
  const TemporaryFolder folder;
  const std::string text = folder / "text.sqlite";
  std::ofstream(text) << std::string(5000, 'x');
  const std::string short_text = folder / "short.sqlite";
  std::ofstream(short_text) << "hello";
  for (const std::string& path : {text, short_text}) {
    const Error error = error_of([&] { Store::open(path); });
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    EXPECT_EQ(error.where(), path);
    EXPECT_NE(std::string(error.what()).find("not a store"), std::string::npos) << error.what();
  }
  EXPECT_EQ(std::filesystem::file_size(text), 5000u) << "left as it was";

  const std::string foreign = folder / "foreign.sqlite";
  Database(foreign).execute("CREATE TABLE theirs (x)");
  const Error error = error_of([&] { Store::open(foreign); });
  EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
  EXPECT_EQ(Database(foreign).read_int("SELECT count(*) FROM sqlite_schema"), 1);
  EXPECT_EQ(Database(foreign).read_text("PRAGMA journal_mode"), "delete");
}

TEST(Store, RefusesANewerSchema) {
  const TemporaryFolder folder;
  const std::string path = folder / "store.sqlite";
  put_one(*std::make_unique<Store>(Store::open(path)), make_record("a/1", "x", "y"));
  Database(path).execute("PRAGMA user_version = 2");
  const Error error = error_of([&] { Store::open(path); });
  EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
  EXPECT_NE(std::string(error.what()).find("newer"), std::string::npos) << error.what();
  Database(path).execute("PRAGMA user_version = 1");
  EXPECT_EQ(Store::open(path).summary().n_records, 1);
}

TEST(Store, SaysWhyAPathCannotBeUsed) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "x";
  EXPECT_EQ(error_of([&] { Store::open(folder / "file/below/store"); }).kind(), ErrorKind::kIo);
  EXPECT_EQ(error_of([&] { Store::open(folder.path().string()); }).kind(), ErrorKind::kIo);
  EXPECT_EQ(error_of([&] { Store::open(""); }).kind(), ErrorKind::kUsage);
}

class ScopedEnvironment {
 public:
  ScopedEnvironment(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    set(value);
  }
  ~ScopedEnvironment() { set(old_ ? old_->c_str() : nullptr); }
  ScopedEnvironment(const ScopedEnvironment&) = delete;
  ScopedEnvironment& operator=(const ScopedEnvironment&) = delete;

 private:
  void set(const char* value) { value ? setenv(name_, value, 1) : unsetenv(name_); }
  const char* name_;
  std::optional<std::string> old_;
};

TEST(Store, DefaultPathComesFromTheEnvironment) {
  const ScopedEnvironment home("HOME", "/home/ada");
  const ScopedEnvironment no_data("XDG_DATA_HOME", nullptr);
  const ScopedEnvironment no_store("ASSAY_STORE", nullptr);
  EXPECT_EQ(default_store_path(), "/home/ada/.local/share/assay/store.sqlite");
  {
    const ScopedEnvironment relative("XDG_DATA_HOME", "data");
    EXPECT_EQ(default_store_path(), "/home/ada/.local/share/assay/store.sqlite");
  }
  const ScopedEnvironment data("XDG_DATA_HOME", "/data");
  EXPECT_EQ(default_store_path(), "/data/assay/store.sqlite");
  const ScopedEnvironment store("ASSAY_STORE", "/elsewhere/s.sqlite");
  EXPECT_EQ(default_store_path(), "/elsewhere/s.sqlite");
}

TEST(Store, DefaultPathNeedsAHome) {
  const ScopedEnvironment home("HOME", nullptr);
  const ScopedEnvironment data("XDG_DATA_HOME", nullptr);
  const ScopedEnvironment store("ASSAY_STORE", nullptr);
  EXPECT_EQ(error_of([] { default_store_path(); }).kind(), ErrorKind::kUsage);
}

}  // namespace
}  // namespace assay
