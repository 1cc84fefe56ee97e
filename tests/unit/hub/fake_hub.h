// The fake hub of fake_hub.py as a process of its own, and what the tests of the hub share.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "hub/hub.h"
#include "temporary_folder.h"

namespace assay {

struct LoggedRequest {
  std::string method, path, range, authorization;
  int port = 0;
};

class FakeHub {
 public:
  FakeHub();
  ~FakeHub();  // ends the process by its id
  FakeHub(const FakeHub&) = delete;
  FakeHub& operator=(const FakeHub&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int other_port() const { return other_port_; }
  std::vector<LoggedRequest> log() const;
  int n_requests(const std::string& method) const;

 private:
  pid_t process_ = -1;
  int input_ = -1;
  int port_ = 0, other_port_ = 0;
};

inline constexpr const char* kCommit = "0123456789abcdef0123456789abcdef01234567";
inline constexpr const char* kToken = "hf_SECRETsecret";

std::string fake_content();  // of most files; fake_hub.py's CONTENT

class HubTest : public testing::Test {
 protected:
  HubTest();
  ~HubTest() override;

  HubOptions options() const;
  static HubReference file(const std::string& path) {
    return {.repository = "org/name", .file = path};
  }
  // The error's kind and text, and that the token is not in it.
  Error error_of_fetch(const HubReference& reference, const HubOptions& options) const;
  std::string part_of(const std::string& path) const {
    return folder /
           (std::string("hub/models--org--name/.partial/") + kCommit + "/" + path + ".part");
  }

  FakeHub hub;
  TemporaryFolder folder;
};

}  // namespace assay
