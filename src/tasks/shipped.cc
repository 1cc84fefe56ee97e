#include "tasks/task_files.h"

extern "C" {
extern const unsigned char assay_shipped_tasks[], assay_shipped_tasks_end[];
}

namespace assay::detail {

const std::vector<EmbeddedFile>& shipped_files() {
  static const std::vector<EmbeddedFile> kFiles =
      embedded_files(assay_shipped_tasks, assay_shipped_tasks_end);
  return kFiles;
}

}  // namespace assay::detail
