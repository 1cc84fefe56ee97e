// Damage of every kind is found, never served, and repaired by putting the record again.
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "core/error.h"
#include "store/database.h"
#include "store/store.h"
#include "temporary_folder.h"

namespace assay {
namespace {

std::string file_content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void flip_byte(const std::string& path, std::size_t offset) {
  std::string content = file_content(path);
  content.at(offset) = static_cast<char>(content.at(offset) ^ 0x10);
  std::ofstream(path, std::ios::binary) << content;
}

class StoreDamage : public testing::Test {
 protected:
  StoreDamage() {
    Store store = Store::open(path);  // closing it moves the log into the file
    store.put(std::vector<Record>{sound, record});
  }

  TemporaryFolder folder;
  std::string path = folder / "store.sqlite";
  Record sound{.kind = "a/1", .key = hash_bytes("sound"), .subject = "s", .payload = "fine"};
  Record record{.kind = "a/1",
                .key = hash_bytes("victim"),
                .subject = "v",
                .payload = std::string(20'000, 'p') + "MARK" + std::string(20'000, 'q')};

  void expect_found_and_repaired() {
    Store store = Store::open(path);
    const VerifyResult found = store.verify();
    EXPECT_EQ(found.n_checked, 2);
    ASSERT_EQ(found.damaged.size(), 1u);
    EXPECT_EQ(found.damaged[0].key, record.key);
    EXPECT_EQ(store.get(record.kind, record.key), std::nullopt);
    EXPECT_FALSE(store.contains(record.kind, record.key));
    EXPECT_EQ(store.get(sound.kind, sound.key), sound.payload);

    store.put(std::vector<Record>{record, sound});
    EXPECT_EQ(store.get(record.kind, record.key), record.payload);
    EXPECT_TRUE(store.verify().damaged.empty());
    EXPECT_EQ(store.verify().integrity, "ok");
    EXPECT_EQ(store.summary().n_records, 2);
  }
};

TEST_F(StoreDamage, OfThePayloadOnDisk) {
  const std::size_t offset = file_content(path).find("MARK");
  ASSERT_NE(offset, std::string::npos);
  flip_byte(path, offset);
  expect_found_and_repaired();
}

TEST_F(StoreDamage, OfTheChecksum) {
  Database(path).execute("UPDATE record SET checksum = zeroblob(16) WHERE subject = 'v'");
  expect_found_and_repaired();
}

TEST_F(StoreDamage, ATruncatedPayload) {
  Database(path).execute("UPDATE record SET payload = substr(payload, 1, 100) WHERE subject = 'v'");
  expect_found_and_repaired();
}

TEST_F(StoreDamage, ASoundPayloadUnderAnotherKey) {
  Database(path).execute(
      "UPDATE record SET (checksum, payload) = "
      "(SELECT checksum, payload FROM record WHERE subject = 's') WHERE subject = 'v'");
  expect_found_and_repaired();
}

TEST_F(StoreDamage, GcRemovesOnlyDamagedRecordsWhenAsked) {
  Database(path).execute("UPDATE record SET payload = x'00' WHERE subject = 'v'");
  Store store = Store::open(path);
  EXPECT_EQ(store.gc({.damaged_only = true, .dry_run = true}).n_removed, 1);
  EXPECT_EQ(store.gc({.damaged_only = true}).n_removed, 1);
  EXPECT_EQ(store.get(sound.kind, sound.key), sound.payload);
  EXPECT_EQ(store.summary().n_records, 1);
}

// Whatever byte is flipped: an answer is the right payload, or absence, or an Error; never wrong
// bytes and never a crash.
TEST_F(StoreDamage, AnyFlippedByteNeverYieldsAWrongPayload) {
  const std::string content = file_content(path);
  for (std::size_t offset = 0; offset < content.size(); offset += 211) {
    const std::string copy = folder / "copy.sqlite";
    std::filesystem::remove(copy + "-wal");
    std::filesystem::remove(copy + "-shm");
    std::ofstream(copy, std::ios::binary) << content;
    flip_byte(copy, offset);
    try {
      Store store = Store::open(copy);
      store.verify();
      for (const Record& wanted : {sound, record}) {
        const std::optional<std::string> payload = store.get(wanted.kind, wanted.key);
        EXPECT_TRUE(!payload || *payload == wanted.payload) << "offset " << offset;
      }
      store.put(std::vector<Record>{record});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadInput) << offset << ": " << error.what();
    }
  }
}

TEST_F(StoreDamage, OfItsPagesIsReportedByVerify) {
  std::string content = file_content(path);
  const std::size_t page = 4096;
  ASSERT_GT(content.size(), 3 * page);
  std::ofstream(path, std::ios::binary)
      << content.substr(0, content.size() - 2 * page) << std::string(page, '\x77');
  try {
    Store store = Store::open(path);
    EXPECT_NE(store.verify().integrity, "ok");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput) << error.what();
  }
}

}  // namespace
}  // namespace assay
