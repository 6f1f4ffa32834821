#include "widgets/job.h"

#include <QCoreApplication>

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

}  // namespace lvr
