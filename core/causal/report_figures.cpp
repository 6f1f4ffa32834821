#include "core/causal/report_figures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace lvr {
namespace {

constexpr double kLabels = 190, kPlot = 420, kRow = 22;

std::string at(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f", value);
    return text.data();
}

std::string label(double x, double y, const std::string& text, const char* more = "") {
    return "<text x='" + at(x) + "' y='" + at(y) + "' " + more + ">" + escapedHtml(text) +
           "</text>";
}

std::string line(double x0, double y0, double x1, double y1, const char* kind) {
    return "<line x1='" + at(x0) + "' y1='" + at(y0) + "' x2='" + at(x1) + "' y2='" + at(y1) +
           "' class='" + kind + "'/>";
}

std::string svg(double width, double height, const std::string& inside) {
    return "<svg viewBox='0 0 " + at(width) + " " + at(height) + "' width='" + at(width) +
           "' height='" + at(height) + "' role='img'>" + inside + "</svg>\n";
}

// Where numbers stand along an axis.
struct Scale {
    double low = 0, high = 1, from = 0, to = 1;
    double operator()(double value) const {
        return from + (value - low) / std::max(high - low, 1e-12) * (to - from);
    }
};

std::string bar(const BarRow& row, const Scale& x, double y) {
    const double zero = x(0), end = x(row.value.value);
    return label(kLabels - 8, y + 14, row.name, "text-anchor='end'") + "<rect x='" +
           at(std::min(zero, end)) + "' y='" + at(y + 4) + "' width='" + at(std::abs(end - zero)) +
           "' height='13' class='bar'/>" +
           line(x(row.value.low), y + 10.5, x(row.value.high), y + 10.5, "interval") +
           label(kLabels + kPlot + 10, y + 14, at(row.value.value));
}

const char* colour(std::size_t i) {
    constexpr std::array colours{"#2f6fbb", "#c0562b", "#3c8c4f", "#8a5aa8", "#7a7a7a", "#b8860b"};
    return colours[i % colours.size()];
}

std::string polyline(const FigureLine& one, const Scale& x, const Scale& y, std::size_t i) {
    std::string points, dots;
    for (const auto& [a, b] : one.points) {
        points += at(x(a)) + "," + at(y(b)) + " ";
        dots +=
            "<circle cx='" + at(x(a)) + "' cy='" + at(y(b)) + "' r='3' fill='" + colour(i) + "'/>";
    }
    return "<polyline fill='none' stroke='" + std::string(colour(i)) +
           "' stroke-width='2' points='" + points + "'/>" + dots;
}

}  // namespace

std::string escapedHtml(const std::string& text) {
    std::string safe;
    for (const char c : text) switch (c) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '\'':
                safe += "&#39;";
                break;
            case '"':
                safe += "&quot;";
                break;
            default:
                safe += c;
        }
    return safe;
}

std::string barFigure(const std::vector<BarRow>& rows, const std::string& unit) {
    if (rows.empty()) return {};
    Scale x{0, 0, kLabels, kLabels + kPlot};
    for (const auto& row : rows) {
        x.low = std::min({x.low, row.value.value, row.value.low});
        x.high = std::max({x.high, row.value.value, row.value.high});
    }
    const double bottom = kRow * static_cast<double>(rows.size());
    std::string inside = line(x(0), 0, x(0), bottom, "axis");
    for (std::size_t i = 0; i < rows.size(); ++i)
        inside += bar(rows[i], x, kRow * static_cast<double>(i));
    inside += label(kLabels, bottom + 16, at(x.low)) +
              label(kLabels + kPlot, bottom + 16, at(x.high) + " " + unit, "text-anchor='end'");
    return svg(kLabels + kPlot + 70, bottom + 24, inside);
}

std::string lineFigure(const std::vector<FigureLine>& lines, const std::string& across,
                       const std::string& up) {
    constexpr double kHeight = 220, kLeft = 60;
    Scale x{1e300, -1e300, kLeft, kLeft + kPlot}, y{0, 0, kHeight, 10};
    for (const auto& one : lines)
        for (const auto& [a, b] : one.points) {
            x.low = std::min(x.low, a), x.high = std::max(x.high, a);
            y.low = std::min(y.low, b), y.high = std::max(y.high, b);
        }
    if (x.high < x.low) return {};
    std::string inside = line(kLeft, kHeight, kLeft + kPlot, kHeight, "axis") +
                         line(kLeft, 10, kLeft, kHeight, "axis") +
                         (y.low < 0 ? line(kLeft, y(0), kLeft + kPlot, y(0), "axis") : "");
    for (std::size_t i = 0; i < lines.size(); ++i)
        inside += polyline(lines[i], x, y, i) +
                  label(kLeft + kPlot + 12, 24 + 18 * static_cast<double>(i), lines[i].name,
                        ("fill='" + std::string(colour(i)) + "'").c_str());
    inside += label(kLeft - 6, kHeight, at(y.low), "text-anchor='end'") +
              label(kLeft - 6, 16, at(y.high), "text-anchor='end'") +
              label(kLeft, kHeight + 16, at(x.low)) +
              label(kLeft + kPlot, kHeight + 16, at(x.high), "text-anchor='end'") +
              label(kLeft + kPlot / 2, kHeight + 16, across, "text-anchor='middle'") +
              label(kLeft + 8, 14, up);
    return svg(kLeft + kPlot + 220, kHeight + 26, inside);
}

std::string matrixFigure(const std::vector<double>& values, int size, double most) {
    constexpr double kCell = 26, kEdge = 26;
    std::string inside;
    for (int i = 0; i < size; ++i) {
        inside += label(kEdge - 6, kEdge + kCell * (i + 0.7), std::to_string(i + 1),
                        "text-anchor='end'") +
                  label(kEdge + kCell * (i + 0.5), kEdge - 6, std::to_string(i + 1),
                        "text-anchor='middle'");
        for (int j = 0; j < size; ++j) {
            const double value = values[static_cast<std::size_t>(i * size + j)];
            inside += "<rect x='" + at(kEdge + kCell * j) + "' y='" + at(kEdge + kCell * i) +
                      "' width='25' height='25' fill='#2f6fbb' fill-opacity='" +
                      at(std::clamp(value / std::max(most, 1e-12), 0.0, 1.0)) + "'><title>" +
                      at(value) + "</title></rect>";
        }
    }
    return svg(kEdge + kCell * size + 4, kEdge + kCell * size + 4, inside);
}

}  // namespace lvr
