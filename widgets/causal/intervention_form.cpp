#include "widgets/causal/intervention_form.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSpinBox>
#include <limits>

#include "widgets/causal/intervention_words.h"

namespace lvr {
namespace {

constexpr int kMostSteps = 999;
constexpr double kMostNoise = 100;

}  // namespace

InterventionForm::InterventionForm(QWidget* parent)
    : QWidget(parent),
      kind_(new QComboBox(this)),
      strengthLabel_(new QLabel(tr("strength"), this)),
      strength_(new QDoubleSpinBox(this)),
      stepsLabel_(new QLabel(tr("steps"), this)),
      first_(new QSpinBox(this)),
      last_(new QSpinBox(this)),
      seed_(new QSpinBox(this)) {
    build();
    wire();
    setIntervention({.kind = InterventionKind::Zero});
}

void InterventionForm::build() {
    for (const auto kind : interventionKinds()) {
        kind_->addItem(titleOf(kind), static_cast<int>(kind));
        kind_->setItemData(kind_->count() - 1, explanationOf(kind), Qt::ToolTipRole);
    }
    kind_->setAccessibleName(tr("What is fed instead"));
    kind_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    kind_->setMinimumContentsLength(14);
    strength_->setAccessibleName(tr("Strength"));
    strength_->setToolTip(
        tr("How much of the latents is replaced: 0 nothing, 1 all of it. Of noise: its spread as a "
           "multiple of the latents' own"));
    strength_->setSingleStep(0.25);
    first_->setRange(1, kMostSteps);
    first_->setAccessibleName(tr("First step"));
    first_->setToolTip(tr("The first latent step that is changed"));
    last_->setRange(0, kMostSteps);
    last_->setSpecialValueText(tr("last"));
    last_->setPrefix(tr("to "));
    last_->setAccessibleName(tr("Last step"));
    last_->setToolTip(tr("The last latent step that is changed; “last” is all that come"));
    seed_->setRange(0, std::numeric_limits<int>::max());
    seed_->setPrefix(tr("seed "));
    seed_->setAccessibleName(tr("Seed of the intervention"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(4);
    for (QWidget* field : std::initializer_list<QWidget*>{kind_, strengthLabel_, strength_,
                                                          stepsLabel_, first_, last_, seed_})
        row->addWidget(field);
    row->addStretch();
}

void InterventionForm::wire() {
    connect(kind_, &QComboBox::currentIndexChanged, this, [this] {
        if (filling_) return;
        Intervention other{.kind = kind()};
        if (hasSeed(other.kind)) other.seed = 1;
        if (other.kind == InterventionKind::Regions) other.regions = regions_;
        setIntervention(other);
        Q_EMIT edited(other);
    });
    connect(strength_, &QDoubleSpinBox::valueChanged, this, &InterventionForm::report);
    for (auto* box : {first_, last_, seed_})
        connect(box, &QSpinBox::valueChanged, this, &InterventionForm::report);
}

InterventionKind InterventionForm::kind() const {
    return static_cast<InterventionKind>(kind_->currentData().toInt());
}

void InterventionForm::showFieldsOf(InterventionKind kind) {
    for (QWidget* field : std::initializer_list<QWidget*>{strengthLabel_, strength_})
        field->setVisible(hasStrength(kind));
    for (QWidget* field : std::initializer_list<QWidget*>{stepsLabel_, first_, last_})
        field->setVisible(replacesLatents(kind));
    seed_->setVisible(hasSeed(kind));
    strength_->setRange(0, kind == InterventionKind::Noise ? kMostNoise : 1);
    kind_->setToolTip(explanationOf(kind));
}

void InterventionForm::setIntervention(const Intervention& intervention) {
    filling_ = true;
    given_ = intervention;
    kind_->setCurrentIndex(kind_->findData(static_cast<int>(intervention.kind)));
    showFieldsOf(intervention.kind);
    strength_->setValue(intervention.strength);
    first_->setValue(intervention.first + 1);
    last_->setValue(intervention.last + 1);
    seed_->setValue(static_cast<int>(
        std::min<std::uint64_t>(intervention.seed, std::numeric_limits<int>::max())));
    filling_ = false;
}

void InterventionForm::setRegions(const std::vector<Box>& regions) { regions_ = regions; }

// More decimals than are shown, and a seed that is too large for its field, stay as they were.
Intervention InterventionForm::intervention() const {
    Intervention now = given_;
    now.kind = kind();
    if (std::abs(strength_->value() - given_.strength) > 0.005) now.strength = strength_->value();
    now.first = first_->value() - 1;
    now.last = last_->value() == 0 ? -1 : std::max(last_->value() - 1, now.first);
    if (given_.seed <= static_cast<std::uint64_t>(seed_->maximum()))
        now.seed = static_cast<std::uint64_t>(seed_->value());
    return now;
}

void InterventionForm::report() {
    if (filling_) return;
    given_ = intervention();
    Q_EMIT edited(given_);
}

}  // namespace lvr
