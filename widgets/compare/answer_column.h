#pragma once

#include <QImage>
#include <QObject>
#include <optional>

#include "core/trace/heat.h"
#include "core/values/comparison.h"
#include "widgets/compare/step_strips.h"

class QGridLayout;
class QLabel;

namespace lvr {

class HeatStrip;
class StepPicture;

// One strategy's cells in the grid of AnswerColumns, and what fills them.
class AnswerColumn : public QObject {
    Q_OBJECT
public:
    enum class State { Waiting, Thinking, Done, Stopped, Failed };

    // Puts its cells into one column of the grid; they belong to the grid's widget.
    AnswerColumn(QGridLayout* grid, int column, const Strategy& strategy, QObject* parent);
    static QStringList rowNames();

    void begin(const QImage& picture, const std::vector<PatchGrid>& grids);
    void append(const DecodeStep& step);
    void finish(const StrategyAnswer& answer);
    void fail(const QString& sentence);
    void stopWaiting();                  // nothing more will come
    void mark(const QString& baseline);  // what differs from the first column's answer
    void selectStep(int step);           // -1: the mean
    void setRanges(const HeatScale& heat, const SparklineRange& end,
                   const SparklineRange& distance);
    void refresh();  // after steps were appended

    State state() const { return state_; }
    const StrategyAnswer& answer() const { return answer_; }
    QString answerText() const;
    const QString& sentence() const { return sentence_; }
    const Strategy& strategy() const { return strategy_; }
    const std::vector<double>& endProbabilities() const { return ends_->values(); }
    const std::vector<double>& endDistances() const { return distances_->values(); }
    LatentEndMetric metric() const;  // of the distances

Q_SIGNALS:
    void stepSelected(int step);

private:
    void build(QGridLayout* grid, int column);
    void showNumbers();
    void showStep();
    QString stepsText(int latents) const;

    Strategy strategy_;
    StrategyAnswer answer_;
    State state_ = State::Waiting;
    QString sentence_;
    QImage picture_;
    std::vector<QImage> heat_;
    HeatScale range_;
    int selected_ = -1;

    QLabel *title_, *text_, *verdict_, *steps_, *first_, *total_, *caption_;
    Sparkline *ends_, *distances_;
    StepPicture* stepPicture_;
    HeatStrip* strip_;
};

}  // namespace lvr
