#include "widgets/runs/curve_grid.h"

#include <QCheckBox>
#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QResizeEvent>
#include <QScrollArea>
#include <QScrollBar>
#include <QSettings>
#include <QSlider>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <array>

#include "widgets/runs/curve_plot.h"

namespace lvr {
namespace {

constexpr int kPlotWidth = 330;

int columnsFor(int width) { return std::clamp(width / kPlotWidth, 1, 4); }

constexpr int kTickMs = 16;

std::string groupOf(const std::string& metric) {
    const auto slash = metric.find('/');
    return slash == std::string::npos ? "general" : metric.substr(0, slash);
}

// What one looks at first stands first.
std::pair<std::size_t, std::string> rankOf(const std::string& group) {
    static constexpr std::array kFirst = {"loss", "reward", "accuracy", "validation", "general"};
    const auto found = std::find(kFirst.begin(), kFirst.end(), group);
    return {static_cast<std::size_t>(found - kFirst.begin()), group};
}

// The sum of a group and its mean before its parts.
QString placeIn(const std::string& metric) {
    const bool isHead = metric.ends_with("/total") || metric.ends_with("/mean");
    return (isHead ? '0' : '1') + QString::fromStdString(metric);
}

std::set<std::string> metricsOf(const std::vector<PlottedRun>& runs) {
    std::set<std::string> metrics;
    for (const auto& run : runs)
        for (const auto& [metric, curve] : run.curves->all())
            if (curve.size() > 0) metrics.insert(metric);
    return metrics;
}

}  // namespace

CurveGroup::CurveGroup(const QString& title, QWidget* parent)
    : QWidget(parent),
      title_(title),
      head_(new QToolButton(this)),
      body_(new QWidget(this)),
      grid_(new QGridLayout(body_)) {
    head_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    head_->setArrowType(Qt::DownArrow);
    head_->setAutoRaise(true);
    head_->setToolTip(tr("Show or hide this group"));
    QFont bold = head_->font();
    bold.setBold(true);
    head_->setFont(bold);
    grid_->setContentsMargins(0, 0, 0, 0);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 6);
    column->setSpacing(2);
    column->addWidget(head_);
    column->addWidget(body_);
    connect(head_, &QToolButton::clicked, this, [this] {
        body_->setVisible(body_->isHidden());
        head_->setArrowType(body_->isHidden() ? Qt::RightArrow : Qt::DownArrow);
    });
}

void CurveGroup::add(QWidget* plot, const QString& place) {
    plot->setParent(body_);
    plot->setFixedHeight(CurveGrid::kPlotHeight);
    plots_.emplace(place, plot);
}

void CurveGroup::setTitleShown(bool shown) { head_->setVisible(shown); }

void CurveGroup::arrange() {
    columns_ = head_->isHidden() ? 1 : columnsFor(width());
    std::erase_if(plots_, [](const auto& entry) { return entry.second.isNull(); });
    for (const auto& [order, plot] : plots_) grid_->removeWidget(plot);
    int place = 0;
    for (const auto& [order, plot] : plots_) {
        if (plot->isHidden()) continue;
        grid_->addWidget(plot, place / columns_, place % columns_);
        ++place;
    }
    for (int column = 0; column < 4; ++column)
        grid_->setColumnStretch(column, column < columns_ ? 1 : 0);
    head_->setText(QString("%1 (%2)").arg(title_).arg(place));
    setVisible(place > 0);
}

void CurveGroup::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    if (columnsFor(event->size().width()) != columns_) arrange();
}

CurveControls::CurveControls(QWidget* parent)
    : QWidget(parent),
      smoothing_(new QSlider(Qt::Horizontal, this)),
      weight_(new QLabel(this)),
      axis_(new QComboBox(this)),
      logX_(new QCheckBox(tr("Log x"), this)),
      logY_(new QCheckBox(tr("Log y"), this)),
      clip_(new QCheckBox(tr("No outliers"), this)),
      groups_(new QCheckBox(tr("Mean of groups"), this)) {
    build();
    connect(smoothing_, &QSlider::valueChanged, this, &CurveControls::tell);
    connect(axis_, &QComboBox::currentIndexChanged, this, &CurveControls::tell);
    connect(axis_, &QComboBox::activated, this, [this] {
        wanted_ = view().axis;
        tell();
    });
    for (auto* box : {logX_, logY_, clip_, groups_})
        connect(box, &QCheckBox::toggled, this, &CurveControls::tell);
    tell();
}

void CurveControls::build() {
    // Thousandths of what is kept of the past: the last stretch matters most, so it gets most room.
    smoothing_->setRange(0, 100);
    smoothing_->setPageStep(10);
    smoothing_->setMaximumWidth(160);
    smoothing_->setAccessibleName(tr("Smoothing"));
    smoothing_->setToolTip(
        tr("Weight of the past in an exponential moving average, freed of its bias"));
    weight_->setMinimumWidth(weight_->fontMetrics().horizontalAdvance("0.9999"));
    axis_->addItem(tr("Step"), static_cast<int>(CurveAxis::Step));
    axis_->setAccessibleName(tr("What is on the x axis"));
    clip_->setToolTip(tr("Fit the y axis to the middle 98 % of the values"));
    groups_->setToolTip(
        tr("Of runs that are grouped in the table draw the mean and one standard deviation"));
    groups_->setEnabled(false);
    auto* smoothing = new QLabel(tr("S&moothing"), this);
    smoothing->setBuddy(smoothing_);
    auto* over = new QLabel(tr("&Over"), this);
    over->setBuddy(axis_);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    for (QWidget* widget : std::initializer_list<QWidget*>{smoothing, smoothing_, weight_, over,
                                                           axis_, logX_, logY_, clip_, groups_})
        row->addWidget(widget);
    row->addStretch(1);
}

CurveView CurveControls::view() const {
    const double share = smoothing_->value() / 100.0;
    return {.smoothing = share * (2 - share) * 0.999,
            .axis = static_cast<CurveAxis>(axis_->currentData().toInt()),
            .x = logX_->isChecked() ? AxisScale::Log : AxisScale::Linear,
            .y = logY_->isChecked() ? AxisScale::Log : AxisScale::Linear,
            .clipsOutliers = clip_->isChecked(),
            .showsGroups = groups_->isChecked() && groups_->isEnabled()};
}

void CurveControls::setRuns(const std::vector<PlottedRun>& runs) {
    for (const auto& [axis, name] :
         {std::pair(CurveAxis::Time, tr("Time")), std::pair(CurveAxis::Tokens, tr("Tokens"))}) {
        const bool known = std::any_of(runs.begin(), runs.end(), [axis = axis](const auto& run) {
            return knows(*run.curves, axis);
        });
        const int at = axis_->findData(static_cast<int>(axis));
        if (known && at < 0) axis_->addItem(name, static_cast<int>(axis));
        if (!known && at >= 0) axis_->removeItem(at);
    }
    std::set<QString> groups;
    bool isAnyShared = false;
    for (const auto& run : runs)
        if (!run.group.isEmpty()) isAnyShared |= !groups.insert(run.group).second;
    if (groups_->isEnabled() != isAnyShared) {
        groups_->setEnabled(isAnyShared);
        if (groups_->isChecked()) tell();
    }
    // One that was not known for a while is back.
    if (const int at = axis_->findData(static_cast<int>(wanted_)); at >= 0)
        axis_->setCurrentIndex(at);
}

void CurveControls::keep() {
    const QSettings settings;
    smoothing_->setValue(settings.value("train/curves/smoothing").toInt());
    logX_->setChecked(settings.value("train/curves/log-x").toBool());
    logY_->setChecked(settings.value("train/curves/log-y").toBool());
    clip_->setChecked(settings.value("train/curves/no-outliers").toBool());
    groups_->setChecked(settings.value("train/curves/groups").toBool());
    wanted_ = static_cast<CurveAxis>(std::clamp(settings.value("train/curves/axis").toInt(), 0,
                                                static_cast<int>(CurveAxis::Tokens)));
    isKept_ = true;
}

void CurveControls::write() const {
    QSettings settings;
    settings.setValue("train/curves/smoothing", smoothing_->value());
    settings.setValue("train/curves/log-x", logX_->isChecked());
    settings.setValue("train/curves/log-y", logY_->isChecked());
    settings.setValue("train/curves/no-outliers", clip_->isChecked());
    settings.setValue("train/curves/groups", groups_->isChecked());
    settings.setValue("train/curves/axis", static_cast<int>(wanted_));
}

void CurveControls::tell() {
    if (isKept_) write();
    weight_->setText(QString::number(view().smoothing, 'f', 3));
    Q_EMIT viewChanged(view());
}

CurveGrid::CurveGrid(QWidget* parent)
    : QWidget(parent),
      search_(new QLineEdit(this)),
      controls_(new CurveControls(this)),
      area_(new QScrollArea(this)),
      nothing_(new QLabel(this)) {
    build();
    tick_.setInterval(kTickMs);
    connect(&tick_, &QTimer::timeout, this, &CurveGrid::refreshNext);
    connect(search_, &QLineEdit::textChanged, this, &CurveGrid::applyFilter);
    connect(controls_, &CurveControls::viewChanged, this, &CurveGrid::applyView);
}

void CurveGrid::build() {
    search_->setPlaceholderText(tr("Find a metric"));
    search_->setClearButtonEnabled(true);
    search_->setAccessibleName(tr("Find a metric"));
    search_->setMaximumWidth(220);
    nothing_->setText(tr("Check runs in the table to see their curves."));
    nothing_->setAlignment(Qt::AlignCenter);
    nothing_->setWordWrap(true);
    auto* content = new QWidget(area_);
    column_ = new QVBoxLayout(content);
    column_->setContentsMargins(0, 0, 4, 0);
    column_->addStretch(1);
    area_->setWidget(content);
    area_->setWidgetResizable(true);
    area_->setAccessibleName(tr("Curves"));
    area_->setFrameShape(QFrame::NoFrame);
    area_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    area_->hide();
    auto* head = new QHBoxLayout;
    head->addWidget(search_, 1);
    head->addWidget(controls_, 2);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addLayout(head);
    all->addWidget(nothing_, 1);
    all->addWidget(area_, 1);
}

void CurveGrid::setRuns(const std::vector<PlottedRun>& runs) {
    runs_ = runs;
    updatePlots();
    for (auto& [metric, plot] : plots_) plot->setRuns(runs_);
}

// A plot for every metric that a run has, and no other.
void CurveGrid::updatePlots() {
    const auto metrics = metricsOf(runs_);
    std::erase_if(plots_, [&](const auto& entry) {
        if (metrics.contains(entry.first)) return false;
        std::erase(waiting_, entry.second);
        if (entry.second == large_) large_ = nullptr;
        entry.second->setRuns({});  // a picture that is due already must not look at them
        entry.second->deleteLater();
        entry.second->hide();
        return true;
    });
    for (const auto& [title, group] : groups_) group->setTitleShown(!large_);
    for (const auto& metric : metrics)
        if (!plots_.contains(metric)) plots_[metric] = makePlot(metric);
    controls_->setRuns(runs_);
    nothing_->setText(runs_.empty() ? tr("Check runs in the table to see their curves.")
                                    : tr("Nothing was recorded yet."));
    applyFilter();
}

CurvePlot* CurveGrid::makePlot(const std::string& metric) {
    auto*& group = groups_[groupOf(metric)];
    if (!group) {
        group = new CurveGroup(QString::fromStdString(groupOf(metric)), area_->widget());
        int place = 0;
        for (const auto& [title, other] : groups_)
            if (other != group && rankOf(title) < rankOf(groupOf(metric))) ++place;
        column_->insertWidget(place, group);
    }
    auto* plot = new CurvePlot(metric);
    group->add(plot, placeIn(metric));
    plot->setView(controls_->view());
    plot->setRuns(runs_);
    plot->markStep(markedRun_, markedStep_);
    plot->show();
    connect(plot, &CurvePlot::pointed, this, [this, plot](double x) {
        for (const auto& [name, other] : plots_)
            if (other != plot) other->showCursor(x);
    });
    connect(plot, &CurvePlot::pointedNowhere, this, [this] {
        for (const auto& [name, other] : plots_) other->hideCursor();
    });
    connect(plot, &CurvePlot::stepChosen, this, &CurveGrid::stepChosen);
    connect(plot, &CurvePlot::largeWanted, this,
            [this, plot] { enlarge(large_ == plot ? nullptr : plot); });
    connect(plot, &CurvePlot::smallWanted, this, [this] { enlarge(nullptr); });
    connect(plot, &CurvePlot::rolloutsRequested, this, &CurveGrid::rolloutsRequested);
    connect(plot, &CurvePlot::exported, this, &CurveGrid::exported);
    connect(plot, &CurvePlot::exportFailed, this, &CurveGrid::exportFailed);
    return plot;
}

void CurveGrid::applyFilter() {
    for (const auto& [metric, plot] : plots_)
        plot->setVisible(
            large_ ? plot == large_
                   : QString::fromStdString(metric).contains(search_->text(), Qt::CaseInsensitive));
    for (const auto& [title, group] : groups_) group->arrange();
    area_->setVisible(!plots_.empty());
    nothing_->setVisible(plots_.empty());
}

void CurveGrid::keepView() { controls_->keep(); }

void CurveGrid::markStep(std::int64_t run, int step) {
    if (run == markedRun_ && step == markedStep_) return;
    markedRun_ = run;
    markedStep_ = step;
    for (const auto& [metric, plot] : plots_) plot->markStep(run, step);
}

void CurveGrid::enlarge(CurvePlot* plot) {
    if (plot == large_) return;
    auto* bar = area_->verticalScrollBar();
    if (!large_) before_ = bar->value();
    if (large_) large_->setFixedHeight(kPlotHeight);
    large_ = plot;
    for (const auto& [title, group] : groups_) group->setTitleShown(!plot);
    applyFilter();
    fitLarge();
    if (plot) return plot->setFocus();
    area_->widget()->layout()->activate();
    bar->setValue(before_);
}

void CurveGrid::fitLarge() {
    if (!large_) return;
    const int room = area_->viewport()->height() - area_->widget()->layout()->spacing() * 2;
    large_->setFixedHeight(std::max(kPlotHeight, room));
}

void CurveGrid::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fitLarge();
}

void CurveGrid::applyView(const CurveView& view) {
    for (const auto& [metric, plot] : plots_) plot->setView(view);
}

void CurveGrid::refresh() {
    const auto metrics = metricsOf(runs_);
    if (std::any_of(metrics.begin(), metrics.end(),
                    [this](const std::string& metric) { return !plots_.contains(metric); }))
        updatePlots();
    for (const auto& [metric, plot] : plots_)
        if (std::find(waiting_.begin(), waiting_.end(), plot) == waiting_.end())
            waiting_.push_back(plot);
    if (!tick_.isActive()) tick_.start();
}

void CurveGrid::dropEmpty() {
    if (metricsOf(runs_).size() < plots_.size()) updatePlots();
}

void CurveGrid::refreshNext() {
    while (!waiting_.empty()) {
        auto* plot = waiting_.front();
        waiting_.erase(waiting_.begin());
        plot->refresh();
        if (!plot->visibleRegion().isEmpty()) return;
    }
    tick_.stop();
    Q_EMIT refreshed();
}

CurvePlot* CurveGrid::find(const std::string& metric) const {
    const auto found = plots_.find(metric);
    return found == plots_.end() ? nullptr : found->second;
}

}  // namespace lvr
