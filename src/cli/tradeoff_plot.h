// Accuracy against speed as a picture.
#pragma once

#include <string>

#include "core/tradeoff.h"

namespace assay {

// Characters: each model a letter at (times as fast at decoding, accuracy change), `-` its speed's
// interval, `|` its accuracy's; rows of the front in capitals. Empty when fewer than two rows have
// both figures.
std::string tradeoff_plot(const TradeoffReport& report, int width, int height);

// One SVG 1.1 file with the same contents; names are escaped.
std::string tradeoff_svg(const TradeoffReport& report);

}  // namespace assay
