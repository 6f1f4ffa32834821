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

MessageBar::MessageBar(QWidget* parent) : QFrame(parent) {
    setAutoFillBackground(true);
    setAccessibleName(tr("Message"));
    text_ = new QLabel(this);
    text_->setWordWrap(true);
    text_->setTextFormat(Qt::PlainText);
    text_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    progress_ = new QProgressBar(this);
    progress_->setFixedWidth(180);
    progress_->setAccessibleName(tr("Progress"));
    remedy_ = new QToolButton(this);
    remedy_->setToolButtonStyle(Qt::ToolButtonTextOnly);
    cancel_ = new QToolButton(this);
    cancel_->setText(tr("Cancel"));
    close_ = new QToolButton(this);
    close_->setText(tr("Dismiss"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(10, 5, 6, 5);
    row->addWidget(text_, 1);
    for (QWidget* widget : std::initializer_list<QWidget*>{progress_, remedy_, cancel_, close_})
        row->addWidget(widget);
    connect(close_, &QToolButton::clicked, this, &MessageBar::dismiss);
    connect(cancel_, &QToolButton::clicked, this, &MessageBar::cancelled);
    hide();
}

void MessageBar::say(Kind kind, const QString& sentence, QAction* remedy) {
    kind_ = kind;
    text_->setText(sentence);
    for (QAction* old : remedy_->actions()) remedy_->removeAction(old);
    if (remedy) remedy_->setDefaultAction(remedy);
    remedy_->setVisible(remedy);
    progress_->hide();
    cancel_->hide();
    close_->show();
    colour();
    show();
}

void MessageBar::showProgress(const QString& what, double fraction) {
    kind_ = Kind::Hint;
    text_->setText(what);
    progress_->setRange(0, fraction < 0 ? 0 : 1000);
    if (fraction >= 0) progress_->setValue(static_cast<int>(std::lround(fraction * 1000)));
    remedy_->hide();
    close_->hide();
    progress_->show();
    cancel_->show();
    colour();
    show();
}

void MessageBar::dismiss() {
    text_->clear();
    hide();
}

bool MessageBar::showsProgress() const { return !isHidden() && !progress_->isHidden(); }

QString MessageBar::sentence() const { return isHidden() ? QString() : text_->text(); }

void MessageBar::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) colour();
    QFrame::changeEvent(event);
}

// Only the ground is ours: all else follows the window.
void MessageBar::colour() {
    const QColor window = QApplication::palette(this).window().color();
    const QColor tint = kind_ == Kind::Error ? QColor(214, 60, 50) : QColor(56, 128, 220);
    const auto mixed = [&](int a, int b) { return (a * 78 + b * 22) / 100; };
    const QColor ground(mixed(window.red(), tint.red()), mixed(window.green(), tint.green()),
                        mixed(window.blue(), tint.blue()));
    if (palette().color(QPalette::Window) == ground) return;  // our own change comes back here
    QPalette ours;
    ours.setColor(QPalette::Window, ground);
    setPalette(ours);
}

}  // namespace lvr
