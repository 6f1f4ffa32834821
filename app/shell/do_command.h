#pragma once

#include <QString>

class QWidget;

namespace lvr {

// Does a command of the palette by its object name, as a person at the window could. What went
// wrong, as a sentence; empty: it was done.
QString doCommand(QWidget& window, const QString& name);

}  // namespace lvr
