#include "fake_hub.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "hub/http.h"

namespace assay {

FakeHub::FakeHub() {
  int input[2], output[2];
  if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  process_ = fork();
  if (process_ == 0) {
    dup2(input[0], STDIN_FILENO);
    dup2(output[1], STDOUT_FILENO);
    execl(ASSAY_PYTHON, ASSAY_PYTHON, ASSAY_SOURCE_DIR "/tests/unit/hub/fake_hub.py", nullptr);
    _exit(127);
  }
  close(input[0]);
  close(output[1]);
  input_ = input[1];
  std::FILE* lines = fdopen(output[0], "r");
  const int n_read = std::fscanf(lines, "%d %d", &port_, &other_port_);
  std::fclose(lines);
  if (n_read != 2) throw std::runtime_error("the fake hub did not start");
}

FakeHub::~FakeHub() {
  close(input_);
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
}

std::vector<LoggedRequest> FakeHub::log() const {
  std::string text;
  send_http({.url = url() + "/log", .on_body = [&](const HttpResponse&, std::string_view bytes) {
               text += bytes;
               return true;
             }});
  std::vector<LoggedRequest> requests;
  for (const nlohmann::json& entry : nlohmann::json::parse(text)) {
    requests.push_back({.method = entry["method"],
                        .path = entry["path"],
                        .range = entry["range"],
                        .authorization = entry["authorization"],
                        .port = entry["port"]});
  }
  return requests;
}

int FakeHub::n_requests(const std::string& method) const {
  int n = 0;
  for (const LoggedRequest& request : log()) n += request.method == method;
  return n;
}

std::string fake_content() {
  std::string content;
  for (int i = 0; i < 300'000; ++i) content += static_cast<char>((i * 7 + i / 256) % 256);
  return content;
}

HubTest::HubTest() {
  for (const char* name : {"HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE"}) unsetenv(name);
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) unsetenv(name);
}

HubTest::~HubTest() {
  for (const char* name : {"HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE"}) unsetenv(name);
}

HubOptions HubTest::options() const {
  return {.endpoint = hub.url(),
          .token = kToken,
          .cache_dir = folder.path().string(),
          .n_retries = 3,
          .retry_delay = std::chrono::milliseconds(5)};
}

Error HubTest::error_of_fetch(const HubReference& reference, const HubOptions& options) const {
  try {
    fetch_hub_file(reference, options);
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find("SECRET"), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find("SIGNED"), std::string::npos) << error.what();
    EXPECT_FALSE(error.remedy().empty()) << error.what();
    return error;
  }
  ADD_FAILURE() << "no error was thrown";
  return Error(ErrorKind::kUsage, "none");
}

}  // namespace assay
