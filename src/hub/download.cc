#include "hub/download.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/sha256.h"
#include "hub/part_file.h"

namespace assay {
namespace {

// A retry budget is for one stretch of trouble: this much progress makes it whole again.
constexpr std::int64_t kProgressBytes = 1 << 20;

struct ContentRange {
  std::int64_t first = -1, total = -1;
};

ContentRange parse_content_range(const std::string& text) {  // "bytes 100-999/1000"
  ContentRange range;
  if (!text.starts_with("bytes ")) return range;
  const char* end = text.data() + text.size();
  std::from_chars(text.data() + 6, end, range.first);
  if (const std::size_t slash = text.find('/'); slash != std::string::npos) {
    std::from_chars(text.data() + slash + 1, end, range.total);
  }
  return range;
}

bool is_strong_tag(const std::string& tag) { return tag.starts_with('"'); }

class Download {
 public:
  Download(const HubClient& client, const DownloadTask& task, const HubOptions& options)
      : client_(client),
        task_(task),
        options_(options),
        part_(task.part, task.identity, options.stop) {}

  void run() {
    if (std::filesystem::exists(task_.target) && part_.size() == 0 &&
        task_.size_bytes == static_cast<std::int64_t>(std::filesystem::file_size(task_.target)) &&
        is_checked(task_.target)) {
      return part_.remove();  // another process finished it while this one waited
    }
    fill();
    check();
    part_.finish(task_.target);
  }

 private:
  bool is_complete() const { return task_.size_bytes >= 0 && part_.size() == task_.size_bytes; }

  bool is_checked(const std::filesystem::path& path) const {
    return !task_.sha256.empty() && sha256_of_file(path.string(), options_.stop) == task_.sha256;
  }

  void report() const {
    if (options_.progress) options_.progress(part_.size(), task_.size_bytes);
  }

  void fill() {
    if (task_.size_bytes >= 0 && part_.size() > task_.size_bytes) part_.restart({});
    report();
    std::int64_t best = part_.size();
    for (int n_failures = 0; !is_complete();) {
      HttpResponse response = try_to_continue();
      const bool ended = response.failure.empty() && !response.stopped &&
                         (response.status == 200 || response.status == 206) && !mismatch_;
      if (ended && (task_.size_bytes < 0 || is_complete())) return;
      if (ended)
        response.failure =
            fmt::format("it ended after {} of {} bytes", part_.size(), task_.size_bytes);
      // 416: what is there is not the beginning of what the server has.
      const bool start_again = std::exchange(mismatch_, false) || response.status == 416;
      if (start_again) part_.restart({});
      if (part_.size() >= best + kProgressBytes) {
        best = part_.size();
        n_failures = 0;
      }
      const bool may_pass = ended || start_again || HubClient::may_pass(response);
      if (!may_pass || ++n_failures > options_.n_retries) client_.fail(response, task_.subject);
      client_.wait_before_retry(n_failures, response);
    }
  }

  HttpResponse try_to_continue() {
    const bool can_continue = is_strong_tag(part_.body_tag()) || !task_.sha256.empty();
    if (part_.size() > 0 && !can_continue) part_.restart({});
    HttpRequest request{.url = task_.url};
    if (part_.size() > 0) {
      request.headers.push_back(fmt::format("Range: bytes={}-", part_.size()));
      if (is_strong_tag(part_.body_tag())) {
        request.headers.push_back("If-Range: " + part_.body_tag());
      }
    }
    bool first = true;
    request.on_body = [&](const HttpResponse& response, std::string_view bytes) {
      if (response.status != 200 && response.status != 206) return true;  // an error page
      if (std::exchange(first, false) && !begin_body(response)) return false;
      receive(bytes);
      return true;
    };
    return client_.try_once(std::move(request));
  }

  // False when the answer does not continue what is there.
  bool begin_body(const HttpResponse& response) {
    const std::string tag = response.header("etag");
    if (response.status == 200) {
      part_.restart(tag);
      return true;
    }
    const ContentRange range = parse_content_range(response.header("content-range"));
    mismatch_ = range.first != part_.size() ||
                (task_.size_bytes >= 0 && range.total >= 0 && range.total != task_.size_bytes) ||
                (!tag.empty() && is_strong_tag(part_.body_tag()) && tag != part_.body_tag());
    return !mismatch_;
  }

  void receive(std::string_view bytes) {
    const auto n_bytes = static_cast<std::int64_t>(bytes.size());
    if (task_.size_bytes >= 0 && part_.size() + n_bytes > task_.size_bytes) {
      part_.remove();
      throw Error(ErrorKind::kBadInput,
                  fmt::format("{} is longer than the {} bytes the hub states", task_.subject,
                              task_.size_bytes),
                  displayed_url(task_.url),
                  "Run the command again; if it repeats, the hub is wrong.");
    }
    part_.append(bytes);
    report();
  }

  void check() {
    if (task_.sha256.empty()) return;
    const std::string found = sha256_of_file(part_.path().string(), options_.stop);
    if (found == task_.sha256) return;
    part_.remove();
    throw Error(
        ErrorKind::kBadInput,
        "The download of " + task_.subject + " is damaged: its SHA-256 is " + found +
            ", the hub states " + task_.sha256,
        displayed_url(task_.url),
        "It was removed; run the command again. If it repeats, the hub or a proxy is wrong.");
  }

  const HubClient& client_;
  const DownloadTask& task_;
  const HubOptions& options_;
  PartFile part_;
  bool mismatch_ = false;
};

}  // namespace

void download(const HubClient& client, const DownloadTask& task, const HubOptions& options) {
  Download(client, task, options).run();
}

}  // namespace assay
