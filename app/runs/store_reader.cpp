#include "app/runs/store_reader.h"

#include <QCoreApplication>

#include "app/runs/store_watch.h"

namespace lvr {

StoreReader::StoreReader(QObject* parent) : QObject(parent), watch_(new StoreWatch) {
    watch_->moveToThread(&thread_);
    connect(&thread_, &QThread::finished, watch_, &QObject::deleteLater);
    wire();
    thread_.setObjectName("run store");
    thread_.start();
}

StoreReader::~StoreReader() { finish(); }

void StoreReader::finish() {
    if (!thread_.isRunning()) return;
    watch_->requestStop();
    // After all that was asked for: notes, say.
    QMetaObject::invokeMethod(watch_, [this] { thread_.quit(); });
    thread_.wait();
    QCoreApplication::sendPostedEvents(this, QEvent::MetaCall);  // what became of it
}

// What an older store still reports is dropped.
void StoreReader::wire() {
    const auto forward = [this](auto told, auto signal) {
        connect(watch_, told, this, [this, signal](quint64 id, const auto&... values) {
            if (id == newestId_) Q_EMIT(this->*signal)(values...);
        });
    };
    forward(&StoreWatch::opened, &StoreReader::opened);
    forward(&StoreWatch::runsChanged, &StoreReader::runsChanged);
    forward(&StoreWatch::metricsAdded, &StoreReader::metricsAdded);
    forward(&StoreWatch::missing, &StoreReader::missing);
    forward(&StoreWatch::failed, &StoreReader::failed);
    connect(watch_, &StoreWatch::upToDate, this, [this](quint64 id, quint64 subscription) {
        if (id == newestId_ && subscription == newestSubscription_) Q_EMIT upToDate();
    });
    forward(&StoreWatch::changeFailed, &StoreReader::changeFailed);
    forward(&StoreWatch::notesTold, &StoreReader::notesTold);
}

void StoreReader::open(const std::filesystem::path& file) {
    if (!thread_.isRunning()) return;
    QMetaObject::invokeMethod(watch_,
                              [watch = watch_, id = ++newestId_, file] { watch->open(id, file); });
}

void StoreReader::subscribe(const std::vector<std::int64_t>& runs) {
    if (!thread_.isRunning()) return;
    watch_->expect(++newestSubscription_);
    QMetaObject::invokeMethod(
        watch_, [watch = watch_, id = newestSubscription_, runs] { watch->subscribe(id, runs); });
}

void StoreReader::remove(const Run& run) {
    if (!thread_.isRunning()) return;
    QMetaObject::invokeMethod(watch_, [watch = watch_, run] { watch->remove(run); });
}

void StoreReader::setNotes(const Run& run, const QString& notes) {
    if (!thread_.isRunning()) return;
    QMetaObject::invokeMethod(watch_,
                              [watch = watch_, run, notes] { watch->setNotes(run, notes); });
}

void StoreReader::lookNow() {
    if (!thread_.isRunning()) return;
    QMetaObject::invokeMethod(watch_, [watch = watch_] { watch->look(); });
}

}  // namespace lvr
