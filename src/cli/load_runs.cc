#include "cli/load_runs.h"

#include <filesystem>
#include <iostream>
#include <iterator>
#include <span>

#include "core/error.h"
#include "core/files.h"
#include "core/json_run.h"
#include "study/study.h"

namespace assay::cli {
namespace {

constexpr std::size_t kHead = 200;  // "schema" is the first field of our documents

std::vector<Run> read_runs(const std::string& path) {
  std::error_code error;
  if (path != "-" && std::filesystem::is_directory(path, error))
    return import_runs(std::span(&path, 1), {});
  const std::string text = read_input(path);
  const std::string schema = schema_of(text);
  if (schema == kRunSchema || schema == kRunsSchema) {
    try {
      return runs_from_json(text);
    } catch (const Error& failure) {
      throw Error(failure.kind(), std::string("Not a run: ") + failure.what(), path,
                  "Give what `assay eval --json` printed.");
    }
  }
  if (schema.empty() && path != "-") return import_runs(std::span(&path, 1), {});
  throw Error(ErrorKind::kBadInput,
              "Not a run: " + (schema.empty() ? "no schema" : "a document of schema " + schema),
              path, "Give what `assay eval --json` printed.");
}

}  // namespace

std::string read_input(const std::string& path) {
  if (path == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
  return read_file(path);
}

std::string schema_of(std::string_view document) {
  const std::string_view head = document.substr(0, kHead);
  constexpr std::string_view kKey = "\"schema\"";
  const std::size_t key = head.find(kKey);
  if (key == std::string_view::npos) return {};
  const std::size_t begin = head.find('"', key + kKey.size());
  const std::size_t end = head.find('"', begin + 1);
  if (begin == std::string_view::npos || end == std::string_view::npos) return {};
  return std::string(head.substr(begin + 1, end - begin - 1));
}

std::vector<Run> load_runs(const std::string& path) {
  std::vector<Run> runs = read_runs(path);
  if (runs.empty()) throw Error(ErrorKind::kBadInput, "There is no run in the file", path);
  for (const Run& run : runs) {
    if (run.tasks.empty()) {
      throw Error(ErrorKind::kBadInput, "The run of " + run.header.model_name + " has no task",
                  path);
    }
  }
  return runs;
}

}  // namespace assay::cli
