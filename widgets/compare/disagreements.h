#pragma once

#include <QAbstractTableModel>
#include <QWidget>
#include <vector>

#include "core/values/comparison.h"

class QComboBox;
class QLabel;
class QTableView;

namespace lvr {

enum class Disagreement { AnswersDiffer, OnlyFirstRight, OnlySecondRight, BothWrong, All };

// The questions of a set that two strategies have both answered and on which they disagree, by
// number. Reads the results that are given to it, which live longer and only change as it is told.
class DisagreementModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Number, Asked, Expected, FirstSaid, SecondSaid, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;
    void setResults(const SetResults* results);  // null: none
    void choose(int first, int second, Disagreement which);
    // The question at this place of the results has one more outcome, or is new.
    void update(std::size_t place);
    int question(int row) const;  // its number in the set

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    bool belongs(std::size_t place) const;
    void fill();

    const SetResults* results_ = nullptr;
    int first_ = -1, second_ = -1;
    Disagreement which_ = Disagreement::AnswersDiffer;
    std::vector<std::size_t> rows_;  // places in the results, ascending
};

// The questions of a set on which two strategies differ; one of them can be looked at closer. While
// the set runs they are added one by one: what is selected and scrolled to stays.
class Disagreements : public QWidget {
    Q_OBJECT
public:
    explicit Disagreements(QWidget* parent = nullptr);
    // Which live longer; null: none. Keeps what is chosen when the strategies are the same.
    void setResults(const SetResults* results);
    void update(std::size_t place);  // that question of the results has one more outcome
    void choose(int first, int second, Disagreement which = Disagreement::AnswersDiffer);
    int shown() const;

Q_SIGNALS:
    void questionActivated(int question);  // its index in the set

private:
    void build();
    void fillChoices(const std::vector<Strategy>& strategies);
    void refresh();
    void count();

    DisagreementModel* model_;
    std::vector<Strategy> strategies_;
    QComboBox* first_;
    QComboBox* second_;
    QComboBox* which_;
    QLabel* count_;
    QTableView* table_;
};

}  // namespace lvr
