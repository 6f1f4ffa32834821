#pragma once

#include <QCoreApplication>
#include <QObject>
#include <QPointer>
#include <QThreadPool>

namespace lvr {

// Runs `work` on a thread of the pool, then `then` with its result on the GUI thread if `owner` is
// still there.
template <class Work, class Then>
void inBackground(QObject* owner, Work work, Then then) {
    QThreadPool::globalInstance()->start([guard = QPointer(owner), work, then] {
        QMetaObject::invokeMethod(qApp, [guard, then, result = work()] {
            if (guard) then(result);
        });
    });
}

}  // namespace lvr
