#include "widgets/entry_fields.h"

#include <QDir>
#include <QLineEdit>

namespace lvr {

QString typedPath(const QLineEdit* line) {
    const QString path = QDir::fromNativeSeparators(line->text().trimmed());
    return path == "~" || path.startsWith("~/") ? QDir::homePath() + path.mid(1) : path;
}

}  // namespace lvr
