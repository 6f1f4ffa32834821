#include "widgets/message_bar.h"

#include <QAction>
#include <QApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QToolButton>
#include <cmath>

namespace lvr {
namespace {

QLabel* line(QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

}  // namespace

MessageBar::MessageBar(QWidget* parent) : QFrame(parent) {
    setAutoFillBackground(true);
    setAccessibleName(tr("Message"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 5, 6, 5);
    column->addLayout(messageRow());
    column->addLayout(progressRow());
    connect(close_, &QToolButton::clicked, this, &MessageBar::dismiss);
    connect(cancel_, &QToolButton::clicked, this, &MessageBar::cancelled);
    hide();
}

QLayout* MessageBar::messageRow() {
    text_ = line(this);
    remedy_ = new QToolButton(this);
    remedy_->setToolButtonStyle(Qt::ToolButtonTextOnly);
    close_ = new QToolButton(this);
    close_->setText(tr("Dismiss"));
    auto* row = new QHBoxLayout;
    row->addWidget(text_, 1);
    row->addWidget(remedy_);
    row->addWidget(close_);
    return row;
}

QLayout* MessageBar::progressRow() {
    what_ = line(this);
    progress_ = new QProgressBar(this);
    progress_->setFixedWidth(180);
    progress_->setAccessibleName(tr("Progress"));
    cancel_ = new QToolButton(this);
    cancel_->setText(tr("Cancel"));
    auto* row = new QHBoxLayout;
    row->addWidget(what_, 1);
    row->addWidget(progress_);
    row->addWidget(cancel_);
    return row;
}

void MessageBar::say(Kind kind, const QString& sentence, QAction* remedy) {
    kind_ = kind;
    text_->setText(sentence);
    for (QAction* old : remedy_->actions()) remedy_->removeAction(old);
    remedy_->setDefaultAction(remedy);
    refresh();
    Q_EMIT said(kind, sentence);
}

void MessageBar::showProgress(const QString& what, double fraction) {
    waits_ = true;
    what_->setText(what);
    progress_->setRange(0, fraction < 0 ? 0 : 1000);
    if (fraction >= 0) progress_->setValue(static_cast<int>(std::lround(fraction * 1000)));
    refresh();
}

void MessageBar::endProgress() {
    waits_ = false;
    refresh();
}

void MessageBar::dismiss() {
    text_->clear();
    refresh();
}

void MessageBar::dismissHint() {
    if (kind_ == Kind::Hint) dismiss();
}

void MessageBar::dismissSolved(const QAction* remedy) {
    if (kind_ == Kind::Hint || remedy_->defaultAction() == remedy) dismiss();
}

bool MessageBar::showsProgress() const { return waits_; }

QString MessageBar::sentence() const {
    if (!text_->text().isEmpty()) return text_->text();
    return waits_ ? what_->text() : QString();
}

void MessageBar::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) colour();
    QFrame::changeEvent(event);
}

void MessageBar::refresh() {
    const bool says = !text_->text().isEmpty();
    text_->setVisible(says);
    close_->setVisible(says);
    remedy_->setVisible(says && remedy_->defaultAction());
    for (QWidget* widget : std::initializer_list<QWidget*>{what_, progress_, cancel_})
        widget->setVisible(waits_);
    colour();
    setVisible(says || waits_);
}

// Only the ground is ours: all else follows the window.
void MessageBar::colour() {
    const QColor window = QApplication::palette(this).window().color();
    const bool isError = !text_->text().isEmpty() && kind_ == Kind::Error;
    const QColor tint = isError ? QColor(214, 60, 50) : QColor(56, 128, 220);
    const auto mixed = [&](int a, int b) { return (a * 78 + b * 22) / 100; };
    const QColor ground(mixed(window.red(), tint.red()), mixed(window.green(), tint.green()),
                        mixed(window.blue(), tint.blue()));
    if (palette().color(QPalette::Window) == ground) return;  // our own change comes back here
    QPalette ours;
    ours.setColor(QPalette::Window, ground);
    setPalette(ours);
}

}  // namespace lvr
