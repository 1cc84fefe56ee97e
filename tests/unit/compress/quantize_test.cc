#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "compress/compress.h"
#include "core/error.h"
#include "gguf_writer.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

class Quantize : public FolderTest {
 protected:
  // What llama-quantize writes for `arguments` before and `type` after the file names.
  std::string peer(const std::string& source, const std::string& arguments,
                   const std::string& type) {
    const std::string path = in_folder("peer.gguf");
    const std::string command =
        fmt::format("'{}/llama-quantize' {} '{}' '{}' {} 2 >'{}' 2>&1", variable("ASSAY_LLAMA_BIN"),
                    arguments, source, path, type, in_folder("peer.log"));
    EXPECT_EQ(std::system(command.c_str()), 0) << read_all(in_folder("peer.log"));
    return path;
  }
  void expect_same(const std::string& ours, const std::string& theirs, const std::string& what) {
    EXPECT_TRUE(read_all(ours) == read_all(theirs)) << what << " differs from llama-quantize's";
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
  ErrorKind kind_of(const QuantizeOptions& options, std::string* what = nullptr) {
    try {
      quantize(options, in_folder("refused.gguf"));
    } catch (const Error& error) {
      if (what != nullptr) *what = error.what();
      EXPECT_FALSE(fs::exists(in_folder("refused.gguf")));
      return error.kind();
    }
    ADD_FAILURE() << "it was accepted";
    return ErrorKind::kIo;
  }
  void expect_no_trace() {
    for (const std::string& name : files())
      EXPECT_EQ(name.find(".part"), std::string::npos) << name;
  }
};

TEST_F(Quantize, EqualsLlamaQuantizeByteForByte) {
  ASSAY_NEED_DATA(model, "models/stories15M/stories15M-f16.gguf");
  ASSAY_NEED_VARIABLE(bin, "ASSAY_LLAMA_BIN", "the folder of llama-quantize");
  for (const char* type :
       {"Q8_0", "Q4_0", "Q4_K_M", "Q2_K", "IQ4_NL", "Q5_1", "Q6_K", "BF16", "F32"}) {
    const QuantizeResult made =
        quantize({.source = model, .type = type, .n_threads = 2}, in_folder("ours.gguf"));
    expect_same(made.path, peer(model, "", type), type);
    EXPECT_EQ(made.size_bytes, static_cast<std::int64_t>(fs::file_size(made.path)));
    EXPECT_FALSE(made.cached);
  }
}

TEST_F(Quantize, OptionsEqualLlamaQuantizes) {
  ASSAY_NEED_DATA(model, "models/stories15M/stories15M-f16.gguf");
  ASSAY_NEED_VARIABLE(bin, "ASSAY_LLAMA_BIN", "the folder of llama-quantize");
  const std::string ours = in_folder("ours.gguf");
  quantize({.source = model, .type = "Q4_K_M", .pure = true}, ours);
  expect_same(ours, peer(model, "--pure", "Q4_K_M"), "pure");
  quantize({.source = model, .type = "Q4_0", .leave_output_tensor = true}, ours);
  expect_same(ours, peer(model, "--leave-output-tensor", "Q4_0"), "leave_output_tensor");
  quantize({.source = model,
            .type = "Q4_0",
            .output_tensor_type = "Q5_1",
            .token_embedding_type = "q8_0"},
           ours);
  expect_same(ours, peer(model, "--token-embedding-type q8_0 --output-tensor-type q5_1", "Q4_0"),
              "special tensors");
  quantize({.source = model,
            .type = "Q4_0",
            .tensor_types = {{"blk\\.[0-2]\\.attn_v", "Q8_0"}, {"ffn_down", "f16"}}},
           ours);
  expect_same(
      ours,
      peer(model, "--tensor-type 'blk\\.[0-2]\\.attn_v=Q8_0' --tensor-type ffn_down=f16", "Q4_0"),
      "tensor types");
  const std::string small = in_folder("small.gguf");
  quantize({.source = model, .type = "Q4_0"}, small);
  quantize({.source = small, .type = "F16", .allow_requantize = true}, ours);
  expect_same(ours, peer(small, "--allow-requantize", "F16"), "dequantised");
}

TEST_F(Quantize, ImportanceMatrixEqualsLlamaQuantizes) {
  ASSAY_NEED_DATA(model, "models/stories15M/stories15M-f16.gguf");
  ASSAY_NEED_VARIABLE(bin, "ASSAY_LLAMA_BIN", "the folder of llama-quantize and llama-imatrix");
  std::string words;
  for (int i = 0; i < 3000; ++i) words += fmt::format("Lily saw {} birds in the park. ", i % 17);
  const std::string text = write("text.txt", words);
  for (const char* form : {"gguf", "dat"}) {
    const std::string matrix = in_folder(std::string("matrix.") + form);
    const std::string command = fmt::format(
        "'{}/llama-imatrix' -m '{}' -f '{}' -o '{}' --output-format {} -c 128 --chunks 4 -t 2 "
        ">'{}' 2>&1",
        bin, model, text, matrix, form, in_folder("imatrix.log"));
    ASSERT_EQ(std::system(command.c_str()), 0) << read_all(in_folder("imatrix.log"));
    for (const char* type : {"IQ4_NL", "Q4_K_M", "IQ3_XXS", "IQ2_XS"}) {
      const std::string ours = in_folder("ours.gguf");
      quantize({.source = model, .type = type, .imatrix = matrix}, ours);
      expect_same(ours, peer(model, "--imatrix '" + matrix + "'", type), type);
      const GgufHeader header = read_gguf(ours);
      EXPECT_EQ(header.text("quantize.imatrix.file"), matrix);
      EXPECT_EQ(header.text("quantize.imatrix.dataset"), text);
      EXPECT_EQ(header.integer("quantize.imatrix.chunks_count"), 4);
    }
  }
}

TEST_F(Quantize, SmolLM2EqualsLlamaQuantize) {
  ASSAY_NEED_VARIABLE(model, "ASSAY_SMOLLM2", "SmolLM2-135M dequantised to F16");
  ASSAY_NEED_VARIABLE(bin, "ASSAY_LLAMA_BIN", "the folder of llama-quantize");
  const QuantizeResult made = quantize({.source = model, .type = "Q4_K_M"}, in_folder("ours.gguf"));
  expect_same(made.path, peer(model, "", "Q4_K_M"), "Q4_K_M");
  EXPECT_EQ(made.fallbacks.size(), 180U);
  const std::string log = read_all(in_folder("peer.log"));
  EXPECT_NE(log.find("180 of 272 tensor(s) required fallback"), std::string::npos);
  const double bits = inspect_checkpoint(made.path).bits_per_weight;
  EXPECT_NE(log.find(fmt::format("({:.2f} BPW)", bits)), std::string::npos) << bits;
}

TEST_F(Quantize, SaysNothingAndReportsProgress) {
  ASSAY_NEED_DATA(model, "models/stories260K/stories260K-f32.gguf");
  std::vector<std::pair<int, int>> seen;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  quantize({.source = model,
            .type = "Q8_0",
            .progress = [&](int done, int all) { seen.emplace_back(done, all); }},
           in_folder("a.gguf"));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  const int n = static_cast<int>(read_gguf(model).tensors.size());
  ASSERT_EQ(static_cast<int>(seen.size()), n + 1);
  for (int i = 0; i <= n; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], std::pair(i, n));
}

TEST_F(Quantize, ThreadsDoNotChangeTheResult) {
  ASSAY_NEED_DATA(model, "models/stories15M/stories15M-f16.gguf");
  quantize({.source = model, .type = "Q4_K_M", .n_threads = 1}, in_folder("1.gguf"));
  quantize({.source = model, .type = "Q4_K_M", .n_threads = 3}, in_folder("3.gguf"));
  EXPECT_TRUE(read_all(in_folder("1.gguf")) == read_all(in_folder("3.gguf")));
}

TEST_F(Quantize, RefusesBeforeTheWork) {
  ASSAY_NEED_DATA(model, "models/stories15M/stories15M-f16.gguf");
  const auto usage = [&](QuantizeOptions options, const char* words) {
    options.source = model;
    std::string what;
    EXPECT_EQ(kind_of(options, &what), ErrorKind::kUsage) << what;
    EXPECT_NE(what.find(words), std::string::npos) << what;
  };
  usage({.type = "Q4_K_X"}, "is no type that llama.cpp can make");
  // Not IQ3_XXS: of this width every tensor falls back from it, and llama-quantize makes it too.
  for (const char* type : {"IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ1_S", "IQ1_M", "Q2_K_S"}) {
    usage({.type = type}, "needs an importance matrix");
  }
  usage({.type = "Q4_0", .tensor_types = {{"ffn_down", "IQ2_XS"}}}, "needs an importance matrix");
  usage({.type = "Q4_0", .tensor_types = {{"nowhere", "Q8_0"}}}, "no tensor's name matches");
  usage({.type = "Q4_0", .tensor_types = {{"(", "Q8_0"}}}, "no regular expression");
  usage({.type = "Q4_0", .tensor_types = {{"ffn_down", "Q8_1"}}}, "no type that weights can");
  usage({.type = "F16", .tensor_types = {{"ffn_down", "Q8_0"}}}, "no effect in a F16 file");
  usage({.type = "Q4_0", .token_embedding_type = "Q6_K"}, "not a multiple of 256");
  usage({.type = "Q4_0", .output_tensor_type = "Q6_K"}, "not a multiple of 256");
  usage({.type = "Q4_0", .output_tensor_type = "I8"}, "no type that weights can");
  expect_no_trace();
}

// llama.cpp itself would abort the process here: it checks neither embeddings nor output.
TEST_F(Quantize, RefusesEmbeddingsThatNeedImportances) {
  ASSAY_NEED_DATA(model, "models/stories15M/stories15M-f16.gguf");
  std::string what;
  EXPECT_EQ(kind_of({.source = model, .type = "Q4_0", .token_embedding_type = "IQ2_XXS"}, &what),
            ErrorKind::kUsage);
}

TEST_F(Quantize, RefusesAQuantisedSourceUnlessAllowed) {
  ASSAY_NEED_DATA(model, "models/stories260K/stories260K-f32.gguf");
  const std::string quantised = in_folder("q8.gguf");
  quantize({.source = model, .type = "Q8_0"}, quantised);
  std::string what;
  EXPECT_EQ(kind_of({.source = quantised, .type = "Q4_0"}, &what), ErrorKind::kUsage);
  EXPECT_NE(what.find("already quantised"), std::string::npos) << what;
  EXPECT_NO_THROW(quantize({.source = quantised, .type = "Q4_0", .allow_requantize = true},
                           in_folder("q4.gguf")));
}

TEST_F(Quantize, RefusesBadFiles) {
  ASSAY_NEED_DATA(model, "models/stories260K/stories260K-f32.gguf");
  EXPECT_EQ(kind_of({.source = in_folder("absent"), .type = "Q8_0"}), ErrorKind::kBadInput);
  const std::string cut = write("cut.gguf", read_all(model).substr(0, 500000));
  EXPECT_EQ(kind_of({.source = cut, .type = "Q8_0"}), ErrorKind::kBadInput);
  const std::string alien =
      write("alien.gguf", GgufWriter().string("general.architecture", "nobody").bytes());
  std::string what;
  EXPECT_EQ(kind_of({.source = alien, .type = "Q8_0"}, &what), ErrorKind::kEngine);
  EXPECT_NE(what.find("nobody"), std::string::npos) << what;
  EXPECT_THROW(quantize({.source = model, .type = "Q8_0"}, in_folder("no/such/folder.gguf")),
               Error);
  EXPECT_THROW(quantize({.source = cut, .type = "Q8_0"}, cut), Error);
  EXPECT_EQ(kind_of({.source = model, .type = "Q8_0", .imatrix = cut}), ErrorKind::kBadInput);
  expect_no_trace();
}

TEST_F(Quantize, StopsBetweenTensorsAndLeavesNothing) {
  ASSAY_NEED_DATA(model, "models/stories15M/stories15M-f16.gguf");
  std::stop_source stop;
  const std::string output = write("kept.gguf", "what was there before");
  try {
    quantize({.source = model,
              .type = "Q4_0",
              .stop = stop.get_token(),
              .progress =
                  [&](int done, int) {
                    if (done == 5) stop.request_stop();
                  }},
             output);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInterrupted) << error.what();
  }
  EXPECT_EQ(read_all(output), "what was there before");
  expect_no_trace();
  EXPECT_THROW(quantize({.source = model,
                         .type = "Q4_0",
                         .progress = [](int, int) { throw std::runtime_error("mine"); }},
                        output),
               std::runtime_error);
  expect_no_trace();
}

// A limit on the size of files fails writes the way a full disk does.
TEST_F(Quantize, AFailedWriteIsAnIoError) {
  ASSAY_NEED_DATA(model, "models/stories15M/stories15M-f16.gguf");
  const pid_t pid = fork();
  if (pid == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 3 << 20, .rlim_max = 3 << 20};
    setrlimit(RLIMIT_FSIZE, &limit);
    int code = 1;
    try {
      quantize({.source = model, .type = "Q8_0", .n_threads = 1}, in_folder("full.gguf"));
    } catch (const Error& error) {
      code = error.kind() == ErrorKind::kIo ? 42 : 2;
    }
    std::_Exit(code);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 42);
  EXPECT_TRUE(files().empty());
}

class QuantizeCached : public Quantize {};

TEST_F(QuantizeCached, MakesOnceAndTellsRecipesApart) {
  ASSAY_NEED_DATA(model, "models/stories260K/stories260K-f32.gguf");
  const std::string cache = in_folder("cache");
  const QuantizeOptions options{.source = model, .type = "q4_0"};
  const QuantizeResult first = quantize_cached(options, cache);
  EXPECT_FALSE(first.cached);
  const QuantizeResult again = quantize_cached(options, cache);
  EXPECT_TRUE(again.cached);
  EXPECT_EQ(again.path, first.path);
  EXPECT_EQ(again.size_bytes, first.size_bytes);
  EXPECT_EQ(again.fallbacks.size(), first.fallbacks.size());
  quantize(options, in_folder("direct.gguf"));
  EXPECT_TRUE(read_all(first.path) == read_all(in_folder("direct.gguf")));
  std::set<std::string> paths = {first.path};
  for (QuantizeOptions other :
       std::vector<QuantizeOptions>{{.type = "Q4_1"},
                                    {.type = "Q4_0", .pure = true},
                                    {.type = "Q4_0", .tensor_types = {{"attn_v", "Q8_0"}}},
                                    {.type = "Q4_0", .token_embedding_type = "Q8_0"},
                                    {.type = "Q4_0", .leave_output_tensor = true}}) {
    other.source = model;
    paths.insert(quantize_cached(other, cache).path);
  }
  EXPECT_EQ(paths.size(), 6U);
}

TEST_F(QuantizeCached, IsKeyedByContentNotByName) {
  ASSAY_NEED_DATA(model, "models/stories260K/stories260K-f32.gguf");
  const std::string cache = in_folder("cache");
  const QuantizeResult first = quantize_cached({.source = model, .type = "Q8_0"}, cache);
  fs::create_directories(folder_ / "copy");
  fs::copy_file(model, folder_ / "copy/stories260K-f32.gguf");
  const std::string copy = in_folder("copy/stories260K-f32.gguf");
  EXPECT_TRUE(quantize_cached({.source = copy, .type = "Q8_0"}, cache).cached);
  std::string bytes = read_all(model);
  bytes[bytes.size() - 1] ^= 1;
  fs::permissions(copy, fs::perms::owner_all);
  std::ofstream(copy, std::ios::binary) << bytes;
  const QuantizeResult other = quantize_cached({.source = copy, .type = "Q8_0"}, cache);
  EXPECT_FALSE(other.cached);
  EXPECT_NE(other.path, first.path);
}

TEST_F(QuantizeCached, ADamagedResultIsMadeAgain) {
  ASSAY_NEED_DATA(model, "models/stories260K/stories260K-f32.gguf");
  const QuantizeOptions options{.source = model, .type = "Q8_0"};
  const QuantizeResult first = quantize_cached(options, folder_.string());
  const std::string good = read_all(first.path);
  fs::resize_file(first.path, fs::file_size(first.path) / 2);
  EXPECT_FALSE(quantize_cached(options, folder_.string()).cached);
  EXPECT_TRUE(read_all(first.path) == good);
}

TEST_F(QuantizeCached, TwoThreadsMakeOne) {
  ASSAY_NEED_DATA(model, "models/stories15M/stories15M-f16.gguf");
  const QuantizeOptions options{.source = model, .type = "Q4_K_M", .n_threads = 1};
  std::array<QuantizeResult, 2> results;
  {
    std::array<std::jthread, 2> threads;
    for (std::size_t i = 0; i < 2; ++i) {
      threads[i] =
          std::jthread([&, i] { results[i] = quantize_cached(options, folder_.string()); });
    }
  }
  EXPECT_NE(results[0].cached, results[1].cached);
  EXPECT_EQ(results[0].path, results[1].path);
}

}  // namespace
}  // namespace assay
