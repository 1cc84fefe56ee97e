// Requests to one hub: where the token may go, redirects, retries, and errors in plain words.
// Internal to this folder.
#pragma once

#include <string>

#include "hub/http.h"
#include "hub/hub.h"

namespace assay {

class HubClient {
 public:
  // Reads HF_ENDPOINT and HF_TOKEN where the options are empty. Error{kUsage} when the endpoint is
  // no http(s) address or the token cannot be one.
  explicit HubClient(const HubOptions& options);

  const std::string& endpoint() const { return endpoint_; }  // without a slash at the end

  // One try: follows redirects. The token goes to the endpoint's own scheme, host and port only.
  // For a HEAD it stops at a redirect to another host that already has the file's size and tag,
  // because signed addresses of storage hosts answer a GET only. Headers x-* of the endpoint are
  // kept over those of later hosts.
  HttpResponse try_once(HttpRequest request) const;

  // Tries until it goes well, n_retries are used up, or it cannot go well; throws then.
  HttpResponse request(const HttpRequest& request, const std::string& subject) const;

  // The answer or failure may be another one next time.
  static bool may_pass(const HttpResponse& response);
  // Waits before try number `n_failures` + 1. Error{kInterrupted} when stopped meanwhile.
  void wait_before_retry(int n_failures, const HttpResponse& response) const;
  // Throws what `response` means for `subject` ("org/name/file").
  [[noreturn]] void fail(const HttpResponse& response, const std::string& subject) const;

 private:
  HubOptions options_;
  std::string endpoint_, token_;
};

}  // namespace assay
