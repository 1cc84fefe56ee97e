// The study command's work, which the demonstration shares.
#pragma once

namespace CLI {
class App;
}

namespace assay::cli {

struct Context;
struct StudyFlags;

// Runs the study that flags.inputs name, `command`'s flags counting more than its file; prints the
// decision, names the page. Errors: as settle_study_flags, measure_family and write_study.
void run_study(StudyFlags& flags, CLI::App& command, const Context& context);

}  // namespace assay::cli
