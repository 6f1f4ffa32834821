#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/values/causal_report.h"

namespace lvr {

// Inline SVG of a report, in the page's own colours. Texts are escaped.
struct BarRow {
    std::string name;
    Estimate value;
};
// A bar and its 95 % interval a row; zero is marked.
std::string barFigure(const std::vector<BarRow>& rows, const std::string& unit);

struct FigureLine {
    std::string name;
    std::vector<std::pair<double, double>> points;
};
// Points joined by lines, with a legend.
std::string lineFigure(const std::vector<FigureLine>& lines, const std::string& across,
                       const std::string& up);

// A square matrix as shades; values are 0 .. most.
std::string matrixFigure(const std::vector<double>& values, int size, double most);

std::string escapedHtml(const std::string& text);

}  // namespace lvr
