#include "widgets/job.h"

#include <QCoreApplication>
#include <QObject>
#include <exception>
#include <new>

#include "core/error.h"

namespace lvr {

Job::Job(QObject* parent, int threads) : QObject(parent) { pool_.setMaxThreadCount(threads); }

Job::~Job() {
    drop();
    pool_.waitForDone();
}

void Job::drop() {
    stop_.request_stop();
    ++newest_;
}

void Job::finish() {
    drop();
    pool_.waitForDone();
    QCoreApplication::sendPostedEvents(this, QEvent::MetaCall);  // the reports
}

void Job::letEnd(Job* job) {
    job->drop();
    job->isLeft_ = true;
    if (!job->isBusy()) return job->deleteLater();
    job->setParent(qApp);
    job->whenIdle = [job] { job->deleteLater(); };
}

Job::Turn Job::countedTurn() {
    Turn turn;
    turn.job = this;
    return turn;
}

Job::Turn Job::newestTurn() {
    stop_ = {};
    Turn turn = countedTurn();
    turn.stop = stop_.get_token();
    turn.id = newest_;
    return turn;
}

void Job::settle() {
    if (--running_ == 0 && whenIdle) whenIdle();
}

void Job::Turn::tell(std::function<void()> report) const {
    // A Job outlives what it runs.
    QMetaObject::invokeMethod(job, [job = job, id = id, report = std::move(report)] {
        if (job->isWanted(id)) report();
    });
}

QString thrownSentence() {
    try {
        throw;
    } catch (const Error& error) {
        return QString::fromStdString(error.what());
    } catch (const std::bad_alloc&) {
        return QObject::tr("There is not enough memory for this; close something and try again.");
    } catch (const std::exception& error) {
        return QObject::tr("This failed: %1; try it again.")
            .arg(QString::fromUtf8(error.what()).section('\n', 0, 0).left(300));
    } catch (...) {
        return QObject::tr("This failed for a reason that nobody knows; try it again.");
    }
}

}  // namespace lvr
