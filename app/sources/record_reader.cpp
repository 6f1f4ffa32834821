#include "app/sources/record_reader.h"

#include <QMetaObject>
#include <filesystem>
#include <new>

#include "core/error.h"
#include "datasets/record_sample.h"

namespace lvr {
namespace {

constexpr int kThreads = 2;  // a record is shown while another file is read

template <class Work>
QString sentenceOfFailing(const Work& work) {
    try {
        work();
        return {};
    } catch (const std::bad_alloc&) {
        return QObject::tr("There is not enough memory for this data.");
    } catch (const std::exception& error) {
        return QString::fromUtf8(error.what());
    }
}

}  // namespace

RecordReader::RecordReader(QObject* parent) : QObject(parent) { pool_.setMaxThreadCount(kThreads); }

RecordReader::~RecordReader() {
    stop_.request_stop();
    stopFilter_.request_stop();
    pool_.waitForDone();
}

void RecordReader::report(quint64 id, const quint64& newest, std::function<void()> report) {
    QMetaObject::invokeMethod(this, [id, &newest, report = std::move(report)] {
        if (id == newest) report();
    });
}

void RecordReader::open(const QString& data, const QString& imageRoot) {
    stop_.request_stop();
    stop_ = {};
    pool_.start([this, id = ++newestOpen_, data, imageRoot, stop = stop_.get_token()] {
        const ReadHooks hooks{.onRecords =
                                  [&](int records) {
                                      report(id, newestOpen_,
                                             [this, records] { Q_EMIT progressed(records); });
                                  },
                              .stop = stop};
        Records records;
        const QString problem = sentenceOfFailing([&] {
            records = std::make_shared<const RecordList>(
                readDataset({.data = std::filesystem::path(data.toStdU16String()),
                             .imageRoot = std::filesystem::path(imageRoot.toStdU16String())},
                            hooks));
        });
        report(id, newestOpen_, [this, records, problem, stop] {
            if (stop.stop_requested()) return Q_EMIT cancelled();
            if (records) return Q_EMIT opened(records);
            Q_EMIT openFailed(problem);
        });
    });
}

void RecordReader::cancel() { stop_.request_stop(); }

void RecordReader::filter(const Records& records, const QString& text) {
    stopFilter_.request_stop();
    stopFilter_ = {};
    pool_.start([this, id = ++newestFilter_, records, text, stop = stopFilter_.get_token()] {
        if (stop.stop_requested()) return;  // overtaken while it waited
        const auto rows = records->matching(text, stop);
        report(id, newestFilter_, [this, rows] { Q_EMIT filtered(rows); });
    });
}

void RecordReader::readSample(const Records& records, int place) {
    pool_.start([this, id = ++newestSample_, records, place] {
        Sample sample;
        const QString problem = sentenceOfFailing([&] {
            if (const BadRecord* bad = records->bad(place))
                throw Error(records->name(place).toStdString() + " can't be used: " + bad->problem);
            sample = lvr::readSample(records->data(), *records->record(place));
            sample.id = records->name(place).toStdString();
        });
        report(id, newestSample_, [this, sample, problem, place] {
            if (problem.isEmpty())
                Q_EMIT sampleRead(sample, place);
            else
                Q_EMIT sampleFailed(problem);
        });
    });
}

}  // namespace lvr
