#include "core/number_format.h"

#include <gtest/gtest.h>

#include <limits>

namespace assay {
namespace {

TEST(NumberFormat, TheErrorDecidesTheDigits) {
  EXPECT_EQ(format_with_error(21.33812, 0.1234), "21.34 ± 0.12");
  EXPECT_EQ(format_with_error(21.33812, 0.0996), "21.34 ± 0.10");
  EXPECT_EQ(format_with_error(21.33812, 0.0994), "21.338 ± 0.099");
  EXPECT_EQ(format_with_error(1234.5, 152.3), "1230 ± 150");
  EXPECT_EQ(format_with_error(3, 12), "3 ± 12");
  EXPECT_EQ(format_with_error(0.0012345, 0.00002), "0.001234 ± 0.000020");
  EXPECT_EQ(format_with_error(-0.00001, 0.12), "0.00 ± 0.12");
}

TEST(NumberFormat, ExactUnknownAndExtreme) {
  EXPECT_EQ(format_with_error(1, 0.0), "1 ± 0");
  EXPECT_EQ(format_with_error(0, 0.0), "0 ± 0");
  EXPECT_EQ(format_with_error(21.338, std::nullopt), "21.3 ± ?");
  EXPECT_EQ(format_with_error(1.234e-9, 1.2e-10), "(1.23 ± 0.12)e-09");
  EXPECT_EQ(format_with_error(5.678e12, 2e10), "(5.678 ± 0.020)e+12");
  EXPECT_EQ(format_with_error(std::numeric_limits<double>::infinity(), std::nullopt), "too large");
}

TEST(NumberFormat, Significant) {
  EXPECT_EQ(format_significant(0.0312345), "0.0312");
  EXPECT_EQ(format_significant(123456), "123000");
  EXPECT_EQ(format_significant(9.996), "10.0");
  EXPECT_EQ(format_significant(0), "0");
  EXPECT_EQ(format_significant(2.5e-7, 2), "2.5e-07");
  EXPECT_EQ(format_significant(-2.345, 2), "-2.3");
}

TEST(NumberFormat, IntervalsShowWhatTheirHalfWidthDeserves) {
  EXPECT_EQ(format_with_interval(1.2, Interval{0.8, 1.6}, "%"), "1.2 % [0.8, 1.6]");
  EXPECT_EQ(format_with_interval(1.234, Interval{1.111, 1.357}), "1.23 [1.11, 1.36]");
  EXPECT_EQ(format_with_interval(150, Interval{120, 180}), "150 [120, 180]");
  EXPECT_EQ(format_with_interval(1, Interval{1, 1}), "1 [1, 1]");
  EXPECT_EQ(format_with_interval(1.5, std::nullopt, "nats"), "1.50 nats");
  EXPECT_EQ(format_with_interval(2e-9, Interval{1e-9, 3e-9}), "2.0e-09 [1.0e-09, 3.0e-09]");
}

}  // namespace
}  // namespace assay
