// One HTTP exchange by libcurl, which only http.cc sees. No redirects, no retries: client.h.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

struct HttpResponse {
  int status = 0;                              // 0: no answer came, see `failure`
  std::map<std::string, std::string> headers;  // lower-case names
  std::string redirect_url;                    // absolute; of a 3xx answer
  std::string url;                             // that was asked
  std::string failure;     // why the exchange did not end well; may come after a status
  bool transient = false;  // the failure may pass: timeout, dropped connection
  bool stopped = false;

  std::string header(const std::string& lower_case_name) const;  // "" when absent
  bool is_redirect() const { return status >= 300 && status < 400 && !redirect_url.empty(); }
};

struct HttpRequest {
  std::string url;
  bool head = false;
  std::vector<std::string> headers;  // "Name: value"
  std::chrono::seconds stall_timeout{60};
  std::stop_token stop;
  std::function<void()> on_start;  // an exchange begins: forget an earlier one's body
  // Receives the body; returning false ends the exchange. What it throws comes out of send_http.
  std::function<bool(const HttpResponse& so_far, std::string_view bytes)> on_body;
};

HttpResponse send_http(const HttpRequest& request);

std::string escape_url_path(std::string_view path);  // percent-encodes all but '/'
std::string origin_of(const std::string& url);  // "https://host:443"; "" when it is no http(s) URL
// For messages: without user, password and query, which may be secrets.
std::string displayed_url(const std::string& url);
// An address that a server gave, made absolute; "" when malformed.
std::string resolve_url(const std::string& base, const std::string& relative);

}  // namespace assay
