#pragma once

#include <QDoubleSpinBox>
#include <QSpinBox>
#include <algorithm>
#include <cmath>

namespace lvr {

// A field shows a number cut to its decimals and its range. As long as it shows what it would show
// of `given`, nobody has changed it, and that is the number.
inline double exactValue(const QDoubleSpinBox* field, double given) {
    const double unit = std::pow(10, field->decimals());
    const double shown =
        std::clamp(std::round(given * unit) / unit, field->minimum(), field->maximum());
    return std::abs(field->value() - shown) < 0.5 / unit ? given : field->value();
}

inline int exactValue(const QSpinBox* field, int given) {
    const int shown = std::clamp(given, field->minimum(), field->maximum());
    return field->value() == shown ? given : field->value();
}

}  // namespace lvr
