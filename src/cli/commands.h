// The commands of `assay`, one file each. A command adds itself to the app; running it sets
// context.exit_code.
#pragma once

#include <stop_token>

namespace CLI {
class App;
}

namespace assay::cli {

struct Context {
  std::stop_token stop;
  int exit_code = 0;
};

void add_perplexity_command(CLI::App& app, Context& context);
void add_diverge_command(CLI::App& app, Context& context);
void add_eval_command(CLI::App& app, Context& context);
void add_bench_command(CLI::App& app, Context& context);
void add_tradeoff_command(CLI::App& app, Context& context);
void add_compare_command(CLI::App& app, Context& context);
void add_gate_command(CLI::App& app, Context& context);
void add_plan_command(CLI::App& app, Context& context);
void add_noise_command(CLI::App& app, Context& context);
void add_study_command(CLI::App& app, Context& context);
void add_screen_command(CLI::App& app, Context& context);
void add_import_command(CLI::App& app, Context& context);
void add_report_command(CLI::App& app, Context& context);
void add_rescore_command(CLI::App& app, Context& context);
void add_inspect_command(CLI::App& app, Context& context);
void add_quantize_command(CLI::App& app, Context& context);
void add_fetch_command(CLI::App& app, Context& context);
void add_store_command(CLI::App& app, Context& context);
void add_tasks_command(CLI::App& app, Context& context);
void add_doctor_command(CLI::App& app, Context& context);
void add_demo_command(CLI::App& app, Context& context);

}  // namespace assay::cli
