#include "app/sources/file_jobs.h"

#include <QMetaObject>
#include <exception>
#include <new>
#include <utility>

#include "core/trace/trace_file.h"
#include "core/vision/image_file.h"

namespace lvr {
namespace {

std::filesystem::path toPath(const QString& file) { return file.toStdU16String(); }

QString sentenceOf(const std::exception& error) {
    if (dynamic_cast<const std::bad_alloc*>(&error))
        return QObject::tr("There is not enough memory for this file.");
    return QString::fromUtf8(error.what());
}

}  // namespace

FileJobs::FileJobs(QObject* parent) : QObject(parent) { pool_.setMaxThreadCount(1); }

FileJobs::~FileJobs() { pool_.waitForDone(); }

void FileJobs::run(std::function<Report()> job, Failure failure, Wanted wanted) {
    pool_.start([this, job = std::move(job), failure, wanted = std::move(wanted)] {
        Report report;
        try {
            report = job();
        } catch (const std::exception& error) {
            report = [this, failure, sentence = sentenceOf(error)] { (this->*failure)(sentence); };
        }
        QMetaObject::invokeMethod(this, [report, wanted] {
            if (wanted()) report();
        });
    });
}

void FileJobs::open(const QString& file) {
    const Wanted newest = [this, id = ++newestOpen_] { return id == newestOpen_; };
    const auto readTheTrace = [this, file]() -> Report {
        return [this, file, trace = readTrace(toPath(file))] { Q_EMIT traceOpened(trace, file); };
    };
    const auto readThePicture = [this, file]() -> Report {
        return [this, file, picture = readImage(toPath(file))] {
            Q_EMIT pictureOpened(picture, file);
        };
    };
    const bool isTrace = file.endsWith(".lvrtrace", Qt::CaseInsensitive);
    if (isTrace)
        run(readTheTrace, &FileJobs::openFailed, newest);
    else
        run(readThePicture, &FileJobs::openFailed, newest);
}

void FileJobs::save(const Trace& trace, const QString& file) {
    const auto write = [this, trace, file]() -> Report {
        writeTrace(trace, toPath(file));
        return [this, file] { Q_EMIT traceSaved(file); };
    };
    run(write, &FileJobs::saveFailed);
}

void FileJobs::list(const std::function<std::vector<std::string>()>& checkpoints) {
    const auto look = [this, checkpoints]() -> Report {
        return [this, found = checkpoints()] { Q_EMIT listed(found); };
    };
    run(look, &FileJobs::listFailed);
}

}  // namespace lvr
