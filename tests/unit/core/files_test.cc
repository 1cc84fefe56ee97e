#include "core/files.h"

#include <filesystem>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "core/error.h"
#include "temporary_folder.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

ErrorKind kind_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.kind();
  }
  throw std::runtime_error("no error");
}

TEST(Files, WhatIsWrittenIsRead) {
  const TemporaryFolder folder;
  const std::string path = folder / "made/for it/a.txt";
  std::string text(200'001, 'x');
  text[77] = '\0';
  write_file(path, "", text);
  EXPECT_EQ(read_file(path), text);
  write_file(path, "", "short\r\n");
  EXPECT_EQ(read_file(path), "short\r\n");
}

TEST(Files, AFailureLeavesWhatWasThere) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.txt";
  write_file(path, "", "before");
  const auto break_off = [](const TextSink& sink) {
    sink("half");
    throw std::runtime_error("stopped");
  };
  EXPECT_THROW(write_file(path, "", break_off), std::runtime_error);
  EXPECT_EQ(read_file(path), "before");
  const fs::directory_iterator left(folder / ""), end;
  EXPECT_EQ(std::distance(left, end), 1);  // and nothing else
}

TEST(Files, LinksAndDevicesAreWrittenInPlace) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "", "before");
  fs::create_symlink(folder / "a.txt", folder / "link");
  write_file(folder / "link", "", "after");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "a.txt"), "after");
  EXPECT_NO_THROW(write_file("/dev/null", "", "nowhere"));
}

TEST(Files, SaysWhyNot) {
  const TemporaryFolder folder;
  write_file(folder / "file", "", "");
  EXPECT_EQ(read_file(folder / "file"), "");
  EXPECT_EQ(kind_of([&] { read_file(folder / "none"); }), ErrorKind::kIo);
  EXPECT_EQ(kind_of([&] { read_file(folder / ""); }), ErrorKind::kBadInput);
  EXPECT_EQ(kind_of([&] { write_file(folder / "file/below", "", ""); }), ErrorKind::kIo);
  EXPECT_EQ(kind_of([&] { write_file("/dev/full", "", "more than nothing"); }), ErrorKind::kIo);
  try {
    write_file(folder / "file/below", "Choose another.", "");
  } catch (const Error& error) {
    EXPECT_EQ(error.where(), folder / "file/below");
    EXPECT_EQ(error.remedy(), "Choose another.");
  }
}

}  // namespace
}  // namespace assay
