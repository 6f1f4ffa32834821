#include "widgets/decode_form.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpressionValidator>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>
#include <QValidator>
#include <algorithm>
#include <type_traits>

#include "core/values/decoding_text.h"
#include "core/values/option_field.h"
#include "widgets/entry_fields.h"

namespace lvr {
namespace {

constexpr int kNarrowChoice = 96, kNarrowNumber = 56;  // pixels
constexpr int kMostSteps = 512;
constexpr double kHighest = 1000;  // threshold that is no share

// In the order of ExitRule's alternatives, so that the combo's index is the variant's.
struct Kind {
    const char* name;
    const char* about;
};
constexpr Kind kKinds[] = {
    {"No latents", "Decode as a plain model does"},
    {"Fixed steps", "Leave after a fixed number of latent steps"},
    {"Near latent end", "Leave when the latent comes close to the learned end vector"},
    {"End token", "Leave when the end token is sampled"},
    {"Model's own stop", "Leave when the probability of the end token reaches a threshold"},
    {"Settled", "Leave when a latent is as near to the one before (cosine)"},
    {"Answer settled", "Leave when the early answer has not changed over the last latents"},
    {"Sure answer", "Leave when the entropy of the early answer is below so many nats"},
    {"Learned probe", "Leave when a probe file says that the answer is right already"},
    {"Repeated token", "Leave when the end token is sampled, or one token so often in a row"}};
static_assert(std::size(kKinds) == std::variant_size_v<ExitRule>);

// As the one list of options has it.
const OptionField& optionNamed(const std::string& flag) {
    static const std::vector<OptionField> kOptions = fieldsOf(DecodeOptions());
    return *std::ranges::find(kOptions, flag, &OptionField::name);
}

// Whole numbers of 64 bits; QIntValidator ends at 31.
class SeedValidator : public QValidator {
public:
    using QValidator::QValidator;
    State validate(QString& text, int&) const override {
        bool isOne = false;
        text.toULongLong(&isOne);
        return text.isEmpty() ? Intermediate : isOne ? Acceptable : Invalid;
    }
};

QDoubleSpinBox* numberField(const QString& name, const char* flag, QWidget* parent) {
    const OptionField& option = optionNamed(flag);
    const auto& range = std::get<NumberRange>(option.rule);
    auto* field = new QDoubleSpinBox(parent);
    field->setDecimals(2);
    field->setRange(range.lowest > 0 ? std::max(range.lowest, 0.01) : 0, range.highest);
    field->setSingleStep(0.1);
    field->setAccessibleName(name);
    field->setToolTip(QString::fromStdString(option.help));
    return field;
}

QSpinBox* countField(const QString& name, const char* flag, QWidget* parent) {
    const OptionField& option = optionNamed(flag);
    const auto& range = std::get<NumberRange>(option.rule);
    auto* field = new QSpinBox(parent);
    field->setRange(static_cast<int>(range.lowest), static_cast<int>(range.highest));
    field->setAccessibleName(name);
    field->setToolTip(QString::fromStdString(option.help));
    return field;
}

QDoubleSpinBox* temperatureField(QWidget* parent) {
    auto* field = numberField(QObject::tr("Temperature"), "temperature", parent);
    field->setSpecialValueText(QObject::tr("greedy"));
    return field;
}

QLineEdit* seedField(QWidget* parent) {
    auto* field = new QLineEdit(parent);
    field->setAccessibleName(QObject::tr("Seed"));
    field->setToolTip(QObject::tr("The same seed samples the same answer"));
    field->setValidator(new SeedValidator(field));
    QObject::connect(field, &QLineEdit::editingFinished, field, [field] {
        if (field->text().isEmpty()) field->setText(QStringLiteral("0"));
    });
    return field;
}

QComboBox* feedField(QWidget* parent) {
    auto* field = new QComboBox(parent);
    field->addItems({QObject::tr("own latents"), QObject::tr("snapped to patches"),
                     QObject::tr("filler token"), QObject::tr("nothing, markers only"),
                     QObject::tr("zeros"), QObject::tr("noise")});
    field->setAccessibleName(QObject::tr("What is fed back"));
    field->setToolTip(QObject::tr(
        "The hidden state itself (the method), the picture's visual token nearest to "
        "it, or the embedding of the method's latent token; or, to see whether the answer needs "
        "the latents, nothing, zeros or noise"));
    return field;
}

QCheckBox* forceStartField(QWidget* parent) {
    auto* field = new QCheckBox(QObject::tr("Force start"), parent);
    field->setToolTip(QObject::tr(
        "Put the start token at the end of the prompt, or first into the answer where the method "
        "does that, so that the answer begins with a thought"));
    return field;
}

QComboBox* headField(QWidget* parent) {
    auto* field = new QComboBox(parent);
    field->addItems({QObject::tr("head: as released"), QObject::tr("head: consistent")});
    field->setAccessibleName(QObject::tr("Head positions"));
    field->setToolTip(
        QObject::tr("Which hidden states an lvr_head is applied to, for models with one"));
    return field;
}

QLineEdit* systemField(QWidget* parent) {
    auto* field = new QLineEdit(parent);
    field->setPlaceholderText(QObject::tr("You are a helpful assistant."));
    field->setAccessibleName(QObject::tr("System prompt"));
    field->setToolTip(
        QObject::tr("What the model is told before the question; empty as it was trained"));
    field->setClearButtonEnabled(true);
    return field;
}

}  // namespace

QHBoxLayout* besides(std::initializer_list<QWidget*> fields) {
    auto* row = new QHBoxLayout;
    for (QWidget* field : fields) row->addWidget(field, 1);
    return row;
}

ExitRuleForm::ExitRuleForm(QWidget* parent) : QWidget(parent) {
    build();
    setRule(last_);
    connect(kind_, &QComboBox::currentIndexChanged, this, [this](int kind) {
        showFieldsOf(kind);
        takeUsualThreshold(kind);
        report();
    });
    connect(metric_, &QComboBox::currentIndexChanged, this, &ExitRuleForm::report);
    connect(threshold_, &QDoubleSpinBox::valueChanged, this, &ExitRuleForm::report);
    for (auto* count : {held_, steps_})
        connect(count, &QSpinBox::valueChanged, this, &ExitRuleForm::report);
    connect(probeFile_, &QLineEdit::textChanged, this, &ExitRuleForm::report);
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
    threshold_->setRange(0, kHighest);
    threshold_->setStepType(QAbstractSpinBox::AdaptiveDecimalStepType);
    threshold_->setAccessibleName(tr("Threshold"));
    threshold_->setPrefix(tr("at "));
    held_ = new QSpinBox(this);
    held_->setRange(0, kMostSteps);
    held_->setPrefix(tr("over "));
    held_->setAccessibleName(tr("Latents that the early answer has to last"));
    held_->setToolTip(held_->accessibleName());
    held_->setValue(givenHeld_);
    stepsLabel_ = new QLabel(this);
    steps_ = new QSpinBox(this);
    steps_->setRange(0, kMostSteps);
    steps_->setAccessibleName(tr("Number of latent steps"));
    // Their usual width where there is room, and less beside a picture in a narrow window.
    kind_->setMinimumWidth(kNarrowChoice);
    for (QAbstractSpinBox* number :
         std::initializer_list<QAbstractSpinBox*>{threshold_, held_, steps_})
        number->setMinimumWidth(kNarrowNumber);
    auto* row = new QHBoxLayout;
    for (QWidget* field :
         std::initializer_list<QWidget*>{kind_, metric_, threshold_, held_, stepsLabel_, steps_})
        row->addWidget(field);
    row->addStretch();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addLayout(row);
    column->addWidget(makeProbe());
}

// A rule's parts stand between colons in files, so that a name can't hold one.
QWidget* ExitRuleForm::makeProbe() {
    probe_ = new QWidget(this);
    probeFile_ = new QLineEdit(QString::fromStdString(LearnedProbe{}.file), probe_);
    probeFile_->setAccessibleName(tr("Probe file"));
    probeFile_->setPlaceholderText(QString::fromStdString(LearnedProbe{}.file));
    probeFile_->setToolTip(tr("A probe as lvr study exits fits it"));
    probeFile_->setValidator(
        new QRegularExpressionValidator(QRegularExpression("[^:]*"), probeFile_));
    auto* browse = new QToolButton(probe_);
    browse->setText(QStringLiteral("…"));
    browse->setAccessibleName(tr("Choose probe file"));
    browse->setToolTip(tr("Choose a probe file"));
    connect(browse, &QToolButton::clicked, this, &ExitRuleForm::chooseProbe);
    auto* row = new QHBoxLayout(probe_);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(probeFile_);
    row->addWidget(browse);
    return probe_;
}

void ExitRuleForm::chooseProbe() {
    auto* dialog = new QFileDialog(this, tr("Choose a probe"), typedPath(probeFile_));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("Probes (*.json)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, probeFile_, &QLineEdit::setText);
    dialog->open();
}

void ExitRuleForm::showFieldsOf(int kind) {
    const ExitRule fixed = FixedSteps{}, near = NearLatentEnd{}, own = EndProbability{};
    const auto is = [kind](const ExitRule& rule) { return kind == static_cast<int>(rule.index()); };
    metric_->setVisible(is(near));
    threshold_->setMaximum(is(near) || is(AnswerEntropy{}) ? kHighest : 1);
    held_->setVisible(is(AnswerSettled{}) || is(RepeatedToken{}));
    probe_->setVisible(is(LearnedProbe{}));
    threshold_->setVisible(is(near) || is(own) || is(Settled{}) || is(AnswerEntropy{}) ||
                           is(LearnedProbe{}));
    steps_->setVisible(!is(NoLatents{}));
    stepsLabel_->setVisible(!is(NoLatents{}));
    stepsLabel_->setText(is(fixed) ? tr("steps") : tr("at most"));
    kind_->setToolTip(tr(kKinds[kind].about));
}

double ExitRuleForm::threshold() const { return exactValue(threshold_, givenThreshold_); }

int ExitRuleForm::steps() const { return exactValue(steps_, givenSteps_); }

int ExitRuleForm::held() const { return exactValue(held_, givenHeld_); }

std::string ExitRuleForm::probeFile() const {
    const auto path = typedPath(probeFile_).toStdString();
    return path.empty() ? LearnedProbe{}.file : path;
}

// What is near for one rule is far for another: cosines, probabilities, nats.
void ExitRuleForm::takeUsualThreshold(int kind) {
    for (const ExitRule& usual : std::initializer_list<ExitRule>{
             NearLatentEnd{}, EndProbability{}, Settled{}, AnswerEntropy{}, LearnedProbe{}})
        if (kind == static_cast<int>(usual.index()))
            std::visit(
                [this](const auto& rule) {
                    if constexpr (requires { rule.threshold; })
                        threshold_->setValue(givenThreshold_ = rule.threshold);
                },
                usual);
}

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
        case 5:
            return Settled{.threshold = threshold(), .cap = steps()};
        case 6:
            return AnswerSettled{.held = held(), .cap = steps()};
        case 7:
            return AnswerEntropy{.threshold = threshold(), .cap = steps()};
        case 8:
            return LearnedProbe{.file = probeFile(), .threshold = threshold(), .cap = steps()};
        case 9:
            return RepeatedToken{.times = held(), .cap = steps()};
    }
    return EndProbability{.threshold = threshold(), .cap = steps()};
}

void ExitRuleForm::setRule(const ExitRule& rule) {
    {
        const QSignalBlocker a(kind_), b(metric_), c(threshold_), d(held_), e(steps_),
            f(probeFile_);
        kind_->setCurrentIndex(static_cast<int>(rule.index()));
        showFieldsOf(kind_->currentIndex());
        std::visit(
            [this](const auto& r) {
                if constexpr (requires { r.metric; })
                    metric_->setCurrentIndex(static_cast<int>(r.metric));
                if constexpr (requires { r.threshold; })
                    threshold_->setValue(givenThreshold_ = r.threshold);
                if constexpr (requires { r.cap; }) steps_->setValue(givenSteps_ = r.cap);
                if constexpr (requires { r.held; }) held_->setValue(givenHeld_ = r.held);
                if constexpr (requires { r.times; }) held_->setValue(givenHeld_ = r.times);
                if constexpr (requires { r.file; })
                    probeFile_->setText(QString::fromStdString(r.file));
                if constexpr (requires { r.count; }) steps_->setValue(givenSteps_ = r.count);
            },
            rule);
    }
    report();
}

void ExitRuleForm::report() {
    if (rule() == last_) return;
    last_ = rule();
    Q_EMIT changed(last_);
}

DecodeForm::DecodeForm(QWidget* parent)
    : QWidget(parent),
      feed_(feedField(this)),
      head_(headField(this)),
      forceStart_(forceStartField(this)),
      forceEnd_(new QCheckBox(tr("Force end"), this)),
      maxNewTokens_(countField(tr("Most new tokens"), "max-new-tokens", this)),
      topK_(countField(tr("Top-k"), "top-k", this)),
      temperature_(temperatureField(this)),
      topP_(numberField(tr("Top-p"), "top-p", this)),
      minP_(numberField(tr("Min-p"), "min-p", this)),
      penalty_(numberField(tr("Repetition penalty"), "repetition-penalty", this)),
      seed_(seedField(this)),
      system_(systemField(this)) {
    forceEnd_->setToolTip(tr("Put the end token after the last latent"));
    topK_->setSpecialValueText(tr("off"));
    minP_->setSpecialValueText(tr("off"));
    build();
    setOptions({});
    wire();
}

void DecodeForm::build() {
    auto* form = new QFormLayout(this);
    form->setContentsMargins(0, 0, 0, 0);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->addRow(tr("Feed"), besides({feed_, head_}));
    form->addRow(tr("Span"), besides({forceStart_, forceEnd_}));
    form->addRow(tr("Tokens, T"), besides({maxNewTokens_, temperature_}));
    form->addRow(tr("Top-p, top-k, min-p"), besides({topP_, topK_, minP_}));
    form->addRow(tr("Penalty, seed"), besides({penalty_, seed_}));
    form->addRow(tr("System prompt"), system_);
    // Their usual width where there is room, and less beside a picture in a narrow window.
    for (QComboBox* choice : {feed_, head_}) choice->setMinimumWidth(kNarrowNumber);
    for (QAbstractSpinBox* number : std::initializer_list<QAbstractSpinBox*>{
             maxNewTokens_, temperature_, topP_, topK_, minP_, penalty_})
        number->setMinimumWidth(kNarrowNumber);
}

void DecodeForm::wire() {
    for (auto* line : {seed_, system_})
        connect(line, &QLineEdit::textChanged, this, &DecodeForm::changed);
    for (auto* list : {feed_, head_})
        connect(list, &QComboBox::currentIndexChanged, this, &DecodeForm::changed);
    for (auto* box : {forceStart_, forceEnd_})
        connect(box, &QCheckBox::toggled, this, &DecodeForm::changed);
    for (auto* count : {maxNewTokens_, topK_})
        connect(count, &QSpinBox::valueChanged, this, &DecodeForm::changed);
    for (auto* value : {temperature_, topP_, minP_, penalty_})
        connect(value, &QDoubleSpinBox::valueChanged, this, &DecodeForm::changed);
}

DecodeOptions DecodeForm::options() const {
    DecodeOptions o = given_;
    o.spanStart = forceStart_->isChecked() ? SpanStart::Forced : SpanStart::Sampled;
    o.spanEnd = forceEnd_->isChecked() ? SpanEnd::Forced : SpanEnd::Sampled;
    o.headPositions = static_cast<HeadPositions>(head_->currentIndex());
    o.latentFeed = static_cast<LatentFeed>(feed_->currentIndex());
    o.maxNewTokens = exactValue(maxNewTokens_, given_.maxNewTokens);
    const auto& given = given_.sampling;
    o.sampling = {.temperature = exactValue(temperature_, given.temperature),
                  .topP = exactValue(topP_, given.topP),
                  .topK = exactValue(topK_, given.topK),
                  .minP = exactValue(minP_, given.minP),
                  .repetitionPenalty = exactValue(penalty_, given.repetitionPenalty),
                  .seed = seed_->text().toULongLong()};
    o.system = system_->text().trimmed().toStdString();
    return o;
}

void DecodeForm::setOptions(const DecodeOptions& o) {
    const QSignalBlocker quiet(this);
    given_ = o;
    const bool isBorrowed = o.latentFeed == LatentFeed::Swap;  // nobody can choose whose here
    feed_->setCurrentIndex(isBorrowed ? 0 : static_cast<int>(o.latentFeed));
    head_->setCurrentIndex(static_cast<int>(o.headPositions));
    forceStart_->setChecked(o.spanStart == SpanStart::Forced);
    forceEnd_->setChecked(o.spanEnd == SpanEnd::Forced);
    maxNewTokens_->setValue(o.maxNewTokens);
    temperature_->setValue(o.sampling.temperature);
    topP_->setValue(o.sampling.topP);
    topK_->setValue(o.sampling.topK);
    minP_->setValue(o.sampling.minP);
    penalty_->setValue(o.sampling.repetitionPenalty);
    seed_->setText(QString::number(o.sampling.seed));
    system_->setText(QString::fromStdString(o.system));
}

}  // namespace lvr
