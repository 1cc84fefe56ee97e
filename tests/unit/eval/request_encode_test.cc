// Texts of requests to tokens. Expected: lm-eval 0.4.13's rules applied by hand to vocabularies
// small enough to do so.
#include <gtest/gtest.h>

#include "core/error.h"
#include "eval/eval.h"

namespace assay {
namespace {

std::vector<Token> bytes(std::string_view text) {
  std::vector<Token> tokens;
  for (const char c : text) tokens.push_back(static_cast<unsigned char>(c));
  return tokens;
}
std::vector<Token> operator+(std::vector<Token> a, const std::vector<Token>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

EncodedRequest encode(const decltype(Request::body)& body, ScriptedOptions model = {},
                      EncodeOptions options = {}, int index = 0) {
  return encode_request({.index = index, .body = body}, *open_scripted(model), options);
}

// Bytes, but "ab" and " c" are tokens of their own.
class Merges final : public Model {
 public:
  Merges() {
    info_.n_vocab = 302;
    info_.n_ctx_train = 100;
    info_.bos = 256;
  }
  const ModelInfo& info() const override { return info_; }
  std::vector<Token> tokenize(std::string_view text, TokenizeOptions /*options*/) const override {
    std::vector<Token> tokens;
    while (!text.empty()) {
      const Token merged = text.starts_with("ab") ? 300 : text.starts_with(" c") ? 301 : -1;
      tokens.push_back(merged >= 0 ? merged : static_cast<unsigned char>(text[0]));
      text.remove_prefix(merged >= 0 ? 2 : 1);
    }
    return tokens;
  }
  std::string detokenize(std::span<const Token> /*tokens*/) const override { return "<s>"; }
  void extend(std::span<const Extension> /*extensions*/, const RowSink& /*sink*/,
              std::stop_token /*stop*/) override {}
  void release(std::span<const Branch> /*branches*/) override {}

 private:
  ModelInfo info_;
};

EncodedRequest encode_merged(const std::string& context, const std::string& continuation) {
  return encode_request({.body = Loglikelihood{context, continuation}}, Merges(), {});
}

TEST(EncodeRequest, TrailingSpaceMovesToTheContinuation) {
  const EncodedRequest moved = encode_merged("Q:\xC2\xA0 ", "c");
  EXPECT_EQ(moved.tokens, bytes("Q:\xC2\xA0") + std::vector<Token>{301});
  EXPECT_EQ(moved.n_context, 2);
  EXPECT_FALSE(moved.joined);
  const EncodedRequest same = encode_merged("Q:\xC2\xA0", " c");
  EXPECT_EQ(same.digest, moved.digest);
}

TEST(EncodeRequest, ATokenAcrossTheJoinIsChargedToTheContinuation) {
  const EncodedRequest joined = encode_merged("xa", "bz");
  // enc("xabz") = x ab z; the context stays x a, so that only z is left to predict.
  EXPECT_EQ(joined.tokens, bytes("xaz"));
  EXPECT_EQ(joined.n_context, 2);
  EXPECT_TRUE(joined.joined);
  EXPECT_FALSE(encode_merged("xab", "z").joined);
  const EncodedRequest swallowed = encode_merged("xa", "b");
  EXPECT_EQ(swallowed.tokens, bytes("xa"));
  EXPECT_TRUE(swallowed.joined);
}

TEST(EncodeRequest, AnEmptyContextIsOneBos) {
  for (const bool adds_bos : {false, true}) {
    const EncodedRequest encoded = encode(Loglikelihood{"", "abc"}, {.adds_bos = adds_bos});
    EXPECT_EQ(encoded.tokens, (std::vector<Token>{256}) + bytes("abc"));
    EXPECT_EQ(encoded.n_context, 1);
    EXPECT_EQ(encode(Loglikelihood{" \n", "abc"}, {.adds_bos = adds_bos}).tokens,
              (std::vector<Token>{256}) + bytes(" \nabc"));
    EXPECT_EQ(encode(GenerateUntil{.context = ""}, {.adds_bos = adds_bos}).tokens,
              (std::vector<Token>{256}));
  }
}

TEST(EncodeRequest, BosIsTheModelsOwnAndOnce) {
  const ScriptedOptions adds{.adds_bos = true};
  const std::vector<Token> with_bos = std::vector<Token>{256} + bytes("ab");
  EXPECT_EQ(encode(Loglikelihood{"a", "b"}, adds).tokens, with_bos);
  EXPECT_EQ(encode(Loglikelihood{"a", "b"}, adds).n_context, 2);
  EXPECT_EQ(encode(Loglikelihood{"a", "b"}).tokens, bytes("ab"));
  EXPECT_EQ(encode(Loglikelihood{"a", "b"}, adds, {.chat = true}).tokens, bytes("ab"));
  // The scripted model's BOS reads "<256>": a text that begins with it gets no other.
  EXPECT_EQ(encode(GenerateUntil{.context = "<256>a"}, adds).tokens, bytes("<256>a"));
  EXPECT_EQ(encode(LoglikelihoodRolling{"ab"}, adds).tokens, with_bos);
}

TEST(EncodeRequest, LongScoresKeepTheLastTokens) {
  const EncodedRequest encoded = encode(Loglikelihood{"abcdef", "gh"}, {}, {.max_length = 4});
  EXPECT_EQ(encoded.tokens, bytes("defgh"));  // d e f g are read, h only predicted
  EXPECT_EQ(encoded.n_context, 3);
  EXPECT_EQ(encoded.n_truncated, 3);
  const EncodedRequest fits = encode(Loglikelihood{"abc", "de"}, {}, {.max_length = 4});
  EXPECT_EQ(fits.n_truncated, 0);
  EXPECT_EQ(encode(Loglikelihood{"abc", "defg"}, {}, {.max_length = 4}).n_context, 1);
  try {
    encode(Loglikelihood{"abc", "defgh"}, {}, {.max_length = 4});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    EXPECT_NE(std::string(error.what()).find("5 tokens, the model's context 4"), std::string::npos)
        << error.what();
  }
}

TEST(EncodeRequest, LongPromptsLeaveRoomForTheAnswer) {
  const GenerateUntil body{.context = "abcdefgh", .until = {"\n"}, .max_new_tokens = 4};
  const EncodedRequest encoded = encode(body, {}, {.max_length = 10});
  EXPECT_EQ(encoded.tokens, bytes("cdefgh"));
  EXPECT_EQ(encoded.n_context, 6);
  EXPECT_EQ(encoded.n_truncated, 2);
  EXPECT_EQ(encoded.max_length, 10);
  EXPECT_EQ(encoded.until, (std::vector<std::string>{"\n"}));
  EXPECT_THROW(encode(body, {}, {.max_length = 4}), Error);
}

TEST(EncodeRequest, DigestsTellRequestsApart) {
  const GenerateUntil greedy{.context = "a", .until = {"b"}, .max_new_tokens = 8};
  GenerateUntil sampled = greedy;
  sampled.sampling.temperature = 0.5;
  GenerateUntil longer = greedy;
  longer.max_new_tokens = 9;
  EXPECT_EQ(encode(greedy).digest, encode(greedy, {}, {}, 3).digest);  // repeats of one answer
  EXPECT_NE(encode(sampled).digest, encode(sampled, {}, {}, 3).digest);
  EXPECT_NE(encode(greedy).digest, encode(sampled).digest);
  EXPECT_NE(encode(greedy).digest, encode(longer).digest);
  EXPECT_NE(encode(Loglikelihood{"a", "bc"}).digest, encode(Loglikelihood{"ab", "c"}).digest);
  EXPECT_EQ(encode(Loglikelihood{"a", "bc"}).digest,
            encode(Loglikelihood{"a", "bc"}, {}, {.max_length = 50}).digest);
}

}  // namespace
}  // namespace assay
