#pragma once

#include <QCoreApplication>
#include <QObject>
#include <QPointer>
#include <QThreadPool>

#include "widgets/thrown.h"

namespace lvr {

// Runs `work` on a thread of the pool, then `then` with its result on the GUI thread if `owner` is
// still there. What work throws, against expectation, comes to the owner's failed() as a sentence,
// where it has such a signal, and into the log; `then` is not called.
template <class Owner, class Work, class Then>
void inBackground(Owner* owner, Work work, Then then) {
    QThreadPool::globalInstance()->start([guard = QPointer(owner), work, then] {
        try {
            QMetaObject::invokeMethod(qApp, [guard, then, result = work()] {
                if (guard) then(result);
            });
        } catch (...) {
            QMetaObject::invokeMethod(qApp, [guard, sentence = thrownSentence()] {
                qWarning("%s", qUtf8Printable(sentence));
                if constexpr (requires { guard->failed(sentence); })
                    if (guard) Q_EMIT guard->failed(sentence);
            });
        }
    });
}

}  // namespace lvr
