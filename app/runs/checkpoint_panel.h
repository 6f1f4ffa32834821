#pragma once

#include <QWidget>
#include <vector>

#include "widgets/job.h"

class QLabel;
class QStackedWidget;

namespace lvr {

class CheckpointScrubber;
class MessageBar;
class StoreReader;
struct ProbeStep;

// The checkpoint scrubber of a run: its probe answers and their pictures, followed while it is
// visible. Says how to get such answers where there are none.
class CheckpointPanel : public QWidget {
    Q_OBJECT
public:
    explicit CheckpointPanel(StoreReader* reader, QWidget* parent = nullptr);

    void showRun(std::int64_t run);  // 0: none
    void chooseStep(int step);
    bool isSettled() const;  // what there is of the run is on screen, or nothing is

Q_SIGNALS:
    void settled();
    void stepChosen(int step);                // by the person, or because it is the newest
    void modelWanted(const QString& folder);  // of the chosen checkpoint, to be asked

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void build();
    void wire();
    void readPicture(const QString& file);
    void take(std::int64_t run, const std::vector<ProbeStep>& steps);
    void showNothing(const QString& why);

    std::int64_t run_ = 0;
    bool awaits_ = false;  // its answers
    int wanted_ = -1;      // step; -1: the newest
    StoreReader* reader_;
    Job pictures_;
    MessageBar* message_;
    QStackedWidget* pages_;
    QLabel* nothing_;
    CheckpointScrubber* scrubber_;
};

}  // namespace lvr
