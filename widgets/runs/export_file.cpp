#include "widgets/runs/export_file.h"

#include <QCoreApplication>
#include <QPointer>
#include <QSaveFile>
#include <QThreadPool>

#include "widgets/thrown.h"

namespace lvr {
namespace {

QString write(const QString& file, const QByteArray& bytes) {
    QSaveFile target(file);
    if (target.open(QIODevice::WriteOnly) && target.write(bytes) == bytes.size() && target.commit())
        return {};
    return QCoreApplication::translate("lvr::exportFile",
                                       "Can't write %1 (%2); choose another place.")
        .arg(file, target.errorString());
}

QString writeContent(const QString& file, const std::function<QByteArray()>& content) {
    try {
        return write(file, content());
    } catch (...) {
        return thrownSentence();
    }
}

}  // namespace

void exportFile(const QString& file, const std::function<QByteArray()>& content, QObject* receiver,
                const std::function<void(const QString& sentence)>& done) {
    QThreadPool::globalInstance()->start([file, content, done, guard = QPointer(receiver)] {
        const auto sentence = writeContent(file, content);
        QMetaObject::invokeMethod(qApp, [done, guard, sentence] {
            if (guard) done(sentence);
        });
    });
}

}  // namespace lvr
