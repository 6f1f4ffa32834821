#include "app/train/store_reader.h"

#include "app/train/store_watch.h"

namespace lvr {

StoreReader::StoreReader(QObject* parent) : QObject(parent), watch_(new StoreWatch) {
    watch_->moveToThread(&thread_);
    connect(&thread_, &QThread::finished, watch_, &QObject::deleteLater);
    wire();
    thread_.setObjectName("run store");
    thread_.start();
}

StoreReader::~StoreReader() {
    thread_.quit();
    thread_.wait();
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
    forward(&StoreWatch::removed, &StoreReader::removed);
    forward(&StoreWatch::removeFailed, &StoreReader::removeFailed);
}

void StoreReader::open(const std::filesystem::path& file) {
    QMetaObject::invokeMethod(watch_,
                              [watch = watch_, id = ++newestId_, file] { watch->open(id, file); });
}

void StoreReader::subscribe(const std::vector<std::int64_t>& runs) {
    QMetaObject::invokeMethod(watch_, [watch = watch_, runs] { watch->subscribe(runs); });
}

void StoreReader::remove(std::int64_t run) {
    QMetaObject::invokeMethod(watch_, [watch = watch_, run] { watch->remove(run); });
}

void StoreReader::lookNow() {
    QMetaObject::invokeMethod(watch_, [watch = watch_] { watch->look(); });
}

}  // namespace lvr
