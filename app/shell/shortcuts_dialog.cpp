#include "app/shell/shortcuts_dialog.h"

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QLineEdit>
#include <QPrintDialog>
#include <QPrinter>
#include <QPushButton>
#include <QTableWidget>
#include <QTextDocument>
#include <QVBoxLayout>
#include <algorithm>
#include <memory>
#include <utility>

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

FixedKeys& groupOf(QList<FixedKeys>& groups, const QString& name) {
    for (FixedKeys& group : groups)
        if (group.place == name) return group;
    groups.append({name, {}});
    return groups.last();
}

QString toHtml(const FixedKeys& group) {
    QString html =
        QString("<tr><td colspan='2'><b>%1</b></td></tr>").arg(group.place.toHtmlEscaped());
    for (const FixedKey& key : group.keys)
        html += QString("<tr><td style='padding-right:14px'><code>%1</code></td><td>%2</td></tr>")
                    .arg(key.keys.toHtmlEscaped(), key.what.toHtmlEscaped());
    return html + "<tr><td colspan='2'>&nbsp;</td></tr>";
}

// Two columns of about the same height.
QString toHtml(const QList<FixedKeys>& groups) {
    qsizetype lines = 0, before = 0;
    for (const FixedKeys& group : groups) lines += group.keys.size() + 2;
    QString left, right;
    for (const FixedKeys& group : groups) {
        (before < lines / 2 ? left : right) += toHtml(group);
        before += group.keys.size() + 2;
    }
    return QString(
               "<table width='100%'><tr><td width='50%'><table>%1</table></td>"
               "<td width='50%'><table>%2</table></td></tr></table>")
        .arg(left, right);
}

QString toPlainText(const QList<FixedKeys>& groups) {
    qsizetype widest = 0;
    for (const FixedKeys& group : groups)
        for (const FixedKey& key : group.keys) widest = std::max(widest, key.keys.size());
    QString text;
    for (const FixedKeys& group : groups) {
        text += (text.isEmpty() ? "" : "\n") + group.place + '\n';
        for (const FixedKey& key : group.keys)
            text += "  " + key.keys.leftJustified(widest + 2) + key.what + '\n';
    }
    return text;
}

}  // namespace

ShortcutsDialog::ShortcutsDialog(QList<ActionKeys> rows, QList<FixedKeys> fixed, QWidget* parent)
    : QDialog(parent),
      rows_(std::move(rows)),
      filter_(new QLineEdit(this)),
      table_(new QTableWidget(this)),
      of_(new QLabel(this)),
      edit_(new QKeySequenceEdit(this)),
      none_(new QPushButton(tr("&No keys"), this)),
      reset_(new QPushButton(tr("&Default"), this)),
      resetAll_(new QPushButton(tr("&All to default"), this)),
      anyway_(new QPushButton(tr("&Use here instead"), this)),
      note_(new QLabel(this)) {
    setWindowTitle(tr("Keyboard shortcuts"));
    resize(760, 600);
    for (const FixedKeys& each : fixed)
        for (const FixedKey& key : each.keys) fixed_.append({each.place, key});
    table_->setRowCount(static_cast<int>(rows_.size() + fixed_.size()));
    table_->setColumnCount(kColumns);
    build();
    wire();
    for (int row = 0; row < table_->rowCount(); ++row) showRow(row);
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
    auto* column = new QVBoxLayout(this);
    column->addWidget(filter_);
    column->addWidget(table_, 1);
    column->addWidget(makeEditor());
    column->addWidget(makeButtons());
}

QWidget* ShortcutsDialog::makeButtons() {
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
    buttons->addButton(resetAll_, QDialogButtonBox::ResetRole);
    auto* copyAll = buttons->addButton(tr("&Copy"), QDialogButtonBox::ActionRole);
    copyAll->setToolTip(tr("Copy all keys as text"));
    auto* printAll = buttons->addButton(tr("&Print…"), QDialogButtonBox::ActionRole);
    printAll->setToolTip(tr("All keys on one page"));
    connect(copyAll, &QPushButton::clicked, this, &ShortcutsDialog::copy);
    connect(printAll, &QPushButton::clicked, this, &ShortcutsDialog::print);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    return buttons;
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
    return row >= 0 && row < rows_.size() && !table_->isRowHidden(row) ? row : -1;
}

QString ShortcutsDialog::textOfRow(int row, int column) const {
    if (row < rows_.size()) {
        const ActionKeys& shown = rows_[row];
        return column == Name    ? shown.listed.text
               : column == Where ? shown.listed.path
                                 : textOf(shown.keys);
    }
    const FixedRow& shown = fixed_[row - rows_.size()];
    return column == Name    ? shown.key.what
           : column == Where ? tr("While the focus is in: %1").arg(shown.place)
                             : shown.key.keys;
}

void ShortcutsDialog::showRow(int row) {
    const bool isFixed = row >= rows_.size();
    QFont font = table_->font();
    font.setBold(!isFixed && rows_[row].isChanged());
    font.setItalic(isFixed);
    QString tip = isFixed ? tr("These keys can't be changed") : QString();
    if (font.bold())
        tip = rows_[row].defaults.isEmpty()
                  ? tr("Changed; has no keys by default")
                  : tr("Changed; %1 by default").arg(textOf(rows_[row].defaults));
    for (int column = 0; column < kColumns; ++column) {
        auto* item = new QTableWidgetItem(textOfRow(row, column));
        item->setFont(font);
        item->setToolTip(tip);
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
    const bool isFixed = table_->currentRow() >= rows_.size();
    of_->setText(row >= 0  ? tr("Keys of %1:").arg(quoted(rows_[row].listed))
                 : isFixed ? tr("These keys can't be changed.")
                           : tr("No action is chosen."));
    say({});
}

void ShortcutsDialog::filter(const QString& words) {
    const QStringList all = words.split(' ', Qt::SkipEmptyParts);
    int first = -1;
    for (int row = 0; row < table_->rowCount(); ++row) {
        QStringList texts;
        for (int column = 0; column < kColumns; ++column) texts << textOfRow(row, column);
        const QString text = texts.join(' ');
        const bool found = std::all_of(all.begin(), all.end(), [&](const QString& word) {
            return text.contains(word, Qt::CaseInsensitive);
        });
        table_->setRowHidden(row, !found);
        if (found && first < 0) first = row;
    }
    const int at = table_->currentRow();
    if ((at < 0 || table_->isRowHidden(at)) && first >= 0) table_->setCurrentCell(first, Name);
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

// ---- All of it on a page ----

QList<FixedKeys> ShortcutsDialog::groups() const {
    QList<FixedKeys> groups;
    for (int row = 0; row < table_->rowCount(); ++row) {
        const QString keys = textOfRow(row, KeysOf);
        if (keys.isEmpty()) continue;
        groupOf(groups, textOfRow(row, Where).section(QStringLiteral(" › "), 0, 0))
            .keys.append({keys, textOfRow(row, Name)});
    }
    return groups;
}

void ShortcutsDialog::copy() const { QApplication::clipboard()->setText(toPlainText(groups())); }

void ShortcutsDialog::print() {
    const auto printer = std::make_shared<QPrinter>();
    auto* dialog = new QPrintDialog(printer.get(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [html = toHtml(groups()), printer] {
        QTextDocument paper;
        paper.setHtml(html);
        paper.print(printer.get());
    });
    dialog->open();
}

}  // namespace lvr
