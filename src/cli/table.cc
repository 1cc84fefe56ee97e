#include "cli/table.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <optional>
#include <set>

#include "cli/text_layout.h"
#include "core/number_format.h"

namespace assay {
namespace {

constexpr const char* kNone = "-";

// A row: the baseline has no divergence.
struct Row {
  const ModelReport* model = nullptr;
  const VariantReport* variant = nullptr;
};
using CellText = std::function<std::string(const Row&)>;

void add(std::vector<Column>& columns, const std::vector<Row>& rows, Column column,
         const CellText& text) {
  for (const Row& row : rows) column.cells.push_back(text(row));
  columns.push_back(std::move(column));
}

// Cells of what only variants have.
CellText of_variant(std::function<std::string(const DivergenceStatistics&)> text) {
  return [text = std::move(text)](const Row& row) {
    return row.variant ? text(row.variant->divergence) : std::string(kNone);
  };
}

std::string with_error(const Estimate& estimate, double factor = 1) {
  const std::optional<double> error =
      estimate.std_error ? std::optional(factor * *estimate.std_error) : std::nullopt;
  return format_with_error(factor * estimate.value, error);
}

void add_model_columns(std::vector<Column>& columns, const std::vector<Row>& rows) {
  add(columns, rows, {.title = "name", .align = Align::kLeft},
      [](const Row& row) { return printable(row.model->name); });
  add(columns, rows, {.title = "size", .priority = 3},
      [](const Row& row) { return format_bytes(row.model->info.size_bytes); });
  add(columns, rows, {.title = "bpw", .priority = 4},
      [](const Row& row) { return fmt::format("{:.2f}", row.model->info.bits_per_weight); });
  add(columns, rows, {.title = "PPL ± err"},
      [](const Row& row) { return with_error(row.model->perplexity.perplexity); });
}

// Word and byte perplexity, in the lm-eval convention.
void add_document_columns(std::vector<Column>& columns, const std::vector<Row>& rows) {
  using Member = std::optional<Estimate> PerplexityStatistics::*;
  const std::pair<const char*, Member> kinds[] = {
      {"word PPL ± err", &PerplexityStatistics::word_perplexity},
      {"byte PPL ± err", &PerplexityStatistics::byte_perplexity},
      {"bits/byte ± err", &PerplexityStatistics::bits_per_byte}};
  int priority = 6;
  for (const auto& [title, member] : kinds) {
    const auto kind = member;
    if (!(rows.front().model->perplexity.*kind)) continue;
    add(columns, rows, {.title = title, .priority = priority++}, [kind](const Row& row) {
      const std::optional<Estimate>& estimate = row.model->perplexity.*kind;
      return estimate ? with_error(*estimate) : std::string(kNone);
    });
  }
}

void add_divergence_columns(std::vector<Column>& columns, const std::vector<Row>& rows) {
  add(columns, rows, {.title = "PPL ratio [95 %]", .priority = 1},
      of_variant([](const DivergenceStatistics& statistics) {
        return format_with_interval(statistics.ppl_ratio.value, statistics.ppl_ratio.ci95);
      }));
  add(columns, rows, {.title = "KLD ± err (nats)"},
      of_variant(
          [](const DivergenceStatistics& statistics) { return with_error(statistics.kld); }));
  add(columns, rows, {.title = "p99.9 KLD (nats)", .priority = 5},
      of_variant([](const DivergenceStatistics& statistics) {
        return format_significant(statistics.kld_percentiles.p99_9, 3);
      }));
  add(columns, rows, {.title = "same top ± err (%)", .priority = 2},
      of_variant([](const DivergenceStatistics& statistics) {
        return with_error(statistics.same_top_p, kPercent);
      }));
}

// ---- CSV ----

std::string raw(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }
std::string raw(const std::optional<double>& value) { return value ? raw(*value) : ""; }

void add_raw_estimate(std::vector<Column>& columns, const std::vector<Row>& rows,
                      const std::string& name,
                      const std::function<const Estimate*(const Row&)>& get) {
  const auto cell = [&](const std::string& suffix,
                        const std::function<std::string(const Estimate&)>& text) {
    add(columns, rows, {.title = name + suffix}, [&](const Row& row) {
      const Estimate* estimate = get(row);
      return estimate ? text(*estimate) : std::string();
    });
  };
  cell("", [](const Estimate& estimate) { return raw(estimate.value); });
  cell("_std_error", [](const Estimate& estimate) { return raw(estimate.std_error); });
  cell("_ci95_low", [](const Estimate& estimate) {
    return estimate.ci95 ? raw(estimate.ci95->low) : std::string();
  });
  cell("_ci95_high", [](const Estimate& estimate) {
    return estimate.ci95 ? raw(estimate.ci95->high) : std::string();
  });
}

void add_raw_model(std::vector<Column>& columns, const std::vector<Row>& rows) {
  add(columns, rows, {.title = "name"}, [](const Row& row) { return row.model->name; });
  add(columns, rows, {.title = "path"}, [](const Row& row) { return row.model->info.path; });
  add(columns, rows, {.title = "size_bytes"},
      [](const Row& row) { return std::to_string(row.model->info.size_bytes); });
  add(columns, rows, {.title = "bits_per_weight"},
      [](const Row& row) { return raw(row.model->info.bits_per_weight); });
  add_raw_estimate(columns, rows, "perplexity",
                   [](const Row& row) { return &row.model->perplexity.perplexity; });
  add(columns, rows, {.title = "perplexity_std_error_iid"},
      [](const Row& row) { return raw(row.model->perplexity.std_error_iid); });
  add(columns, rows, {.title = "n_scored_tokens"},
      [](const Row& row) { return std::to_string(row.model->perplexity.n_scored_tokens); });
  add(columns, rows, {.title = "n_chunks"},
      [](const Row& row) { return std::to_string(row.model->perplexity.n_chunks); });
  const auto pointer = [](const std::optional<Estimate>& estimate) {
    return estimate ? &*estimate : nullptr;
  };
  add_raw_estimate(columns, rows, "word_perplexity",
                   [&](const Row& row) { return pointer(row.model->perplexity.word_perplexity); });
  add_raw_estimate(columns, rows, "byte_perplexity",
                   [&](const Row& row) { return pointer(row.model->perplexity.byte_perplexity); });
  add_raw_estimate(columns, rows, "bits_per_byte",
                   [&](const Row& row) { return pointer(row.model->perplexity.bits_per_byte); });
}

void add_raw_divergence(std::vector<Column>& columns, const std::vector<Row>& rows) {
  using Member = Estimate DivergenceStatistics::*;
  const std::pair<const char*, Member> kinds[] = {
      {"ppl_ratio", &DivergenceStatistics::ppl_ratio},
      {"kld_mean", &DivergenceStatistics::kld},
      {"same_top_p", &DivergenceStatistics::same_top_p},
      {"delta_p_mean", &DivergenceStatistics::delta_p},
      {"delta_p_rms", &DivergenceStatistics::delta_p_rms}};
  for (const auto& [name, kind] : kinds) {
    const Member member = kind;
    add_raw_estimate(columns, rows, name, [member](const Row& row) {
      return row.variant ? &(row.variant->divergence.*member) : nullptr;
    });
  }
  const std::pair<const char*, double Percentiles::*> tails[] = {
      {"kld_median", &Percentiles::median},
      {"kld_p90", &Percentiles::p90},
      {"kld_p99", &Percentiles::p99},
      {"kld_p999", &Percentiles::p99_9},
      {"kld_max", &Percentiles::max}};
  for (const auto& [name, tail] : tails) {
    const auto member = tail;
    add(columns, rows, {.title = name}, [member](const Row& row) {
      return row.variant ? raw(row.variant->divergence.kld_percentiles.*member) : std::string();
    });
  }
  add(columns, rows, {.title = "identical"}, [](const Row& row) {
    if (!row.variant) return std::string();
    return std::string(row.variant->identical ? "true" : "false");
  });
}

std::string csv(const std::vector<Row>& rows, bool divergence) {
  std::vector<Column> columns;
  add_raw_model(columns, rows);
  if (divergence) add_raw_divergence(columns, rows);
  add(columns, rows, {.title = "convention"},
      [](const Row& row) { return row.model->convention.id(); });
  return csv_table(columns);
}

// ---- What stands below the table ----

// Text paragraphs; in Markdown items of a list.
class Paragraphs {
 public:
  explicit Paragraphs(const TableOptions& options)
      : markdown_(options.format == TableFormat::kMarkdown),
        width_(markdown_ ? 0 : options.width) {}

  void add(const std::string& text) {
    text_ += wrap((markdown_ ? "- " : "") + printable(text), width_, 2);
  }
  void gap() {
    if (!text_.ends_with("\n\n")) text_ += "\n";
  }
  const std::string& text() const { return text_; }

 private:
  bool markdown_;
  int width_;
  std::string text_ = "\n";
};

std::string legend(const PerplexityStatistics& statistics) {
  const bool by_document = statistics.n_clusters != statistics.n_chunks;
  std::string text = fmt::format(
      "± is the standard error over {} independent {}, intervals are 95 %; {} tokens scored in {} "
      "windows.",
      statistics.n_clusters, by_document ? "documents" : "windows", statistics.n_scored_tokens,
      statistics.n_chunks);
  if (!statistics.perplexity.std_error) {
    text = fmt::format("± ? : {}; {} tokens scored in {} windows.", statistics.perplexity.reason,
                       statistics.n_scored_tokens, statistics.n_chunks);
  }
  if (statistics.std_error_iid) {
    text += fmt::format(" Taking tokens as independent, as llama-perplexity does, it would be {}.",
                        format_significant(*statistics.std_error_iid, 2));
  }
  return text;
}

void add_remarks(Paragraphs& below, const std::vector<Row>& rows,
                 const std::vector<std::string>& warnings) {
  for (const Row& row : rows) {
    for (const std::string& note : row.model->notes) below.add(row.model->name + ": " + note);
  }
  for (const std::string& warning : warnings) below.add("Warning: " + warning);
  below.gap();
  below.add(legend(rows.front().model->perplexity));
  std::set<std::string> conventions;
  for (const Row& row : rows) conventions.insert(row.model->convention.id());
  for (const std::string& convention : conventions) below.add("Convention: " + convention);
}

std::string table_of(const std::vector<Column>& columns, const TableOptions& options) {
  return options.format == TableFormat::kMarkdown ? markdown_table(columns)
                                                  : text_table(columns, options.width);
}

std::string noise_floor_remark(const NoiseFloor& noise) {
  return fmt::format(
      "Noise floor: in batches of {} tokens the baseline diverges from itself by {} nats and "
      "changes the most likely token at {} % of positions ({} windows).",
      noise.n_batch, format_significant(noise.kld_mean, 2),
      format_significant(100 * (1 - noise.same_top_p), 2), noise.n_chunks);
}

}  // namespace

std::string render(const DivergenceReport& report, const TableOptions& options) {
  std::vector<Row> rows = {{&report.baseline, nullptr}};
  for (const VariantReport& variant : report.variants) rows.push_back({&variant, &variant});
  if (options.format == TableFormat::kCsv) return csv(rows, true);

  std::vector<Column> columns;
  add_model_columns(columns, rows);
  add_divergence_columns(columns, rows);
  add_document_columns(columns, rows);
  Paragraphs below(options);
  for (const VariantReport& variant : report.variants) below.add(variant.sentence);
  for (const LossSplit& split : report.split) {
    below.add(
        fmt::format("KLD of {} in steps, nats: {:.5f} by its weights, {:+.5f} by the kernels of "
                    "its types, {:+.5f} by "
                    "its KV cache.",
                    split.variant, split.weights, split.kernels, split.kv_cache));
  }
  below.gap();
  if (report.noise) below.add(noise_floor_remark(*report.noise));
  add_remarks(below, rows, report.warnings);
  constexpr double kGib = 1 << 30;
  if (static_cast<double>(report.base_file_bytes_avoided) > 0.01 * kGib) {
    below.add(fmt::format("No base file was written; llama-perplexity's would have had {:.2f} GiB.",
                          static_cast<double>(report.base_file_bytes_avoided) / kGib));
  }
  return table_of(columns, options) + below.text();
}

std::string render(const PerplexityReport& report, const TableOptions& options) {
  const std::vector<Row> rows = {{&report.model, nullptr}};
  if (options.format == TableFormat::kCsv) return csv(rows, false);

  std::vector<Column> columns;
  add_model_columns(columns, rows);
  add_document_columns(columns, rows);
  Paragraphs below(options);
  add_remarks(below, rows, report.warnings);
  return table_of(columns, options) + below.text();
}

}  // namespace assay
