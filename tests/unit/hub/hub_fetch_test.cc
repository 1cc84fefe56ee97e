#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "fake_hub.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using HubFetch = HubTest;

TEST_F(HubFetch, PutsACheckedFileIntoTheCacheAndAsksOnlyOnceForIt) {
  std::int64_t n_done = 0, n_total = 0;
  HubOptions with_progress = options();
  with_progress.progress = [&](std::int64_t done, std::int64_t total) {
    EXPECT_GE(done, n_done);
    n_done = done;
    n_total = total;
  };
  const std::string path = fetch_hub_file(file("plain/model 1.bin"), with_progress);
  EXPECT_EQ(path,
            folder / (std::string("hub/models--org--name/") + kCommit + "/plain/model 1.bin"));
  EXPECT_EQ(read_file(path), fake_content());
  EXPECT_EQ(n_done, 300'000);
  EXPECT_EQ(n_total, 300'000);
  EXPECT_FALSE(fs::exists(part_of("plain/model 1.bin")));
  EXPECT_FALSE(fs::exists(part_of("plain/model 1.bin") + ".json"));
  EXPECT_EQ(hub.log().at(0).path, "/org/name/resolve/main/plain/model%201.bin");

  EXPECT_EQ(fetch_hub_file(file("plain/model 1.bin"), options()), path);
  EXPECT_EQ(hub.n_requests("GET"), 1) << "the second time a HEAD is enough";
  HubReference by_commit = file("plain/model 1.bin");
  by_commit.revision = kCommit;
  const std::size_t n_before = hub.log().size();
  EXPECT_EQ(fetch_hub_file(by_commit, options()), path);
  EXPECT_EQ(hub.log().size(), n_before) << "what a commit has never changes";
}

TEST_F(HubFetch, KnowsDatasets) {
  const std::string path = fetch_hub_file(
      {.dataset = true, .repository = "org/name", .file = "plain/x.parquet"}, options());
  EXPECT_NE(path.find("/datasets--org--name/"), std::string::npos);
  EXPECT_EQ(hub.log().at(0).path, "/datasets/org/name/resolve/main/plain/x.parquet");
}

TEST_F(HubFetch, WorksOfflineFromTheCache) {
  setenv("HF_HUB_OFFLINE", "1", 1);
  const Error error = error_of_fetch(file("plain/x"), options());
  EXPECT_EQ(error.kind(), ErrorKind::kIo);
  EXPECT_TRUE(hub.log().empty());
  unsetenv("HF_HUB_OFFLINE");
  const std::string path = fetch_hub_file(file("plain/x"), options());
  HubOptions offline = options();
  offline.offline = true;
  offline.endpoint = "http://127.0.0.1:1";
  EXPECT_EQ(fetch_hub_file(file("plain/x"), offline), path);
}

TEST_F(HubFetch, ContinuesAfterDroppedConnectionsInOneCall) {
  EXPECT_EQ(read_file(fetch_hub_file(file("drop/x"), options())), fake_content());
  std::vector<std::string> ranges;
  for (const LoggedRequest& request : hub.log()) {
    if (request.method == "GET") ranges.push_back(request.range);
  }
  EXPECT_EQ(ranges,
            (std::vector<std::string>{"", "bytes=70000-", "bytes=140000-", "bytes=210000-"}));
}

TEST_F(HubFetch, ContinuesInALaterCall) {
  HubOptions once = options();
  once.n_retries = 0;
  const Error error = error_of_fetch(file("drop/x"), once);
  EXPECT_EQ(error.kind(), ErrorKind::kIo);
  EXPECT_NE(error.remedy().find("goes on where it stopped"), std::string::npos) << error.what();
  EXPECT_EQ(read_file(part_of("drop/x")), fake_content().substr(0, 70'000));
  EXPECT_EQ(read_file(fetch_hub_file(file("drop/x"), options())), fake_content());
  EXPECT_EQ(hub.log().at(3).range, "bytes=70000-");
}

TEST_F(HubFetch, StartsAgainWhenTheServerIgnoresRange) {
  EXPECT_EQ(read_file(fetch_hub_file(file("norange/x"), options())), fake_content());
  EXPECT_EQ(hub.n_requests("GET"), 2);
}

TEST_F(HubFetch, StartsAgainWhenTheServerSendsAnotherRange) {
  EXPECT_EQ(read_file(fetch_hub_file(file("lyingrange/x"), options())), fake_content());
}

TEST_F(HubFetch, StartsAgainWhenTheFileChanged) {
  HubOptions once = options();
  once.n_retries = 0;
  error_of_fetch(file("changed/x"), once);
  std::string reversed = fake_content();
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(read_file(fetch_hub_file(file("changed/x"), options())), reversed);
  EXPECT_EQ(hub.log().at(3).range, "");
}

TEST_F(HubFetch, StartsAgainWhenThePartIsOfUnknownOrigin) {
  fs::create_directories(fs::path(part_of("plain/x")).parent_path());
  std::ofstream(part_of("plain/x")) << "something else";
  EXPECT_EQ(read_file(fetch_hub_file(file("plain/x"), options())), fake_content());
}

TEST_F(HubFetch, FetchesFilesOutsideLfs) {
  EXPECT_EQ(read_file(fetch_hub_file(file("plainfile/config.json"), options())), fake_content());
}

TEST_F(HubFetch, TriesAgainWhenTheHubIsOverloadedAndGivesUpWhenItStaysDown) {
  EXPECT_EQ(read_file(fetch_hub_file(file("overloaded/x"), options())), fake_content());
  const int n_before = hub.n_requests("HEAD");
  const Error error = error_of_fetch(file("down/x"), options());
  EXPECT_EQ(error.kind(), ErrorKind::kIo);
  EXPECT_NE(std::string(error.what()).find("HTTP 503"), std::string::npos) << error.what();
  EXPECT_EQ(hub.n_requests("HEAD") - n_before, 1 + options().n_retries);
}

TEST_F(HubFetch, GivesUpOnAConnectionThatAlwaysDrops) {
  EXPECT_EQ(error_of_fetch(file("alwaysdrop/x"), options()).kind(), ErrorKind::kIo);
  EXPECT_EQ(fs::file_size(part_of("alwaysdrop/x")), 4'000u) << "and keeps what it got";
}

TEST_F(HubFetch, NoticesAStalledConnection) {
  HubOptions impatient = options();
  impatient.stall_timeout = std::chrono::seconds(1);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(read_file(fetch_hub_file(file("stall/x"), impatient)), fake_content());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30))
      << "the server itself closes after 60 s";
}

TEST_F(HubFetch, SaysWhatToDoAboutRefusalsAndWrongNames) {
  HubOptions anonymous = options();
  anonymous.token = "";
  const Error unknown = error_of_fetch(file("private/x"), anonymous);
  EXPECT_EQ(unknown.kind(), ErrorKind::kIo);
  EXPECT_NE(std::string(unknown.what()).find("HTTP 401"), std::string::npos);
  EXPECT_NE(unknown.remedy().find("set HF_TOKEN"), std::string::npos) << unknown.what();
  EXPECT_EQ(read_file(fetch_hub_file(file("private/x"), options())), fake_content());

  const Error forbidden = error_of_fetch(file("forbidden/x"), options());
  EXPECT_NE(forbidden.remedy().find("terms"), std::string::npos) << forbidden.what();
  const Error missing = error_of_fetch(file("missing/x"), options());
  EXPECT_EQ(missing.kind(), ErrorKind::kIo);
  EXPECT_NE(std::string(missing.what()).find("no org/name/missing/x (HTTP 404)"),
            std::string::npos);
  EXPECT_NE(missing.remedy().find("names"), std::string::npos);
}

TEST_F(HubFetch, SaysThatTheNetworkIsDown) {
  HubOptions nowhere = options();
  nowhere.endpoint = "http://user:SECRET@127.0.0.1:1";
  const Error error = error_of_fetch(file("plain/x"), nowhere);
  EXPECT_EQ(error.kind(), ErrorKind::kIo);
  EXPECT_NE(error.remedy().find("Check the network"), std::string::npos) << error.what();
}

TEST_F(HubFetch, RefusesADamagedFileAndRemovesIt) {
  const Error error = error_of_fetch(file("wrong/x"), options());
  EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
  EXPECT_NE(std::string(error.what()).find("SHA-256"), std::string::npos) << error.what();
  EXPECT_FALSE(fs::exists(part_of("wrong/x")));
}

TEST_F(HubFetch, FindsAPartDamagedOnDiskByItsChecksum) {
  HubOptions once = options();
  once.n_retries = 0;
  error_of_fetch(file("drop/x"), once);
  std::fstream(part_of("drop/x"), std::ios::in | std::ios::out | std::ios::binary).put('!');
  EXPECT_EQ(error_of_fetch(file("drop/x"), options()).kind(), ErrorKind::kBadInput);
  EXPECT_EQ(read_file(fetch_hub_file(file("drop/x"), options())), fake_content());
}

TEST_F(HubFetch, RefusesLengthsThatDifferFromWhatTheHubStates) {
  const Error shorter = error_of_fetch(file("short/x"), options());
  EXPECT_EQ(shorter.kind(), ErrorKind::kIo);
  EXPECT_NE(std::string(shorter.what()).find("1000 of 300000 bytes"), std::string::npos)
      << shorter.what();
  EXPECT_EQ(error_of_fetch(file("long/x"), options()).kind(), ErrorKind::kBadInput);
}

TEST_F(HubFetch, SendsTheTokenToTheHubOnly) {
  EXPECT_EQ(read_file(fetch_hub_file(file("redirect/x"), options())), fake_content());
  int n_elsewhere = 0;
  for (const LoggedRequest& request : hub.log()) {
    if (request.port == hub.other_port()) {
      ++n_elsewhere;
      EXPECT_EQ(request.authorization, "") << request.path;
      EXPECT_EQ(request.method, "GET") << "signed addresses answer no HEAD";
    } else {
      EXPECT_EQ(request.authorization, std::string("Bearer ") + kToken);
    }
  }
  EXPECT_EQ(n_elsewhere, 1);
}

TEST_F(HubFetch, FollowsRedirectsWithinTheHub) {
  EXPECT_EQ(read_file(fetch_hub_file(file("relative/x"), options())), fake_content());
}

TEST_F(HubFetch, StopsPromptlyAndCanBeContinued) {
  std::stop_source source;
  HubOptions stoppable = options();
  stoppable.stop = source.get_token();
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    source.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  const Error error = error_of_fetch(file("slow/x"), stoppable);
  EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1500));
  EXPECT_GT(fs::file_size(part_of("slow/x")), 0u);
  EXPECT_EQ(read_file(fetch_hub_file(file("slow/x"), options())), fake_content());
}

TEST_F(HubFetch, StopsPromptlyWhileWaitingToTryAgain) {
  std::stop_source source;
  HubOptions stoppable = options();
  stoppable.stop = source.get_token();
  stoppable.retry_delay = std::chrono::seconds(30);
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    source.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(error_of_fetch(file("down/x"), stoppable).kind(), ErrorKind::kInterrupted);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(HubFetch, TwoAtOnceDownloadOnce) {
  std::string first, second;
  {
    std::jthread one([&] { first = fetch_hub_file(file("slow/x"), options()); });
    std::jthread two([&] { second = fetch_hub_file(file("slow/x"), options()); });
  }
  EXPECT_EQ(first, second);
  EXPECT_EQ(read_file(first), fake_content());
  EXPECT_EQ(hub.n_requests("GET"), 1);
}

TEST_F(HubFetch, ExceptionsOfProgressComeOutUnchanged) {
  HubOptions throwing = options();
  throwing.progress = [](std::int64_t done, std::int64_t) {
    if (done > 0) throw std::out_of_range("mine");
  };
  EXPECT_THROW(fetch_hub_file(file("plain/x"), throwing), std::out_of_range);
}

TEST_F(HubFetch, NamesThatLeaveTheCacheAreRefused) {
  for (const std::string path : {"../x", "/etc/passwd", "a/../../x"}) {
    EXPECT_EQ(error_of_fetch(file(path), options()).kind(), ErrorKind::kUsage) << path;
  }
  EXPECT_EQ(error_of_fetch(file(""), options()).kind(), ErrorKind::kUsage);
  HubReference revision = file("x");
  revision.revision = "../../x";
  EXPECT_EQ(error_of_fetch(revision, options()).kind(), ErrorKind::kUsage);
  EXPECT_TRUE(hub.log().empty());
}

}  // namespace
}  // namespace assay
