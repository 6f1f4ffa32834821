#pragma once

#include <QWidget>

#include "widgets/compare/disagreement_model.h"

class QComboBox;
class QLabel;
class QTableView;

namespace lvr {

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
