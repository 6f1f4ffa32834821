#pragma once

#include <QDialog>
#include <vector>

#include "core/values/comparison.h"

class QLabel;
class QPushButton;
class QTableWidget;

namespace lvr {

// The comparisons of the run store, newest first: one to be opened, or deleted.
class PastComparisons : public QDialog {
    Q_OBJECT
public:
    explicit PastComparisons(QWidget* parent = nullptr);
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

    QTableWidget* table_;
    QLabel* none_;
    QPushButton* open_;
    QPushButton* delete_;
};

}  // namespace lvr
