// Texts of requests to tokens, by the rules of lm-eval's hf model (lm_eval/models/huggingface.py
// and api/model.py 0.4.13).
#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/unicode_text.h"
#include "eval/eval.h"

namespace assay {
namespace {

class Encoder {
 public:
  Encoder(const Model& vocabulary, const EncodeOptions& options)
      : vocabulary_(vocabulary),
        chat_(options.chat),
        max_length_(options.max_length > 0 ? options.max_length : vocabulary.info().n_ctx_train) {
    if (max_length_ < 1)
      throw Error(ErrorKind::kUsage, "The model does not state its context", vocabulary.info().path,
                  "Give one with --ctx.");
  }

  int max_length() const { return max_length_; }

  // The model's own BOS in front, once. Hugging Face's tokenizers read the texts of special tokens
  // as those tokens everywhere, so this does too.
  std::vector<Token> encode(std::string_view text) const {
    const std::optional<Token> prefix = prefix_token();
    const std::string written = prefix ? vocabulary_.detokenize(std::span(&*prefix, 1)) : "";
    const bool has_prefix = !written.empty() && text.starts_with(written);
    return vocabulary_.tokenize(text,
                                {.add_special = !chat_ && !has_prefix, .parse_special = true});
  }
  std::vector<Token> encode_bare(std::string_view text) const {
    return vocabulary_.tokenize(text, {.parse_special = true});
  }

  // Stands for an empty context.
  Token required_prefix() const {
    if (const std::optional<Token> prefix = prefix_token()) return *prefix;
    throw Error(ErrorKind::kBadInput, "The model has neither a BOS nor an EOS token to start from",
                vocabulary_.info().path, "Its requests need a context that is not empty.");
  }

 private:
  std::optional<Token> prefix_token() const {
    const ModelInfo& info = vocabulary_.info();
    return info.bos ? info.bos : info.eos;
  }

  const Model& vocabulary_;
  bool chat_;
  int max_length_;
};

void append(std::vector<Token>& tokens, std::span<const Token> more) {
  tokens.insert(tokens.end(), more.begin(), more.end());
}

void drop_left(EncodedRequest& encoded, std::size_t n_kept) {
  if (encoded.tokens.size() <= n_kept) return;
  const auto n_dropped = static_cast<std::ptrdiff_t>(encoded.tokens.size() - n_kept);
  encoded.tokens.erase(encoded.tokens.begin(), encoded.tokens.begin() + n_dropped);
  encoded.n_truncated = static_cast<std::int32_t>(n_dropped);
  encoded.n_context -= static_cast<int>(n_dropped);
}

void encode_pair(const Encoder& encoder, std::string_view context, std::string_view continuation,
                 EncodedRequest& encoded) {
  std::size_t end = context.size();
  while (const std::size_t n = detail::space_before(context, end)) end -= n;
  const std::string whole_text = std::string(context) + std::string(continuation);
  encoded.tokens = encoder.encode(context.substr(0, end));
  if (encoded.tokens.empty()) encoded.tokens.push_back(encoder.required_prefix());
  encoded.n_context = static_cast<int>(encoded.tokens.size());
  if (end == 0) {
    const std::vector<Token> whole = encoder.encode_bare(whole_text);
    // A text that starts with the prefix token itself is not given a second one.
    const bool starts_itself = !whole.empty() && whole[0] == encoded.tokens[0];
    append(encoded.tokens, std::span(whole).subspan(starts_itself ? 1 : 0));
    return;
  }
  const std::vector<Token> whole = encoder.encode(whole_text);
  const std::size_t n_context = std::min(encoded.tokens.size(), whole.size());
  encoded.joined = !std::equal(encoded.tokens.begin(), encoded.tokens.end(), whole.begin(),
                               whole.begin() + static_cast<std::ptrdiff_t>(n_context));
  append(encoded.tokens, std::span(whole).subspan(n_context));
}

EncodedRequest encode_body(const Encoder& encoder, const Loglikelihood& body, int /*index*/) {
  EncodedRequest encoded{.kind = EncodedRequest::Kind::kLoglikelihood};
  encode_pair(encoder, body.context, body.continuation, encoded);
  const auto max_length = static_cast<std::size_t>(encoder.max_length());
  const std::size_t n_targets = encoded.tokens.size() - static_cast<std::size_t>(encoded.n_context);
  if (n_targets > max_length) {
    throw Error(ErrorKind::kBadInput,
                fmt::format("The continuation has {} tokens, the model's context {}", n_targets,
                            max_length),
                {}, "Give a larger --ctx if the model allows it.");
  }
  drop_left(encoded, max_length + 1);  // the last token is predicted, never read
  return encoded;
}

EncodedRequest encode_body(const Encoder& encoder, const LoglikelihoodRolling& body,
                           int /*index*/) {
  EncodedRequest encoded{.kind = EncodedRequest::Kind::kRolling};
  encoded.tokens = encoder.encode(body.text);
  encoder.required_prefix();
  return encoded;
}

// Repeats of one prompt draw different numbers, different models the same.
std::uint64_t draw_of(const GenerateUntil& body, int index) {
  if (body.sampling.temperature <= 0) return 0;
  const Digest digest =
      Hasher().add_field(body.context).add_field(static_cast<std::int64_t>(index)).finish();
  std::uint64_t draw = 0;
  for (std::size_t i = 0; i < 8; ++i) draw = draw << 8 | digest.bytes[i];
  return draw;
}

EncodedRequest encode_body(const Encoder& encoder, const GenerateUntil& body, int index) {
  EncodedRequest encoded{.kind = EncodedRequest::Kind::kGenerate,
                         .until = body.until,
                         .max_new_tokens = body.max_new_tokens,
                         .sampling = body.sampling,
                         .draw = draw_of(body, index)};
  encoded.tokens = encoder.encode(body.context);
  if (encoded.tokens.empty()) encoded.tokens.push_back(encoder.required_prefix());
  encoded.n_context = static_cast<int>(encoded.tokens.size());
  const int room = encoder.max_length() - body.max_new_tokens;
  if (room < 1) {
    throw Error(ErrorKind::kBadInput,
                fmt::format("{} tokens to generate leave no room in a context of {}",
                            body.max_new_tokens, encoder.max_length()),
                {}, "Generate fewer tokens, or give a larger --ctx if the model allows it.");
  }
  drop_left(encoded, static_cast<std::size_t>(room));
  return encoded;
}

Digest digest_of(const EncodedRequest& encoded) {
  Hasher hasher;
  const auto add = [&](auto number) { hasher.add_field(static_cast<std::int64_t>(number)); };
  add(encoded.kind);
  add(encoded.tokens.size());
  for (const Token token : encoded.tokens) add(token);
  add(encoded.n_context);
  if (encoded.kind == EncodedRequest::Kind::kRolling) add(encoded.max_length);
  add(encoded.n_truncated);
  add(encoded.joined);
  add(encoded.until.size());
  for (const std::string& text : encoded.until) hasher.add_field(text);
  add(encoded.max_new_tokens);
  add(std::bit_cast<std::int64_t>(encoded.sampling.temperature));
  add(std::bit_cast<std::int64_t>(encoded.sampling.top_p));
  add(encoded.sampling.top_k);
  add(encoded.sampling.seed);
  add(encoded.draw);
  return hasher.finish();
}

}  // namespace

EncodedRequest encode_request(const Request& request, const Model& vocabulary,
                              const EncodeOptions& options) {
  const Encoder encoder(vocabulary, options);
  EncodedRequest encoded = std::visit(
      [&](const auto& body) { return encode_body(encoder, body, request.index); }, request.body);
  encoded.max_length = encoder.max_length();
  encoded.digest = digest_of(encoded);
  return encoded;
}

}  // namespace assay
