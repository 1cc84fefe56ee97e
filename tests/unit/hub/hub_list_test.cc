#include <cstdlib>

#include "fake_hub.h"

namespace assay {
namespace {

using HubList = HubTest;

Error error_of_list(const HubReference& reference, const HubOptions& options) {
  try {
    list_hub_files(reference, options);
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find("SECRET"), std::string::npos) << error.what();
    return error;
  }
  ADD_FAILURE() << "no error was thrown";
  return Error(ErrorKind::kUsage, "none");
}

TEST_F(HubList, ReadsAllPagesWithSizesAndChecksumsOfLfsFiles) {
  const std::vector<HubFile> files = list_hub_files(file(""), options());
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0].path, "README.md");
  EXPECT_EQ(files[0].size_bytes, 12);
  EXPECT_EQ(files[0].sha256, "");
  EXPECT_EQ(files[1].path, "plain/model.bin");
  EXPECT_EQ(files[1].size_bytes, 300'000);
  EXPECT_EQ(files[1].sha256.size(), 64u);
  EXPECT_EQ(files[2].path, "second/page.txt");
  const std::vector<LoggedRequest> log = hub.log();
  EXPECT_EQ(log.at(0).path, "/api/models/org/name/tree/main?recursive=true");
  EXPECT_EQ(list_hub_files(file("plain"), options()).size(), 1u);
}

TEST_F(HubList, AsksForDatasetsAndRevisionsByTheirAddresses) {
  list_hub_files({.dataset = true, .repository = "org/name", .revision = "refs/pr/1"}, options());
  EXPECT_EQ(hub.log().at(0).path, "/api/datasets/org/name/tree/refs%2Fpr%2F1?recursive=true");
}

TEST_F(HubList, StartsAgainWhenThePageBroke) {
  EXPECT_EQ(list_hub_files({.repository = "org/broken-once"}, options()).size(), 2u);
}

TEST_F(HubList, RefusesHostileAndMeaninglessAnswers) {
  const Error hostile = error_of_list({.repository = "org/hostile"}, options());
  EXPECT_EQ(hostile.kind(), ErrorKind::kBadInput);
  EXPECT_NE(std::string(hostile.what()).find("../../etc/passwd"), std::string::npos);
  EXPECT_EQ(error_of_list({.repository = "org/nonsense"}, options()).kind(), ErrorKind::kBadInput);
}

TEST_F(HubList, NeedsATokenForWhatIsPrivate) {
  HubOptions anonymous = options();
  anonymous.token = "";
  const Error error = error_of_list({.repository = "org/private"}, anonymous);
  EXPECT_EQ(error.kind(), ErrorKind::kIo);
  EXPECT_NE(error.remedy().find("HF_TOKEN"), std::string::npos);
  setenv("HF_TOKEN", (std::string(kToken) + "\n").c_str(), 1);
  EXPECT_EQ(list_hub_files({.repository = "org/private"}, anonymous).size(), 2u);
}

TEST_F(HubList, OfflineShowsTheCache) {
  fetch_hub_file(file("plain/model.bin"), options());
  HubOptions offline = options();
  offline.offline = true;
  const std::vector<HubFile> files = list_hub_files(file(""), offline);
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].path, "plain/model.bin");
  EXPECT_EQ(files[0].size_bytes, 300'000);
}

TEST_F(HubList, RefusesBadSettings) {
  HubOptions bad = options();
  bad.endpoint = "ftp://hub";
  EXPECT_EQ(error_of_list(file(""), bad).kind(), ErrorKind::kUsage);
  bad = options();
  bad.token = "SECRET\r\nX-Injected: 1";
  EXPECT_EQ(error_of_list(file(""), bad).kind(), ErrorKind::kUsage);
  EXPECT_EQ(error_of_list({.repository = "../etc"}, options()).kind(), ErrorKind::kUsage);
  EXPECT_TRUE(hub.log().empty());
}

}  // namespace
}  // namespace assay
