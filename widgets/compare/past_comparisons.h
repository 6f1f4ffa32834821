#pragma once

#include <QDialog>
#include <QString>
#include <vector>

#include "core/values/comparison.h"

class QLabel;
class QPushButton;
class QTableWidget;

namespace lvr {

// What a list of past runs calls them.
struct PastWords {
    QString title, none, column, one;  // of the window, of an empty list, of what came out, of one
};

// The comparisons of the run store, or the sets of another workspace, newest first: one to be
// opened, or deleted.
class PastComparisons : public QDialog {
    Q_OBJECT
public:
    explicit PastComparisons(QWidget* parent = nullptr);
    PastComparisons(const PastWords& words, QWidget* parent);
    void setComparisons(const std::vector<ComparisonSummary>& comparisons);

Q_SIGNALS:
    void openAsked(qint64 run);    // the dialog closes
    void deleteAsked(qint64 run);  // the person is sure

private:
    void build();
    void fill(int row, const ComparisonSummary& comparison);
    qint64 chosen() const;  // 0: none
    void openChosen();
    void deleteChosen();
    void updateButtons();

    PastWords words_;
    QTableWidget* table_;
    QLabel* none_;
    QPushButton* open_;
    QPushButton* delete_;
};

}  // namespace lvr
