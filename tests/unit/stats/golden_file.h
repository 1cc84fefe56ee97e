// Golden values of tests/golden/stats, and what every test of src/stats compares by.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "core/error.h"
#include "core/estimate.h"

namespace assay {

inline nlohmann::json golden_file(const std::string& name) {
  return nlohmann::json::parse(
      std::ifstream(std::string(ASSAY_SOURCE_DIR) + "/tests/golden/stats/" + name));
}

// Relative to the expected value, or absolute below 1e-3 of it: a closed form agrees to 1e-9.
inline void expect_close(double actual, double expected, double relative = 1e-9) {
  EXPECT_NEAR(actual, expected, relative * std::abs(expected) + 1e-3 * relative);
}

inline void expect_interval(const Interval& actual, const nlohmann::json& expected,
                            double relative = 1e-9) {
  expect_close(actual.low, expected.at(0), relative);
  expect_close(actual.high, expected.at(1), relative);
}

// Runs `act`, which must throw an Error of `kind` whose text holds `part`.
template <typename Act>
void expect_error(ErrorKind kind, const std::string& part, Act act) {
  try {
    act();
    ADD_FAILURE() << "no error; expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

}  // namespace assay
