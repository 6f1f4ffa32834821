#include "app/shell/message_log.h"

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLocale>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace lvr {
namespace {

enum LogColumn { When, What };

QString whenSaid(const MessageLog::Entry& entry) {
    const QLocale locale;
    const QString time = locale.toString(entry.when.time(), "HH:mm:ss");
    return entry.when.date() == QDate::currentDate()
               ? time
               : locale.toString(entry.when.date(), QLocale::ShortFormat) + ' ' + time;
}

QString textOf(const MessageLog::Entry& entry) {
    return entry.times == 1 ? entry.sentence
                            : QObject::tr("%1 (%2 times)").arg(entry.sentence).arg(entry.times);
}

}  // namespace

void MessageLog::add(bool isError, const QString& sentence) {
    const bool again = !entries_.isEmpty() && entries_.last().sentence == sentence;
    if (again) {
        entries_.last().when = QDateTime::currentDateTime();
        ++entries_.last().times;
    } else {
        entries_.append({QDateTime::currentDateTime(), isError, sentence});
        if (entries_.size() > kMost) entries_.removeFirst();
    }
    Q_EMIT changed();
}

MessagesDialog::MessagesDialog(const MessageLog& log, QWidget* parent)
    : QDialog(parent), list_(new QTreeWidget(this)) {
    setWindowTitle(tr("Messages"));
    resize(720, 420);
    list_->setAccessibleName(tr("Messages of this window, newest first"));
    list_->setHeaderLabels({tr("Time"), tr("Message")});
    list_->setRootIsDecorated(false);
    list_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    list_->setWordWrap(true);
    list_->header()->setSectionResizeMode(When, QHeaderView::ResizeToContents);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    copy_ = buttons->addButton(tr("&Copy"), QDialogButtonBox::ActionRole);
    copy_->setToolTip(tr("Copy the selected messages, or all"));
    auto* column = new QVBoxLayout(this);
    column->addWidget(list_, 1);
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(copy_, &QPushButton::clicked, this, &MessagesDialog::copy);
    connect(&log, &MessageLog::changed, this, [this, &log] { fill(log.entries()); });
    fill(log.entries());
}

void MessagesDialog::fill(const QList<MessageLog::Entry>& entries) {
    list_->clear();
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
        auto* item = new QTreeWidgetItem(list_, {whenSaid(*entry), textOf(*entry)});
        item->setToolTip(What, textOf(*entry));
        QFont font = list_->font();
        font.setBold(entry->isError);
        item->setFont(What, font);
    }
    copy_->setEnabled(!entries.isEmpty());
}

void MessagesDialog::copy() const {
    QStringList lines;
    for (int i = 0; i < list_->topLevelItemCount(); ++i) {
        const auto* item = list_->topLevelItem(i);
        if (list_->selectedItems().isEmpty() || item->isSelected())
            lines << item->text(When) + '\t' + item->text(What);
    }
    QApplication::clipboard()->setText(lines.join('\n'));
}

}  // namespace lvr
