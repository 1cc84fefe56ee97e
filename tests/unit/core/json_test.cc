#include "core/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "documented_fields.h"

namespace assay {
namespace {

ModelInfo example_info() {
  return {.path = "models/a.gguf",
          .architecture = "llama",
          .description = "llama 135M F16",
          .weights = hash_bytes("weights"),
          .size_bytes = 270'885'000'123,
          .n_weights = 134'515'008,
          .bits_per_weight = 16.004999999999999,
          .tensor_types = {{"F16", 211, 134'000'000, 268'000'000}, {"F32", 61, 515'008, 2'060'032}},
          .vocabulary = hash_bytes("vocabulary"),
          .n_vocab = 49152,
          .n_ctx_train = 8192,
          .n_layer = 30,
          .n_embd = 576,
          .bos = 1,
          .eos = std::nullopt,
          .adds_bos = true,
          .chat_template = "{% for message in messages %}\n\"é\"",
          .runtime = {.kv = {"q8_0", "q4_0"},
                      .flash_attention = true,
                      .kv_rotated = true,
                      .n_threads = 4,
                      .n_ubatch = 512,
                      .n_ctx = 2048,
                      .n_seq_max = 8,
                      .n_gpu_layers = 3},
          .engine = "llama.cpp 0.5.0"};
}

Estimate known(double value) {
  return {.value = value, .std_error = 0.25, .ci95 = Interval{value - 0.5, value + 0.5}};
}

ModelReport example_model(const std::string& name) {
  ModelReport report;
  report.name = name;
  report.info = example_info();
  report.perplexity = {.perplexity = known(21.5),
                       .std_error_iid = 0.125,
                       .n_scored_tokens = 10200,
                       .n_chunks = 40,
                       .n_clusters = 40,
                       .word_perplexity = known(60),
                       .byte_perplexity = std::nullopt,
                       .bits_per_byte = known(1),
                       .documents = {{"Title", 512, 300, 1500, -1234.5},
                                     {"line 2", 7, std::nullopt, std::nullopt, -3}}};
  report.convention = {.name = ConventionName::kGptq,
                       .corpus = "wiki.test.raw",
                       .corpus_digest = hash_bytes("corpus"),
                       .join_rule = "whole file",
                       .window = 2048,
                       .scored = "all but the first",
                       .bos_rule = "none",
                       .unit = "token",
                       .n_windows_limit = 40};
  report.notes = {"a note"};
  return report;
}

DivergenceReport example_report() {
  DivergenceReport report;
  report.baseline = example_model("F16");
  VariantReport variant;
  static_cast<ModelReport&>(variant) = example_model("Q4_K_M");
  DivergenceStatistics& statistics = variant.divergence;
  statistics.ppl_ratio = known(1.5);
  statistics.ln_ppl_ratio = {.value = 0.4, .reason = "only one independent window or document"};
  statistics.ppl_difference = {.value = std::numeric_limits<double>::infinity(),
                               .reason = "too large"};
  statistics.kld = known(0.75);
  statistics.kld_percentiles = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  statistics.delta_p = known(-0.25);
  statistics.delta_p_rms = known(0.75);
  statistics.delta_p_rms_std_error_iid = 0.0625;
  statistics.delta_p_percentiles = {-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6};
  statistics.same_top_p = known(0.5);
  statistics.by_position = {{256, 319, 63, known(0.5)}};
  statistics.by_document = {{2, "Title", 100, 0.5}};
  statistics.worst = {{1, 2, 300, 5.5, "the", " cat", " dog", " cow", 0.5, 0.25}};
  variant.sentence = "Q4_K_M loses something.";
  report.variants = {variant};
  report.split = {{"Q4_K_M+kv=q8_0", 0.5, 0.25, 0.125}};
  report.noise = NoiseFloor{32, 8, 2040, 0.0001, 0.998};
  report.warnings = {"careful"};
  report.base_file_bytes_avoided = 5'000'000'000;
  return report;
}

TEST(ModelInfoJson, RoundTripIsLossless) {
  ModelInfo info = example_info();
  info.path = std::string("caf\xe9/\x80.gguf\0x", 13);  // not UTF-8, with a NUL
  const std::string text = to_json(info);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const ModelInfo back = model_info_from_json(text);
  EXPECT_EQ(to_json(back), text);
  EXPECT_EQ(back.path, info.path);
  EXPECT_EQ(back.architecture, info.architecture);
  EXPECT_EQ(back.description, info.description);
  EXPECT_EQ(back.weights, info.weights);
  EXPECT_EQ(back.size_bytes, info.size_bytes);
  EXPECT_EQ(back.n_weights, info.n_weights);
  EXPECT_EQ(back.bits_per_weight, info.bits_per_weight);
  ASSERT_EQ(back.tensor_types.size(), 2U);
  EXPECT_EQ(back.tensor_types[1].type, "F32");
  EXPECT_EQ(back.tensor_types[1].size_bytes, 2'060'032);
  EXPECT_EQ(back.vocabulary, info.vocabulary);
  EXPECT_EQ(back.n_vocab, info.n_vocab);
  EXPECT_EQ(back.n_ctx_train, info.n_ctx_train);
  EXPECT_EQ(back.n_layer, info.n_layer);
  EXPECT_EQ(back.n_embd, info.n_embd);
  EXPECT_EQ(back.bos, info.bos);
  EXPECT_EQ(back.eos, std::nullopt);
  EXPECT_EQ(back.adds_bos, true);
  EXPECT_EQ(back.chat_template, info.chat_template);
  EXPECT_EQ(back.runtime.kv, info.runtime.kv);
  EXPECT_EQ(back.runtime.flash_attention, true);
  EXPECT_EQ(back.runtime.kv_rotated, true);
  EXPECT_EQ(back.runtime.n_threads, 4);
  EXPECT_EQ(back.runtime.n_ubatch, 512);
  EXPECT_EQ(back.runtime.n_ctx, 2048);
  EXPECT_EQ(back.runtime.n_seq_max, 8);
  EXPECT_EQ(back.runtime.n_gpu_layers, 3);
  EXPECT_EQ(back.engine, info.engine);
}

TEST(ConventionJson, RoundTrip) {
  const Convention convention = example_model("F16").convention;
  EXPECT_NO_THROW(require_same_convention(convention_from_json(to_json(convention)), convention));
  EXPECT_EQ(convention_from_json(to_json(convention)).id(), convention.id());
}

TEST(EstimateJson, AbsentIsNullWithAReason) {
  EXPECT_EQ(to_json(Estimate{.value = 2, .reason = "one window"}),
            R"({"value":2.0,"std_error":null,"ci95":null,"reason":"one window"})");
  EXPECT_EQ(to_json(known(2)), R"({"value":2.0,"std_error":0.25,"ci95":[1.5,2.5],"reason":null})");
  const Estimate overflow{.value = std::numeric_limits<double>::infinity(), .reason = "too large"};
  EXPECT_TRUE(std::isinf(estimate_from_json(to_json(overflow)).value));
  EXPECT_EQ(estimate_from_json(to_json(overflow)).reason, "too large");
}

TEST(Json, RefusesNumbersThatAreNone) {
  EXPECT_THROW(to_json(Estimate{.value = std::nan("")}), Error);
  EXPECT_THROW(to_json(Estimate{.value = std::numeric_limits<double>::infinity()}), Error);
  DivergenceReport report = example_report();
  report.variants[0].divergence.kld_percentiles.p99 = std::nan("");
  try {
    to_json(report);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEngine);
    EXPECT_NE(std::string(error.what()).find("p99"), std::string::npos);
  }
}

TEST(Json, RefusesOtherTextsWithTheirPlace) {
  const auto message_of = [](const std::string& text) {
    try {
      divergence_report_from_json(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_NE(message_of("{\"schema\": ").find("byte"), std::string::npos);
  EXPECT_NE(message_of("[]").find("divergence report"), std::string::npos);
  EXPECT_NE(message_of(R"({"schema": "assay-perplexity/1"})").find("instead of"),
            std::string::npos);
  EXPECT_NE(message_of(R"({"schema": "assay-divergence/1"})").find("baseline"), std::string::npos);
  EXPECT_THROW(model_info_from_json("{}"), Error);
  EXPECT_THROW(model_info_from_json("12"), Error);
}

TEST(ReportJson, RoundTrip) {
  const std::string divergence = to_json(example_report());
  const DivergenceReport back = divergence_report_from_json(divergence);
  EXPECT_EQ(to_json(back), divergence);
  EXPECT_EQ(back.variants.at(0).divergence.worst.at(0).p, 0.25);
  EXPECT_EQ(back.noise.value().same_top_p, 0.998);
  EXPECT_TRUE(back.baseline.perplexity.word_perplexity);
  EXPECT_FALSE(back.baseline.perplexity.byte_perplexity);

  const PerplexityReport report{.model = example_model("F16"), .warnings = {"careful"}};
  EXPECT_EQ(to_json(perplexity_report_from_json(to_json(report))), to_json(report));
}

// The contract of the first release: scripts read these.
TEST(ReportJson, HasThePromisedShape) {
  const nlohmann::json json = nlohmann::json::parse(to_json(example_report()));
  EXPECT_EQ(json.at("schema"), "assay-divergence/1");
  const nlohmann::json& variant = json.at("variants").at(0);
  for (const nlohmann::json* model : {&json.at("baseline"), &variant}) {
    EXPECT_EQ(model->at("size_bytes"), 270'885'000'123);
    EXPECT_EQ(model->at("tensor_types")[0].at("type"), "F16");
    EXPECT_EQ(model->at("kv_types").at("v"), "q4_0");
    const nlohmann::json& perplexity = model->at("perplexity");
    EXPECT_EQ(perplexity.at("value"), 21.5);
    EXPECT_EQ(perplexity.at("std_error_iid"), 0.125);
    EXPECT_EQ(perplexity.at("convention").at("name"), "gptq");
    EXPECT_EQ(perplexity.at("n_chunks"), 40);
    EXPECT_EQ(perplexity.at("documents")[0].at("loglikelihood"), -1234.5);
    EXPECT_EQ(perplexity.at("documents")[0].at("n_bytes"), 1500);
    EXPECT_TRUE(perplexity.at("documents")[1].at("n_words").is_null());
  }
  EXPECT_EQ(variant.at("ppl_ratio").at("ci95"), nlohmann::json::parse("[1.0, 2.0]"));
  // Percentiles in the order of struct Percentiles: median 6th, p90 8th, p99 10th ...
  EXPECT_EQ(variant.at("kld").at("mean"), 0.75);
  EXPECT_EQ(variant.at("kld").at("median"), 6);
  EXPECT_EQ(variant.at("kld").at("p90"), 8);
  EXPECT_EQ(variant.at("kld").at("p99"), 10);
  EXPECT_EQ(variant.at("kld").at("p999"), 11);
  EXPECT_EQ(variant.at("kld").at("max"), 12);
  EXPECT_EQ(variant.at("same_top_p").at("value"), 0.5);  // a fraction
  EXPECT_EQ(variant.at("delta_p").at("rms"), 0.75);
  EXPECT_EQ(variant.at("delta_p").at("mean"), -0.25);
  EXPECT_TRUE(variant.at("ppl_difference").at("value").is_null());
  EXPECT_EQ(variant.at("ppl_difference").at("reason"), "too large");
  EXPECT_TRUE(variant.at("ln_ppl_correlation").at("value").is_null());
  EXPECT_TRUE(variant.at("ln_ppl_correlation").at("reason").is_string());
  EXPECT_EQ(variant.at("sentence"), "Q4_K_M loses something.");
}

TEST(Documentation, NamesExactlyTheFieldsOfTheDivergenceReport) {
  const FieldRules rules{.page = "divergence.md",
                         .stand_for = {{"MODEL", {"baseline", "variants[]"}}},
                         .embedded = {},
                         .expand_estimates = true};
  EXPECT_EQ(undocumented(to_json(example_report()), rules), std::vector<std::string>{});
}

TEST(Documentation, NamesExactlyTheFieldsOfThePerplexityReport) {
  const PerplexityReport report{.model = example_model("F16"), .warnings = {}};
  const FieldRules rules{.page = "perplexity.md",
                         .stand_for = {{"MODEL", {"baseline"}}},
                         .embedded = {},
                         .expand_estimates = true};
  EXPECT_EQ(undocumented(to_json(report), rules), std::vector<std::string>{});
}

}  // namespace
}  // namespace assay
