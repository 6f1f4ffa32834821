#pragma once

#include <QStringList>
#include <QWidget>
#include <vector>

#include "core/values/run.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QSlider;
class QSpinBox;

namespace lvr {

// Which run and which of its steps is looked at.
class StepBar : public QWidget {
    Q_OBJECT
public:
    explicit StepBar(QWidget* parent = nullptr);

    // Only the step, of a run that is chosen elsewhere.
    void hideRuns();
    void setRuns(const std::vector<Run>& runs);  // keeps the chosen one if it is still there
    std::int64_t run() const;                    // 0: none
    void chooseRun(std::int64_t run);            // says nothing
    void setSteps(std::vector<int> steps);       // ascending; keeps the chosen one if it can
    const std::vector<int>& steps() const { return steps_; }
    int step() const;           // -1: none
    void chooseStep(int step);  // the nearest there is; says nothing
    void moveBy(int steps);     // as if the person had moved the slider
    bool followsNewest() const;
    void setFollowsNewest(bool follows);

Q_SIGNALS:
    void runChosen(std::int64_t run);  // by the person
    void stepChosen(int step);         // by the person

protected:
    void changeEvent(QEvent* event) override;

private:
    void colour();
    void build();
    void wire();
    int placeOf(int step) const;  // nearest, in steps_
    void showPlace(int place);
    void choosePlace(int place);

    QLabel* runTitle_;
    QComboBox* runs_;
    QStringList lines_;  // of the runs, as shown
    QSlider* slider_;
    QSpinBox* number_;
    QLabel* count_;
    QCheckBox* follow_;
    std::vector<int> steps_;
};

}  // namespace lvr
