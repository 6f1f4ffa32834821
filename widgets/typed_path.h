#pragma once

#include <QString>

class QLineEdit;

namespace lvr {

// The path in a line as a person types one: blanks around it do not count, ~ is the home folder.
QString typedPath(const QLineEdit* line);

}  // namespace lvr
