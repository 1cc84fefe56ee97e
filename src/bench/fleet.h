// One process per setup at a time, opened when needed; as many at once as memory allows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/bench.h"
#include "bench/process.h"
#include "bench/wire.h"

namespace assay::detail {

class Fleet {
 public:
  // limit_bytes: of all processes together. Fills in what is learnt about the setups of `result`.
  Fleet(const BenchOptions& options, SpeedResult& result, std::int64_t limit_bytes);

  // False when it cannot be loaded or computed: its setup says why, and it stays that way.
  // Error{kInterrupted} when stopped.
  bool open(int setup);
  // nullopt as open()'s false. The first run of a test in a process is preceded by a warm-up.
  std::optional<Ran> run(int setup, const RunRequest& request);
  void close();  // all; their memory is read first. A run after that opens a new one

 private:
  struct Member {
    std::unique_ptr<Process> process;
    std::int64_t estimate_bytes = 0;
    std::int64_t used = 0;  // when, in turns
    bool was_open = false;
    std::vector<SpeedTest> warm;  // tests that the process has run
  };
  Member& member(int setup) { return members_[static_cast<std::size_t>(setup)]; }
  void make_room(int setup);
  void read_memory_of(int setup);
  void end(int setup);
  void fail(int setup, const std::string& reason);

  const BenchOptions& options_;
  SpeedResult& result_;
  std::int64_t limit_bytes_, turn_ = 0;
  std::vector<Member> members_;
};

}  // namespace assay::detail
