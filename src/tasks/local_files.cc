// Data sets that are files or folders on this machine, named by the task itself.
#include <glob.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "tasks/dataset_places.h"

namespace assay::detail {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFolderFiles = 100000;

// The folders that relative names are looked up in.
std::vector<fs::path> bases(const DatasetQuery& query) {
  std::vector<fs::path> folders = {fs::path()};
  const fs::path beside = fs::path(query.task_file).parent_path();
  if (!query.task_file.empty() && !beside.empty()) folders.push_back(beside);
  return folders;
}

std::vector<std::string> files_of_pattern(const fs::path& pattern) {
  std::vector<std::string> files;
  glob_t found{};
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
    for (std::size_t i = 0; i < found.gl_pathc; ++i)
      if (std::error_code ignored; !fs::is_directory(found.gl_pathv[i], ignored))
        files.emplace_back(found.gl_pathv[i]);
  globfree(&found);
  return files;
}

bool is_address(const std::string& file) { return file.find("://") != std::string::npos; }

// Appends the files of one data_files pattern; says in `why_not` where they were looked for.
void resolve(const DatasetQuery& query, const std::string& pattern, SplitPlan& plan,
             std::string& why_not) {
  const auto say = [&](const std::string& text) {
    why_not += (why_not.empty() ? "" : ", ") + text;
  };
  if (is_address(pattern))
    return say(pattern + " is an address: download it, and name the file in a mapping for '" +
               query.path + "'");
  for (const fs::path& base : bases(query)) {
    const fs::path path = fs::path(pattern).is_absolute() ? fs::path(pattern) : base / pattern;
    // A name with brackets is a name before it is a pattern.
    if (std::error_code ignored; fs::is_regular_file(path, ignored))
      return plan.files.push_back(path.string());
    const std::vector<std::string> files = files_of_pattern(path);
    plan.files.insert(plan.files.end(), files.begin(), files.end());
    if (!files.empty()) return;
    say("no file " + path.string());
    if (fs::path(pattern).is_absolute()) return;
  }
}

std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_regular_file(error)) files.push_back(it->path().lexically_relative(folder).string());
    if (files.size() > kMaxFolderFiles) break;
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

void apply_kwargs(const Json& kwargs, ReadOptions& read) {
  const auto text = [&](const char* key) {
    const auto found = kwargs.find(key);
    return found != kwargs.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  read.field = text("field");
  for (const char* key : {"sep", "delimiter"})
    if (const std::string mark = text(key); mark.size() == 1) read.delimiter = mark[0];
  for (const char* key : {"column_names", "names"})
    if (const auto found = kwargs.find(key); found != kwargs.end() && found->is_array())
      for (const Json& name : *found)
        if (name.is_string()) read.column_names.push_back(name.get<std::string>());
}

bool names_files(const PlaceQuery& place) {
  const std::string& path = place.query.path;
  return path == "json" || path == "csv" || path == "parquet" || path == "text";
}

Offer offer_data_files(const PlaceQuery& place) {
  const RowFormat format = *parse_format(place.query.path);
  Offer offer{.place = "the data_files of the task"};
  const Json data_files = place.kwargs.value("data_files", Json());
  if (data_files.is_null()) {
    offer.why_not = "dataset_kwargs has no data_files";
    return offer;
  }
  const std::string folder =
      place.kwargs.contains("data_dir") && place.kwargs["data_dir"].is_string()
          ? place.kwargs["data_dir"].get<std::string>() + "/"
          : "";
  for (const auto& [split, patterns] : patterns_by_split(data_files)) {
    SplitPlan plan{.split = split};
    plan.read.format = format;
    const std::string before = offer.why_not;
    for (const std::string& pattern : patterns)
      resolve(place.query, folder + pattern, plan, offer.why_not);
    if (plan.files.empty()) continue;
    if (format == RowFormat::kCsv && format_of(plan.files[0]) == RowFormat::kTsv)
      plan.read.format = RowFormat::kTsv;
    apply_kwargs(place.kwargs, plan.read);
    offer.splits.push_back(std::move(plan));
  }
  return offer;
}

Offer offer_folder(const PlaceQuery& place) {
  const std::string& path = place.query.path;
  Offer offer{.place = "the folder " + path, .why_not = "there is no such folder"};
  for (const fs::path& base : bases(place.query)) {
    const fs::path folder = fs::path(path).is_absolute() ? fs::path(path) : base / path;
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored)) continue;
    offer.place = "the folder " + folder.string();
    offer.splits = plan_repository(files_below(folder), nullptr, place.query.name,
                                   place.kwargs.value("data_files", Json()), offer.why_not);
    for (SplitPlan& plan : offer.splits) {
      apply_kwargs(place.kwargs, plan.read);
      for (std::string& file : plan.files) file = (folder / file).string();
    }
    break;
  }
  return offer;
}

}  // namespace assay::detail
