// Files from the Hugging Face hub: resumable, checksummed, cached for offline use.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace assay {

// "hf:org/name", "hf:org/name@rev", "hf:org/name@rev/path/in/repo.gguf",
// "hf:datasets/org/name/file.parquet".
struct HubReference {
  bool dataset = false;
  std::string repository;  // "org/name"
  std::string revision = "main";
  std::string file;  // "" = list the repository's files
};
HubReference parse_hub_reference(const std::string& text);  // Error{kUsage}

struct HubOptions {
  std::string endpoint;   // "" = $HF_ENDPOINT, else the public hub
  std::string token;      // "" = $HF_TOKEN; never printed
  std::string cache_dir;  // files land in CACHE/hub/...
  bool offline = false;   // also by HF_HUB_OFFLINE=1: cache only
  // Called on the caller's thread; n_total_bytes is -1 when the hub does not say.
  std::function<void(std::int64_t n_done_bytes, std::int64_t n_total_bytes)> progress;
  std::stop_token stop;
  // After failures that may pass (timeouts, dropped connections, 429, 5xx): how often to try again,
  // and how long to wait before; the wait doubles each time, and Retry-After may lengthen it.
  int n_retries = 4;
  std::chrono::milliseconds retry_delay{1000};
  std::chrono::seconds stall_timeout{60};  // a connection without a byte for this long has failed
};
struct HubFile {
  std::string path;
  std::int64_t size_bytes = 0;
  std::string sha256;  // "" when the hub has none (small text files; the offline cache)
};

// Files of the repository, or those at or below reference.file; offline, those in the cache.
std::vector<HubFile> list_hub_files(const HubReference& reference, const HubOptions& options);
// Path of the local copy. A partial download is continued; the result's size and (for LFS files)
// SHA-256 are checked. Errors: kIo (network, HTTP status with what to do: 401/403 token, 404 name),
// kBadInput (checksum), kInterrupted.
std::string fetch_hub_file(const HubReference& reference, const HubOptions& options);

}  // namespace assay
