#pragma once

#include <QDialog>

#include "app/shell/shortcuts.h"

class QKeySequenceEdit;
class QLabel;
class QLineEdit;
class QPushButton;
class QTableWidget;

namespace lvr {

// Changes the keys of actions. Works on a copy: nothing is in force before OK, and keys that
// another action has are not taken from it unasked.
class ShortcutsDialog : public QDialog {
    Q_OBJECT
public:
    ShortcutsDialog(QList<ActionKeys> rows, QWidget* parent);
    const QList<ActionKeys>& rows() const { return rows_; }

private:
    void build();
    QWidget* makeEditor();
    void wire();
    int current() const;  // -1: none
    void showRow(int row);
    void showCurrent();
    void filter(const QString& words);
    void take(const QKeySequence& keys);
    void takeAnyway();
    void setKeys(int row, const Keys& keys);
    void resetCurrent();
    void resetAll();
    void say(const QString& sentence);

    QList<ActionKeys> rows_;
    QKeySequence wanted_;  // clashes with the keys of another action
    QLineEdit* filter_;
    QTableWidget* table_;
    QLabel* of_;
    QKeySequenceEdit* edit_;
    QPushButton *none_, *reset_, *resetAll_, *anyway_;
    QLabel* note_;
};

}  // namespace lvr
