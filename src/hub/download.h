// One file from the hub into the cache. Internal to this folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "hub/client.h"
#include "hub/hub.h"

namespace assay {

struct DownloadTask {
  std::string url;
  std::string subject;   // for messages: "org/name/file"
  std::string identity;  // the hub's tag of the content; "" = none, then nothing can be continued
  std::int64_t size_bytes = -1;  // -1 = the hub does not say
  std::string sha256;            // "" = none to check
  std::filesystem::path part, target;
};

// Leaves the checked file at task.target. After a failure or a stop the .part stays, to be
// continued, unless its content was wrong. Errors as fetch_hub_file.
void download(const HubClient& client, const DownloadTask& task, const HubOptions& options);

}  // namespace assay
