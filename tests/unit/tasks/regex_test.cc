#include "tasks/regex.h"

#include <gtest/gtest.h>

#include "unit/tasks/score_golden.h"

namespace assay::detail {
namespace {

using testing::golden;
using testing::Json;

// re.findall: the match, the group, or a list of groups.
Json find_all(const Regex& regex, const std::string& text) {
  Json out = Json::array();
  for (const Regex::Match& match : regex.find_iter(text)) {
    if (match.groups.empty()) {
      out.push_back(text.substr(match.begin, match.end - match.begin));
      continue;
    }
    Json groups = Json::array();
    for (const auto& group : match.groups) groups.push_back(std::string(group.value_or("")));
    out.push_back(match.groups.size() == 1 ? groups[0] : groups);
  }
  return out;
}

TEST(Regex, FindsAndReplacesWhatPythonDoes) {
  const Json& texts = golden()["regex"]["texts"];
  int n = 0;
  for (const Json& test_case : golden()["regex"]["cases"]) {
    const std::string pattern = test_case[0];
    if (!test_case[1].is_array()) continue;
    SCOPED_TRACE(pattern);
    const Regex regex(pattern);
    std::vector<const Json*> expected(texts.size(), nullptr);
    for (const Json& found : test_case[1]) expected[found[0].get<std::size_t>()] = &found;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string text = texts[i];
      const Json found = find_all(regex, text);
      EXPECT_EQ(found, expected[i] == nullptr ? Json::array() : (*expected[i])[1]) << text;
      const std::string replaced = regex.sub(text, [](const Regex::Match&) { return "<>"; });
      EXPECT_EQ(replaced, expected[i] == nullptr ? text : (*expected[i])[2].get<std::string>());
      ++n;
    }
  }
  EXPECT_GT(n, 1000);
}

TEST(Regex, RefusesWhatPythonRefuses) {
  int n = 0;
  for (const Json& test_case : golden()["regex"]["cases"]) {
    if (test_case[1].is_array()) continue;
    const std::string pattern = test_case[0];
    EXPECT_THROW(Regex{pattern}, RegexError) << pattern;
    ++n;
  }
  EXPECT_GT(n, 10);
}

TEST(Regex, EndsWithAnErrorWhenAPatternExplodes) {
  const std::string hostile(2000, 'a');
  for (const char* pattern : {"(a*)*b", "(a+)+$b", "(?:a|a)*b", "(.*)*.*b", "((a*)*)*b"}) {
    const Regex regex(pattern);
    try {
      EXPECT_FALSE(regex.search(hostile).has_value()) << pattern;
    } catch (const RegexError& e) {
      EXPECT_NE(std::string(e.what()).find("did not end"), std::string::npos);
    }
  }
  EXPECT_THROW(Regex("(a|aa)+$b|(?:a|aa)+c").find_iter(hostile), RegexError);
}

TEST(Regex, EscapesAsPythonDoes) {
  // re.escape of Python 3.11.
  EXPECT_EQ(regex_escape("a.b*c (d)-\xc3\xa9_1~&# \n"),
            "a\\.b\\*c\\ \\(d\\)\\-\xc3\xa9_1\\~\\&\\#\\ \\\n");
}

TEST(Regex, SaysWhatIsWrong) {
  try {
    Regex("a(?i)b");
    FAIL();
  } catch (const RegexError& e) {
    EXPECT_STREQ(e.what(),
                 "not a regular expression: \"a(?i)b\": global flags not at the start of the "
                 "expression");
  }
}

}  // namespace
}  // namespace assay::detail
