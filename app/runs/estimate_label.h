#pragma once

#include <QLabel>
#include <QTimer>
#include <cstdint>
#include <map>
#include <memory>

#include "app/runs/new_run.h"

namespace lvr {

class TimedSteps;

// What a run will take, as far as its model is there to be looked at; empty otherwise. Where no
// earlier run tells how long, a few steps of a small model are run to find out.
class EstimateLabel : public QLabel {
    Q_OBJECT
public:
    // store: whose runs tell how fast this machine is. program: the lvr command.
    EstimateLabel(const QString& store, const QString& program, QWidget* parent = nullptr);
    void showFor(const NewRun& run);  // soon; the newest one

Q_SIGNALS:
    void modelSized(std::int64_t parameters);  // of the model that was asked about last

private:
    struct Seen;  // of a run's files
    void look();
    void take(const Seen& seen);
    void show(const Seen& seen, double secondsPerStep);
    using QLabel::show;
    void timeSteps();

    QString store_;
    TimedSteps* timed_;
    std::map<QString, double> times_;   // of a step, by what it depends on
    std::shared_ptr<const Seen> seen_;  // of the newest run
    NewRun run_;
    QString timing_;   // what is timed, or was last
    QString counted_;  // the data whose records were counted last
    double records_ = 0;
    QTimer soon_, timeSoon_;
    int newest_ = 0;
};

}  // namespace lvr
