#include "app/shell/command_palette.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QTextLayout>
#include <QVBoxLayout>
#include <algorithm>
#include <limits>
#include <vector>

#include "app/shell/action_list.h"
#include "widgets/action_tip.h"

namespace lvr {
namespace {

constexpr int kLetter = 4;
constexpr int kWordStart = 10;
constexpr int kFollows = 7;
constexpr int kNone = std::numeric_limits<int>::min() / 2;

bool startsWord(const QString& text, int at) {
    if (!text[at].isLetterOrNumber()) return false;
    if (at == 0 || !text[at - 1].isLetterOrNumber()) return true;
    return text[at].isUpper() && text[at - 1].isLower();
}

struct Cell {
    int score = kNone;  // of the best way that ends with this letter here
    int before = -1;    // where the letter before was found
};
using Row = std::vector<Cell>;  // one cell for each place in the text

// `row`: the letter before, empty for the first. A gap costs one for each place left out, so that
// of two ways the shorter wins; places before the first letter cost a little.
Row findLetter(QChar letter, const QString& text, const Row& row) {
    Row found(text.size());
    Cell apart;  // the best letter before that is not the neighbour
    for (int i = 0; i < text.size(); ++i) {
        --apart.score;
        if (i >= 2 && !row.empty() && row[i - 2].score - 1 > apart.score)
            apart = {row[i - 2].score - 1, i - 2};
        if (text[i].toCaseFolded() != letter) continue;
        Cell best = row.empty() ? Cell{-std::min(i / 4, kLetter), -1} : apart;
        if (i >= 1 && !row.empty() && row[i - 1].score + kFollows > best.score)
            best = {row[i - 1].score + kFollows, i - 1};
        if (best.score <= kNone / 2) continue;
        found[i] = {best.score + kLetter + (startsWord(text, i) ? kWordStart : 0), best.before};
    }
    return found;
}

std::optional<FuzzyMatch> findWord(const QString& word, const QString& text) {
    std::vector<Row> rows;
    for (const QChar letter : word)
        rows.push_back(findLetter(letter.toCaseFolded(), text, rows.empty() ? Row{} : rows.back()));
    const Row& last = rows.back();
    const auto better = [](const Cell& a, const Cell& b) { return a.score < b.score; };
    const auto best = std::max_element(last.begin(), last.end(), better);
    if (best == last.end() || best->score <= kNone / 2) return std::nullopt;
    FuzzyMatch match{.score = best->score};
    int at = static_cast<int>(best - last.begin());
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
        match.at.prepend(at);
        at = (*row)[at].before;
    }
    return match;
}

constexpr int kMargin = 8;
constexpr int kIcon = 20;

// The name, then where it is; found letters are bold.
void layOut(QTextLayout& layout, const QString& name, const QString& path, const QList<int>& found,
            const QColor& faint) {
    layout.setText(name + "   " + path);
    QList<QTextLayout::FormatRange> formats;
    QTextCharFormat bold, quiet;
    bold.setFontWeight(QFont::Bold);
    bold.setFontUnderline(true);
    quiet.setForeground(faint);
    formats.append({static_cast<int>(name.size()), static_cast<int>(path.size()) + 3, quiet});
    for (const int at : found) formats.append({at, 1, bold});
    layout.setFormats(formats);
    layout.beginLayout();
    layout.createLine();
    layout.endLayout();
}

QColor between(const QColor& a, const QColor& b) {
    return QColor((a.red() * 3 + b.red() * 2) / 5, (a.green() * 3 + b.green() * 2) / 5,
                  (a.blue() * 3 + b.blue() * 2) / 5);
}

constexpr int kRemembered = 30;  // used actions
constexpr int kUsedLately = 12;  // what having been used just now adds to a match's score
constexpr int kPaletteWidth = 640;
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

std::optional<FuzzyMatch> fuzzyMatch(const QString& pattern, const QString& text) {
    FuzzyMatch whole;
    for (const QString& word : pattern.split(' ', Qt::SkipEmptyParts)) {
        const auto match = findWord(word, text);
        if (!match) return std::nullopt;
        whole.score += match->score;
        whole.at += match->at;
    }
    std::sort(whole.at.begin(), whole.at.end());
    whole.at.erase(std::unique(whole.at.begin(), whole.at.end()), whole.at.end());
    return whole;
}

void PaletteItem::paint(QPainter* painter, const QStyleOptionViewItem& option,
                        const QModelIndex& index) const {
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    const QString name = item.text;
    const QIcon icon = item.icon;
    item.text.clear();
    item.icon = {};
    QStyle* style = item.widget ? item.widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &item, painter, item.widget);

    const bool enabled = index.data(Usable).toBool();
    const bool chosen = item.state & QStyle::State_Selected;
    const auto group = enabled ? QPalette::Normal : QPalette::Disabled;
    const QColor ink =
        item.palette.color(group, chosen ? QPalette::HighlightedText : QPalette::Text);
    const QColor faint = chosen ? ink : between(ink, item.palette.color(group, QPalette::Base));
    const QRect row = item.rect.adjusted(kMargin, 0, -kMargin, 0);
    const QRect left(row.left(), row.top(), kIcon, row.height());
    painter->save();
    painter->setPen(ink);
    painter->setFont(item.font);
    if (index.data(Checked).toBool())
        painter->drawText(left, Qt::AlignCenter, QStringLiteral("✓"));
    else
        icon.paint(painter, left, Qt::AlignCenter, enabled ? QIcon::Normal : QIcon::Disabled);
    const QString keys = index.data(Keys).toString();
    painter->drawText(row, Qt::AlignRight | Qt::AlignVCenter, keys);
    const int taken = keys.isEmpty() ? 0 : item.fontMetrics.horizontalAdvance(keys) + 2 * kMargin;
    const QRect text = row.adjusted(kIcon + kMargin, 0, -taken, 0);
    painter->setClipRect(text);
    QTextLayout layout;
    layout.setFont(item.font);
    layOut(layout, name, index.data(Path).toString(), index.data(FoundAt).value<QList<int>>(),
           faint);
    const qreal down = (text.height() - layout.boundingRect().height()) / 2;
    layout.draw(painter, QPointF(text.left(), text.top() + down));
    painter->restore();
}

QSize PaletteItem::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
    return {200, option.fontMetrics.height() + 10};
}

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
    const int width = std::min(kPaletteWidth, window_->width() - 40);
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
