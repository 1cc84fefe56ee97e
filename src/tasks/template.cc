#include "tasks/template.h"

#include <fmt/format.h>

#include "core/error.h"
#include "tasks/template_nodes.h"

namespace assay::detail {
namespace {

std::string place(const std::string& file, int line, int template_line) {
  std::string where = file.empty() ? "the task" : file;
  if (line > 0) where += fmt::format(":{}", line);
  if (template_line > 0) where += fmt::format(", line {} of the template", template_line);
  return where;
}

}  // namespace

struct Template::Tree {
  std::vector<jinja::Node> nodes;
};

Template::Template(const std::string& source, std::string file, int line)
    : file_(std::move(file)), line_(line) {
  try {
    tree_ = std::make_shared<const Tree>(Tree{jinja::parse(source)});
  } catch (const jinja::Problem& problem) {
    throw Error(ErrorKind::kBadInput, fmt::format("The template is wrong: {}", problem.what()),
                place(file_, line_, problem.line), "Task files use the syntax of Jinja2.");
  }
}

std::string Template::render(const Row& row) const {
  try {
    return jinja::render(tree_->nodes, row);
  } catch (const jinja::Problem& problem) {
    const std::string where = place(file_, line_, problem.line);
    if (problem.exceeds_limits)
      throw Error(ErrorKind::kBadInput, fmt::format("A template was stopped: {}", problem.what()),
                  where, "A template may take a million steps and make 256 MiB of text for a row.");
    throw RowProblem(fmt::format("{} ({})", problem.what(), where));
  }
}

}  // namespace assay::detail
