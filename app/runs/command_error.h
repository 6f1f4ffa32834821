#pragma once

#include <QString>

namespace lvr {

// What an `lvr` command says before it ends with an error: its last line that begins with "lvr: ",
// without that. Empty: it said nothing of the kind.
QString errorIn(const QString& output);

}  // namespace lvr
