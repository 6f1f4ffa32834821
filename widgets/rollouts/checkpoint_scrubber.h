#pragma once

#include <QHash>
#include <QSet>
#include <QWidget>
#include <vector>

#include "core/values/run.h"

class QAction;
class QLabel;
class QPushButton;
class QSlider;
class QTableView;

namespace lvr {

class HeatPicture;
class ProbeTable;
class RolloutTokens;
struct ProbeStep;

// A run's probe questions across its checkpoints: one row a question, one column a checkpoint, heat
// and answer side by side. The slider goes through the checkpoints; the chosen answer is shown
// large.
class CheckpointScrubber : public QWidget {
    Q_OBJECT
public:
    explicit CheckpointScrubber(QWidget* parent = nullptr);

    // Ascending by step; keeps the chosen cell where it is still there, else the last checkpoint.
    void show(std::vector<ProbeStep> steps);
    void setPicture(const QString& file, const QImage& picture);
    void setNoPicture(const QString& file, const QString& reason);
    void chooseStep(int step);  // the nearest there is; says nothing
    int step() const;           // the chosen checkpoint, -1: none

Q_SIGNALS:
    void pictureWanted(const QString& file);  // setPicture() or setNoPicture() is to follow
    void stepChosen(int step);
    void modelWanted(const QString& folder);  // of the chosen checkpoint, to be asked

private:
    void build();
    void wire();
    void chooseColumn(int column);
    void cellChanged();
    void showCell(const SampleRow* sample);
    void updateAsk();

    ProbeTable* table_;
    QTableView* view_;
    QSlider* slider_;
    QLabel* place_;
    QPushButton* ask_;
    QAction* askAction_ = nullptr;
    QLabel* title_;
    HeatPicture* picture_;
    RolloutTokens* tokens_;
    QHash<QString, QString> unreadable_;  // why, by file
    QSet<QString> asked_;                 // picture files
    QString pictureFile_;
};

}  // namespace lvr
