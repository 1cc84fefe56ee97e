// What put() returned from is there whatever happens next: kill -9, other writers, a full disk.
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "core/error.h"
#include "store/store.h"
#include "temporary_folder.h"

namespace assay {
namespace {

constexpr int kRecordsPerPut = 3;

std::string payload_of(int number) {
  std::mt19937 random(static_cast<std::uint32_t>(number));
  std::string payload(24 * 256, '\0');
  for (char& byte : payload) byte = static_cast<char>(random());
  return payload;
}

std::vector<Record> records_of(int put_number) {
  std::vector<Record> records;
  for (int i = 0; i < kRecordsPerPut; ++i) {
    const int number = put_number * kRecordsPerPut + i;
    records.push_back({.kind = "divergence-chunk/1",
                       .key = hash_bytes(std::to_string(number)),
                       .subject = std::to_string(number),
                       .payload = payload_of(number)});
  }
  return records;
}

// Runs `work` in a child process; its result is the exit status, an exception is 99.
template <class Work>
pid_t in_child(Work work) {
  const pid_t child = fork();
  if (child != 0) return child;
  int status = 99;
  try {
    status = work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  _exit(status);
}

int exit_status(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int write_until_killed(const std::string& path, int first_put, int report) {
  Store store = Store::open(path);
  for (int put = first_put;; ++put) {
    store.put(records_of(put));
    if (write(report, &put, sizeof put) != sizeof put) return 1;
  }
}

std::set<int> read_reports(int report) {
  std::set<int> puts;
  int put = 0;
  while (read(report, &put, sizeof put) == sizeof put) puts.insert(put);
  return puts;
}

TEST(StoreDurability, KillAtAnyMomentLosesNothingThatWasPut) {
  const TemporaryFolder folder;
  const std::string path = folder / "store.sqlite";
  std::mt19937 random(20261124);
  std::uniform_int_distribution<int> delay_us(0, 60'000);
  std::set<int> promised;
  for (int round = 0; round < 20; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const int first_put = round * 100'000;
    const pid_t child = in_child([&] { return write_until_killed(path, first_put, ends[1]); });
    ASSERT_GT(child, 0);
    close(ends[1]);
    std::this_thread::sleep_for(std::chrono::microseconds(delay_us(random)));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    EXPECT_EQ(exit_status(child), -SIGKILL);
    const std::set<int> reported = read_reports(ends[0]);
    close(ends[0]);
    promised.insert(reported.begin(), reported.end());

    Store store = Store::open(path);
    for (const int put : reported) {
      for (const Record& record : records_of(put)) {
        ASSERT_EQ(store.get(record.kind, record.key), record.payload) << "put " << put;
      }
    }
    const VerifyResult verified = store.verify();
    EXPECT_EQ(verified.integrity, "ok");
    EXPECT_TRUE(verified.damaged.empty());
    const std::int64_t n_puts = store.summary().n_records / kRecordsPerPut;
    EXPECT_EQ(store.summary().n_records % kRecordsPerPut, 0)
        << "a put is there whole or not at all";
    // At most one put a round had been committed but not reported yet.
    EXPECT_LE(n_puts, static_cast<std::int64_t>(promised.size()) + round + 1);
  }
  EXPECT_GT(promised.size(), 20u) << "the writers were killed before they did anything";
}

TEST(StoreDurability, TwoProcessesWriteSameAndDifferentKeysAtOnce) {
  const TemporaryFolder folder;
  const std::string path = folder / "store.sqlite";
  constexpr int kOwn = 60, kShared = 60;
  std::vector<pid_t> children;
  for (int writer = 0; writer < 2; ++writer) {
    children.push_back(in_child([&] {
      Store store = Store::open(path);
      for (int i = 0; i < kShared; ++i) {
        store.put(records_of(i));
        if (i < kOwn) store.put(records_of(1000 * (writer + 1) + i));
      }
      return 0;
    }));
  }
  for (const pid_t child : children) EXPECT_EQ(exit_status(child), 0);
  Store store = Store::open(path);
  EXPECT_EQ(store.summary().n_records, (kShared + 2 * kOwn) * kRecordsPerPut);
  EXPECT_TRUE(store.verify().damaged.empty());
  for (const int put : {0, kShared - 1, 1000, 2000 + kOwn - 1}) {
    for (const Record& record : records_of(put)) {
      EXPECT_EQ(store.get(record.kind, record.key), record.payload);
    }
  }
}

TEST(StoreDurability, ManyProcessesMayCreateTheSameStore) {
  for (int round = 0; round < 10; ++round) {
    const TemporaryFolder folder;
    const std::string path = folder / "store.sqlite";
    std::vector<pid_t> children;
    for (int writer = 0; writer < 6; ++writer) {
      children.push_back(in_child([&] {
        Store::open(path).put(records_of(writer));
        return 0;
      }));
    }
    for (const pid_t child : children) EXPECT_EQ(exit_status(child), 0);
    EXPECT_EQ(Store::open(path).summary().n_records, 6 * kRecordsPerPut);
  }
}

// Puts until an error comes; returns how many puts went through.
int put_until_full(Store& store, std::optional<Error>& failure) {
  for (int put = 0; put < 1000; ++put) {
    try {
      store.put(records_of(put));
    } catch (const Error& error) {
      failure = error;
      return put;
    }
  }
  return 1000;
}

class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    mounted_ = mount("tmpfs", path.c_str(), "tmpfs", 0, "size=1m") == 0;
    if (!mounted_) reason_ = std::strerror(errno);
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  const std::string& reason() const { return reason_; }
  bool grow() { return mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT, "size=64m") == 0; }

 private:
  std::string path_, reason_;
  bool mounted_ = false;
};

void expect_full_disk_message(const Error& failure, const std::string& path) {
  EXPECT_EQ(failure.kind(), ErrorKind::kIo) << failure.what();
  EXPECT_EQ(failure.where(), path);
  EXPECT_NE(std::string(failure.what()).find("No space left"), std::string::npos) << failure.what();
  EXPECT_NE(failure.remedy().find("Free space"), std::string::npos);
}

TEST(StoreDurability, AFullDiskIsAnErrorThatNamesFileAndRemedyAndLosesNothing) {
  const TemporaryFolder folder;
  SmallDisk disk(folder.path().string());
  if (!disk.mounted()) GTEST_SKIP() << "no small file system can be mounted: " << disk.reason();
  const std::string path = folder / "store.sqlite";
  std::optional<Error> failure;
  int n_puts = 0;
  {
    Store store = Store::open(path);
    n_puts = put_until_full(store, failure);
    ASSERT_TRUE(failure);
    expect_full_disk_message(*failure, path);
    EXPECT_GT(n_puts, 0);
    EXPECT_EQ(store.summary().n_records, n_puts * kRecordsPerPut);
  }
  Store store = Store::open(path);
  EXPECT_EQ(store.summary().n_records, n_puts * kRecordsPerPut);
  EXPECT_TRUE(store.verify().damaged.empty());
  EXPECT_EQ(store.verify().integrity, "ok");
  ASSERT_TRUE(disk.grow());
  store.put(records_of(n_puts));
  EXPECT_EQ(store.summary().n_records, (n_puts + 1) * kRecordsPerPut);
}

TEST(StoreDurability, AFullDiskWhileTheStoreIsMade) {
  const TemporaryFolder folder;
  SmallDisk disk(folder.path().string());
  if (!disk.mounted()) GTEST_SKIP() << "no small file system can be mounted: " << disk.reason();
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> filler(
      std::fopen((folder / "filler").c_str(), "wb"), &std::fclose);
  const std::string block(4096, 'x');
  while (std::fwrite(block.data(), 1, block.size(), filler.get()) == block.size() &&
         std::fflush(filler.get()) == 0) {
  }
  const std::string path = folder / "store.sqlite";
  try {
    Store::open(path).put(records_of(0));
    FAIL() << "a full disk went unnoticed";
  } catch (const Error& error) {
    expect_full_disk_message(error, path);
  }
}

}  // namespace
}  // namespace assay
