// The long run: tables for docs/statistics.md on standard output.
#include <fmt/format.h>

#include <cstdlib>
#include <iostream>

#include "coverage/coverage.h"

namespace assay::coverage {
namespace {

const std::vector<std::int64_t> kItems = {20, 50, 100, 300, 1000, 3000, 10000};

std::string cell(const Row& row, bool alarm) {
  // Marked when outside 95 +- 1.5 % (or above 5 % for alarms) beyond the simulation's error.
  const double off = alarm ? row.share - 0.05 : std::abs(row.share - 0.95) - 0.015;
  return fmt::format("{:.1f}{}", 100 * row.share, off > 2 * row.error ? " !" : "");
}

template <typename Measure>
std::string table(const std::string& what, const std::vector<std::string>& names,
                  const std::vector<std::int64_t>& items, bool alarm, const Measure& measure) {
  std::string text = "| " + what + " |", line = "|---|";
  for (const std::int64_t n : items) {
    text += fmt::format(" n = {} |", n);
    line += "---:|";
  }
  text += "\n" + line + "\n";
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += "| " + names[i] + " |";
    for (const std::int64_t n : items) text += " " + cell(measure(i, n), alarm) + " |";
    text += "\n";
  }
  return text + "\n";
}

std::string proportions(const Options& options) {
  const std::vector<double> accuracies = {0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98};
  std::vector<std::string> names;
  for (const double accuracy : accuracies) names.push_back(fmt::format("{}", accuracy));
  std::string text;
  for (const std::string method : {"Wilson", "Clopper-Pearson", "Jeffreys"}) {
    text += table(method + ", accuracy", names, kItems, false, [&](std::size_t i, std::int64_t n) {
      return proportion(method, n, accuracies[i], options);
    });
  }
  return text;
}

std::string paired_tables(const Options& options) {
  std::vector<PairedSetting> settings;
  std::vector<std::string> names;
  for (const double discordance : {0.0, 0.01, 0.03, 0.1, 0.3}) {
    for (const double lost : {0.5, 0.8}) {
      if (discordance == 0 && lost != 0.5) continue;
      settings.push_back({.accuracy = 0.7, .discordance = discordance, .lost_share = lost});
      names.push_back(fmt::format("{:.0f} %, {:.0f} % of it lost", 100 * discordance, 100 * lost));
    }
  }
  for (const double accuracy : {0.02, 0.3, 0.98}) {
    settings.push_back({.accuracy = accuracy, .discordance = 0.03, .lost_share = 0.5});
    names.push_back(fmt::format("3 %, half of it lost, accuracy {}", accuracy));
  }
  std::string text;
  for (const std::string method : {"Tango", "Newcombe"}) {
    text += table(
        method + ", discordance (accuracy 0.7)", names, kItems, false,
        [&](std::size_t i, std::int64_t n) { return paired(method, n, settings[i], options); });
  }
  return text;
}

std::string clusters(const Options& options, double effort) {
  const std::vector<std::int64_t> sizes = {1, 5, 20, 50};
  std::vector<std::string> names;
  for (const std::int64_t size : sizes) names.push_back(fmt::format("{}", size));
  std::string text;
  for (const std::string method : {"Student t", "BCa"}) {
    Options some = options;
    if (method == "BCa") some.n_runs = std::max(100, static_cast<int>(1500 * effort));
    text +=
        table(method + ", cluster size", names, {100, 300, 1000, 3000, 10000}, false,
              [&](std::size_t i, std::int64_t n) { return clustered(method, n, sizes[i], some); });
  }
  return text;
}

std::string sequences(const Options& options) {
  const std::vector<std::string> names = {"betting sequence",   "Bernstein sequence",
                                          "betting, whole set", "Bernstein, whole set",
                                          "discordant betting", "McNemar at every tenth item"};
  std::string text;
  for (const double discordance : {0.02, 0.1, 0.3}) {
    const PairedSetting setting{.discordance = discordance};
    text += table(fmt::format("ever a false alarm, discordance {:.0f} %", 100 * discordance), names,
                  {100, 300, 1000, 3000}, true, [&](std::size_t i, std::int64_t n) {
                    return sequential(names[i], n, setting, options);
                  });
  }
  return text;
}

}  // namespace

std::string report(double effort) {
  const auto runs = [&](double n) {
    return Options{.n_runs = std::max(100, static_cast<int>(n * effort))};
  };
  return proportions(runs(50000)) + paired_tables(runs(20000)) + clusters(runs(10000), effort) +
         sequences(runs(1000));
}

}  // namespace assay::coverage

int main(int n_arguments, char** arguments) {
  const double effort = n_arguments > 1 ? std::atof(arguments[1]) : 1.0;
  if (!(effort > 0)) {
    std::cerr << "usage: assay_coverage [EFFORT]   (1: the long run; 0.01: a try)\n";
    return 2;
  }
  std::cout << assay::coverage::report(effort);
}
