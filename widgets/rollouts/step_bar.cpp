#include "widgets/rollouts/step_bar.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>
#include <QSpinBox>
#include <algorithm>
#include <cstdlib>

#include "widgets/colours.h"
#include "widgets/words.h"

namespace lvr {
namespace {

QString lineOf(const Run& run) {
    const QString folder = QFileInfo(QString::fromStdString(run.info.out)).fileName();
    const QString name = run.name.empty() ? QString::fromStdString(run.info.kind) + ' ' + folder
                                          : QString::fromStdString(run.name);
    return StepBar::tr("%1: %2, %3")
        .arg(run.id)
        .arg(name.trimmed(), statusText(run.status).toLower());
}

// The colour that the run's curves have.
QIcon swatchOf(std::int64_t run, bool dark) {
    QPixmap pixmap(12, 12);
    pixmap.fill(runColour(colourSlotOf(run), dark));
    return pixmap;
}

}  // namespace

StepBar::StepBar(QWidget* parent)
    : QWidget(parent),
      runTitle_(new QLabel(tr("Run"), this)),
      runs_(new QComboBox(this)),
      slider_(new QSlider(Qt::Horizontal, this)),
      number_(new QSpinBox(this)),
      count_(new QLabel(this)),
      follow_(new QCheckBox(tr("Follow ne&west"), this)) {
    build();
    wire();
    setSteps({});
}

void StepBar::build() {
    runs_->setAccessibleName(tr("Run"));
    runs_->setToolTip(tr("The runs of this store that have rollouts"));
    runs_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    runs_->setMinimumContentsLength(18);
    runs_->setIconSize({12, 12});
    slider_->setAccessibleName(tr("Step"));
    slider_->setToolTip(tr("The step whose rollouts are shown ([ and ])"));
    number_->setAccessibleName(tr("Step number"));
    number_->setToolTip(tr("The step whose rollouts are shown; the nearest there is"));
    number_->setKeyboardTracking(false);
    follow_->setToolTip(tr("Go to every new step as the run writes it"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(runTitle_);
    row->addWidget(runs_);
    row->addSpacing(8);
    row->addWidget(new QLabel(tr("Step"), this));
    row->addWidget(slider_, 1);
    row->addWidget(number_);
    row->addWidget(count_);
    row->addSpacing(8);
    row->addWidget(follow_);
}

void StepBar::wire() {
    connect(runs_, &QComboBox::activated, this, [this] { Q_EMIT runChosen(run()); });
    connect(slider_, &QSlider::valueChanged, this, &StepBar::choosePlace);
    connect(number_, &QSpinBox::valueChanged, this,
            [this](int step) { choosePlace(placeOf(step)); });
    connect(follow_, &QCheckBox::toggled, this, [this](bool follows) {
        if (follows && !steps_.empty()) slider_->setValue(slider_->maximum());
    });
}

void StepBar::hideRuns() {
    for (QWidget* widget : std::initializer_list<QWidget*>{runTitle_, runs_, follow_})
        widget->hide();
    slider_->setToolTip(tr("The step that is looked at, everywhere ([ and ])"));
    number_->setToolTip(tr("The step that is looked at; the nearest there is"));
}

void StepBar::setRuns(const std::vector<Run>& runs) {
    QStringList lines;
    for (const Run& run : runs) lines << lineOf(run);
    if (lines == lines_) return;  // one may be choosing
    lines_ = lines;
    const std::int64_t chosen = run();
    const QSignalBlocker quiet(runs_);
    runs_->clear();
    for (const Run& run : runs) runs_->addItem(lineOf(run), qint64(run.id));
    chooseRun(chosen);
    runs_->setEnabled(!runs.empty());
    colour();
}

void StepBar::colour() {
    for (int row = 0; row < runs_->count(); ++row)
        runs_->setItemIcon(row, swatchOf(runs_->itemData(row).toLongLong(), isDark(palette())));
}

void StepBar::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) colour();
    QWidget::changeEvent(event);
}

std::int64_t StepBar::run() const { return runs_->currentData().toLongLong(); }

void StepBar::chooseRun(std::int64_t run) {
    const int place = runs_->findData(qint64(run));
    if (place >= 0) runs_->setCurrentIndex(place);
}

void StepBar::setSteps(std::vector<int> steps) {
    const int chosen = step();
    steps_ = std::move(steps);
    const QSignalBlocker one(slider_), two(number_);
    const bool any = !steps_.empty();
    slider_->setRange(0, any ? static_cast<int>(steps_.size()) - 1 : 0);
    slider_->setVisible(steps_.size() != 1);  // there is nowhere to slide to
    number_->setRange(any ? steps_.front() : 0, any ? steps_.back() : 0);
    count_->setText(any ? tr("of %1").arg(steps_.back()) : QString());
    for (QWidget* widget : std::initializer_list<QWidget*>{slider_, number_, follow_})
        widget->setEnabled(any);
    if (any) showPlace(chosen < 0 ? slider_->maximum() : placeOf(chosen));
}

int StepBar::step() const { return steps_.empty() ? -1 : steps_[slider_->value()]; }

int StepBar::placeOf(int step) const {
    const auto nearest = std::min_element(steps_.begin(), steps_.end(), [step](int a, int b) {
        return std::abs(a - step) < std::abs(b - step);
    });
    return static_cast<int>(nearest - steps_.begin());
}

void StepBar::showPlace(int place) {
    const QSignalBlocker one(slider_), two(number_);
    slider_->setValue(place);
    number_->setValue(steps_[place]);
}

void StepBar::chooseStep(int step) {
    if (!steps_.empty()) showPlace(placeOf(step));
}

void StepBar::choosePlace(int place) {
    if (steps_.empty()) return;
    showPlace(place);
    if (place != slider_->maximum()) follow_->setChecked(false);
    Q_EMIT stepChosen(steps_[place]);
}

void StepBar::moveBy(int steps) {
    slider_->setValue(std::clamp(slider_->value() + steps, 0, slider_->maximum()));
}

bool StepBar::followsNewest() const { return follow_->isChecked(); }
void StepBar::setFollowsNewest(bool follows) { follow_->setChecked(follows); }

}  // namespace lvr
