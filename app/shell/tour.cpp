#include "app/shell/tour.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>

namespace lvr {
namespace {

constexpr int kWidth = 340;
constexpr int kGap = 10;

// Lies over the window and lets everything through.
class Mark : public QWidget {
public:
    explicit Mark(QWidget* window) : QWidget(window) {
        setAttribute(Qt::WA_TransparentForMouseEvents);
        hide();
    }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(palette().highlight().color(), 3));
        painter.drawRoundedRect(rect().adjusted(2, 2, -2, -2), 5, 5);
    }
};

QRect within(QRect rect, const QRect& window) {
    rect.moveLeft(std::clamp(rect.left(), window.left() + kGap,
                             std::max(window.left() + kGap, window.right() - rect.width() - kGap)));
    rect.moveTop(std::clamp(rect.top(), window.top() + kGap,
                            std::max(window.top() + kGap, window.bottom() - rect.height() - kGap)));
    return rect;
}

// Beside the target where there is room: below, left, right, above; else in its middle.
QRect beside(const QRect& target, const QSize& size, const QRect& window) {
    QRect middle(QPoint(), size);
    middle.moveCenter(target.center());
    const auto below = QRect(QPoint(middle.left(), target.bottom() + kGap), size);
    const auto left = QRect(QPoint(target.left() - kGap - size.width(), middle.top()), size);
    const auto right = QRect(QPoint(target.right() + kGap, middle.top()), size);
    const auto above = QRect(QPoint(middle.left(), target.top() - kGap - size.height()), size);
    for (const QRect& place : {below, left, right, above})
        if (const QRect moved = within(place, window); !moved.intersects(target)) return moved;
    return within(middle, window);
}

}  // namespace

Tour::Tour(QWidget* window)
    : QFrame(window),
      window_(window),
      mark_(new Mark(window)),
      sentence_(new QLabel(this)),
      count_(new QLabel(this)),
      skip_(new QPushButton(tr("&Skip"), this)),
      next_(new QPushButton(this)) {
    build();
    connect(skip_, &QPushButton::clicked, this, &Tour::end);
    connect(next_, &QPushButton::clicked, this, &Tour::next);
    hide();
}

void Tour::build() {
    setObjectName("tour");
    setAccessibleName(tr("Tour"));
    setFrameStyle(QFrame::Box | QFrame::Plain);
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::ToolTipBase);
    setForegroundRole(QPalette::ToolTipText);
    sentence_->setWordWrap(true);
    sentence_->setForegroundRole(QPalette::ToolTipText);
    count_->setForegroundRole(QPalette::ToolTipText);
    auto* row = new QHBoxLayout;
    row->addWidget(count_);
    row->addStretch();
    row->addWidget(skip_);
    row->addWidget(next_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(14, 12, 14, 10);
    column->setSpacing(10);
    column->addWidget(sentence_);
    column->addLayout(row);
}

void Tour::start(const QList<TourStop>& stops) {
    stops_ = stops;
    stop_ = -1;
    window_->installEventFilter(this);
    next();
}

void Tour::next() {
    if (stop_ + 1 >= stops_.size()) return end();
    ++stop_;
    const bool last = stop_ + 1 == stops_.size();
    sentence_->setText(stops_[stop_].sentence);
    setAccessibleDescription(stops_[stop_].sentence);
    next_->setAccessibleDescription(stops_[stop_].sentence);
    count_->setText(tr("%1 of %2").arg(stop_ + 1).arg(stops_.size()));
    next_->setText(last ? tr("&Done") : tr("&Next"));
    skip_->setHidden(last);
    show();
    next_->setFocus(Qt::OtherFocusReason);
}

void Tour::end() {
    if (stop_ < 0) return;
    stop_ = -1;
    const bool hadFocus = isAncestorOf(window_->focusWidget());
    const QPointer<QWidget> last = stops_.isEmpty() ? nullptr : stops_.first().at;
    window_->removeEventFilter(this);
    mark_->hide();
    hide();
    if (hadFocus && last) last->setFocus(Qt::OtherFocusReason);
    Q_EMIT ended();
}

void Tour::show() {
    place();
    raise();
    QFrame::show();
}

void Tour::place() {
    const QWidget* at = stops_[stop_].at;
    const bool seen = at && at->isVisible();
    setFixedWidth(std::min(kWidth, window_->width() - 2 * kGap));
    const QSize size(width(), std::max(heightForWidth(width()), sizeHint().height()));
    QRect target(window_->rect().center(), QSize(1, 1));
    if (seen) target = QRect(at->mapTo(window_, QPoint()), at->size());
    mark_->setGeometry(target.adjusted(-3, -3, 3, 3));
    mark_->setVisible(seen);
    mark_->raise();
    setGeometry(beside(target, size, window_->rect()));
}

bool Tour::eventFilter(QObject*, QEvent* event) {
    const auto type = event->type();
    if (stop_ >= 0 && (type == QEvent::Resize || type == QEvent::LayoutRequest)) {
        place();
        raise();
    }
    return false;
}

// Escape is the window's shortcut for something else.
bool Tour::event(QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        event->accept();
        return true;
    }
    return QFrame::event(event);
}

void Tour::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape) return end();
    QFrame::keyPressEvent(event);
}

}  // namespace lvr
