#include "cli/gate_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/text_layout.h"
#include "cli/xml_text.h"
#include "core/json_comparison.h"

namespace assay {
namespace {

constexpr std::size_t kMostIds = 1000;  // of a key=value line

std::int64_t count(const GateResult& result, Verdict verdict) {
  return std::count_if(result.cases.begin(), result.cases.end(),
                       [&](const GateCase& c) { return c.verdict == verdict; });
}

int exit_code_for(const GateResult& result) {
  if (count(result, Verdict::kWorse) > 0) return 1;
  return count(result, Verdict::kUndecided) > 0 || result.cases.empty() ? 10 : 0;
}

std::string verdict_of(const GateResult& result) {
  if (!result.error.empty()) return "no result";
  if (result.exit_code == 0) return verdict_words(Verdict::kWithinMargin);
  return verdict_words(result.exit_code == 1 ? Verdict::kWorse : Verdict::kUndecided);
}

std::string counts_of(const GateResult& result) {
  return fmt::format("{} within margin, {} worse, {} undecided",
                     count(result, Verdict::kWithinMargin), count(result, Verdict::kWorse),
                     count(result, Verdict::kUndecided));
}

std::string ids_of(const GateCase& c, std::size_t n_shown) {
  const auto n = std::min(c.newly_wrong.size(), n_shown);
  std::string text;
  for (std::size_t i = 0; i < n; ++i) text += (i == 0 ? "" : ", ") + c.newly_wrong[i];
  return c.newly_wrong.size() > n ? text + fmt::format(" ... ({} in all)", c.newly_wrong.size())
                                  : text;
}

std::string junit_case(const GateCase& c) {
  const std::string head = fmt::format("    <testcase classname=\"{}\" name=\"{}\"",
                                       xml_text(c.variant), xml_text(c.name));
  const std::string ids =
      c.newly_wrong.empty() ? "" : "newly wrong: " + ids_of(c, c.newly_wrong.size());
  switch (c.verdict) {
    case Verdict::kWithinMargin:
      return head + fmt::format("><system-out>{}</system-out></testcase>\n", xml_text(c.sentence));
    case Verdict::kWorse:
      return head + fmt::format("><failure type=\"worse\" message=\"{}\">{}</failure></testcase>\n",
                                xml_text(c.sentence), xml_text(ids));
    case Verdict::kUndecided:
      break;
  }
  return head + fmt::format("><skipped message=\"{}\"/></testcase>\n", xml_text(c.sentence));
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\r', ' ');
  return text;
}

std::string names_of(const GateResult& result, Verdict verdict) {
  std::string names;
  for (const GateCase& c : result.cases) {
    if (c.verdict == verdict) names += (names.empty() ? "" : ",") + c.variant + ":" + c.name;
  }
  return one_line(names);
}

}  // namespace

GateResult gate_of(std::span<const Comparison> comparisons) {
  GateResult result;
  for (const Comparison& comparison : comparisons) {
    const auto add = [&](const MetricComparison& row, bool group) {
      if (!row.decides) return;
      GateCase c{.variant = comparison.variant.name,
                 .name = row.task,
                 .verdict = row.verdict,
                 .n = row.n,
                 .sentence = row.sentence};
      if (!comparison.comparable && c.verdict == Verdict::kWithinMargin) {
        c.verdict = Verdict::kUndecided;
        c.sentence += " The runs are not comparable: nothing is passed on them.";
      }
      for (const std::string& id : row.lost_ids)
        c.newly_wrong.push_back(group ? id : row.task + "/" + id);
      result.cases.push_back(std::move(c));
    };
    for (const GroupComparison& group : comparison.groups) add(group, true);
    for (const MetricComparison& row : comparison.metrics) add(row, false);
    for (const std::string& warning : comparison.warnings)
      result.warnings.push_back(comparison.variant.name + ": " + warning);
  }
  result.exit_code = exit_code_for(result);
  return result;
}

GateResult gate_of(std::span<const DivergenceCheck> checks) {
  GateResult result;
  for (const DivergenceCheck& check : checks) {
    result.cases.push_back({.variant = check.variant,
                            .name = check.criterion,
                            .verdict = check.verdict,
                            .sentence = check.sentence});
  }
  result.exit_code = exit_code_for(result);
  return result;
}

GateResult joined(GateResult first, GateResult second) {
  for (GateCase& each : second.cases) first.cases.push_back(std::move(each));
  for (std::string& warning : second.warnings) first.warnings.push_back(std::move(warning));
  first.exit_code = exit_code_for(first);
  return first;
}

GateResult gate_error(const std::string& message, int exit_code) {
  return {.error = message, .exit_code = exit_code};
}

std::string junit_xml(const GateResult& result) {
  const std::size_t n_errors = result.error.empty() ? 0 : 1;
  const std::string counts = fmt::format(
      "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", result.cases.size() + n_errors,
      count(result, Verdict::kWorse), n_errors, count(result, Verdict::kUndecided));
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  text += fmt::format("<testsuites {}>\n  <testsuite name=\"assay gate\" {}>\n", counts, counts);
  for (const GateCase& c : result.cases) text += junit_case(c);
  if (n_errors > 0) {
    text += fmt::format(
        "    <testcase classname=\"assay\" name=\"gate\"><error type=\"no result\" "
        "message=\"{}\"/></testcase>\n",
        xml_text(result.error));
  }
  return text + "  </testsuite>\n</testsuites>\n";
}

std::string gate_markdown(const GateResult& result, int n_ids) {
  std::string text = fmt::format("### assay gate: {}\n\n", verdict_of(result));
  if (!result.error.empty())
    return text + "No run was judged: " + one_line(printable(result.error)) + "\n";
  std::vector<Column> columns{{.title = "variant", .align = Align::kLeft},
                              {.title = "task", .align = Align::kLeft},
                              {.title = "verdict", .align = Align::kLeft},
                              {.title = "evidence", .align = Align::kLeft}};
  for (const GateCase& c : result.cases) {
    const std::string cells[] = {printable(c.variant), printable(c.name), verdict_words(c.verdict),
                                 printable(c.sentence)};
    for (std::size_t i = 0; i < std::size(cells); ++i) columns[i].cells.push_back(cells[i]);
  }
  text += markdown_table(columns);
  for (const GateCase& c : result.cases) {
    if (c.newly_wrong.empty()) continue;
    text +=
        fmt::format("\n<details><summary>{}, {}: {} newly wrong</summary>\n\n{}\n\n</details>\n",
                    printable(c.variant), printable(c.name), c.newly_wrong.size(),
                    printable(ids_of(c, static_cast<std::size_t>(std::max(0, n_ids)))));
  }
  for (const std::string& warning : result.warnings) text += "\n* " + printable(warning) + "\n";
  return text;
}

std::string key_values(const GateResult& result) {
  const std::string verdict = !result.error.empty()   ? "error"
                              : result.exit_code == 0 ? name_of(Verdict::kWithinMargin)
                              : result.exit_code == 1 ? name_of(Verdict::kWorse)
                                                      : name_of(Verdict::kUndecided);
  std::vector<std::string> ids;
  for (const GateCase& c : result.cases) {
    for (const std::string& id : c.newly_wrong) {
      if (ids.size() < kMostIds) ids.push_back(c.variant + ":" + id);
    }
  }
  std::string text =
      fmt::format("verdict={}\nexit_code={}\nn_within={}\nn_worse={}\nn_undecided={}\n", verdict,
                  result.exit_code, count(result, Verdict::kWithinMargin),
                  count(result, Verdict::kWorse), count(result, Verdict::kUndecided));
  text += "worse=" + names_of(result, Verdict::kWorse) + "\n";
  text += "undecided=" + names_of(result, Verdict::kUndecided) + "\n";
  text += fmt::format("newly_wrong={}\n", one_line(fmt::format("{}", fmt::join(ids, ","))));
  if (!result.error.empty()) text += "error=" + one_line(result.error) + "\n";
  return text;
}

std::string gate_text(const GateResult& result, int width) {
  std::string text = fmt::format("gate: {}: {}\n", verdict_of(result), counts_of(result));
  for (const GateCase& c : result.cases) text += wrap(printable(c.sentence), width, 2);
  for (const std::string& warning : result.warnings)
    text += wrap(printable(warning) + ".", width, 2);
  return text;
}

}  // namespace assay
