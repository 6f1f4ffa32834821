#include "widgets/compare/strategy_form.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QToolButton>

#include "widgets/decode_form.h"
#include "widgets/entry_fields.h"

namespace lvr {

StrategyForm::StrategyForm(QWidget* parent)
    : QWidget(parent),
      name_(new QLineEdit(this)),
      exit_(new ExitRuleForm(this)),
      feed_(feedField(this)),
      head_(new QComboBox(this)),
      forceStart_(forceStartField(this)),
      forceEnd_(new QCheckBox(tr("Force end"), this)),
      maxNewTokens_(countField(tr("Most new tokens"), "max-new-tokens", this)),
      temperature_(temperatureField(this)),
      topP_(numberField(tr("Top-p"), "top-p", this)),
      minP_(numberField(tr("Min-p"), "min-p", this)),
      topK_(countField(tr("Top-k"), "top-k", this)),
      penalty_(numberField(tr("Repetition penalty"), "repetition-penalty", this)),
      seed_(seedField(this)),
      model_(new QLineEdit(this)) {
    build();
    wire();
    setStrategy({});
}

void StrategyForm::build() {
    name_->setAccessibleName(tr("Strategy name"));
    name_->setClearButtonEnabled(true);
    head_->addItems({tr("head: as released"), tr("head: consistent")});
    head_->setAccessibleName(tr("Head positions"));
    head_->setToolTip(tr("Which hidden states an lvr_head is applied to, for models with one"));
    forceEnd_->setToolTip(tr("Put <|lvr_end|> after the last latent"));
    topK_->setSpecialValueText(tr("off"));
    minP_->setSpecialValueText(tr("off"));
    model_->setAccessibleName(tr("Model folder"));
    model_->setPlaceholderText(tr("the model that is open"));
    model_->setToolTip(
        tr("Folder or repo id of another checkpoint; it stays in memory while the comparison "
           "runs"));
    auto* browse = new QToolButton(this);
    browse->setText(QStringLiteral("…"));
    browse->setAccessibleName(tr("Choose model folder"));
    browse->setToolTip(tr("Choose a model folder"));
    connect(browse, &QToolButton::clicked, this, &StrategyForm::browse);
    exit_->layout()->setSpacing(3);
    exit_->setRule(NearLatentEnd{});  // the widest; nothing moves when another is chosen
    exit_->setMinimumWidth(exit_->sizeHint().width());
    auto* form = new QFormLayout(this);
    form->setContentsMargins(0, 0, 0, 0);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->addRow(tr("&Name"), name_);
    form->addRow(exit_);
    form->addRow(tr("Feed"), besides({feed_, head_}));
    form->addRow(tr("Span"), besides({forceStart_, forceEnd_}));
    form->addRow(tr("Tokens, T"), besides({maxNewTokens_, temperature_}));
    form->addRow(tr("Top-p, top-k, min-p"), besides({topP_, topK_, minP_}));
    form->addRow(tr("Penalty, seed"), besides({penalty_, seed_}));
    auto* modelRow = besides({model_});
    modelRow->addWidget(browse);
    form->addRow(tr("Model"), modelRow);
}

void StrategyForm::wire() {
    const auto report = [this] { this->report(); };
    for (auto* line : {name_, model_, seed_}) connect(line, &QLineEdit::textChanged, this, report);
    for (auto* list : {feed_, head_}) connect(list, &QComboBox::currentIndexChanged, this, report);
    for (auto* box : {forceStart_, forceEnd_}) connect(box, &QCheckBox::toggled, this, report);
    for (auto* count : {maxNewTokens_, topK_})
        connect(count, &QSpinBox::valueChanged, this, report);
    for (auto* value : {temperature_, topP_, minP_, penalty_})
        connect(value, &QDoubleSpinBox::valueChanged, this, report);
    connect(exit_, &ExitRuleForm::changed, this, report);
}

Strategy StrategyForm::strategy() const {
    Strategy strategy = given_;
    strategy.name = name_->text().trimmed().toStdString();
    strategy.model = typedPath(model_).toStdString();
    auto& o = strategy.options;
    o.exit = exit_->rule();
    o.spanStart = forceStart_->isChecked() ? SpanStart::Forced : SpanStart::Sampled;
    o.spanEnd = forceEnd_->isChecked() ? SpanEnd::Forced : SpanEnd::Sampled;
    o.headPositions = static_cast<HeadPositions>(head_->currentIndex());
    o.latentFeed = static_cast<LatentFeed>(feed_->currentIndex());
    o.maxNewTokens = exactValue(maxNewTokens_, given_.options.maxNewTokens);
    const auto& given = given_.options.sampling;
    o.sampling = {.temperature = exactValue(temperature_, given.temperature),
                  .topP = exactValue(topP_, given.topP),
                  .topK = exactValue(topK_, given.topK),
                  .minP = exactValue(minP_, given.minP),
                  .repetitionPenalty = exactValue(penalty_, given.repetitionPenalty),
                  .seed = seed_->text().toULongLong()};
    return strategy;
}

void StrategyForm::setStrategy(const Strategy& strategy) {
    filling_ = true;
    given_ = strategy;
    const auto& o = strategy.options;
    name_->setText(QString::fromStdString(strategy.name));
    exit_->setRule(o.exit);
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
    model_->setText(QString::fromStdString(strategy.model));
    name_->setPlaceholderText(describe(o));
    filling_ = false;
}

void StrategyForm::clearName() {
    const QSignalBlocker quiet(name_);
    name_->clear();
}

void StrategyForm::report() {
    if (filling_) return;
    const Strategy now = strategy();
    name_->setPlaceholderText(describe(now.options));
    Q_EMIT edited(now);
}

void StrategyForm::browse() {
    auto* dialog = new QFileDialog(this, tr("Choose a model folder"), typedPath(model_));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, model_, &QLineEdit::setText);
    dialog->open();
}

}  // namespace lvr
