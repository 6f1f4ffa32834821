#pragma once

#include <QKeyEvent>

namespace lvr {

// Whether Return or Enter alone was pressed.
inline bool isEnter(const QEvent& event) {
    if (event.type() != QEvent::KeyPress) return false;
    const auto& key = static_cast<const QKeyEvent&>(event);
    return (key.key() == Qt::Key_Return || key.key() == Qt::Key_Enter) &&
           !(key.modifiers() & ~Qt::KeypadModifier);
}

}  // namespace lvr
