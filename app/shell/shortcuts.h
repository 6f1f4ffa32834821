#pragma once

#include <QHash>
#include <QKeySequence>
#include <QObject>
#include <optional>

#include "app/shell/action_list.h"
#include "widgets/action_tip.h"

namespace lvr {

using Keys = QList<QKeySequence>;

// What an action is reached by.
struct ActionKeys {
    ListedAction listed;
    Keys keys, defaults;
    bool isChanged() const { return keys != defaults; }
};

QString textOf(const Keys& keys);  // as the platform writes them

// Which of `rows`, other than `row`, would answer to these keys too, so that Qt would do neither.
// Keys that work in different parts of the window only do not clash.
std::optional<int> clashOf(const QList<ActionKeys>& rows, int row, const QKeySequence& keys);

// The keys of all actions of a window: defaults as the code has them, changes from the settings.
class Shortcuts : public QObject {
    Q_OBJECT
public:
    explicit Shortcuts(QWidget* window);

    // Takes the changes of an earlier time and keeps those to come.
    void remember();
    // Learns of actions that were made since, and applies what was changed about them.
    void refresh();
    QList<ActionKeys> rows();
    // What parts of the window answer to themselves, once each.
    QList<FixedKeys> fixed() const;
    // What `keys` of these rows say is in force from now on.
    void apply(const QList<ActionKeys>& rows);

Q_SIGNALS:
    void notKept(const QString& sentence);  // in force, but the settings can't be written

private:
    void learn(const ListedAction& listed);
    void setKeys(QAction& action, const Keys& keys);

    QWidget* window_;
    bool remembers_ = false;
    QHash<QString, Keys> defaults_, changed_;  // by action id
};

}  // namespace lvr
