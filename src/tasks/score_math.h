// Inside scores only: answers of the MATH tasks, out of texts and into one spelling. Two rules are
// in use: that of the MATH paper (hendrycks_math) and that of Minerva (minerva_math).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay::detail::score {

// "\boxed{...}" that stands last in a solution; nullopt: none, or its braces do not close.
std::optional<std::string> last_boxed(std::string_view text);
// What is inside it; nullopt: not a box ("\fbox").
std::optional<std::string> unboxed(std::string_view box);
// The answer inside the last box of a solution.
std::optional<std::string> boxed_answer(std::string_view solution);

// The MATH paper's spelling; nullopt where the original fails, which then compares as written.
std::optional<std::string> strip_math_answer(std::string_view answer);
bool equal_math_answers(const std::string& a, const std::string& b);
// What an answer says: between its first and last dollar sign, else all of it.
std::string dollar_answer(std::string_view response);

// Minerva: the text between "The final answer is" and "I hope it is correct.".
std::string minerva_answer(std::string_view response);
std::string normalize_minerva_answer(std::string_view answer);

}  // namespace assay::detail::score
