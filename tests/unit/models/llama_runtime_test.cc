// The lines are llama.cpp v0.5.0's, as it logs them.
#include "models/llama_runtime.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace assay {
namespace {

using detail::FlashAttention;

TEST(KvTypeProblem, NamesTheHeadDimension) {
  const auto problem = kv_type_problem("q8_0", {.k = 80, .v = 80});
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->find("head dimension of 80"), std::string::npos) << *problem;
  EXPECT_NE(problem->find("blocks of 32"), std::string::npos) << *problem;
  const auto only_v = kv_type_problem("q4_0", {.k = 64, .v = 72});
  ASSERT_TRUE(only_v);
  EXPECT_NE(only_v->find("72"), std::string::npos) << *only_v;
}

TEST(KvTypeProblem, NoneWhereBlocksFitOrTheTypeHasNone) {
  EXPECT_FALSE(kv_type_problem("q8_0", {.k = 64, .v = 64}));
  EXPECT_FALSE(kv_type_problem("f16", {.k = 80, .v = 80}));
  EXPECT_FALSE(kv_type_problem("f32", {.k = 33, .v = 33}));
  EXPECT_FALSE(kv_type_problem("q4_0", {}));  // the file does not state it: the engine decides
}

TEST(KvTypeProblem, UnknownTypeListsTheKnownOnes) {
  const auto problem = kv_type_problem("q3_k", {.k = 64, .v = 64});
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->find("q3_k"), std::string::npos);
  for (const char* name : {"f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"})
    EXPECT_NE(problem->find(name), std::string::npos) << name;
}

void expect_usage_error(const RuntimeRequest& request, const std::string& part) {
  try {
    detail::resolve_flash_attention(request);
    FAIL() << "no error with \"" << part << '"';
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(FlashAttention, F32CacheAndOnAreRefused) {
  expect_usage_error({.kv = {"f32", "f32"}, .flash_attention = "on"}, "F32 KV cache has no effect");
  expect_usage_error({.kv = {"f32", "f16"}, .flash_attention = "on"}, "F32 KV cache has no effect");
}

TEST(FlashAttention, QuantisedVAndOffAreRefused) {
  expect_usage_error({.kv = {"f16", "q8_0"}, .flash_attention = "off"}, "quantised V cache");
  EXPECT_EQ(detail::resolve_flash_attention({.kv = {"q8_0", "f16"}, .flash_attention = "off"}),
            FlashAttention::kOff);  // a quantised K alone needs none
}

TEST(FlashAttention, TypesThatExcludeEachOther) {
  for (const char* setting : {"auto", "on", "off"})
    expect_usage_error({.kv = {"f32", "q8_0"}, .flash_attention = setting}, "exclude each other");
}

TEST(FlashAttention, AutoFollowsTheTypes) {
  EXPECT_EQ(detail::resolve_flash_attention({}), FlashAttention::kAuto);
  EXPECT_EQ(detail::resolve_flash_attention({.kv = {"q8_0", "q8_0"}}), FlashAttention::kOn);
  EXPECT_EQ(detail::resolve_flash_attention({.kv = {"f32", "f32"}}), FlashAttention::kOff);
  EXPECT_EQ(detail::resolve_flash_attention({.flash_attention = "on"}), FlashAttention::kOn);
  expect_usage_error({.flash_attention = "yes"}, "not 'yes'");
}

TEST(ReadEffective, ReadsTypesRotationAndFlashAttention) {
  RuntimeEffective effective;
  detail::read_effective({"llama_kv_cache: size =   45.00 MiB (   512 cells,  30 layers,  4/4 "
                          "seqs), K (q8_0):   22.50 "
                          "MiB, V (f16):   22.50 MiB",
                          "llama_kv_cache: attn_rot_k = 1, n_embd_head_k_all = 64",
                          "llama_kv_cache: attn_rot_v = 0, n_embd_head_k_all = 64",
                          "resolve_fused_ops: Flash Attention enabled"},
                         effective);
  EXPECT_EQ(effective.kv, (KvTypes{"q8_0", "f16"}));
  EXPECT_TRUE(effective.kv_rotated);
  EXPECT_TRUE(effective.flash_attention);
}

TEST(ReadEffective, SwitchedOffIsSeen) {
  RuntimeEffective effective{.flash_attention = true};
  detail::read_effective({"resolve_fused_ops: Flash Attention not supported, set to disabled",
                          "llama_kv_cache: attn_rot_k = 0, n_embd_head_k_all = 64"},
                         effective);
  EXPECT_FALSE(effective.flash_attention);
  EXPECT_FALSE(effective.kv_rotated);
}

TEST(ReadEffective, MissingLinesKeepWhatIsKnown) {
  RuntimeEffective effective{.kv = {"bf16", "bf16"}, .flash_attention = true};
  detail::read_effective({"", "llama_context: n_ctx = 512", "K (but no type"}, effective);
  EXPECT_EQ(effective.kv, (KvTypes{"bf16", "bf16"}));
  EXPECT_TRUE(effective.flash_attention);
}

void expect_engine_error(const RuntimeRequest& request, FlashAttention flash,
                         const RuntimeEffective& effective, const std::string& part) {
  try {
    detail::require_applied(request, flash, effective, "model.gguf");
    FAIL() << "no error with \"" << part << '"';
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEngine);
    EXPECT_EQ(error.where(), "model.gguf");
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(RequireApplied, SaysWhatWasAskedAndWhatRuns) {
  expect_engine_error({.kv = {"q8_0", "q4_0"}}, FlashAttention::kAuto, {.kv = {"f16", "q4_0"}},
                      "q8_0/q4_0 were asked for, the engine uses f16/q4_0");
  expect_engine_error({}, FlashAttention::kOn, {.flash_attention = false},
                      "Flash attention was asked for, the engine switched it off");
}

TEST(RequireApplied, IsSilentWhenAllWasApplied) {
  detail::require_applied({.kv = {"q8_0", "q8_0"}}, FlashAttention::kOn,
                          {.kv = {"q8_0", "q8_0"}, .flash_attention = true}, "model.gguf");
  detail::require_applied({}, FlashAttention::kAuto, {.flash_attention = false}, "model.gguf");
}

}  // namespace
}  // namespace assay
