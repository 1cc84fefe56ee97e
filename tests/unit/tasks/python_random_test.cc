#include "tasks/python_random.h"

#include <gtest/gtest.h>

namespace assay::detail {
namespace {

// Expected values: CPython 3.11.7, random.Random(seed) with the calls in this order.
struct Case {
  std::uint64_t seed;
  std::vector<std::uint32_t> words;
  double real;
  std::vector<std::size_t> sample_large, sample_ten, sample_hundred, shuffled;
  std::uint64_t below;
};

const Case kCases[] = {
    {0,
     {3626764237U, 1654615998U, 3255389356U},
     0.890243920837131,
     {331, 2121, 4188, 3980, 3317},
     {4, 7, 5, 9, 1},
     {64, 17, 36, 96, 12, 79, 32, 68},
     {7, 6, 8, 3, 10, 0, 5, 1, 4, 2, 9, 11},
     955002261895U},
    {1234,
     {4150886329U, 3342196574U, 1892932127U},
     0.11685051774599753,
     {742, 7462, 6610, 4769, 286},
     {1, 9, 5, 8, 0},
     {3, 2, 44, 82, 79, 61, 78, 59},
     {5, 6, 9, 7, 8, 3, 4, 0, 10, 11, 1, 2},
     196173176422U},
    {1099511627783U,
     {2635837658U, 3209733218U, 3500038837U},
     0.937932416386988,
     {5238, 4672, 5780, 3898, 2054},
     {9, 2, 6, 4, 5},
     {46, 50, 56, 57, 47, 28, 96, 76},
     {3, 4, 5, 1, 6, 7, 9, 0, 10, 8, 11, 2},
     334721648135U},
};

TEST(PythonRandom, DrawsAsCPythonDoes) {
  for (const Case& c : kCases) {
    PythonRandom random(c.seed);
    for (const std::uint32_t word : c.words) EXPECT_EQ(random.bits32(), word) << c.seed;
    EXPECT_EQ(random.random(), c.real) << c.seed;
    EXPECT_EQ(random.sample(7473, 5), c.sample_large) << c.seed;
    EXPECT_EQ(random.sample(10, 5), c.sample_ten) << c.seed;
    EXPECT_EQ(random.sample(100, 8), c.sample_hundred) << c.seed;
    EXPECT_EQ(random.shuffle(12), c.shuffled) << c.seed;
    EXPECT_EQ(random.below(std::uint64_t{1} << 40U), c.below) << c.seed;
  }
}

}  // namespace
}  // namespace assay::detail
