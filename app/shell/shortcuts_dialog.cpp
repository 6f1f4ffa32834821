#include "app/shell/shortcuts_dialog.h"

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "app/shell/fuzzy_match.h"

namespace lvr {
namespace {

enum Column { Name, Where, KeysOf, kColumns };

bool anyChanged(const QList<ActionKeys>& rows) {
    return std::any_of(rows.begin(), rows.end(),
                       [](const ActionKeys& row) { return row.isChanged(); });
}

QString quoted(const ListedAction& listed) {
    return QObject::tr("“%1” (%2)").arg(listed.text, listed.path);
}

// The first keys are edited; an action may have more, which it keeps.
Keys withFirst(const QKeySequence& first, Keys keys) {
    if (!keys.isEmpty()) keys.removeFirst();
    keys.removeAll(first);
    if (!first.isEmpty()) keys.prepend(first);
    return keys;
}

}  // namespace

ShortcutsDialog::ShortcutsDialog(QList<ActionKeys> rows, QWidget* parent)
    : QDialog(parent),
      rows_(std::move(rows)),
      filter_(new QLineEdit(this)),
      table_(new QTableWidget(static_cast<int>(rows_.size()), kColumns, this)),
      of_(new QLabel(this)),
      edit_(new QKeySequenceEdit(this)),
      none_(new QPushButton(tr("&No keys"), this)),
      reset_(new QPushButton(tr("&Default"), this)),
      resetAll_(new QPushButton(tr("&All to default"), this)),
      anyway_(new QPushButton(tr("&Use here instead"), this)),
      note_(new QLabel(this)) {
    setWindowTitle(tr("Keyboard shortcuts"));
    resize(680, 540);
    build();
    wire();
    for (int row = 0; row < rows_.size(); ++row) showRow(row);
    table_->setCurrentCell(0, Name);
    filter_->setFocus();
}

void ShortcutsDialog::build() {
    filter_->setPlaceholderText(tr("Find: name, menu or keys"));
    filter_->setAccessibleName(tr("Find an action"));
    filter_->setClearButtonEnabled(true);
    table_->setAccessibleName(tr("Actions and their keys"));
    table_->setHorizontalHeaderLabels({tr("Action"), tr("Where"), tr("Keys")});
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setTabKeyNavigation(false);
    table_->setShowGrid(false);
    table_->setAlternatingRowColors(true);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 10);
    table_->horizontalHeader()->setStretchLastSection(true);
    table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table_->setColumnWidth(Name, 250);
    table_->setColumnWidth(Where, 230);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
    buttons->addButton(resetAll_, QDialogButtonBox::ResetRole);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    column->addWidget(filter_);
    column->addWidget(table_, 1);
    column->addWidget(makeEditor());
    column->addWidget(buttons);
}

QWidget* ShortcutsDialog::makeEditor() {
    auto* editor = new QWidget(this);
    edit_->setAccessibleName(tr("New keys"));
    edit_->setToolTip(tr("Press the keys; several one after the other are possible"));
    none_->setToolTip(tr("The action keeps its place in menus and palette"));
    note_->setWordWrap(true);
    note_->setMinimumHeight(2 * fontMetrics().lineSpacing());
    for (auto* button : {none_, reset_, resetAll_, anyway_}) button->setAutoDefault(false);
    auto* row = new QHBoxLayout;
    row->addWidget(edit_, 1);
    row->addWidget(none_);
    row->addWidget(reset_);
    auto* below = new QHBoxLayout;
    below->addWidget(note_, 1);
    below->addWidget(anyway_);
    auto* column = new QVBoxLayout(editor);
    column->setContentsMargins(0, 4, 0, 0);
    column->addWidget(of_);
    column->addLayout(row);
    column->addLayout(below);
    return editor;
}

void ShortcutsDialog::wire() {
    connect(filter_, &QLineEdit::textChanged, this, &ShortcutsDialog::filter);
    connect(table_, &QTableWidget::currentCellChanged, this, &ShortcutsDialog::showCurrent);
    connect(table_, &QTableWidget::cellActivated, edit_, [this] { edit_->setFocus(); });
    connect(edit_, &QKeySequenceEdit::keySequenceChanged, this, &ShortcutsDialog::take);
    connect(none_, &QPushButton::clicked, this, [this] { setKeys(current(), {}); });
    connect(reset_, &QPushButton::clicked, this, &ShortcutsDialog::resetCurrent);
    connect(resetAll_, &QPushButton::clicked, this, &ShortcutsDialog::resetAll);
    connect(anyway_, &QPushButton::clicked, this, &ShortcutsDialog::takeAnyway);
}

int ShortcutsDialog::current() const {
    const int row = table_->currentRow();
    return row >= 0 && !table_->isRowHidden(row) ? row : -1;
}

void ShortcutsDialog::showRow(int row) {
    const ActionKeys& shown = rows_[row];
    const QString texts[kColumns] = {shown.listed.text, shown.listed.path, textOf(shown.keys)};
    for (int column = 0; column < kColumns; ++column) {
        auto* item = new QTableWidgetItem(texts[column]);
        QFont font = table_->font();
        font.setBold(shown.isChanged());
        item->setFont(font);
        if (shown.isChanged())
            item->setToolTip(shown.defaults.isEmpty()
                                 ? tr("Changed; has no keys by default")
                                 : tr("Changed; %1 by default").arg(textOf(shown.defaults)));
        table_->setItem(row, column, item);
    }
}

void ShortcutsDialog::showCurrent() {
    const int row = current();
    for (QWidget* widget : std::initializer_list<QWidget*>{edit_, none_})
        widget->setEnabled(row >= 0);
    reset_->setEnabled(row >= 0 && rows_[row].isChanged());
    resetAll_->setEnabled(anyChanged(rows_));
    none_->setEnabled(row >= 0 && !rows_[row].keys.isEmpty());
    const QSignalBlocker quiet(edit_);
    const bool hasKeys = row >= 0 && !rows_[row].keys.isEmpty();
    edit_->setKeySequence(hasKeys ? rows_[row].keys.first() : QKeySequence());
    of_->setText(row < 0 ? tr("No action is chosen.")
                         : tr("Keys of %1:").arg(quoted(rows_[row].listed)));
    say({});
}

void ShortcutsDialog::filter(const QString& words) {
    int first = -1;
    for (int row = 0; row < rows_.size(); ++row) {
        const ListedAction& listed = rows_[row].listed;
        const QString text =
            QStringList{listed.text, listed.path, textOf(rows_[row].keys)}.join(' ');
        const QStringList all = words.split(' ', Qt::SkipEmptyParts);
        const bool found = std::all_of(all.begin(), all.end(), [&](const QString& word) {
            return text.contains(word, Qt::CaseInsensitive);
        });
        table_->setRowHidden(row, !found);
        if (found && first < 0) first = row;
    }
    if (current() < 0 && first >= 0) table_->setCurrentCell(first, Name);
    showCurrent();
}

void ShortcutsDialog::take(const QKeySequence& keys) {
    const int row = current();
    if (row < 0) return;
    const auto clash = clashOf(rows_, row, keys);
    if (!clash) return setKeys(row, withFirst(keys, rows_[row].keys));
    wanted_ = keys;
    say(tr("%1 already belongs to %2; choose other keys, or take them from it.")
            .arg(keys.toString(QKeySequence::NativeText), quoted(rows_[*clash].listed)));
    anyway_->show();
}

void ShortcutsDialog::takeAnyway() {
    const QKeySequence keys = std::exchange(wanted_, {});
    while (const auto clash = clashOf(rows_, current(), keys)) {
        // Of several keys of the other action only those that clash go.
        ActionKeys& other = rows_[*clash];
        other.keys.erase(std::remove_if(other.keys.begin(), other.keys.end(),
                                        [&](const QKeySequence& each) {
                                            return each.matches(keys) != QKeySequence::NoMatch ||
                                                   keys.matches(each) != QKeySequence::NoMatch;
                                        }),
                         other.keys.end());
        showRow(*clash);
    }
    setKeys(current(), withFirst(keys, rows_[current()].keys));
}

void ShortcutsDialog::setKeys(int row, const Keys& keys) {
    if (row < 0) return;
    rows_[row].keys = keys;
    showRow(row);
    showCurrent();
}

// The default may have been given to another action meanwhile: then it is asked as for any keys.
void ShortcutsDialog::resetCurrent() {
    const int row = current();
    if (row < 0) return;
    for (const QKeySequence& each : rows_[row].defaults)
        if (clashOf(rows_, row, each)) return take(each);
    setKeys(row, rows_[row].defaults);
}

void ShortcutsDialog::resetAll() {
    for (int row = 0; row < rows_.size(); ++row) {
        rows_[row].keys = rows_[row].defaults;
        showRow(row);
    }
    showCurrent();
}

void ShortcutsDialog::say(const QString& sentence) {
    note_->setText(sentence);
    anyway_->hide();
}

}  // namespace lvr
