#pragma once

#include <QDialog>

#include "app/shell/shortcuts.h"
#include "widgets/action_tip.h"

class QKeySequenceEdit;
class QLabel;
class QLineEdit;
class QPushButton;
class QTableWidget;

namespace lvr {

// All keys in one list: those of actions, which can be changed here, then those that parts of the
// window answer to themselves. Works on a copy: nothing is in force before OK, and keys that
// another action has are not taken from it unasked. What is in force can be copied and printed.
class ShortcutsDialog : public QDialog {
    Q_OBJECT
public:
    ShortcutsDialog(QList<ActionKeys> rows, QList<FixedKeys> fixed, QWidget* parent);
    const QList<ActionKeys>& rows() const { return rows_; }

private:
    void build();
    QWidget* makeEditor();
    QWidget* makeButtons();
    void wire();
    int current() const;  // -1: none that can be changed
    QString textOfRow(int row, int column) const;
    void showRow(int row);
    void showCurrent();
    void filter(const QString& words);
    void take(const QKeySequence& keys);
    void takeAnyway();
    void setKeys(int row, const Keys& keys);
    void resetCurrent();
    void resetAll();
    void say(const QString& sentence);
    QList<FixedKeys> groups() const;  // what has keys, by menu and place
    void copy() const;
    void print();

    struct FixedRow {
        QString place;
        FixedKey key;
    };
    QList<ActionKeys> rows_;
    QList<FixedRow> fixed_;
    QKeySequence wanted_;  // clashes with the keys of another action
    QLineEdit* filter_;
    QTableWidget* table_;
    QLabel* of_;
    QKeySequenceEdit* edit_;
    QPushButton *none_, *reset_, *resetAll_, *anyway_;
    QLabel* note_;
};

}  // namespace lvr
