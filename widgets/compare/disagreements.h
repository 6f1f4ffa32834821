#pragma once

#include <QWidget>

#include "widgets/compare/comparison.h"

class QComboBox;
class QLabel;
class QTableWidget;

namespace lvr {

// The questions of a set on which two strategies differ; one of them can be looked at closer.
class Disagreements : public QWidget {
    Q_OBJECT
public:
    enum class Which { AnswersDiffer, OnlyFirstRight, OnlySecondRight, BothWrong, All };

    explicit Disagreements(QWidget* parent = nullptr);
    void setResults(const SetResults& results);  // keeps what is chosen as far as it is there
    void choose(int first, int second, Which which = Which::AnswersDiffer);
    int shown() const;

Q_SIGNALS:
    void questionActivated(int question);  // its index in the set

private:
    void build();
    void fillChoices();
    void refresh();

    SetResults results_;
    QComboBox* first_;
    QComboBox* second_;
    QComboBox* which_;
    QLabel* count_;
    QTableWidget* table_;
};

}  // namespace lvr
