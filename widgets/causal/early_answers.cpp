#include "widgets/causal/early_answers.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "widgets/action_tip.h"
#include "widgets/colours.h"

namespace lvr {
namespace {

constexpr double kDotSize = 3;
constexpr double kLegendShare = 0.26, kNarrowestLegend = 90, kWidestLegend = 190;

}  // namespace

EarlyAnswers::EarlyAnswers(QWidget* parent) : FigureView("early", tr("Early answers"), parent) {
    setFocusPolicy(Qt::StrongFocus);
    setFixedKeys(*this, {tr("the early answers"),
                         {{tr("Left, Right"), tr("Choose after how many latents it answers")}}});
}

void EarlyAnswers::setAnswers(const std::vector<EarlyAnswer>& answers,
                              const std::vector<std::string>& candidates,
                              const std::string& expected) {
    answers_ = answers;
    candidates_ = candidates;
    expected_ = expected;
    chosen_ = -1;
    const auto highest = [this](int candidate) {
        double most = 0;
        for (int i = 0; i < std::ssize(answers_); ++i)
            most = std::max(most, probability(i, candidate));
        return most;
    };
    shown_.resize(candidates_.size());
    std::iota(shown_.begin(), shown_.end(), 0);
    std::ranges::stable_sort(shown_, std::greater(), highest);
    if (std::ssize(shown_) > kMostLines) shown_.resize(kMostLines);
    QStringList words;
    for (const auto& answer : answers_)
        words << tr("after %1: %2").arg(answer.latents).arg(QString::fromStdString(answer.answer));
    setAccessibleDescription(words.isEmpty() ? emptyText() : words.join(QStringLiteral("; ")));
    update();
}

void EarlyAnswers::choose(int place) {
    chosen_ = place;
    update();
}

double EarlyAnswers::probability(int place, int candidate) const {
    const auto& all = answers_[static_cast<std::size_t>(place)].probabilities;
    return candidate < std::ssize(all) ? all[static_cast<std::size_t>(candidate)] : 0;
}

double EarlyAnswers::entropyShare(int place) const {
    const double most = std::log(std::max<double>(static_cast<double>(candidates_.size()), 2));
    return std::clamp(answers_[static_cast<std::size_t>(place)].entropy / most, 0.0, 1.0);
}

QString EarlyAnswers::nameOfCandidate(int candidate) const {
    const std::string& name = candidates_[static_cast<std::size_t>(candidate)];
    const QString text = QString::fromStdString(name);
    return name == expected_ ? tr("%1 (right)").arg(text) : text;
}

// ---- Places ----

EarlyAnswers::Layout EarlyAnswers::layOut(const QRectF& space) const {
    const double line = fontMetrics().height();
    const double legend = std::clamp(space.width() * kLegendShare, kNarrowestLegend, kWidestLegend);
    const double left = fontMetrics().horizontalAdvance(QStringLiteral("1.0")) + 8;
    const QRectF plot = space.adjusted(left, line / 2, -legend - 12, -2 * line - 8);
    return {plot, QRectF(plot.left(), plot.bottom() + 4, plot.width(), 2 * line),
            QRectF(plot.right() + 12, space.top(), legend, space.height())};
}

double EarlyAnswers::xOf(int place, const QRectF& plot) const {
    const double last = std::max<double>(static_cast<double>(answers_.size()) - 1, 1);
    return plot.left() + plot.width() * place / last;
}

int EarlyAnswers::placeAt(double x) const {
    const QRectF plot = layOut(QRectF(rect()).adjusted(6, 6, -6, -6)).plot;
    const double last = std::max<double>(static_cast<double>(answers_.size()) - 1, 1);
    const double place = (x - plot.left()) / std::max(plot.width(), 1.0) * last;
    return std::clamp(static_cast<int>(std::lround(place)), 0,
                      static_cast<int>(answers_.size()) - 1);
}

// ---- Drawing ----

void EarlyAnswers::draw(QPainter& painter, const QRectF& space, const FigureInk& ink) const {
    const Layout layout = layOut(space);
    drawAxes(painter, layout, ink);
    drawLines(painter, layout, ink);
    drawWords(painter, layout, ink);
    drawLegend(painter, layout, ink);
}

void EarlyAnswers::drawAxes(QPainter& painter, const Layout& layout, const FigureInk& ink) const {
    const QRectF& plot = layout.plot;
    const double line = fontMetrics().height();
    for (const double value : {0.0, 0.5, 1.0}) {
        const double y = plot.bottom() - value * plot.height();
        painter.setPen(QPen(faded(ink.ink, 0.18), 1));
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        painter.setPen(ink.dim);
        painter.drawText(QRectF(plot.left() - 60, y - line / 2, 54, line),
                         Qt::AlignRight | Qt::AlignVCenter, QString::number(value));
    }
    if (chosen_ < 0 || chosen_ >= std::ssize(answers_)) return;
    painter.setPen(QPen(ink.accent, 1.5, Qt::DashLine));
    const double x = xOf(chosen_, plot);
    painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()));
}

void EarlyAnswers::drawLines(QPainter& painter, const Layout& layout, const FigureInk& ink) const {
    const auto drawLine = [&](const QPen& pen, const auto& valueOf, bool dots) {
        QPolygonF line;
        for (int i = 0; i < std::ssize(answers_); ++i)
            line << QPointF(xOf(i, layout.plot),
                            layout.plot.bottom() - valueOf(i) * layout.plot.height());
        painter.setPen(pen);
        painter.setBrush(Qt::NoBrush);
        painter.drawPolyline(line);
        if (!dots) return;
        painter.setBrush(pen.color());
        for (const QPointF& point : line) painter.drawEllipse(point, kDotSize, kDotSize);
    };
    drawLine(
        QPen(ink.dim, 1.3, Qt::DotLine), [this](int i) { return entropyShare(i); }, false);
    for (int line = 0; line < std::ssize(shown_); ++line)
        drawLine(
            QPen(runColour(line, ink.dark), 1.8),
            [&](int i) { return probability(i, shown_[static_cast<std::size_t>(line)]); }, true);
}

void EarlyAnswers::drawWords(QPainter& painter, const Layout& layout, const FigureInk& ink) const {
    const double line = fontMetrics().height();
    const double room = layout.plot.width() / std::max<double>(std::ssize(answers_) - 1, 1);
    const int every = std::max(1, static_cast<int>(std::ceil(46 / std::max(room, 1.0))));
    for (int i = 0; i < std::ssize(answers_); i += every) {
        const double width = std::max(room * every - 4, 20.0), x = xOf(i, layout.plot);
        painter.setPen(ink.dim);
        painter.drawText(QRectF(x - width / 2, layout.words.top(), width, line), Qt::AlignCenter,
                         QString::number(answers_[static_cast<std::size_t>(i)].latents));
        painter.setPen(ink.ink);
        const QString word =
            QString::fromStdString(answers_[static_cast<std::size_t>(i)].answer).simplified();
        painter.drawText(QRectF(x - width / 2, layout.words.top() + line, width, line),
                         Qt::AlignCenter,
                         fontMetrics().elidedText(word, Qt::ElideRight, static_cast<int>(width)));
    }
}

void EarlyAnswers::drawLegend(QPainter& painter, const Layout& layout, const FigureInk& ink) const {
    const double line = fontMetrics().height() + 2;
    double y = layout.legend.top();
    const auto entry = [&](const QPen& pen, const QString& text) {
        if (y + line > layout.legend.bottom()) return;
        painter.setPen(pen);
        painter.drawLine(QPointF(layout.legend.left(), y + line / 2),
                         QPointF(layout.legend.left() + 16, y + line / 2));
        painter.setPen(ink.ink);
        const QRectF room(layout.legend.left() + 22, y, layout.legend.width() - 22, line);
        painter.drawText(
            room, Qt::AlignLeft | Qt::AlignVCenter,
            fontMetrics().elidedText(text, Qt::ElideRight, static_cast<int>(room.width())));
        y += line;
    };
    for (int i = 0; i < std::ssize(shown_); ++i)
        entry(QPen(runColour(i, ink.dark), 2.2),
              nameOfCandidate(shown_[static_cast<std::size_t>(i)]));
    entry(QPen(ink.dim, 1.5, Qt::DotLine), tr("entropy, of the most"));
}

// ---- By hand ----

QString EarlyAnswers::explain(const QPointF& at) const {
    const auto& answer = answers_[static_cast<std::size_t>(placeAt(at.x()))];
    QString text = tr("Exit after %1 latents: %2, entropy %3 nats")
                       .arg(answer.latents)
                       .arg(QString::fromStdString(answer.answer))
                       .arg(answer.entropy, 0, 'f', 2);
    for (const int candidate : shown_)
        text += tr("\n%1: %2")
                    .arg(nameOfCandidate(candidate))
                    .arg(probability(placeAt(at.x()), candidate), 0, 'f', 3);
    return text;
}

void EarlyAnswers::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || isEmpty()) return;
    choose(placeAt(event->position().x()));
    Q_EMIT latentsChosen(answers_[static_cast<std::size_t>(chosen_)].latents);
}

void EarlyAnswers::keyPressEvent(QKeyEvent* event) {
    const int by = event->key() == Qt::Key_Left ? -1 : event->key() == Qt::Key_Right ? 1 : 0;
    if (by == 0 || isEmpty()) return FigureView::keyPressEvent(event);
    choose(std::clamp(chosen_ + by, 0, static_cast<int>(answers_.size()) - 1));
    Q_EMIT latentsChosen(answers_[static_cast<std::size_t>(chosen_)].latents);
}

}  // namespace lvr
