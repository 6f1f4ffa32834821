#pragma once

#include <QDoubleSpinBox>
#include <QKeyEvent>
#include <QSpinBox>
#include <QString>
#include <algorithm>
#include <cmath>

class QLineEdit;

namespace lvr {

// The path in a line as a person types one: blanks around it do not count, ~ is the home folder.
QString typedPath(const QLineEdit* line);

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

// Whether Return or Enter alone was pressed.
inline bool isEnter(const QEvent& event) {
    if (event.type() != QEvent::KeyPress) return false;
    const auto& key = static_cast<const QKeyEvent&>(event);
    return (key.key() == Qt::Key_Return || key.key() == Qt::Key_Enter) &&
           !(key.modifiers() & ~Qt::KeypadModifier);
}

}  // namespace lvr
