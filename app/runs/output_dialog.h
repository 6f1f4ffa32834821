#pragma once

class QString;
class QWidget;

namespace lvr {

// Shows what a training printed in a window of its own.
void showOutput(const QString& output, QWidget* parent);

}  // namespace lvr
