#pragma once

#include <QImage>
#include <QScrollArea>
#include <QTimer>
#include <vector>

#include "widgets/compare/answer_column.h"

namespace lvr {

// One question under several strategies, a column each with the same rows, which fill while steps
// come in. A step selected in one column is selected in all.
class AnswerColumns : public QScrollArea {
    Q_OBJECT
public:
    explicit AnswerColumns(QWidget* parent = nullptr);

    void setStrategies(const std::vector<Strategy>& strategies);  // all wait; none: says what to do
    void setPicture(const Image& picture);                        // of what follows
    void begin(int column, const std::vector<PatchGrid>& grids);
    void append(int column, const DecodeStep& step);
    void finish(int column, const StrategyAnswer& answer);
    void fail(int column, const QString& sentence);
    void stopWaiting();         // nothing more will come
    void selectStep(int step);  // -1: the mean

    int selectedStep() const { return selected_; }
    int count() const { return static_cast<int>(columns_.size()); }
    const AnswerColumn& column(int index) const {
        return *columns_[static_cast<std::size_t>(index)];
    }
    QImage grabAll();  // also what is scrolled out of sight

protected:
    void changeEvent(QEvent* event) override;

private:
    void refreshLater(int column);
    void refreshAll();
    void shareRanges();
    SparklineRange distanceRange(LatentEndMetric metric, int steps) const;

    QImage picture_;
    std::vector<AnswerColumn*> columns_;
    std::vector<int> stale_;  // columns with steps that are not shown yet
    QTimer refresh_;
    int selected_ = -1;
};

}  // namespace lvr
