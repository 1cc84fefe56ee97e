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

}  // namespace assay::detail::jinja
