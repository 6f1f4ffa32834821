#pragma once

#include <QByteArray>
#include <QString>
#include <functional>

class QObject;

namespace lvr {

// Writes a file, whole or not at all, away from the GUI thread; `content` runs there, too. `done`
// comes back on the GUI thread if `receiver` is still there: an empty sentence, or what went wrong.
void exportFile(const QString& file, const std::function<QByteArray()>& content, QObject* receiver,
                const std::function<void(const QString& sentence)>& done);

}  // namespace lvr
