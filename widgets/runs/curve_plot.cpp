#include "widgets/runs/curve_plot.h"

#include <qcustomplot.h>

#include <QTextDocumentFragment>

#include "widgets/action_tip.h"
#include "widgets/runs/curve_lines.h"
#include "widgets/runs/export_file.h"
#include "widgets/runs/number_ticker.h"
#include "widgets/runs/plot_picture.h"
#include "widgets/runs/run_colours.h"
#include "widgets/runs/run_text.h"
#include "widgets/save_file.h"

namespace lvr {
CurvePlot::CurvePlot(const std::string& metric, QWidget* parent)
    : QWidget(parent),
      metric_(metric),
      plot_(new QCustomPlot(this)),
      lines_(std::make_unique<CurveLines>(plot_, metric)),
      title_(new QLabel(QString::fromStdString(metric), this)),
      follow_(new QToolButton(this)),
      more_(new QToolButton(this)),
      menu_(new QMenu(this)),
      readout_(new QLabel(plot_)),
      cursor_(new QFrame(plot_)) {
    build();
    makeMenu();
    colour();
    setScales();
    wire();
}

CurvePlot::~CurvePlot() = default;

void CurvePlot::build() {
    setAccessibleName(tr("Curve of %1").arg(title_->text()));
    setFocusPolicy(Qt::StrongFocus);
    setFixedKeys(*this, {tr("a curve"),
                         {{tr("Left, Right"), tr("Move along the curve")},
                          {tr("+, -"), tr("Nearer or farther")},
                          {tr("F"), tr("Follow what comes")}}});
    QFont bold = title_->font();
    bold.setBold(true);
    title_->setFont(bold);
    title_->setToolTip(
        tr("Drag to pan, Ctrl+wheel to zoom (with Shift: upwards), double click to "
           "follow again. Keys: arrows, + and -, F."));
    follow_->setText(tr("Follow"));
    follow_->setToolTip(tr("Show all, and what comes (F)"));
    follow_->setAutoRaise(true);
    follow_->hide();
    more_->setText("⋯");
    more_->setToolTip(tr("Legend, export"));
    more_->setAccessibleName(tr("More for %1").arg(title_->text()));
    more_->setAutoRaise(true);
    plot_->setInteractions(QCP::iRangeDrag);
    plot_->setAutoAddPlottableToLegend(false);
    plot_->setPlottingHints(QCP::phFastPolylines | QCP::phCacheLabels);
    plot_->setNoAntialiasingOnDrag(true);
    plot_->setContextMenuPolicy(Qt::CustomContextMenu);
    plot_->setMinimumSize(180, 120);
    plot_->axisRect()->setMinimumMargins(QMargins(6, 6, 8, 4));
    plot_->legend->setVisible(true);
    plot_->legend->setIconSize(14, 8);
    readout_->setTextFormat(Qt::RichText);
    readout_->setAutoFillBackground(true);
    readout_->setMargin(4);
    cursor_->setFrameShape(QFrame::VLine);
    for (QWidget* over : std::initializer_list<QWidget*>{readout_, cursor_}) {
        over->setAttribute(Qt::WA_TransparentForMouseEvents);
        over->hide();
    }
    auto* head = new QHBoxLayout;
    head->addWidget(title_, 1);
    head->addWidget(follow_);
    head->addWidget(more_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(head);
    column->addWidget(plot_, 1);
}

void CurvePlot::makeMenu() {
    menu_->addAction(tr("&Legend"), this, [this] {
        legendChosen_ = true;
        plot_->legend->setVisible(!plot_->legend->visible());
        refresh();
    });
    menu_->addAction(tr("&Follow"), this, &CurvePlot::follow);
    menu_->addSeparator();
    for (const auto& [text, ending] :
         {std::pair(tr("Save as &PNG…"), "png"), std::pair(tr("Save as &SVG…"), "svg"),
          std::pair(tr("Save the numbers as &CSV…"), "csv")})
        menu_->addAction(text, this, [this, ending = QString(ending)] { askForFile(ending); });
    menu_->addSeparator();
    rollouts_ = menu_->addAction(tr("Show &rollouts"));
    rollouts_->setVisible(false);
    connect(
        menu_, &QMenu::aboutToHide, rollouts_, [this] { rollouts_->setVisible(false); },
        Qt::QueuedConnection);
    connect(rollouts_, &QAction::triggered, this, [this] {
        const auto place = rollouts_->data().toList();
        Q_EMIT rolloutsRequested(place[0].toLongLong(), place[1].toInt());
    });
}

void CurvePlot::wire() {
    plot_->installEventFilter(this);
    connect(follow_, &QToolButton::clicked, this, &CurvePlot::follow);
    connect(more_, &QToolButton::clicked, this,
            [this] { menu_->popup(more_->mapToGlobal(more_->rect().bottomLeft())); });
    connect(plot_, &QCustomPlot::beforeReplot, this, &CurvePlot::prepare);
    connect(plot_, &QCustomPlot::mouseDoubleClick, this, &CurvePlot::follow);
    connect(plot_, &QWidget::customContextMenuRequested, this, &CurvePlot::showMenu);
    for (auto* axis : {plot_->xAxis, plot_->yAxis})
        connect(axis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
                &CurvePlot::leaveFollowing);
    connect(plot_->xAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
            &CurvePlot::stayBehindZero);
}

void CurvePlot::setRuns(const std::vector<PlottedRun>& runs) {
    runs_ = runs;
    lines_->setRuns(runs, palette());
    constexpr std::size_t kRoom = 6;  // more runs would hide what the legend is for
    if (!legendChosen_) plot_->legend->setVisible(runs.size() <= kRoom);
    refresh();
}

void CurvePlot::setView(const CurveView& view) {
    const bool otherAxes = view.axis != view_.axis || view.x != view_.x || view.y != view_.y;
    view_ = view;
    lines_->setView(view);
    lines_->setRuns(runs_, palette());
    setScales();
    if (otherAxes) follow();
    refresh();
}

void CurvePlot::setScales() {
    const auto set = [](QCPAxis* axis, AxisScale scale) {
        const bool log = scale == AxisScale::Log;
        axis->setScaleType(log ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
        axis->setTicker(QSharedPointer<NumberTicker>::create(scale));
        axis->setNumberFormat("gb");  // 1e-05 is drawn as a power of ten
    };
    preparing_ = true;
    set(plot_->xAxis, view_.x);
    set(plot_->yAxis, view_.y);
    if (view_.axis == CurveAxis::Time && view_.x == AxisScale::Linear) {
        QSharedPointer<QCPAxisTickerTime> ticker(new QCPAxisTickerTime);
        ticker->setTimeFormat("%h:%m:%s");
        ticker->setTickCount(4);
        plot_->xAxis->setTicker(ticker);
    }
    preparing_ = false;
}

void CurvePlot::refresh() {
    stale_ = plot_->visibleRegion().isEmpty();
    if (!stale_) plot_->replot(QCustomPlot::rpQueuedReplot);
}

void CurvePlot::prepare() {
    preparing_ = true;
    if (following_) lines_->showAll();
    lines_->fill();
    placeLegend();
    preparing_ = false;
}

// Never over the newest values, which are on the right, and where the curves did not begin.
void CurvePlot::placeLegend() {
    const auto beside = lines_->beginsHigh() ? Qt::AlignBottom : Qt::AlignTop;
    plot_->axisRect()->insetLayout()->setInsetAlignment(0, Qt::AlignLeft | beside);
}

// There are no steps and no seconds before the first.
void CurvePlot::stayBehindZero(const QCPRange& range) {
    if (preparing_ || view_.x == AxisScale::Log || range.lower >= 0) return;
    plot_->xAxis->setRange(0, range.size());
}

void CurvePlot::follow() {
    following_ = true;
    follow_->hide();
    refresh();
}

void CurvePlot::leaveFollowing() {
    if (preparing_) return;
    following_ = false;
    follow_->show();
    hideReadout();
}

void CurvePlot::colour() {
    const QPalette& colours = palette();
    const QColor text = colours.color(QPalette::Text);
    QColor line = text, grid = text, ground = colours.color(QPalette::Base);
    line.setAlphaF(0.4f);
    grid.setAlphaF(0.1f);
    plot_->setBackground(ground);
    for (auto* axis : {plot_->xAxis, plot_->yAxis}) {
        axis->setBasePen(line);
        axis->setTickPen(line);
        axis->setSubTickPen(Qt::NoPen);
        axis->setTickLabelColor(text);
        axis->grid()->setPen(grid);
        axis->grid()->setZeroLinePen(grid);
    }
    ground.setAlphaF(0.75f);
    plot_->legend->setBrush(ground);
    plot_->legend->setBorderPen(Qt::NoPen);
    plot_->legend->setTextColor(text);
    QFont small = font();
    small.setPointSizeF(small.pointSizeF() * 0.9);
    plot_->legend->setFont(small);
    for (auto* axis : {plot_->xAxis, plot_->yAxis}) axis->setTickLabelFont(small);
    readout_->setFont(small);
    lines_->colour(colours);
}

bool CurvePlot::eventFilter(QObject* watched, QEvent* event) {
    switch (event->type()) {
        case QEvent::Paint:
            if (stale_) refresh();  // it has come into sight
            break;
        case QEvent::Wheel:  // without Ctrl it belongs to what scrolls around us
            event->setAccepted(zoom(*static_cast<QWheelEvent*>(event)));
            return true;
        case QEvent::MouseMove: {
            const auto* mouse = static_cast<QMouseEvent*>(event);
            if (mouse->buttons() == Qt::NoButton) showReadout(mouse->pos());
            break;
        }
        case QEvent::Leave:
            hideReadout();
            break;
        default:
            break;
    }
    return QWidget::eventFilter(watched, event);
}

bool CurvePlot::zoom(const QWheelEvent& event) {
    if (!(event.modifiers() & Qt::ControlModifier)) return false;
    auto* axis = event.modifiers() & Qt::ShiftModifier ? plot_->yAxis : plot_->xAxis;
    const double at = axis == plot_->xAxis ? event.position().x() : event.position().y();
    axis->scaleRange(std::pow(0.85, event.angleDelta().y() / 120.0), axis->pixelToCoord(at));
    plot_->replot(QCustomPlot::rpQueuedReplot);
    return true;
}

void CurvePlot::keyPressEvent(QKeyEvent* event) {
    auto* axis = plot_->xAxis;
    const double tenth = axis->range().size() / 10;
    switch (event->key()) {
        case Qt::Key_Left:
            axis->moveRange(-tenth);
            break;
        case Qt::Key_Right:
            axis->moveRange(tenth);
            break;
        case Qt::Key_Plus:
            axis->scaleRange(0.7);
            break;
        case Qt::Key_Minus:
            axis->scaleRange(1 / 0.7);
            break;
        case Qt::Key_F:
            follow();
            break;
        default:
            QWidget::keyPressEvent(event);
            return;
    }
    plot_->replot(QCustomPlot::rpQueuedReplot);
}

void CurvePlot::showReadout(const QPoint& place) {
    const auto points = lines_->nearest(plot_->xAxis->pixelToCoord(place.x()));
    if (points.empty() || !plot_->axisRect()->rect().contains(place)) return hideReadout();
    QString text = "<table cellspacing='0' cellpadding='1'>";
    for (const auto& point : points) {
        text += QString(
                    "<tr><td><span style='color:%1'>●</span> %2&nbsp;</td>"
                    "<td>%3 %4:&nbsp;</td><td>%5</td>")
                    .arg(runColour(point.run->colour, isDark(palette())).name(),
                         point.run->name.toHtmlEscaped(), tr("step"))
                    .arg(point.step)
                    .arg(shortNumber(point.value));
        if (view_.smoothing > 0)
            text +=
                QString("<td>&nbsp;%1 %2</td>").arg(tr("smoothed"), shortNumber(point.smoothed));
        text += "</tr>";
    }
    readout_->setText(text + "</table>");
    readout_->adjustSize();
    const auto* rect = plot_->axisRect();
    constexpr int kGap = 12;
    const bool left = place.x() + kGap + readout_->width() > plot_->width();
    const int x = left ? place.x() - kGap - readout_->width() : place.x() + kGap;
    readout_->move(std::max(0, x), std::clamp(place.y() - readout_->height() / 2, 0,
                                              std::max(0, plot_->height() - readout_->height())));
    cursor_->setGeometry(place.x(), rect->top(), 1, rect->height());
    cursor_->show();
    readout_->show();
    readout_->raise();
}

void CurvePlot::hideReadout() {
    readout_->hide();
    cursor_->hide();
}

QString CurvePlot::readout() const {
    return readout_->isHidden() ? QString()
                                : QTextDocumentFragment::fromHtml(readout_->text()).toPlainText();
}

void CurvePlot::showMenu(const QPoint& place) {
    auto points = lines_->nearest(plot_->xAxis->pixelToCoord(place.x()));
    std::erase_if(points, [](const auto& point) { return !point.run->hasRollouts; });
    const auto distance = [&](const CurveLines::Point& point) {
        return std::abs(plot_->yAxis->coordToPixel(point.value) - place.y());
    };
    const auto nearest =
        std::min_element(points.begin(), points.end(),
                         [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
    if (nearest != points.end()) {
        rollouts_->setText(
            tr("Show &rollouts of %1 at step %2").arg(nearest->run->name).arg(nearest->step));
        rollouts_->setData(QVariantList{static_cast<qlonglong>(nearest->run->id), nearest->step});
        rollouts_->setVisible(true);
    }
    menu_->popup(plot_->mapToGlobal(place));
}

// `ending` first; the name that is typed may choose another.
void CurvePlot::askForFile(const QString& ending) {
    QList<SaveFormat> formats{
        {"png", tr("PNG picture")}, {"svg", tr("SVG drawing")}, {"csv", tr("CSV")}};
    std::stable_partition(formats.begin(), formats.end(),
                          [&](const SaveFormat& format) { return format.ending == ending; });
    askWhereToSave(this,
                   {tr("Save %1").arg(title_->text()),
                    title_->text().replace('/', '-') + "." + ending, formats},
                   [this](const QString& file, const QString&) { exportTo(file); });
}

void CurvePlot::exportTo(const QString& file) {
    std::function<QByteArray()> content;
    if (file.endsWith(".csv", Qt::CaseInsensitive)) {
        std::map<std::int64_t, Curve> copies;  // the runs go on growing
        for (const auto& run : runs_)
            if (const auto* curve = run.curves->find(metric_)) copies.emplace(run.id, *curve);
        content = [copies, smoothing = view_.smoothing] { return csvOf(copies, smoothing); };
    } else if (file.endsWith(".svg", Qt::CaseInsensitive)) {
        content = [bytes = svgOf(*plot_, title_->text())] { return bytes; };
    } else {
        content = [bytes = pngOf(*plot_)] { return bytes; };
    }
    exportFile(file, content, this, [this, file](const QString& sentence) {
        if (sentence.isEmpty())
            Q_EMIT exported(file);
        else
            Q_EMIT exportFailed(sentence);
    });
}

void CurvePlot::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) {
        colour();
        refresh();
    }
    QWidget::changeEvent(event);
}

}  // namespace lvr
