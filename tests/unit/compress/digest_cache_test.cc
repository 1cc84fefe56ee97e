#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "compress/compress.h"
#include "core/error.h"
#include "gguf_writer.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

class DigestCache : public FolderTest {
 protected:
  // Files that were changed a moment ago are not remembered.
  std::string old_file(const std::string& name, const std::string& bytes, int age_s = 100) {
    const std::string path = write(name, bytes);
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::seconds(age_s));
    return path;
  }
  std::string cache() const { return in_folder("cache"); }
  std::string lines() const { return read_all(cache() + "/digests.txt"); }
};

TEST_F(DigestCache, IsTheFilesHashAndIsRemembered) {
  const std::string path = old_file("a", "content");
  EXPECT_EQ(weights_digest(path, cache()), hash_bytes("content"));
  const std::string remembered = lines();
  EXPECT_FALSE(remembered.empty());
  // Proof that the cache answers: other content of the same size and time gives the old hash.
  const auto time = fs::last_write_time(path);
  write("a", "CONTENT");
  fs::last_write_time(path, time);
  EXPECT_EQ(weights_digest(path, cache()), hash_bytes("content"));
  EXPECT_EQ(lines(), remembered);
  old_file("a", "CONTENT", 50);
  EXPECT_EQ(weights_digest(path, cache()), hash_bytes("CONTENT"));
}

TEST_F(DigestCache, FreshFilesAreNotRemembered) {
  EXPECT_EQ(weights_digest(write("a", "x"), cache()), hash_bytes("x"));
  EXPECT_EQ(lines(), "");
}

TEST_F(DigestCache, DamagedLinesAreIgnored) {
  const std::string path = old_file("a", "content");
  weights_digest(path, cache());
  const std::string good = lines();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    std::ofstream(cache() + "/digests.txt", std::ios::binary) << bad;
    EXPECT_EQ(weights_digest(path, cache()), hash_bytes("content")) << i;
  }
  std::ofstream(cache() + "/digests.txt", std::ios::binary) << std::string(1000, '\xff') << good;
  EXPECT_EQ(weights_digest(path, cache()), hash_bytes("content"));
}

TEST_F(DigestCache, TwoProcessesAtOnce) {
  std::vector<std::string> paths;
  for (int i = 0; i < 40; ++i) paths.push_back(old_file(fmt::format("f{}", i), std::to_string(i)));
  std::vector<pid_t> children;
  for (int child = 0; child < 2; ++child) {
    const pid_t pid = fork();
    if (pid == 0) {
      for (const std::string& path : paths) weights_digest(path, cache());
      std::_Exit(0);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  const std::string before = lines();
  for (std::size_t i = 0; i < paths.size(); ++i) {
    EXPECT_EQ(weights_digest(paths[i], cache()), hash_bytes(std::to_string(i)));
  }
  EXPECT_EQ(lines(), before) << "every file was already known";
}

TEST_F(DigestCache, WorksWithoutACache) {
  EXPECT_EQ(weights_digest(old_file("a", "x"), "/proc/nowhere"), hash_bytes("x"));
  EXPECT_THROW(weights_digest(in_folder("absent"), cache()), Error);
}

TEST(DefaultCacheDir, FollowsTheEnvironment) {
  const auto saved = [](const char* name) { return variable(name); };
  const std::string own = saved("ASSAY_CACHE"), xdg = saved("XDG_CACHE_HOME"), home = saved("HOME");
  setenv("ASSAY_CACHE", "/a", 1);
  setenv("XDG_CACHE_HOME", "/x", 1);
  setenv("HOME", "/h", 1);
  EXPECT_EQ(default_cache_dir(), "/a");
  setenv("ASSAY_CACHE", "", 1);
  EXPECT_EQ(default_cache_dir(), "/x/assay");
  unsetenv("XDG_CACHE_HOME");
  EXPECT_EQ(default_cache_dir(), "/h/.cache/assay");
  unsetenv("HOME");
  EXPECT_THROW(default_cache_dir(), Error);
  setenv("HOME", home.c_str(), 1);
  if (!xdg.empty()) setenv("XDG_CACHE_HOME", xdg.c_str(), 1);
  own.empty() ? unsetenv("ASSAY_CACHE") : setenv("ASSAY_CACHE", own.c_str(), 1);
}

}  // namespace
}  // namespace assay
