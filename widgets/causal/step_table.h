#pragma once

#include <QImage>
#include <QTableWidget>
#include <vector>

#include "core/values/causal.h"

namespace lvr {

// What is near each latent: words by the logit lens beside patches of the picture, and where its
// target comes among them.
class StepTable : public QTableWidget {
    Q_OBJECT
public:
    enum Column { Step, Words, Patches, Target, ColumnCount };
    explicit StepTable(QWidget* parent = nullptr);

    void setPicture(const QImage& picture, PatchGrid grid);
    void setSteps(const std::vector<LatentNeighbours>& steps);
    void choose(int step);                   // says nothing
    void setEmptyText(const QString& text);  // while there are no steps
    int chosen() const { return currentRow(); }

Q_SIGNALS:
    void stepChosen(int step);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void fill(int row, const LatentNeighbours& step);
    QPixmap cutOut(const std::vector<int>& patches) const;

    QImage picture_;
    PatchGrid grid_;
    QString emptyText_;
};

}  // namespace lvr
