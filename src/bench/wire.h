// What the measuring program and its children say to each other, one JSON object per line.
#pragma once

#include <string>
#include <vector>

#include "bench/meters.h"
#include "core/speed.h"
#include "models/models.h"

namespace assay::detail {

struct RunRequest {
  SpeedTest test;
  int n_batch = 2048;
  std::uint64_t seed = 0;
  std::vector<Token> prompt;
  bool stop_at_end = false;
  bool warm_up = false;      // repeat until stable, with short texts
  std::int64_t fill_ns = 0;  // repeat until so much time was measured; warm-up: at most
};

struct Opened {
  std::int64_t load_ns = 0;
  ModelInfo info;
};
struct Ran {
  std::vector<SpeedSample> samples;
  bool stable = true;  // the last two repetitions of a warm-up agree
};

// Messages to the child.
std::string open_message(const ModelOptions& options);
std::string run_message(const RunRequest& request);
std::string memory_message();

struct WireMessage {
  enum class Kind { kOpen, kRun, kMemory } kind = Kind::kMemory;
  ModelOptions open;
  RunRequest run;
};
WireMessage read_message(const std::string& line);  // Error{kBadInput}

// Its answers. Reading one throws the child's own Error.
std::string answer(const Opened& opened);
std::string answer(const Ran& ran);
std::string answer(const ProcessMemory& memory);
std::string error_answer(int kind, const std::string& message);
Opened read_opened(const std::string& line);
Ran read_ran(const std::string& line);
ProcessMemory read_memory(const std::string& line);

}  // namespace assay::detail
