#pragma once

#include <QDialog>
#include <QList>
#include <QString>

#include "widgets/fixed_keys.h"

class QTextBrowser;

namespace lvr {

struct ActionKeys;

using KeyGroup = FixedKeys;  // of a menu, or of the part of the window where they work

// The keys in force, by menu; then those that parts of the window answer to while they have the
// focus.
QList<KeyGroup> keyGroups(const QList<ActionKeys>& rows, const QWidget& window);
QString toPlainText(const QList<KeyGroup>& groups);

// All keys on one page, to read, copy or print.
class CheatSheet : public QDialog {
    Q_OBJECT
public:
    CheatSheet(QList<KeyGroup> groups, QWidget* parent);

Q_SIGNALS:
    void changeWanted();  // other keys, please

private:
    void build();
    void copy();
    void print();

    QList<KeyGroup> groups_;
    QTextBrowser* page_;
};

}  // namespace lvr
