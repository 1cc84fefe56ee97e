// Inside imports only: speed that other programs measured.
#pragma once

#include <string>
#include <vector>

#include "core/speed.h"
#include "store/import.h"

namespace assay::detail {

// What is read is appended: setups and tests that are there already are used again. The first setup
// of all is the baseline of all.
class SpeedCollector {
 public:
  // The series of this setup in this test, made when it is not there. Setups are known by name.
  SpeedSeries& series(SpeedSetup setup, const SpeedTest& test);
  void add_warning(const std::string& text);  // each once
  void set_source(const std::string& tool, const std::string& cpu, const std::string& started);
  SpeedResult take();

 private:
  SpeedResult result_;
};

bool is_llama_bench(const Json& row);  // one of its tests
void read_llama_bench(const Json& rows, const std::string& path, SpeedCollector& speed);

bool is_benchmark_app(const Json& document);
void read_benchmark_app(const Json& document, const std::string& path, SpeedCollector& speed);

bool is_llm_bench(const std::string& first_line);  // the header of its CSV
void read_llm_bench(const std::string& path, SpeedCollector& speed);

// "base-Q4_0" of "/models/base-Q4_0.gguf".
std::string stem_of(const std::string& path);

}  // namespace assay::detail
