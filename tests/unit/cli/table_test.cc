#include "cli/table.h"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "cli/text_layout.h"

namespace assay {
namespace {

Estimate estimate(double value, double error) {
  return {
      .value = value, .std_error = error, .ci95 = Interval{value - 2 * error, value + 2 * error}};
}

DivergenceReport example() {
  DivergenceReport report;
  report.baseline.name = "F16";
  report.baseline.info.path = "a, \"b\".gguf";
  report.baseline.info.size_bytes = 270'885'000;
  report.baseline.info.bits_per_weight = 16.1;
  report.baseline.perplexity = {.perplexity = estimate(21.338, 0.42),
                                .std_error_iid = 0.31,
                                .n_scored_tokens = 10200,
                                .n_chunks = 40,
                                .n_clusters = 40};
  report.baseline.convention = {.corpus = "wiki", .window = 512};
  VariantReport variant;
  static_cast<ModelReport&>(variant) = report.baseline;
  variant.name = "Q4_K_M";
  variant.info.size_bytes = 100'000'000;
  variant.info.bits_per_weight = 5.943;
  variant.perplexity.perplexity = estimate(21.6, 0.43);
  variant.divergence.ppl_ratio = estimate(1.012, 0.002);
  variant.divergence.kld = estimate(0.0312, 0.0011);
  variant.divergence.kld_percentiles.p99_9 = 2.314;
  variant.divergence.same_top_p = estimate(0.917, 0.0031);
  variant.sentence = "Q4_K_M loses 1.2 % perplexity.";
  variant.notes = {"180 of 272 tensors fell back"};
  report.variants = {variant};
  report.warnings = {"careful"};
  return report;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("± Δp"), 4);
  EXPECT_EQ(display_width("漢字"), 4);
  EXPECT_EQ(display_width("e\u0301"), 1);
  EXPECT_EQ(display_width("\xff\xc3"), 2);  // not UTF-8: a column each
}

TEST(Render, TextIsAlignedWithUnitsInTheHeader) {
  const std::vector<std::string> lines = lines_of(render(example(), {}));
  EXPECT_EQ(lines.at(0),
            "name         size    bpw     PPL ± err      PPL ratio [95 %]  KLD ± err (nats)  "
            "p99.9 KLD (nats)  same top ± err (%)");
  EXPECT_EQ(lines.at(1),
            "F16     258.3 MiB  16.10  21.34 ± 0.42                     -                 -  "
            "               -                   -");
  EXPECT_EQ(lines.at(2),
            "Q4_K_M   95.4 MiB   5.94  21.60 ± 0.43  1.012 [1.008, 1.016]   0.0312 ± 0.0011  "
            "            2.31        91.70 ± 0.31");
}

TEST(Render, SentencesThenNotesWarningsAndConvention) {
  const std::string text = render(example(), {});
  std::size_t last = 0;
  for (const char* part :
       {"\nQ4_K_M loses", "Q4_K_M: 180 of 272", "Warning: careful", "over 40 independent windows",
        "it would be 0.31", "Convention: llama.cpp; corpus wiki"}) {
    const std::size_t at = text.find(part);
    ASSERT_NE(at, std::string::npos) << part << "\n" << text;
    EXPECT_GT(at, last) << part;
    last = at;
  }
}

TEST(Render, NoiseFloorOnceWhereItWasMeasured) {
  DivergenceReport report = example();
  EXPECT_EQ(render(report, {}).find("Noise floor"), std::string::npos);
  report.noise = NoiseFloor{.n_batch = 32, .n_chunks = 8, .kld_mean = 0.0312, .same_top_p = 0.99};
  EXPECT_NE(render(report, {})
                .find("Noise floor: in batches of 32 tokens the baseline diverges "
                      "from itself by 0.031 nats and changes the most likely token "
                      "at 1.0 % of positions (8 windows).\n"),
            std::string::npos);
}

TEST(Render, NoLineIsWiderThanTheTerminal) {
  for (const int width : {40, 60, 80, 100, 120, 200}) {
    const std::string text = render(example(), {.width = width});
    for (const std::string& line : lines_of(text)) {
      EXPECT_LE(display_width(line), width) << text;
    }
  }
}

TEST(Render, SaysWhichColumnsDidNotFit) {
  const std::string text = render(example(), {.width = 100});
  EXPECT_NE(text.find("(no room for: p99.9 KLD (nats)"), std::string::npos) << text;
  EXPECT_NE(text.find("KLD ± err (nats)"), std::string::npos);
  // Too narrow for a table: blocks that leave nothing out.
  const std::string narrow = render(example(), {.width = 36});
  EXPECT_NE(narrow.find("p99.9 KLD (nats)    2.31\n"), std::string::npos) << narrow;
}

TEST(Render, Markdown) {
  DivergenceReport report = example();
  report.variants[0].name = "a|b";
  const std::vector<std::string> lines =
      lines_of(render(report, {.format = TableFormat::kMarkdown, .width = 40}));
  EXPECT_EQ(lines.at(0),
            "| name | size | bpw | PPL ± err | PPL ratio [95 %] | KLD ± err (nats) | p99.9 KLD "
            "(nats) | same top ± err (%) |");
  EXPECT_EQ(lines.at(1), "|:---|---:|---:|---:|---:|---:|---:|---:|");
  EXPECT_TRUE(lines.at(3).starts_with("| a\\|b | 95.4 MiB | 5.94 |")) << lines.at(3);
  EXPECT_EQ(lines.at(5), "- Q4_K_M loses 1.2 % perplexity.");
}

TEST(Render, CsvHasRawNumbersAndQuotes) {
  const std::string text = render(example(), {.format = TableFormat::kCsv});
  const std::vector<std::string> lines = lines_of(text);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(
      lines[0].starts_with("name,path,size_bytes,bits_per_weight,perplexity,"
                           "perplexity_std_error,perplexity_ci95_low,"))
      << lines[0];
  EXPECT_TRUE(lines[1].starts_with("F16,\"a, \"\"b\"\".gguf\",270885000,16.1,21.338,0.42,"))
      << lines[1];
  EXPECT_NE(lines[2].find(",0.0312,0.0011,"), std::string::npos) << lines[2];
  EXPECT_NE(lines[2].find(",0.917,"), std::string::npos);  // a fraction, not percent
}

TEST(Render, UnknownErrorsAndOverflowAreSaid) {
  DivergenceReport report = example();
  report.baseline.perplexity.perplexity = {.value = 21.3, .reason = "only one independent window"};
  report.variants[0].perplexity.perplexity = {.value = std::numeric_limits<double>::infinity(),
                                              .reason = "too large"};
  const std::string text = render(report, {});
  EXPECT_NE(text.find("21.3 ± ?"), std::string::npos);
  EXPECT_NE(text.find("± ? : only one independent window"), std::string::npos);
  EXPECT_NE(text.find("too large"), std::string::npos);
  EXPECT_EQ(text.find("inf"), std::string::npos);
  EXPECT_EQ(render(report, {.format = TableFormat::kCsv}).find("inf"), std::string::npos);
}

TEST(Render, NamesCannotDriveTheTerminal) {
  DivergenceReport report = example();
  report.variants[0].name = "\x1b[2Jx\n\xc2\x9b";
  EXPECT_EQ(render(report, {}).find('\x1b'), std::string::npos);
  EXPECT_NE(render(report, {}).find("?[2Jx??"), std::string::npos);
}

TEST(Render, PerplexityShowsTheDocumentKindsWhenThereAreAny) {
  PerplexityReport report{.model = example().baseline, .warnings = {"careful"}};
  EXPECT_EQ(render(report, {}).find("word PPL"), std::string::npos);
  report.model.perplexity.word_perplexity = estimate(60.12, 1.1);
  report.model.perplexity.bits_per_byte = estimate(1.1043, 0.0042);
  report.model.perplexity.n_clusters = 12;
  const std::string text = render(report, {});
  EXPECT_NE(text.find("60.1 ± 1.1"), std::string::npos) << text;
  EXPECT_NE(text.find("1.1043 ± 0.0042"), std::string::npos) << text;
  EXPECT_NE(text.find("12 independent documents"), std::string::npos);
  EXPECT_NE(text.find("Warning: careful"), std::string::npos);
}

TEST(Wrap, BreaksAtSpacesAndIndents) {
  EXPECT_EQ(wrap("one two three four", 9, 2), "one two\n  three\n  four\n");
  EXPECT_EQ(wrap("one two", 0), "one two\n");
  EXPECT_EQ(wrap("", 10), "\n");
}

}  // namespace
}  // namespace assay
