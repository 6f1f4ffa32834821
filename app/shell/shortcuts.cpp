#include "app/shell/shortcuts.h"

#include <QSettings>
#include <QWidget>
#include <algorithm>

#include "widgets/action_tip.h"

namespace lvr {
namespace {

constexpr auto kGroup = "shortcuts";

QStringList toText(const Keys& keys) {
    QStringList text;
    for (const QKeySequence& each : keys) text << each.toString(QKeySequence::PortableText);
    return text;
}

// What can't be read as keys is left out: somebody may have edited the settings file.
Keys toKeys(const QStringList& text) {
    Keys keys;
    for (const QString& each : text) {
        const auto one = QKeySequence::fromString(each, QKeySequence::PortableText);
        if (!one.isEmpty() && one[0].key() != Qt::Key_unknown) keys << one;
    }
    return keys;
}

// One of them begins with the other: Qt waits for more keys, or can't tell them apart.
bool meet(const QKeySequence& a, const QKeySequence& b) {
    return a.matches(b) != QKeySequence::NoMatch || b.matches(a) != QKeySequence::NoMatch;
}

bool worksEverywhere(const QAction& action) {
    return action.shortcutContext() == Qt::WindowShortcut ||
           action.shortcutContext() == Qt::ApplicationShortcut;
}

// Whether both may answer at the same time: they are not of different workspaces, and one works
// wherever the focus is, or they belong to the same part of the window.
bool canMeet(const ListedAction& one, const ListedAction& two) {
    if (!one.place.isEmpty() && !two.place.isEmpty() && one.place != two.place) return false;
    const QAction &a = *one.action, &b = *two.action;
    if (worksEverywhere(a) || worksEverywhere(b)) return true;
    for (const QObject* of : a.associatedObjects())
        for (const QObject* other : b.associatedObjects())
            for (const QObject* up = of; up; up = up->parent())
                if (up == other) return true;
    return false;
}

}  // namespace

QString textOf(const Keys& keys) {
    return QKeySequence::listToString(keys, QKeySequence::NativeText).replace("; ", ", ");
}

std::optional<int> clashOf(const QList<ActionKeys>& rows, int row, const QKeySequence& keys) {
    if (keys.isEmpty()) return std::nullopt;
    const QAction* mine = rows[row].listed.action;
    for (int i = 0; i < rows.size(); ++i) {
        const QAction* other = rows[i].listed.action;
        if (i == row || !mine || !other) continue;
        const ListedAction &one = rows[row].listed, &two = rows[i].listed;
        if (!canMeet(one, two) && !canMeet(two, one)) continue;
        for (const QKeySequence& each : rows[i].keys)
            if (meet(each, keys)) return i;
    }
    return std::nullopt;
}

Shortcuts::Shortcuts(QWidget* window) : QObject(window), window_(window) {}

void Shortcuts::remember() {
    remembers_ = true;
    QSettings settings;
    settings.beginGroup(kGroup);
    for (const QString& id : settings.allKeys()) {
        const QStringList text = settings.value(id).toStringList();
        const Keys keys = toKeys(text);
        if (keys.size() == text.size()) changed_[id] = keys;
    }
    refresh();
}

void Shortcuts::refresh() {
    for (const ListedAction& listed : listActions(*window_, Reach::All))
        if (listed.action) learn(listed);
}

void Shortcuts::learn(const ListedAction& listed) {
    QAction& action = *listed.action;
    if (!defaults_.contains(listed.id)) defaults_[listed.id] = action.shortcuts();
    setKeys(action, changed_.value(listed.id, defaults_[listed.id]));
}

void Shortcuts::setKeys(QAction& action, const Keys& keys) {
    if (action.shortcuts() != keys) action.setShortcuts(keys);
    updateTip(action);
}

QList<ActionKeys> Shortcuts::rows() {
    refresh();
    QList<ActionKeys> rows;
    for (const ListedAction& listed : listActions(*window_, Reach::All))
        if (!listed.action->property(kKeepsNoKeys).toBool())
            rows.append({listed, listed.action->shortcuts(), defaults_.value(listed.id)});
    return rows;
}

QList<FixedKeys> Shortcuts::fixed() const {
    QList<FixedKeys> all;
    for (const auto* widget : window_->findChildren<const QWidget*>()) {
        const FixedKeys fixed = fixedKeysOf(*widget);
        auto same = std::ranges::find(all, fixed.place, &FixedKeys::place);
        if (fixed.keys.isEmpty()) continue;
        if (same == all.end()) same = all.insert(all.end(), {fixed.place, {}});
        for (const FixedKey& key : fixed.keys)
            if (!same->keys.contains(key)) same->keys.append(key);
    }
    return all;
}

void Shortcuts::apply(const QList<ActionKeys>& rows) {
    QSettings settings;
    settings.beginGroup(kGroup);
    for (const ActionKeys& row : rows) {
        const QString& id = row.listed.id;
        if (row.isChanged())
            changed_[id] = row.keys;
        else
            changed_.remove(id);
        if (row.listed.action) setKeys(*row.listed.action, row.keys);
        if (!remembers_) continue;
        if (row.isChanged())
            settings.setValue(id, toText(row.keys));
        else
            settings.remove(id);
    }
    settings.sync();
    if (remembers_ && settings.status() != QSettings::NoError)
        Q_EMIT notKept(tr("The shortcuts are in force, but can't be kept: %1 can't be written.")
                           .arg(settings.fileName()));
}

}  // namespace lvr
