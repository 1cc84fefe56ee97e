// Systems without Linux's namespaces: nothing is run.
#include "core/error.h"
#include "tasks/tasks.h"

namespace assay {

std::optional<std::string> sandbox_problem() {
  return "model-written code can be isolated on Linux only. Score it there";
}

std::vector<SandboxResult> run_sandboxed(std::span<const SandboxRequest>, const SandboxOptions&) {
  throw Error(ErrorKind::kEngine, *sandbox_problem());
}

}  // namespace assay
