// How a model is opened for requests, and that texts do not depend on it.
#include <gtest/gtest.h>

#include "eval/eval.h"

namespace assay {
namespace {

using Kind = EncodedRequest::Kind;

EncodedRequest text_of(std::size_t n_tokens, int max_new_tokens) {
  return {.kind = Kind::kGenerate,
          .tokens = std::vector<Token>(n_tokens, 1),
          .n_context = static_cast<int>(n_tokens),
          .max_new_tokens = max_new_tokens};
}

RequestShapeOptions on_processor(int n_sequences = 0) {
  return {.max_length = 4096, .n_sequences = n_sequences, .runtime = {.n_ubatch = 512}};
}

TEST(RequestShape, ScoredRequestsShareOneMemory) {
  const std::vector<EncodedRequest> requests{text_of(100, 50),
                                             {.kind = Kind::kLoglikelihood, .tokens = {1, 2}}};
  for (const auto& some : {std::span(requests), std::span(requests).first(0)}) {
    const ModelShape shape = shape_for_requests(some, on_processor());
    EXPECT_TRUE(shape.share_prefixes);
    EXPECT_EQ(shape.n_ctx, 16384);
    EXPECT_EQ(shape.n_seq_max, 64);
  }
}

TEST(RequestShape, OneRequestOfFullLengthFitsIntoTheSharedMemory) {
  RequestShapeOptions options = on_processor();
  options.max_length = 100'000;
  EXPECT_EQ(shape_for_requests({}, options).n_ctx, 100'512);
}

TEST(RequestShape, TextsHaveMemoriesOfTheirOwnOnAProcessor) {
  const std::vector<EncodedRequest> requests(200, text_of(1000, 256));
  const ModelShape shape = shape_for_requests(requests, on_processor());
  EXPECT_FALSE(shape.share_prefixes);
  EXPECT_TRUE(shape.truncates);
  EXPECT_EQ(shape.n_ctx, 1280);    // 1,257 rounded up
  EXPECT_EQ(shape.n_seq_max, 12);  // as many as 16,384 tokens hold
  EXPECT_EQ(shape_for_requests(requests, on_processor(30)).n_seq_max, 30);
}

TEST(RequestShape, LongTextsRunEightAtATimeAndFewRequestsNeedFewMemories) {
  const std::vector<EncodedRequest> requests(20, text_of(3000, 1000));
  EXPECT_EQ(shape_for_requests(requests, on_processor()).n_seq_max, 8);
  EXPECT_EQ(shape_for_requests(std::span(requests).first(3), on_processor()).n_seq_max, 3);
}

TEST(RequestShape, AGpuSharesOneMemory) {
  RequestShapeOptions options = on_processor();
  options.runtime.n_gpu_layers = 32;
  const std::vector<EncodedRequest> requests(20, text_of(1000, 256));
  EXPECT_TRUE(shape_for_requests(requests, options).share_prefixes);
}

// The real engine, shared memory against memories of their own, copies of a prefix included.
TEST(RequestShape, TextsAreTheSameInEitherMemory) {
  const auto open = [](bool share) {
    return open_llama({.path = std::string(ASSAY_SOURCE_DIR) + "/tests/data/stories260K-f32.gguf",
                       .runtime = {.n_threads = 1},
                       .n_ctx = share ? 2048 : 256,
                       .n_seq_max = 5,
                       .share_prefixes = share,
                       .truncates = true});
  };
  std::vector<std::vector<Response>> answers;
  for (const bool share : {true, false}) {
    const auto model = open(share);
    std::vector<EncodedRequest> requests;
    for (const char* end : {"", " and", " who", " Tom", " cat", " big dog", " said", " the"}) {
      for (const char* start : {"Once upon a time there was a little girl", "The sun"}) {
        EncodedRequest request = text_of(0, 40 + static_cast<int>(requests.size()));
        request.tokens = model->tokenize(std::string(start) + end, {.add_special = true});
        request.n_context = static_cast<int>(request.tokens.size());
        requests.push_back(request);
      }
    }
    std::vector<Response>& responses = answers.emplace_back(requests.size());
    const auto keep = [&](std::size_t r, Response response) { responses[r] = std::move(response); };
    run_requests(*model, requests, {.near_tie_nats = 0.01, .done = keep});
  }
  for (std::size_t r = 0; r < answers[0].size(); ++r) {
    const auto& shared = std::get<GenerateResult>(answers[0][r]);
    const auto& own = std::get<GenerateResult>(answers[1][r]);
    EXPECT_FALSE(own.tokens.empty());
    if (shared.n_near_ties == 0 && own.n_near_ties == 0) {
      EXPECT_EQ(shared.tokens, own.tokens);
    }
  }
}

}  // namespace
}  // namespace assay
