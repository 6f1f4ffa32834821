#include "widgets/exit_rule_form.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSpinBox>
#include <type_traits>

#include "widgets/entry_fields.h"

namespace lvr {
namespace {

constexpr int kNarrowChoice = 96, kNarrowNumber = 56;  // pixels
constexpr int kMostSteps = 512;

// In the order of ExitRule's alternatives, so that the combo's index is the variant's.
struct Kind {
    const char* name;
    const char* about;
};
constexpr Kind kKinds[] = {
    {"No latents", "Decode as plain Qwen2.5-VL does"},
    {"Fixed steps", "Leave after a fixed number of latent steps"},
    {"Near latent end", "Leave when the latent comes close to the learned end vector"},
    {"End token", "Leave when <|lvr_end|> is the sampled token"},
    {"Model's own stop", "Leave when the probability of <|lvr_end|> reaches a threshold"}};
static_assert(std::size(kKinds) == std::variant_size_v<ExitRule>);

}  // namespace

ExitRuleForm::ExitRuleForm(QWidget* parent) : QWidget(parent) {
    build();
    setRule(last_);
    connect(kind_, &QComboBox::currentIndexChanged, this, [this](int kind) {
        showFieldsOf(kind);
        report();
    });
    connect(metric_, &QComboBox::currentIndexChanged, this, &ExitRuleForm::report);
    connect(threshold_, &QDoubleSpinBox::valueChanged, this, &ExitRuleForm::report);
    connect(steps_, &QSpinBox::valueChanged, this, &ExitRuleForm::report);
}

void ExitRuleForm::build() {
    kind_ = new QComboBox(this);
    for (const Kind& kind : kKinds) {
        kind_->addItem(tr(kind.name));
        kind_->setItemData(kind_->count() - 1, tr(kind.about), Qt::ToolTipRole);
    }
    kind_->setAccessibleName(tr("Exit rule"));
    metric_ = new QComboBox(this);
    metric_->addItems({"mse", "mae", "cosine"});
    metric_->setAccessibleName(tr("Distance to the end vector"));
    threshold_ = new QDoubleSpinBox(this);
    threshold_->setDecimals(4);
    threshold_->setRange(0, 1000);
    threshold_->setStepType(QAbstractSpinBox::AdaptiveDecimalStepType);
    threshold_->setAccessibleName(tr("Threshold"));
    threshold_->setPrefix(tr("at "));
    stepsLabel_ = new QLabel(this);
    steps_ = new QSpinBox(this);
    steps_->setRange(0, kMostSteps);
    steps_->setAccessibleName(tr("Number of latent steps"));
    // Their usual width where there is room, and less beside a picture in a narrow window.
    kind_->setMinimumWidth(kNarrowChoice);
    for (QAbstractSpinBox* number : std::initializer_list<QAbstractSpinBox*>{threshold_, steps_})
        number->setMinimumWidth(kNarrowNumber);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    for (QWidget* field :
         std::initializer_list<QWidget*>{kind_, metric_, threshold_, stepsLabel_, steps_})
        row->addWidget(field);
    row->addStretch();
}

void ExitRuleForm::showFieldsOf(int kind) {
    const ExitRule fixed = FixedSteps{}, near = NearLatentEnd{}, own = EndProbability{};
    const auto is = [kind](const ExitRule& rule) { return kind == static_cast<int>(rule.index()); };
    metric_->setVisible(is(near));
    threshold_->setVisible(is(near) || is(own));
    steps_->setVisible(!is(NoLatents{}));
    stepsLabel_->setVisible(!is(NoLatents{}));
    stepsLabel_->setText(is(fixed) ? tr("steps") : tr("at most"));
    kind_->setToolTip(tr(kKinds[kind].about));
}

double ExitRuleForm::threshold() const { return exactValue(threshold_, givenThreshold_); }

int ExitRuleForm::steps() const { return exactValue(steps_, givenSteps_); }

ExitRule ExitRuleForm::rule() const {
    switch (kind_->currentIndex()) {
        case 0:
            return NoLatents{};
        case 1:
            return FixedSteps{.count = steps()};
        case 2:
            return NearLatentEnd{.metric = static_cast<LatentEndMetric>(metric_->currentIndex()),
                                 .threshold = threshold(),
                                 .cap = steps()};
        case 3:
            return EndToken{.cap = steps()};
    }
    return EndProbability{.threshold = threshold(), .cap = steps()};
}

void ExitRuleForm::setRule(const ExitRule& rule) {
    {
        const QSignalBlocker a(kind_), b(metric_), c(threshold_), d(steps_);
        kind_->setCurrentIndex(static_cast<int>(rule.index()));
        std::visit(
            [this](const auto& r) {
                if constexpr (requires { r.metric; })
                    metric_->setCurrentIndex(static_cast<int>(r.metric));
                if constexpr (requires { r.threshold; })
                    threshold_->setValue(givenThreshold_ = r.threshold);
                if constexpr (requires { r.cap; }) steps_->setValue(givenSteps_ = r.cap);
                if constexpr (requires { r.count; }) steps_->setValue(givenSteps_ = r.count);
            },
            rule);
    }
    showFieldsOf(static_cast<int>(rule.index()));
    report();
}

void ExitRuleForm::report() {
    if (rule() == last_) return;
    last_ = rule();
    Q_EMIT changed(last_);
}

}  // namespace lvr
