// The tables of filters, split over files.
#pragma once

#include <map>
#include <string>

#include "tasks/template_value.h"

namespace assay::detail::jinja {

using Filter = Value (*)(Budget&, const Value&, Arguments&);
using FilterTable = std::map<std::string, Filter>;

const FilterTable& value_filters();
const FilterTable& list_filters();
// lm-eval's own: re.sub(pattern, repl, text, count). (template_regex.cc)
Value regex_replace_filter(Budget& budget, const Value& input, Arguments& arguments);

}  // namespace assay::detail::jinja
