#include "eval/kld_base.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "core/error.h"
#include "eval/lockstep.h"

namespace assay {
namespace detail {
namespace {

// Layout, little endian (llama.cpp v0.5.0, tools/perplexity/perplexity.cpp): "_logits_", int32
// n_ctx, n_vocab, n_chunk, n_chunk * n_ctx int32 tokens; then per scored row float32 scale, float32
// min_log_prob and n_vocab uint16 codes, padded to an even number; log p = scale * code +
// min_log_prob.
constexpr char kMagic[8] = {'_', 'l', 'o', 'g', 'i', 't', 's', '_'};
constexpr std::size_t kHeaderBytes = sizeof kMagic + 3 * sizeof(std::int32_t);
constexpr float kRange = 16;  // logits below max - 16 are clamped by the format

std::size_t codes_per_row(int n_vocab) {
  return static_cast<std::size_t>(2 * ((n_vocab + 1) / 2) + 4);
}

struct File {
  int fd = -1;
  std::string path;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  [[noreturn]] void fail(const char* what) const {
    // A file that is not there is a wrong argument, as it is for a model.
    const bool is_missing = errno == ENOENT && std::strcmp(what, "open") == 0;
    throw Error(is_missing ? ErrorKind::kBadInput : ErrorKind::kIo,
                fmt::format("Cannot {} the base file: {}", what, std::strerror(errno)), path,
                errno == ENOSPC
                    ? "Free some space, or leave out --kld-base: it is not needed in lock step."
                    : "");
  }
  void write_at(const void* data, std::size_t n, std::size_t offset) const {
    const char* bytes = static_cast<const char*>(data);
    while (n > 0) {
      const ssize_t done = ::pwrite(fd, bytes, n, static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) fail("write");
      bytes += done;
      offset += static_cast<std::size_t>(done);
      n -= static_cast<std::size_t>(done);
    }
  }
  // False at the end of the file.
  bool read_at(void* data, std::size_t n, std::size_t offset) const {
    char* bytes = static_cast<char*>(data);
    while (n > 0) {
      const ssize_t done = ::pread(fd, bytes, n, static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail("read");
      if (done == 0) return false;
      bytes += done;
      offset += static_cast<std::size_t>(done);
      n -= static_cast<std::size_t>(done);
    }
    return true;
  }
};

// As llama-perplexity's log_softmax: float32 throughout, so that its files and ours hold the same
// codes.
void encode_row(std::span<const float> logits, std::uint16_t* out) {
  const auto [min_it, max_it] = std::minmax_element(logits.begin(), logits.end());
  const float max = *max_it;
  const float min = std::max(*min_it, max - kRange);
  const RowSummary summary = summarize_row(logits);
  const auto log_sum_exp = static_cast<float>(summary.log_sum_exp - static_cast<double>(max));
  const float min_log_prob = min - max - log_sum_exp;
  const float scale = (max - min) / 65535.0F;
  std::memcpy(out, &scale, sizeof scale);
  std::memcpy(out + 2, &min_log_prob, sizeof min_log_prob);
  const float inverse = scale == 0 ? 0 : 1 / scale;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const float code = logits[i] > min ? std::nearbyint(inverse * (logits[i] - min)) : 0;
    out[4 + i] = static_cast<std::uint16_t>(code);
  }
}

}  // namespace

struct KldBaseWriter::Impl {
  File file;
  std::string target;
  std::size_t rows_start = 0, rows_per_chunk = 0;
  int n_vocab = 0;
  std::vector<std::uint16_t> codes;
};

KldBaseWriter::KldBaseWriter(const std::string& path, const WindowPlan& plan, int n_vocab)
    : impl_(std::make_unique<Impl>()) {
  if (plan.convention.name != ConventionName::kLlamaCpp) {
    throw Error(ErrorKind::kUsage,
                "llama.cpp's base file holds windows of the llama.cpp convention only", path,
                "Use --convention llama.cpp.");
  }
  impl_->target = path;
  impl_->n_vocab = n_vocab;
  File& file = impl_->file;
  file.path = path + ".part";
  file.fd = ::open(file.path.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0666);
  if (file.fd < 0) file.fail("create");
  const std::int32_t n_ctx = plan.convention.window;
  const auto n_chunk = static_cast<std::int32_t>(plan.windows.size());
  const std::int32_t sizes[3] = {n_ctx, n_vocab, n_chunk};
  file.write_at(kMagic, sizeof kMagic, 0);
  file.write_at(sizes, sizeof sizes, sizeof kMagic);
  std::size_t offset = kHeaderBytes;
  for (const Window& window : plan.windows) {
    file.write_at(window.tokens.data(), window.tokens.size() * sizeof(Token), offset);
    offset += window.tokens.size() * sizeof(Token);
  }
  impl_->rows_start = offset;
  impl_->rows_per_chunk = static_cast<std::size_t>(n_ctx - 1 - n_ctx / 2);
}

KldBaseWriter::~KldBaseWriter() {
  if (impl_->file.fd >= 0 && !impl_->file.path.empty()) ::unlink(impl_->file.path.c_str());
}

void KldBaseWriter::add(const BaselineBatch& batch, int n_threads) {
  const std::size_t n_codes = codes_per_row(impl_->n_vocab);
  impl_->codes.assign(batch.rows.size() * n_codes, 0);
  for_each_row(batch.rows.size(), n_threads, [&](std::size_t i) {
    encode_row(batch.rows[i].row.values, impl_->codes.data() + i * n_codes);
    const std::size_t row = batch.rows[i].window * impl_->rows_per_chunk + batch.rows[i].record;
    impl_->file.write_at(impl_->codes.data() + i * n_codes, n_codes * sizeof(std::uint16_t),
                         impl_->rows_start + row * n_codes * sizeof(std::uint16_t));
  });
}

void KldBaseWriter::finish() {
  File& file = impl_->file;
  if (::fsync(file.fd) != 0) file.fail("write");
  std::error_code failed;
  std::filesystem::rename(file.path, impl_->target, failed);
  if (failed) {
    throw Error(ErrorKind::kIo, "Cannot give the base file its name: " + failed.message(),
                impl_->target);
  }
  file.path.clear();
}

namespace {

// Rows of a base file in the place of a baseline model.
class KldBaseReader {
 public:
  KldBaseReader(const std::string& path, const KldBaseHeader& header) : header_(header) {
    file_.path = path;
    file_.fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_.fd < 0) file_.fail("open");
  }

  // Of the tokens and the first row of every chunk: the whole file may have tens of gigabytes.
  Digest identity() const {
    const auto n_ctx = static_cast<std::size_t>(header_.n_ctx);
    const std::size_t row_bytes = codes_per_row(header_.n_vocab) * 2;
    const std::size_t chunk_bytes = (n_ctx - 1 - n_ctx / 2) * row_bytes;
    Hasher hasher;
    hasher.add_field("kld-base").add_field(header_.n_ctx).add_field(header_.n_vocab);
    hasher.update(std::as_bytes(std::span(header_.tokens)));
    std::vector<std::byte> row(row_bytes);
    for (int chunk = 0; chunk < header_.n_chunk; ++chunk) {
      file_.read_at(row.data(), row.size(),
                    rows_start() + static_cast<std::size_t>(chunk) * chunk_bytes);
      hasher.update(row);
    }
    return hasher.finish();
  }

  void read(BaselineBatch& batch) const {
    const auto n_vocab = static_cast<std::size_t>(header_.n_vocab);
    const std::size_t n_codes = codes_per_row(header_.n_vocab);
    const auto n_ctx = static_cast<std::size_t>(header_.n_ctx);
    std::vector<std::uint16_t> codes(n_codes);
    batch.storage.resize(batch.rows.size() * n_vocab);
    for (std::size_t i = 0; i < batch.rows.size(); ++i) {
      KeptRow& kept = batch.rows[i];
      const std::size_t row = kept.window * (n_ctx - 1 - n_ctx / 2) + kept.record;
      if (!file_.read_at(codes.data(), n_codes * 2, rows_start() + row * n_codes * 2)) {
        throw Error(ErrorKind::kBadInput, fmt::format("The base file ends inside row {}", row + 1),
                    file_.path, "It was cut off: make it again.");
      }
      decode(codes, std::span(batch.storage).subspan(i * n_vocab, n_vocab), kept);
    }
  }

 private:
  std::size_t rows_start() const { return kHeaderBytes + header_.tokens.size() * sizeof(Token); }

  void decode(const std::vector<std::uint16_t>& codes, std::span<float> log_probs,
              KeptRow& kept) const {
    float scale = 0, min_log_prob = 0;
    std::memcpy(&scale, codes.data(), sizeof scale);
    std::memcpy(&min_log_prob, codes.data() + 2, sizeof min_log_prob);
    for (std::size_t t = 0; t < log_probs.size(); ++t) {
      log_probs[t] = scale * static_cast<float>(codes[4 + t]) + min_log_prob;
    }
    const RowSummary summary = summarize_row(log_probs);
    if (!summary.finite || summary.max > 1e-3F) {
      throw Error(ErrorKind::kBadInput, "The base file holds values that are no log-probabilities",
                  file_.path, "It is damaged: make it again.");
    }
    kept.nll = -log_probs[static_cast<std::size_t>(kept.target)];
    kept.top = summary.top;
    kept.row = {.values = log_probs, .offset = 0, .floor = -kRange, .normalised = true};
  }

  File file_;
  const KldBaseHeader& header_;
};

}  // namespace
}  // namespace detail

KldBaseHeader read_kld_base_header(const std::string& path) {
  detail::File file;
  file.path = path;
  file.fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file.fd < 0) file.fail("open");
  char magic[8];
  std::int32_t sizes[3];
  const bool whole =
      file.read_at(magic, sizeof magic, 0) && file.read_at(sizes, sizeof sizes, sizeof magic);
  if (!whole || std::memcmp(magic, detail::kMagic, sizeof magic) != 0) {
    throw Error(ErrorKind::kBadInput,
                "This is no base file of llama-perplexity: it does not start with '_logits_'",
                path + ", offset 0", "Make one with `assay perplexity MODEL --kld-base FILE`.");
  }
  KldBaseHeader header{.n_ctx = sizes[0], .n_vocab = sizes[1], .n_chunk = sizes[2]};
  constexpr std::int64_t kMax = std::int64_t{1} << 24;
  if (header.n_ctx < 4 || header.n_ctx > kMax || header.n_vocab < 1 || header.n_vocab > kMax ||
      header.n_chunk < 1 || header.n_chunk > kMax) {
    throw Error(ErrorKind::kBadInput,
                fmt::format("The base file's sizes cannot be: context {}, vocabulary {}, chunks {}",
                            header.n_ctx, header.n_vocab, header.n_chunk),
                path + ", offset 8", "It is damaged: make it again.");
  }
  const auto n_rows = static_cast<std::uintmax_t>(header.n_chunk) *
                      static_cast<std::uintmax_t>(header.n_ctx - 1 - header.n_ctx / 2);
  const std::uintmax_t n_tokens =
      static_cast<std::uintmax_t>(header.n_chunk) * static_cast<std::uintmax_t>(header.n_ctx);
  const std::uintmax_t expected = detail::kHeaderBytes + n_tokens * sizeof(Token) +
                                  n_rows * detail::codes_per_row(header.n_vocab) * 2;
  const std::uintmax_t actual = std::filesystem::file_size(path);
  if (actual < expected) {
    throw Error(ErrorKind::kBadInput,
                fmt::format("The base file has {} bytes of {}", actual, expected),
                fmt::format("{}, offset {}", path, actual), "It was cut off: make it again.");
  }
  header.tokens.resize(n_tokens);
  if (!file.read_at(header.tokens.data(), n_tokens * sizeof(Token), detail::kHeaderBytes))
    file.fail("read");
  return header;
}

WindowPlan plan_from_kld_base(const KldBaseHeader& header, const std::string& path,
                              const Model& vocabulary) {
  const ModelInfo& info = vocabulary.info();
  if (header.n_vocab != info.n_vocab) {
    throw Error(
        ErrorKind::kBadInput,
        fmt::format("The base file was made with a vocabulary of {} tokens, this model has {}",
                    header.n_vocab, info.n_vocab),
        path, "Baseline and variants must come from one base model.");
  }
  WindowPlan plan;
  plan.longest_window = header.n_ctx;
  plan.documents.push_back({.name = path});
  plan.convention = {.name = ConventionName::kLlamaCpp,
                     .corpus = "tokens of " + std::filesystem::path(path).filename().string(),
                     .join_rule = "whole file",
                     .window = header.n_ctx,
                     .scored = "second half",
                     .bos_rule = info.adds_bos ? "replaces the first token" : "none",
                     .unit = "token"};
  Hasher hasher;
  hasher.update(std::as_bytes(std::span(header.tokens)));
  plan.convention.corpus_digest = hasher.finish();
  const auto n_ctx = static_cast<std::size_t>(header.n_ctx);
  for (std::size_t start = 0; start < header.tokens.size(); start += n_ctx) {
    const std::span<const Token> tokens = std::span(header.tokens).subspan(start, n_ctx);
    for (const Token token : tokens) {
      if (token < 0 || token >= header.n_vocab) {
        throw Error(ErrorKind::kBadInput,
                    fmt::format("The base file names token {}, which does not exist", token), path,
                    "It is damaged: make it again.");
      }
    }
    Window window{.tokens = {tokens.begin(), tokens.end()},
                  .first_row = header.n_ctx / 2,
                  .targets = {tokens.begin() + header.n_ctx / 2 + 1, tokens.end()},
                  .position_offset = static_cast<int>(start) + header.n_ctx / 2 + 1};
    if (info.adds_bos && info.bos) window.tokens[0] = *info.bos;
    plan.windows.push_back(std::move(window));
  }
  return plan;
}

LockstepResult run_against_kld_base(const std::string& path, const WindowPlan& plan,
                                    std::span<const Candidate> variants,
                                    const LockstepOptions& options) {
  const KldBaseHeader header = read_kld_base_header(path);
  const detail::KldBaseReader reader(path, header);
  const Candidate baseline{.name = path,
                           .identity = reader.identity(),
                           .n_ubatch = variants.empty() ? 512 : variants.front().n_ubatch};
  detail::BaselineSource source;
  source.open = [](const ModelShape&) {};
  source.score = [&](const detail::Group&, const detail::Step&, bool,
                     detail::BaselineBatch& batch) { reader.read(batch); };
  source.release = [](const detail::Group&) {};
  source.model = [] { return nullptr; };
  return detail::run_lockstep(plan, baseline, source, variants, options);
}

}  // namespace assay
