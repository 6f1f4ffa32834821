#pragma once

#include <QLabel>
#include <QTimer>
#include <cstdint>

#include "app/train/new_run.h"

namespace lvr {

// What a run will take, as far as its model is there to be looked at; empty otherwise.
class EstimateLabel : public QLabel {
    Q_OBJECT
public:
    // store: whose runs tell how fast this machine is.
    explicit EstimateLabel(const QString& store, QWidget* parent = nullptr);
    void showFor(const NewRun& run);  // soon; the newest one

Q_SIGNALS:
    void modelSized(std::int64_t parameters);  // of the model that was asked about last

private:
    void look();

    QString store_;
    NewRun run_;
    QString counted_;  // the data whose records were counted last
    double records_ = 0;
    QTimer soon_;
    int newest_ = 0;
};

}  // namespace lvr
