#include "hub/client.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <mutex>

#include <fmt/format.h>

#include "core/error.h"

namespace assay {
namespace {

constexpr const char* kPublicHub = "https://huggingface.co";
constexpr int kMaxRedirects = 10;
constexpr std::chrono::milliseconds kLongestWait{60'000};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string trimmed(std::string text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  text.resize(last == std::string::npos ? 0 : last + 1);
  text.erase(0, std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

bool is_success(const HttpResponse& response) {
  return response.failure.empty() && !response.stopped &&
         (response.status == 200 || response.status == 206 || response.is_redirect());
}

bool names_the_file(const HttpResponse& response) {
  return !response.header("x-linked-size").empty() && !response.header("x-linked-etag").empty();
}

std::chrono::milliseconds retry_after(const HttpResponse& response) {
  const std::string text = response.header("retry-after");  // a date there is not worth reading
  int seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds(std::clamp(seconds, 0, 60));
}

}  // namespace

HubClient::HubClient(const HubOptions& options)
    : options_(options),
      endpoint_(options.endpoint.empty() ? environment("HF_ENDPOINT") : options.endpoint),
      token_(trimmed(options.token.empty() ? environment("HF_TOKEN") : options.token)) {
  if (endpoint_.empty()) endpoint_ = kPublicHub;
  while (endpoint_.ends_with('/')) endpoint_.pop_back();
  if (origin_of(endpoint_).empty()) {
    throw Error(ErrorKind::kUsage, "The hub's endpoint is no http(s) address", {},
                "Set HF_ENDPOINT to one, or unset it for the public hub.");
  }
  const auto is_printable = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!std::all_of(token_.begin(), token_.end(), is_printable)) {
    throw Error(ErrorKind::kUsage, "The hub's token has characters that no token has", {},
                "Set HF_TOKEN to the token alone.");
  }
}

HttpResponse HubClient::try_once(HttpRequest request) const {
  const std::string home = origin_of(endpoint_);
  request.stop = options_.stop;
  request.stall_timeout = options_.stall_timeout;
  request.headers.emplace_back("Accept-Encoding: identity");  // sizes and ranges are of the file
  const std::vector<std::string> plain_headers = request.headers;
  std::map<std::string, std::string> kept;
  for (int hop = 0; hop <= kMaxRedirects; ++hop) {
    const bool at_home = origin_of(request.url) == home;
    request.headers = plain_headers;
    if (at_home && !token_.empty()) request.headers.push_back("Authorization: Bearer " + token_);
    HttpResponse response = send_http(request);
    if (at_home) {
      for (const auto& [name, value] : response.headers) {
        if (name.starts_with("x-")) kept.emplace(name, value);
      }
    }
    for (const auto& [name, value] : kept) response.headers[name] = value;
    if (!response.failure.empty() || !response.is_redirect()) return response;
    const std::string next = origin_of(response.redirect_url);
    if (request.head && next != home && names_the_file(response)) return response;
    if (next.empty() || (request.url.starts_with("https:") && !next.starts_with("https:"))) {
      response.failure = "it redirects to an address that is not safe to follow";
      return response;
    }
    request.url = response.redirect_url;
  }
  return {.url = request.url, .failure = "it redirects in a circle"};
}

HttpResponse HubClient::request(const HttpRequest& request, const std::string& subject) const {
  for (int n_failures = 0;;) {
    HttpResponse response = try_once(request);
    if (is_success(response)) return response;
    if (!may_pass(response) || ++n_failures > options_.n_retries) fail(response, subject);
    wait_before_retry(n_failures, response);
  }
}

bool HubClient::may_pass(const HttpResponse& response) {
  if (response.stopped) return false;
  if (!response.failure.empty()) return response.transient;
  return response.status == 408 || response.status == 429 || response.status >= 500;
}

void HubClient::wait_before_retry(int n_failures, const HttpResponse& response) const {
  const auto backoff = options_.retry_delay * (1 << std::clamp(n_failures - 1, 0, 16));
  const auto wait = std::min(std::max(backoff, retry_after(response)), kLongestWait);
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, options_.stop, wait, [] { return false; });
  if (options_.stop.stop_requested()) {
    throw Error(ErrorKind::kInterrupted, "The download was stopped", {},
                "Run the same command to go on where it stopped.");
  }
}

void HubClient::fail(const HttpResponse& response, const std::string& subject) const {
  const std::string where = displayed_url(response.url);
  if (response.stopped) {
    throw Error(ErrorKind::kInterrupted, "The download of " + subject + " was stopped", {},
                "Run the same command to go on where it stopped.");
  }
  if (!response.failure.empty()) {
    throw Error(ErrorKind::kIo, "Cannot get " + subject + " from the hub: " + response.failure,
                where,
                response.transient
                    ? "Check the network and HF_ENDPOINT, then run the command again: it goes on "
                      "where it stopped. With HF_HUB_OFFLINE=1 the cache alone is used."
                    : "Check HF_ENDPOINT and the proxy settings.");
  }
  if (response.status == 401 || response.status == 403) {
    const std::string remedy =
        token_.empty()
            ? "Check the name. If it is private or gated, set HF_TOKEN to a token that may read it."
            : "Check the name, that the token in HF_TOKEN is valid and may read it, and, if it is "
              "gated, that its terms are accepted on its page.";
    throw Error(ErrorKind::kIo,
                fmt::format("The hub refuses access to {} (HTTP {})", subject, response.status),
                where, remedy);
  }
  if (response.status == 404) {
    throw Error(ErrorKind::kIo, "The hub has no " + subject + " (HTTP 404)", where,
                "Check the names of the repository, the revision and the file; 'assay fetch "
                "hf:ORG/NAME' lists the files.");
  }
  throw Error(ErrorKind::kIo,
              fmt::format("The hub answered HTTP {} for {}", response.status, subject), where,
              "Try again later: it goes on where it stopped.");
}

}  // namespace assay
