#include "hub/hub.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/sha256.h"
#include "hub/cache.h"
#include "hub/client.h"
#include "hub/download.h"
#include "hub/names.h"

namespace assay {
namespace {

constexpr std::size_t kMaxListingBytes = std::size_t{64} << 20;
constexpr int kMaxListingPages = 1000;

bool is_offline(const HubOptions& options) {
  const char* value = std::getenv("HF_HUB_OFFLINE");
  std::string text = value == nullptr ? "" : value;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return options.offline || text == "1" || text == "true" || text == "yes" || text == "on";
}

// A HubReference may be made without parse_hub_reference; its parts go into addresses and paths.
void require_safe(const HubReference& reference) {
  std::string text = reference.dataset ? "hf:datasets/" : "hf:";
  text += reference.repository + "@" + reference.revision;
  if (!reference.file.empty()) text += "/" + reference.file;
  const HubReference parsed = parse_hub_reference(text);
  if (parsed.repository != reference.repository || parsed.revision != reference.revision ||
      parsed.file != reference.file) {
    throw Error(ErrorKind::kUsage, "'" + text + "' does not name anything on the hub");
  }
}

std::string escape_revision(const std::string& revision) {
  std::string escaped = escape_url_path(revision);
  for (std::size_t at = 0; (at = escaped.find('/', at)) != std::string::npos;) {
    escaped.replace(at, 1, "%2F");
  }
  return escaped;
}

std::string subject_of(const HubReference& reference) {
  std::string subject = (reference.dataset ? "datasets/" : "") + reference.repository;
  if (reference.revision != "main") subject += "@" + reference.revision;
  return reference.file.empty() ? subject : subject + "/" + reference.file;
}

std::string tree_url(const HubClient& client, const HubReference& reference) {
  return client.endpoint() + (reference.dataset ? "/api/datasets/" : "/api/models/") +
         reference.repository + "/tree/" + escape_revision(reference.revision) + "?recursive=true";
}

std::string file_url(const HubClient& client, const HubReference& reference,
                     const std::string& revision) {
  return client.endpoint() + (reference.dataset ? "/datasets/" : "/") + reference.repository +
         "/resolve/" + escape_revision(revision) + "/" + escape_url_path(reference.file);
}

[[noreturn]] void refuse_listing(const std::string& why, const std::string& url) {
  throw Error(ErrorKind::kBadInput, "The hub's list of files makes no sense: " + why,
              displayed_url(url), "Check HF_ENDPOINT.");
}

std::string get_text(const HubClient& client, const std::string& url, const std::string& subject,
                     std::string& next_url) {
  std::string text;
  HttpRequest request{.url = url};
  request.on_start = [&] { text.clear(); };
  request.on_body = [&](const HttpResponse& response, std::string_view bytes) {
    if (response.status != 200) return true;
    if (text.size() + bytes.size() > kMaxListingBytes) refuse_listing("it is too long", url);
    text += bytes;
    return true;
  };
  const HttpResponse response = client.request(request, subject);
  // Link: <https://hub/api/...&cursor=...>; rel="next"
  const std::string link = response.header("link");
  const std::size_t end = link.find('>');
  next_url.clear();
  if (link.starts_with('<') && end != std::string::npos &&
      link.find("rel=\"next\"", end) != std::string::npos) {
    next_url = resolve_url(url, link.substr(1, end - 1));
    if (origin_of(next_url) != origin_of(url)) refuse_listing("it goes on elsewhere", url);
  }
  return text;
}

HubFile read_entry(const nlohmann::json& entry, const std::string& url) {
  HubFile file;
  file.path = entry.at("path").get<std::string>();
  file.size_bytes = entry.at("size").get<std::int64_t>();
  if (!is_safe_relative_path(file.path))
    refuse_listing("a file is called '" + file.path + "'", url);
  if (const auto lfs = entry.find("lfs"); lfs != entry.end() && lfs->is_object()) {
    file.sha256 = lfs->at("oid").get<std::string>();
    file.size_bytes = lfs->value("size", file.size_bytes);
    if (!is_sha256(file.sha256)) refuse_listing("a checksum is no SHA-256", url);
  }
  if (file.size_bytes < 0) refuse_listing("a size is negative", url);
  return file;
}

bool is_at_or_below(const std::string& path, const std::string& folder) {
  return folder.empty() || path == folder || path.starts_with(folder + "/");
}

void append_entries(const std::string& text, const std::string& url, std::vector<HubFile>& files) {
  try {
    const nlohmann::json entries = nlohmann::json::parse(text);
    if (!entries.is_array()) refuse_listing("it is no list", url);
    for (const nlohmann::json& entry : entries) {
      if (entry.at("type").get<std::string>() == "file") files.push_back(read_entry(entry, url));
    }
  } catch (const nlohmann::json::exception&) {
    refuse_listing("it is not the JSON that was expected", url);
  }
}

struct FileState {  // what the hub says about a file before sending it
  std::int64_t size_bytes = -1;
  std::string sha256, identity, commit;
};

std::int64_t to_size(const std::string& text) {
  std::int64_t size = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  return error == std::errc() && end == text.data() + text.size() && size >= 0 ? size : -1;
}

std::string without_quotes(std::string tag) {
  if (tag.starts_with("W/")) tag.erase(0, 2);
  std::erase(tag, '"');
  return tag;
}

FileState ask_about(const HubClient& client, const HubReference& reference) {
  const HttpResponse response =
      client.request({.url = file_url(client, reference, reference.revision), .head = true},
                     subject_of(reference));
  FileState state;
  const std::string linked_tag = without_quotes(response.header("x-linked-etag"));
  state.identity = linked_tag.empty() ? without_quotes(response.header("etag")) : linked_tag;
  state.size_bytes = to_size(response.header("x-linked-size"));
  // Without a size of the linked file, the answer's own length counts, unless it is a redirect's.
  if (state.size_bytes < 0 && response.status == 200) {
    state.size_bytes = to_size(response.header("content-length"));
  }
  if (is_sha256(linked_tag)) state.sha256 = linked_tag;
  if (const std::string commit = response.header("x-repo-commit"); is_commit(commit)) {
    state.commit = commit;
  }
  return state;
}

// Files of a commit never change; of a mere revision only a checksum tells.
bool is_current(const std::filesystem::path& path, const FileState& state,
                const std::stop_token& stop) {
  std::error_code missing;
  const std::uintmax_t size = std::filesystem::file_size(path, missing);
  if (missing || (state.size_bytes >= 0 && std::cmp_not_equal(size, state.size_bytes)))
    return false;
  if (!state.commit.empty()) return true;
  return !state.sha256.empty() && sha256_of_file(path.string(), stop) == state.sha256;
}

std::string fetch_online(const HubReference& reference, const HubOptions& options,
                         const HubCache& cache) {
  const HubClient client(options);
  const FileState state = ask_about(client, reference);
  const std::string snapshot =
      state.commit.empty() ? HubCache::folder_name(reference.revision) : state.commit;
  const DownloadTask task{
      // By commit: a branch that moves on meanwhile must not mix two contents.
      .url = file_url(client, reference, state.commit.empty() ? reference.revision : state.commit),
      .subject = subject_of(reference),
      .identity = state.identity,
      .size_bytes = state.size_bytes,
      .sha256 = state.sha256,
      .part = cache.partial(snapshot, reference.file),
      .target = cache.file(snapshot, reference.file)};
  if (!is_current(task.target, state, options.stop)) download(client, task, options);
  cache.remember(reference.revision, state.commit);
  return task.target.string();
}

}  // namespace

std::vector<HubFile> list_hub_files(const HubReference& reference, const HubOptions& options) {
  require_safe(reference);
  std::vector<HubFile> files;
  if (is_offline(options)) {
    const HubCache cache(options.cache_dir, reference);
    files = cache.list(cache.snapshot_of(reference.revision));
  } else {
    const HubClient client(options);
    std::string url = tree_url(client, reference);
    for (int page = 0; !url.empty(); ++page) {
      if (page == kMaxListingPages) refuse_listing("it has no end", url);
      std::string next_url;
      const std::string text = get_text(client, url, subject_of(reference), next_url);
      append_entries(text, url, files);
      url = next_url;
    }
  }
  std::erase_if(files,
                [&](const HubFile& file) { return !is_at_or_below(file.path, reference.file); });
  return files;
}

std::string fetch_hub_file(const HubReference& reference, const HubOptions& options) {
  require_safe(reference);
  if (reference.file.empty()) {
    throw Error(ErrorKind::kUsage, subject_of(reference) + " is a repository, not a file", {},
                "Add the file's path: hf:ORG/NAME/FILE.");
  }
  const HubCache cache(options.cache_dir, reference);
  const std::filesystem::path cached =
      cache.file(cache.snapshot_of(reference.revision), reference.file);
  const bool is_cached = std::filesystem::is_regular_file(cached);
  if (is_cached && (is_commit(reference.revision) || is_offline(options))) return cached.string();
  if (is_offline(options)) {
    throw Error(ErrorKind::kIo, subject_of(reference) + " is not in the cache", cached.string(),
                "Fetch it once without HF_HUB_OFFLINE.");
  }
  return fetch_online(reference, options, cache);
}

}  // namespace assay
