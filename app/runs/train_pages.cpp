#include "app/runs/train_pages.h"

#include <QDialog>
#include <QDialogButtonBox>
#include <QFontDatabase>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace lvr {

NoRuns::NoRuns(const QString& store, QWidget* parent)
    : QWidget(parent), store_(store), nothing_(new QLabel(this)), where_(new QLabel(this)) {
    nothing_->setAlignment(Qt::AlignCenter);
    auto* button = new QPushButton(tr("New run…"), this);
    button->setEnabled(!store.isEmpty());
    connect(button, &QPushButton::clicked, this, &NoRuns::newRunWanted);
    auto* follow = new QPushButton(tr("Follow a training folder…"), this);
    follow->setEnabled(!store.isEmpty());
    connect(follow, &QPushButton::clicked, this, &NoRuns::followWanted);
    where_->setAlignment(Qt::AlignCenter);
    where_->setForegroundRole(QPalette::PlaceholderText);
    where_->setWordWrap(true);
    auto* column = new QVBoxLayout(this);
    column->addStretch(1);
    column->addWidget(nothing_);
    for (auto* each : {button, follow}) column->addWidget(each, 0, Qt::AlignCenter);
    column->addWidget(where_);
    column->addStretch(2);
    say(false);
}

void NoRuns::say(bool storeFailed) {
    nothing_->setText(
        storeFailed ? tr("The runs can't be read; what is above says why.")
                    : tr("No runs yet. Start one with New run… or with <code>lvr sft</code>."));
    sayWhere(store_.isEmpty()
                 ? tr("There is no place for runs: set HOME or XDG_DATA_HOME, or start "
                      "lvr-workbench with --store FILE.")
                 : tr("Runs are read from %1.").arg(store_));
}

void NoRuns::sayWhere(const QString& sentence) { where_->setText(sentence); }

void showOutput(const QString& output, QWidget* parent) {
    auto* dialog = new QDialog(parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(QObject::tr("The last that the training printed"));
    dialog->resize(720, 420);
    auto* text = new QPlainTextEdit(output, dialog);
    text->setReadOnly(true);
    text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
    QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
    auto* column = new QVBoxLayout(dialog);
    column->addWidget(text);
    column->addWidget(buttons);
    dialog->open();
}

}  // namespace lvr
