// Templates against Jinja2's own results (tests/golden/jinja/make_golden.py), and that hostile ones
// end.
#include "tasks/template.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>

#include "core/error.h"
#include "tasks/python_text.h"

namespace assay::detail {
namespace {

Json read_json(const std::string& path) {
  std::ifstream file(path);
  return Json::parse(file);
}

std::optional<std::string> rendered(const std::string& source, const Row& row, std::string& why) {
  try {
    return Template(source, "task.yaml", 3).render(row);
  } catch (const std::exception& error) {
    why = error.what();
    return std::nullopt;
  }
}

// Returns how many cases differ.
int check_cases(const Json& golden, int most_shown) {
  int n_wrong = 0;
  for (const Json& item : golden["cases"]) {
    const auto source = item["template"].get<std::string>();
    std::string why;
    const auto text = rendered(source, item.contains("row") ? item["row"] : golden["row"], why);
    const bool fails = item.contains("error");
    if (fails ? !text : text == item["text"].get<std::string>()) continue;
    if (++n_wrong > most_shown) continue;
    ADD_FAILURE() << "of " << source << "\nis:        " << text.value_or("error: " + why)
                  << "\nshould be: "
                  << (fails ? item["error"].get<std::string>() : item["text"].get<std::string>());
  }
  return n_wrong;
}

TEST(Template, EqualsJinja2) {
  const Json golden = read_json(ASSAY_SOURCE_DIR "/tests/golden/jinja/golden.json");
  EXPECT_GT(golden["cases"].size(), 100U);
  EXPECT_EQ(check_cases(golden, 40), 0);
}

TEST(Template, EqualsJinja2OnTheTemplatesOfManyTasks) {
  const char* path = std::getenv("ASSAY_JINJA_CASES");
  if (path == nullptr)
    GTEST_SKIP()
        << "ASSAY_JINJA_CASES names no output of tests/golden/jinja/make_golden.py --tasks";
  const Json golden = read_json(path);
  const int n_wrong = check_cases(golden, 25);
  std::cout << golden["cases"].size() - static_cast<std::size_t>(n_wrong) << " of "
            << golden["cases"].size() << " cases are equal\n";
  EXPECT_EQ(n_wrong, 0);
}

TEST(Template, ErrorsNameFileLineAndColumn) {
  std::string why;
  EXPECT_FALSE(rendered("a\n{{ b }}", {{"a", 1}}, why));
  EXPECT_EQ(why,
            "'b' is undefined: the row has no such column or field (task.yaml:3, line 2 of the "
            "template)");
  EXPECT_FALSE(rendered("{{ a | shout }}", {{"a", 1}}, why));
  EXPECT_NE(why.find("there is no filter 'shout' (task.yaml:3, line 1 of the template)"),
            std::string::npos)
      << why;
}

TEST(Template, HostileOnesAreStopped) {
  const std::string deep_list = std::string(5000, '[') + std::string(5000, ']');
  std::string chain = "{{ 1";
  for (int i = 0; i < 100000; ++i) chain += "+1";
  for (const std::string& source : std::vector<std::string>{
           "{% for i in range(10**9) %}x{% endfor %}",
           "{% for i in range(2000) %}{% for j in range(2000) %}{% endfor %}{% endfor %}",
           "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
           "{{ 'a' * 10**12 }}",
           "{% set ns = namespace(s='aaaaaaaa') %}{% for i in range(60) %}{% set ns.s = ns.s + "
           "ns.s "
           "%}{% endfor %}{{ ns.s }}",
           "{% set l = [] %}{% for i in range(40) %}{% set l = [l, l] %}{% endfor %}{{ l }}"
           "{% set a = [] %}{% set _ = a.append(a) %}{{ a }}",
           "{{ ('a' * 100000).replace('a', 'b' * 100000) }}",
           "{{ 'a'.join(['b' * 10**6] * 10**6) }}",
           "{{ '%0999999d' % 1 }}",
           "{{ 2 ** 10 ** 10 }}",
           "{{ 'a' | indent(10**10) }}",
           "{{ " + deep_list + " }}",
           "{{ " + std::string(100000, '-') + "1 }}",
           chain + " }}",
       }) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THROW((void)Template(source, "task.yaml", 1).render(Row::object()), std::exception)
        << source.substr(0, 80);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10))
        << source.substr(0, 80);
  }
}

// Expected values: CPython 3.11.7 (Unicode 14), str.title and str.capitalize.
TEST(PythonText, TitlesOfOddCharacters) {
  const std::pair<const char*, const char*> cases[] = {{"\u01c6", "\u01c5"},
                                                       {"\u01f1", "\u01f2"},
                                                       {"\u00df", "Ss"},
                                                       {"\ufb01", "Fi"},
                                                       {"\u10d0", "\u10d0"},
                                                       {"\u1f80", "\u1f88"},
                                                       {"\u1fb3", "\u1fbc"},
                                                       {"\u1fbc", "\u1fbc"},
                                                       {"\u0149", "\u02bcN"},
                                                       {"\u1fb2", "\u1fba\u0345"},
                                                       {"\u1fb7", "\u0391\u0342\u0345"},
                                                       {"e", "E"}};
  for (const auto& [from, to] : cases) {
    EXPECT_EQ(python::title(from), to);
    EXPECT_EQ(python::capitalize(from), to);
  }
}

TEST(PythonText, LiteralsAreReadAsAstDoes) {
  const auto literal = [](const std::string& text) {
    return python::literal(text).value_or(Json("no literal"));
  };
  EXPECT_EQ(literal("['a', \"b'c\", 'd\\n\\u00e9']"), Json({"a", "b'c", "d\n\u00e9"}));
  EXPECT_EQ(literal("[1, -2.5, True, None, (1, 2), {'a': [3]},]"),
            Json::parse("[1, -2.5, true, null, [1, 2], {\"a\": [3]}]"));
  EXPECT_EQ(literal("'a' 'b'"), Json("ab"));
  EXPECT_EQ(literal("(1)"), Json(1));
  EXPECT_EQ(literal("(1,)"), Json::array({1}));
  EXPECT_EQ(literal("'a', 'b'"), Json({"a", "b"}));
  for (const char* wrong : {"", "[a]", "['a'", "[1 2]", "007", "f(1)", "'a", "[1], x"})
    EXPECT_FALSE(python::literal(wrong).has_value()) << wrong;
  EXPECT_FALSE(python::literal(std::string(100000, '[')).has_value());
}

}  // namespace
}  // namespace assay::detail
