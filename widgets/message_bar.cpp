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
    // Only when the window's colours change: our own setPalette comes back here too.
    if (event->type() == QEvent::ApplicationPaletteChange) colour();
    QFrame::changeEvent(event);
}

void MessageBar::colour() {
    // Not the parent's palette: it may hear of a change later than we do.
    const QPalette around = QApplication::palette(this);
    const QColor window = around.window().color();
    const QColor tint = kind_ == Kind::Error ? QColor(214, 60, 50) : QColor(56, 128, 220);
    const auto mixed = [&](int a, int b) { return (a * 78 + b * 22) / 100; };
    QPalette colours = around;
    colours.setColor(QPalette::Window,
                     QColor(mixed(window.red(), tint.red()), mixed(window.green(), tint.green()),
                            mixed(window.blue(), tint.blue())));
    setPalette(colours);
}

}  // namespace lvr
