#include "app/runs/command_error.h"

#include <QStringList>

namespace lvr {

QString errorIn(const QString& output) {
    const auto lines = output.split('\n');
    for (auto line = lines.rbegin(); line != lines.rend(); ++line)
        if (line->startsWith("lvr: ")) return line->mid(5).trimmed();
    return {};
}

}  // namespace lvr
