#include "app/shell/cheat_sheet.h"

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QPrintDialog>
#include <QPrinter>
#include <QPushButton>
#include <QTextBrowser>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "app/shell/shortcuts.h"

namespace lvr {
namespace {

KeyGroup& groupOf(QList<KeyGroup>& groups, const QString& name) {
    for (KeyGroup& group : groups)
        if (group.place == name) return group;
    groups.append({name, {}});
    return groups.last();
}

QString toHtml(const KeyGroup& group) {
    QString html =
        QString("<tr><td colspan='2'><b>%1</b></td></tr>").arg(group.place.toHtmlEscaped());
    for (const FixedKey& key : group.keys)
        html += QString("<tr><td style='padding-right:14px'><code>%1</code></td><td>%2</td></tr>")
                    .arg(key.keys.toHtmlEscaped(), key.what.toHtmlEscaped());
    return html + "<tr><td colspan='2'>&nbsp;</td></tr>";
}

// Two columns of about the same height.
QString toHtml(const QList<KeyGroup>& groups) {
    qsizetype lines = 0, before = 0;
    for (const KeyGroup& group : groups) lines += group.keys.size() + 2;
    QString left, right;
    for (const KeyGroup& group : groups) {
        (before < lines / 2 ? left : right) += toHtml(group);
        before += group.keys.size() + 2;
    }
    return QString(
               "<table width='100%'><tr><td width='50%'><table>%1</table></td>"
               "<td width='50%'><table>%2</table></td></tr></table>")
        .arg(left, right);
}

}  // namespace

QList<KeyGroup> keyGroups(const QList<ActionKeys>& rows, const QWidget& window) {
    QList<KeyGroup> groups;
    for (const ActionKeys& row : rows)
        if (!row.keys.isEmpty())
            groupOf(groups, row.listed.path.section(QStringLiteral(" › "), 0, 0))
                .keys.append({textOf(row.keys), row.listed.text});
    for (const auto* widget : window.findChildren<const QWidget*>()) {
        const FixedKeys fixed = fixedKeysOf(*widget);
        for (const FixedKey& key : fixed.keys) {
            KeyGroup& group =
                groupOf(groups, QObject::tr("While the focus is in: %1").arg(fixed.place));
            if (!group.keys.contains(key)) group.keys.append(key);
        }
    }
    return groups;
}

QString toPlainText(const QList<KeyGroup>& groups) {
    qsizetype widest = 0;
    for (const KeyGroup& group : groups)
        for (const FixedKey& key : group.keys) widest = std::max(widest, key.keys.size());
    QString text;
    for (const KeyGroup& group : groups) {
        text += (text.isEmpty() ? "" : "\n") + group.place + '\n';
        for (const FixedKey& key : group.keys)
            text += "  " + key.keys.leftJustified(widest + 2) + key.what + '\n';
    }
    return text;
}

CheatSheet::CheatSheet(QList<KeyGroup> groups, QWidget* parent)
    : QDialog(parent), groups_(std::move(groups)), page_(new QTextBrowser(this)) {
    setWindowTitle(tr("Shortcuts"));
    resize(880, 620);
    build();
}

void CheatSheet::build() {
    page_->setAccessibleName(tr("Shortcuts"));
    page_->setHtml(toHtml(groups_));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    auto* copy = buttons->addButton(tr("&Copy"), QDialogButtonBox::ActionRole);
    auto* print = buttons->addButton(tr("&Print…"), QDialogButtonBox::ActionRole);
    auto* change = buttons->addButton(tr("Chan&ge keys…"), QDialogButtonBox::ActionRole);
    connect(copy, &QPushButton::clicked, this, &CheatSheet::copy);
    connect(print, &QPushButton::clicked, this, &CheatSheet::print);
    connect(change, &QPushButton::clicked, this, &CheatSheet::changeWanted);
    connect(change, &QPushButton::clicked, this, &QDialog::reject);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    column->addWidget(page_, 1);
    column->addWidget(buttons);
}

void CheatSheet::copy() { QApplication::clipboard()->setText(toPlainText(groups_)); }

void CheatSheet::print() {
    const auto printer = std::make_shared<QPrinter>();
    auto* dialog = new QPrintDialog(printer.get(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    // On paper it is black on white, whatever the window's colours are.
    connect(dialog, &QDialog::accepted, this, [this, printer] {
        const std::unique_ptr<QTextDocument> paper(page_->document()->clone());
        paper->print(printer.get());
    });
    dialog->open();
}

}  // namespace lvr
