#include "cli/table.h"

#include <gtest/gtest.h>

namespace assay::cli {
namespace {

TEST(ValueWithError, TheErrorDecidesTheDigits) {
  EXPECT_EQ(value_with_error(31.4567, 0.4211), "31.46 ± 0.42");
  EXPECT_EQ(value_with_error(1234.6, 123.0), "1235 ± 123");
  EXPECT_EQ(value_with_error(0.031234, 0.00123), "0.0312 ± 0.0012");
  EXPECT_EQ(value_with_error(1, 0.0), "1 ± 0");
  EXPECT_EQ(value_with_error(31.4567, std::nullopt), "31.46");
}

DivergenceReport report() {
  DivergenceReport report;
  report.baseline.name = "F16";
  report.baseline.perplexity.perplexity = {.value = 20, .std_error = 0.5};
  VariantReport variant;
  variant.name = "a|b,\"c\"";
  variant.perplexity.perplexity = {.value = 21};
  variant.divergence.kld = {.value = 0.03, .std_error = 0.001};
  report.variants.push_back(variant);
  return report;
}

TEST(Markdown, PipesAreEscaped) {
  EXPECT_NE(render_markdown(report()).find("| a\\|b,\"c\" |"), std::string::npos);
}

TEST(Csv, CommasAndQuotesAreQuoted) {
  EXPECT_NE(render_csv(report()).find("\r\n\"a|b,\"\"c\"\"\","), std::string::npos);
}

// Columns that a reader sees: bytes that start a character.
std::size_t columns(const std::string& text) {
  std::size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return n;
}

TEST(Text, PlusMinusTakesOneColumn) {
  const std::string text = render_text(report(), 0);
  // The perplexity column ends at the same place in the header and the baseline's row.
  const std::string header = text.substr(0, text.find('\n'));
  const std::string row = text.substr(header.size() + 1);
  const std::string ppl = "20.00 ± 0.50";
  EXPECT_EQ(columns(header.substr(0, header.find("PPL") + 3)),
            columns(row.substr(0, row.find(ppl) + ppl.size())));
}

}  // namespace
}  // namespace assay::cli
