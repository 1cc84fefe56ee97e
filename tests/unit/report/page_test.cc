#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "report/report.h"

namespace assay {
namespace {

constexpr std::string_view kBefore = "<script type=\"application/json\">",
                           kAfter = "</script></html>";
const std::string kPage =
    std::string(kBefore) + "{\"assay\":\"study goes here\"}" + std::string(kAfter);

std::string data_of(const std::string& page) {
  return page.substr(kBefore.size(), page.size() - kBefore.size() - kAfter.size());
}

TEST(ReportPage, HostileTextStaysData) {
  const std::string hostile =
      "</script><script>alert(1)</script><!-- ]]> & \u2028 \u2029 \u202e txt.exe \u2066 \u200f "
      "\u061c";
  const std::string json = nlohmann::json{{"text", hostile}, {"name", "Q4_0"}}.dump();
  const std::string page = report_page(kPage, json);
  const std::string data = data_of(page);
  for (const char* mark :
       {"<", ">", "&", "\u2028", "\u2029", "\u202e", "\u2066", "\u200f", "\u061c"})
    EXPECT_EQ(data.find(mark), std::string::npos) << mark;
  EXPECT_EQ(nlohmann::json::parse(data).at("text").get<std::string>(), hostile);
}

TEST(ReportPage, OrdinaryTextIsNotTouched) {
  const std::string json = R"({"a":"1.5 \u2014 ü 漢字 “x”","b":[1,2.5e-7,null]})";
  EXPECT_EQ(data_of(report_page(kPage, json)), json);
}

TEST(ReportPage, WithoutATemplateItSaysWhatToDo) {
  try {
    report_page({}, "{}");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(error.remedy().find("npm"), std::string::npos);
  }
  EXPECT_THROW(report_page("<html></html>", "{}"), Error);
}

TEST(ReportPage, TheOneInsideTheProgramIsSmallAndNeedsNoNetwork) {
  const std::string_view page = report_template();
  if (page.empty()) GTEST_SKIP() << "built without the page (npm is missing)";
  EXPECT_LT(page.size(), 3u << 20);
  EXPECT_NO_THROW(report_page(page, "{}"));
  for (const char* outside : {"src=\"http", "href=\"http", "url(http", "@import"})
    EXPECT_EQ(page.find(outside), std::string_view::npos) << outside;
  EXPECT_NE(page.find("default-src 'none'"), std::string_view::npos);
}

}  // namespace
}  // namespace assay
