#include "app/shell/command_palette.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <vector>

#include "app/shell/action_list.h"
#include "app/shell/fuzzy_match.h"
#include "app/shell/palette_item.h"
#include "widgets/action_tip.h"

namespace lvr {
namespace {

constexpr int kRemembered = 30;  // used actions
constexpr int kUsedLately = 12;  // what having been used just now adds to a match's score
constexpr int kWidth = 640;
constexpr int kRows = 12;

struct Hit {
    int index = 0;  // among all actions
    FuzzyMatch match;
};

// Best first; equals stay in the menus' order.
std::vector<Hit> findAll(const QString& pattern, const QList<ListedAction>& actions,
                         const QStringList& used) {
    std::vector<Hit> hits;
    for (int i = 0; i < actions.size(); ++i) {
        auto match = fuzzyMatch(pattern, actions[i].text + "   " + actions[i].path);
        if (!match) continue;
        const int age = static_cast<int>(used.indexOf(actions[i].id));
        if (age >= 0) match->score += std::max(1, kUsedLately - age);
        hits.push_back({i, *std::move(match)});
    }
    std::stable_sort(hits.begin(), hits.end(),
                     [](const Hit& a, const Hit& b) { return a.match.score > b.match.score; });
    return hits;
}

QListWidgetItem* itemOf(const ListedAction& listed, const Hit& hit) {
    const QAction& action = *listed.action;
    const QString keys = action.shortcut().toString(QKeySequence::NativeText);
    auto* item = new QListWidgetItem(action.icon(), listed.text);
    item->setToolTip(listed.id);
    item->setData(PaletteItem::Path, listed.path);
    item->setData(PaletteItem::Keys, keys);
    item->setData(PaletteItem::FoundAt, QVariant::fromValue(hit.match.at));
    item->setData(PaletteItem::Checked, action.isCheckable() && action.isChecked());
    item->setData(PaletteItem::Index, hit.index);
    item->setData(Qt::AccessibleTextRole, QStringList{listed.text, listed.path, keys}.join(", "));
    // The item itself is not disabled: the arrows reach it, and the note says what is missing.
    item->setData(PaletteItem::Usable, action.isEnabled());
    return item;
}

}  // namespace

CommandPalette::CommandPalette(QWidget* window)
    : QFrame(window),
      window_(window),
      pattern_(new QLineEdit(this)),
      list_(new QListWidget(this)),
      note_(new QLabel(this)) {
    build();
    connect(pattern_, &QLineEdit::textChanged, this, &CommandPalette::search);
    connect(list_, &QListWidget::itemClicked, this, &CommandPalette::run);
    connect(list_, &QListWidget::currentRowChanged, this, &CommandPalette::explain);
    pattern_->installEventFilter(this);
    window_->installEventFilter(this);
    hide();
}

void CommandPalette::build() {
    setObjectName("palette");
    setAccessibleName(tr("Command palette"));
    setFrameStyle(QFrame::StyledPanel | QFrame::Raised);
    setAutoFillBackground(true);
    pattern_->setPlaceholderText(tr("Type a few letters of what you want to do"));
    pattern_->setAccessibleName(tr("Command"));
    list_->setAccessibleName(tr("Commands"));
    list_->setItemDelegate(new PaletteItem(this));
    list_->setFocusPolicy(Qt::NoFocus);  // the keys go to the line above
    list_->setUniformItemSizes(true);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    list_->setFrameStyle(QFrame::NoFrame);
    note_->setContentsMargins(6, 2, 6, 2);
    note_->setWordWrap(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(6, 6, 6, 6);
    column->setSpacing(4);
    column->addWidget(pattern_);
    column->addWidget(list_, 1);
    column->addWidget(note_);
}

void CommandPalette::open() {
    if (!isVisible()) focusBefore_ = window_->focusWidget();
    actions_ = listActions(*window_, Reach::InSight);
    pattern_->clear();
    search({});
    place();
    show();
    raise();
    pattern_->setFocus(Qt::PopupFocusReason);
}

void CommandPalette::dismiss() {
    if (!isVisible()) return;
    const bool hadFocus = isAncestorOf(QApplication::focusWidget());
    hide();
    if (hadFocus && focusBefore_) focusBefore_->setFocus(Qt::PopupFocusReason);
}

QStringList CommandPalette::used() const { return used_; }
void CommandPalette::setUsed(const QStringList& ids) { used_ = ids; }

void CommandPalette::search(const QString& pattern) {
    const QSignalBlocker quiet(list_);
    list_->clear();
    for (const Hit& hit : findAll(pattern, actions_, used_))
        if (actions_[hit.index].action) list_->addItem(itemOf(actions_[hit.index], hit));
    list_->setCurrentRow(0);
    explain();
}

// Below the list: why there is nothing, or why the chosen action can't be used.
void CommandPalette::explain() {
    const QListWidgetItem* item = list_->currentItem();
    const QAction* action =
        item ? actions_[item->data(PaletteItem::Index).toInt()].action.data() : nullptr;
    if (list_->count() == 0)
        note_->setText(tr("No command is called that; type less, or other letters."));
    else if (action && !action->isEnabled())
        note_->setText(whyNot(*action).isEmpty() ? tr("This can't be used just now.")
                                                 : whyNot(*action));
    else
        note_->setText(tr("↑ ↓ choose, Enter does it, Esc closes"));
}

void CommandPalette::run() {
    const QListWidgetItem* item = list_->currentItem();
    if (!item) return;
    const ListedAction& listed = actions_[item->data(PaletteItem::Index).toInt()];
    if (!listed.action || !listed.action->isEnabled()) return QApplication::beep();
    used_.removeAll(listed.id);
    used_.prepend(listed.id);
    while (used_.size() > kRemembered) used_.removeLast();
    const QPointer<QAction> action = listed.action;
    dismiss();
    Q_EMIT usedChanged();
    if (action) action->trigger();
}

void CommandPalette::moveBy(int rows) {
    const int count = list_->count();
    if (count == 0) return;
    const int to = list_->currentRow() + rows;
    const bool one = rows == 1 || rows == -1;  // single steps go round
    list_->setCurrentRow(one ? (to + count) % count : std::clamp(to, 0, count - 1));
}

void CommandPalette::place() {
    const int width = std::min(kWidth, window_->width() - 40);
    const int row = list_->sizeHintForRow(0) > 0 ? list_->sizeHintForRow(0) : 26;
    const int wanted =
        kRows * row + pattern_->sizeHint().height() + note_->sizeHint().height() + 24;
    const int height = std::min(wanted, window_->height() - 80);
    setGeometry((window_->width() - width) / 2, 48, width, height);
}

bool CommandPalette::keyPressed(int key) {
    switch (key) {
        case Qt::Key_Up:
            moveBy(-1);
            return true;
        case Qt::Key_Down:
            moveBy(1);
            return true;
        case Qt::Key_PageUp:
            moveBy(-kRows + 2);
            return true;
        case Qt::Key_PageDown:
            moveBy(kRows - 2);
            return true;
        case Qt::Key_Return:
        case Qt::Key_Enter:
            run();
            return true;
        case Qt::Key_Escape:
            dismiss();
            return true;
        case Qt::Key_Tab:
        case Qt::Key_Backtab:
            return true;  // there is nowhere else to go
    }
    return false;
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
    if (watched == window_ && event->type() == QEvent::Resize && isVisible()) place();
    if (watched != pattern_) return false;
    switch (event->type()) {
        case QEvent::ShortcutOverride:  // Escape and Enter are the window's shortcuts otherwise
            event->accept();
            return false;
        case QEvent::KeyPress:
            return keyPressed(static_cast<QKeyEvent*>(event)->key());
        case QEvent::FocusOut:
            if (static_cast<QFocusEvent*>(event)->reason() != Qt::ActiveWindowFocusReason &&
                static_cast<QFocusEvent*>(event)->reason() != Qt::PopupFocusReason)
                dismiss();
            return false;
        default:
            return false;
    }
}

}  // namespace lvr
