#include "cli/table.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace assay::cli {
namespace {

struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

std::size_t display_width(const std::string& text) {  // ± and Δ take one column but two bytes
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string padded(const std::string& text, std::size_t width, bool left) {
  const std::string space(width - std::min(width, display_width(text)), ' ');
  return left ? text + space : space + text;
}

int decimals_for(double error) {
  if (!(error > 0) || !std::isfinite(error)) return 4;
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(error))), 0, 8);
}

std::string interval(const Estimate& e) {
  if (!e.ci95) return fmt::format("{:.4f}", e.value);
  const int digits = std::clamp(decimals_for((e.ci95->high - e.ci95->low) / 4), 2, 6);
  return fmt::format("{:.{}f} [{:.{}f}, {:.{}f}]", e.value, digits, e.ci95->low, digits,
                     e.ci95->high, digits);
}

std::string percent_with_error(const Estimate& e) {
  return value_with_error(100 * e.value,
                          e.std_error ? std::optional(100 * *e.std_error) : std::nullopt);
}

std::string mib(std::int64_t bytes) {
  return fmt::format("{:.1f}", static_cast<double>(bytes) / (1 << 20));
}

std::string kv_of(const ModelReport& model) {
  const KvTypes& kv = model.info.runtime.kv;
  return kv.k == kv.v ? kv.k : kv.k + "/" + kv.v;
}

bool has_words(const ModelReport& model) { return model.perplexity.word_perplexity.has_value(); }

const Estimate& main_perplexity(const ModelReport& model) {
  return has_words(model) ? *model.perplexity.word_perplexity : model.perplexity.perplexity;
}

std::vector<std::string> model_cells(const ModelReport& model) {
  const bool file = model.info.size_bytes > 0;
  return {model.name, file ? mib(model.info.size_bytes) : "-",
          file ? fmt::format("{:.2f}", model.info.bits_per_weight) : "-", file ? kv_of(model) : "-",
          value_with_error(main_perplexity(model).value, main_perplexity(model).std_error)};
}

Table divergence_table(const DivergenceReport& report) {
  Table table{.header = {"model", "MiB", "bits/weight", "KV",
                         has_words(report.baseline) ? "word PPL" : "PPL", "PPL ratio [95 %]",
                         "KLD, nats", "KLD 99.9 %", "same top, %", "RMS Δp, %"}};
  table.rows.push_back(model_cells(report.baseline));
  table.rows.back().insert(table.rows.back().end(), {"baseline", "", "", "", ""});
  for (const VariantReport& v : report.variants) {
    table.rows.push_back(model_cells(v));
    const DivergenceStatistics& d = v.divergence;
    if (v.identical) {
      table.rows.back().insert(table.rows.back().end(), {"identical", "0", "0", "100", "0"});
      continue;
    }
    table.rows.back().insert(table.rows.back().end(),
                             {interval(d.ppl_ratio), value_with_error(d.kld.value, d.kld.std_error),
                              fmt::format("{:.3g}", d.kld_percentiles.p99_9),
                              percent_with_error(d.same_top_p), percent_with_error(d.delta_p_rms)});
  }
  return table;
}

Table split_table(const DivergenceReport& report) {
  Table table{.header = {"KLD of, nats", "weights", "+ kernels", "+ KV cache", "= total"}};
  for (const LossSplit& s : report.split) {
    table.rows.push_back({s.variant, fmt::format("{:.5f}", s.weights),
                          fmt::format("{:+.5f}", s.kernels), fmt::format("{:+.5f}", s.kv_cache),
                          fmt::format("{:.5f}", s.weights + s.kernels + s.kv_cache)});
  }
  return table;
}

Table perplexity_table(const PerplexityReport& report) {
  const PerplexityStatistics& p = report.model.perplexity;
  Table table{.header = {"model", "MiB", "bits/weight", "KV", "measure", "value",
                         "error if tokens were independent"}};
  const std::vector<std::string> cells = model_cells(report.model);
  const auto add = [&](const char* measure, const Estimate& e, const std::string& iid) {
    table.rows.push_back({cells[0], cells[1], cells[2], cells[3], measure,
                          value_with_error(e.value, e.std_error), iid});
  };
  if (p.word_perplexity) add("word_perplexity", *p.word_perplexity, "");
  if (p.byte_perplexity) add("byte_perplexity", *p.byte_perplexity, "");
  if (p.bits_per_byte) add("bits_per_byte", *p.bits_per_byte, "");
  add("perplexity per token", p.perplexity,
      p.std_error_iid ? fmt::format("{:.5f}", *p.std_error_iid) : "");
  return table;
}

std::string aligned(const Table& table) {
  std::vector<std::size_t> widths(table.header.size());
  const auto widen = [&](const std::vector<std::string>& row) {
    for (std::size_t c = 0; c < row.size(); ++c)
      widths[c] = std::max(widths[c], display_width(row[c]));
  };
  widen(table.header);
  for (const auto& row : table.rows) widen(row);
  std::string text;
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c)
      line += (c == 0 ? "" : "  ") + padded(row[c], widths[c], c == 0);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add(table.header);
  for (const auto& row : table.rows) add(row);
  return text;
}

std::string markdown(const Table& table) {
  const auto line = [](const std::vector<std::string>& cells) {
    std::string text = "|";
    for (const std::string& cell : cells) {
      std::string safe;
      for (const char c : cell) safe += c == '|' ? std::string("\\|") : std::string(1, c);
      text += " " + safe + " |";
    }
    return text + "\n";
  };
  std::string text = line(table.header) + "|";
  for (std::size_t c = 0; c < table.header.size(); ++c) text += c == 0 ? "---|" : "---:|";
  text += "\n";
  for (const auto& row : table.rows) text += line(row);
  return text;
}

std::string wrapped(const std::string& text, int width, const std::string& indent) {
  const std::size_t limit = width > 40 ? static_cast<std::size_t>(width) : 100;
  std::string result, line;
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    const std::string word = text.substr(start, end - start);
    if (!line.empty() && display_width(line) + 1 + display_width(word) > limit) {
      result += line + "\n";
      line = indent + word;
    } else {
      line += (line.empty() || line == indent ? "" : " ") + word;
    }
    start = end + 1;
  }
  return result + line + "\n";
}

std::string notes_of(const ModelReport& model, int width) {
  std::string text;
  for (const std::string& note : model.notes)
    text += wrapped("Note on " + model.name + ": " + note + ".", width, "  ");
  return text;
}

std::string context_of(const ModelReport& baseline, const std::vector<std::string>& warnings,
                       int width) {
  std::string text;
  for (const std::string& warning : warnings)
    text += wrapped("Warning: " + warning + ".", width, "  ");
  const PerplexityStatistics& p = baseline.perplexity;
  text += wrapped(
      fmt::format(
          "Convention: {}. {} tokens scored in {} windows; errors are clustered by {} of them.",
          baseline.convention.id(), p.n_scored_tokens, p.n_chunks, p.n_clusters),
      width, "  ");
  return text;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t c = 0; c < cells.size(); ++c) line += (c == 0 ? "" : ",") + csv_cell(cells[c]);
  return line + "\r\n";
}

std::string raw(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }
std::string raw(const std::optional<double>& value) { return value ? raw(*value) : ""; }

std::vector<std::string> csv_model(const ModelReport& m) {
  const PerplexityStatistics& p = m.perplexity;
  return {m.name,
          std::to_string(m.info.size_bytes),
          raw(m.info.bits_per_weight),
          m.info.runtime.kv.k,
          m.info.runtime.kv.v,
          raw(p.perplexity.value),
          raw(p.perplexity.std_error),
          raw(p.std_error_iid),
          p.word_perplexity ? raw(p.word_perplexity->value) : "",
          p.byte_perplexity ? raw(p.byte_perplexity->value) : "",
          p.bits_per_byte ? raw(p.bits_per_byte->value) : "",
          std::to_string(p.n_scored_tokens),
          std::to_string(p.n_chunks),
          m.convention.id()};
}

const std::vector<std::string> kCsvModel{"name",
                                         "size_bytes",
                                         "bits_per_weight",
                                         "kv_k",
                                         "kv_v",
                                         "perplexity",
                                         "perplexity_std_error",
                                         "perplexity_std_error_iid",
                                         "word_perplexity",
                                         "byte_perplexity",
                                         "bits_per_byte",
                                         "n_scored_tokens",
                                         "n_chunks",
                                         "convention"};

std::string size_note(const DivergenceReport& report) {
  const double gib = static_cast<double>(report.base_file_bytes_avoided) / (1 << 30);
  if (gib < 0.1) return {};
  return fmt::format(
      "A base file of llama-perplexity would have taken {:.1f} GiB; none was written.\n", gib);
}

}  // namespace

std::string value_with_error(double value, const std::optional<double>& error) {
  if (!error) return fmt::format("{:.4g}", value);
  if (*error == 0) return fmt::format("{:.4g} ± 0", value);
  const int digits = decimals_for(*error);
  return fmt::format("{:.{}f} ± {:.{}f}", value, digits, *error, digits);
}

std::string render_text(const PerplexityReport& report, int width) {
  return aligned(perplexity_table(report)) + "\n" + notes_of(report.model, width) +
         context_of(report.model, report.warnings, width);
}

std::string render_text(const DivergenceReport& report, int width) {
  std::string text = aligned(divergence_table(report)) + "\n";
  if (!report.split.empty()) text += aligned(split_table(report)) + "\n";
  for (const VariantReport& v : report.variants) text += wrapped(v.sentence, width, "  ");
  text += "\n" + notes_of(report.baseline, width);
  for (const VariantReport& v : report.variants) text += notes_of(v, width);
  return text + context_of(report.baseline, report.warnings, width) + size_note(report);
}

std::string render_markdown(const PerplexityReport& report) {
  return markdown(perplexity_table(report)) + "\n" + context_of(report.model, report.warnings, 100);
}

std::string render_markdown(const DivergenceReport& report) {
  std::string text = markdown(divergence_table(report)) + "\n";
  for (const VariantReport& v : report.variants) text += "* " + v.sentence + "\n";
  return text + "\n" + context_of(report.baseline, report.warnings, 100);
}

std::string render_csv(const PerplexityReport& report) {
  return csv_line(kCsvModel) + csv_line(csv_model(report.model));
}

std::string render_csv(const DivergenceReport& report) {
  std::vector<std::string> header = kCsvModel;
  for (const char* name : {"ppl_ratio", "ppl_ratio_low", "ppl_ratio_high", "kld_mean",
                           "kld_std_error", "kld_median", "kld_p99", "kld_p999", "kld_max",
                           "same_top_p", "same_top_p_std_error", "delta_p_mean", "delta_p_rms"}) {
    header.push_back(name);
  }
  std::string text = csv_line(header);
  std::vector<std::string> baseline = csv_model(report.baseline);
  baseline.resize(header.size());
  text += csv_line(baseline);
  for (const VariantReport& v : report.variants) {
    std::vector<std::string> cells = csv_model(v);
    const DivergenceStatistics& d = v.divergence;
    const auto end = [&](double Interval::*side) {
      return d.ppl_ratio.ci95 ? raw((*d.ppl_ratio.ci95).*side) : "";
    };
    for (const std::string& cell :
         {raw(d.ppl_ratio.value), end(&Interval::low), end(&Interval::high), raw(d.kld.value),
          raw(d.kld.std_error), raw(d.kld_percentiles.median), raw(d.kld_percentiles.p99),
          raw(d.kld_percentiles.p99_9), raw(d.kld_percentiles.max), raw(d.same_top_p.value),
          raw(d.same_top_p.std_error), raw(d.delta_p.value), raw(d.delta_p_rms.value)}) {
      cells.push_back(cell);
    }
    text += csv_line(cells);
  }
  return text;
}

}  // namespace assay::cli
