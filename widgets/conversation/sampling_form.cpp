#include "widgets/conversation/sampling_form.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QStringList>
#include <QToolButton>
#include <QVBoxLayout>

#include "widgets/decode_form.h"
#include "widgets/entry_fields.h"

namespace lvr {
namespace {

// What differs from the defaults, so that the fold hides nothing.
QString differences(const DecodeOptions& options) {
    const DecodeOptions usual;
    QStringList parts;
    if (options.sampling.temperature > 0)
        parts << QObject::tr("T %1, seed %2")
                     .arg(options.sampling.temperature)
                     .arg(options.sampling.seed);
    if (options.sampling.topP < 1) parts << QObject::tr("top-p %1").arg(options.sampling.topP);
    if (options.sampling.topK > 0) parts << QObject::tr("top-k %1").arg(options.sampling.topK);
    if (options.sampling.minP > 0) parts << QObject::tr("min-p %1").arg(options.sampling.minP);
    if (options.sampling.repetitionPenalty != 1)
        parts << QObject::tr("repetition penalty %1").arg(options.sampling.repetitionPenalty);
    if (options.maxNewTokens != usual.maxNewTokens)
        parts << QObject::tr("%1 tokens").arg(options.maxNewTokens);
    if (options.spanStart == SpanStart::Forced) parts << QObject::tr("start forced");
    if (!options.system.empty()) parts << QObject::tr("own system prompt");
    if (options.latentFeed == LatentFeed::Snap) parts << QObject::tr("snapped");
    if (options.latentFeed == LatentFeed::Filler) parts << QObject::tr("filler");
    if (options.latentFeed == LatentFeed::None) parts << QObject::tr("markers only");
    if (options.latentFeed == LatentFeed::Zero) parts << QObject::tr("zeros");
    if (options.latentFeed == LatentFeed::Noise) parts << QObject::tr("noise");
    return parts.join(QStringLiteral(", "));
}

}  // namespace

SamplingForm::SamplingForm(QWidget* parent) : QWidget(parent) {
    makeFields();
    build();
    setOptions({});
    wire();
}

void SamplingForm::makeFields() {
    temperature_ = temperatureField(this);
    topP_ = numberField(tr("Top-p"), "top-p", this);
    seed_ = seedField(this);
    maxNewTokens_ = countField(tr("Most new tokens"), "max-new-tokens", this);
    forceStart_ = forceStartField(this);
    feed_ = feedField(this);
    system_ = new QLineEdit(this);
    system_->setPlaceholderText(tr("You are a helpful assistant."));
    system_->setAccessibleName(tr("System prompt"));
    system_->setToolTip(tr("What the model is told before the question; empty as it was trained"));
    system_->setClearButtonEnabled(true);
}

void SamplingForm::build() {
    fold_ = new QToolButton(this);
    fold_->setCheckable(true);
    fold_->setAutoRaise(true);
    fold_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    fold_->setArrowType(Qt::RightArrow);
    fold_->setFocusPolicy(Qt::StrongFocus);
    fold_->setToolTip(tr("Temperature, seed, length, what is fed back, system prompt"));
    fields_ = new QWidget(this);
    auto* form = new QFormLayout(fields_);
    form->setContentsMargins(0, 0, 0, 0);
    form->addRow(tr("&Temperature, top-p"), besides({temperature_, topP_}));
    form->addRow(tr("S&eed, most tokens"), besides({seed_, maxNewTokens_}));
    form->addRow(tr("&Latents"), besides({feed_, forceStart_}));
    form->addRow(tr("S&ystem prompt"), system_);
    for (const auto& [row, field] : {std::pair<int, QWidget*>{0, temperature_},
                                     {1, static_cast<QWidget*>(seed_)},
                                     {2, static_cast<QWidget*>(feed_)}})
        if (auto* label =
                qobject_cast<QLabel*>(form->itemAt(row, QFormLayout::LabelRole)->widget()))
            label->setBuddy(field);
    fields_->hide();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    column->addWidget(fold_);
    column->addWidget(fields_);
}

void SamplingForm::wire() {
    connect(fold_, &QToolButton::toggled, this, [this](bool open) {
        fold_->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
        fields_->setVisible(open);
    });
    const auto report = [this] { this->report(); };
    for (auto* field : {temperature_, topP_})
        connect(field, &QDoubleSpinBox::valueChanged, this, report);
    connect(seed_, &QLineEdit::textChanged, this, report);
    connect(maxNewTokens_, &QSpinBox::valueChanged, this, report);
    connect(forceStart_, &QCheckBox::toggled, this, report);
    connect(system_, &QLineEdit::textChanged, this, report);
    connect(feed_, &QComboBox::currentIndexChanged, this, report);
}

DecodeOptions SamplingForm::options() const {
    DecodeOptions options = given_;
    options.spanStart = forceStart_->isChecked() ? SpanStart::Forced : SpanStart::Sampled;
    options.latentFeed = static_cast<LatentFeed>(feed_->currentIndex());
    options.maxNewTokens = exactValue(maxNewTokens_, given_.maxNewTokens);
    options.sampling.temperature = exactValue(temperature_, given_.sampling.temperature);
    options.sampling.topP = exactValue(topP_, given_.sampling.topP);
    options.system = system_->text().trimmed().toStdString();
    options.sampling.seed = seed_->text().toULongLong();
    return options;
}

void SamplingForm::setOptions(const DecodeOptions& options) {
    {
        const QSignalBlocker quiet(this);
        given_ = options;
        given_.thought = {};  // belongs to one question, not to how to decode
        given_.borrowed = {};
        forceStart_->setChecked(options.spanStart == SpanStart::Forced);
        const bool isBorrowed = options.latentFeed == LatentFeed::Swap;  // nobody can choose whose
        feed_->setCurrentIndex(isBorrowed ? 0 : static_cast<int>(options.latentFeed));
        system_->setText(QString::fromStdString(options.system));
        maxNewTokens_->setValue(options.maxNewTokens);
        temperature_->setValue(options.sampling.temperature);
        topP_->setValue(options.sampling.topP);
        seed_->setText(QString::number(options.sampling.seed));
    }
    report();
}

void SamplingForm::report() {
    const QString differs = differences(options());
    fold_->setText(differs.isEmpty() ? tr("Advanced") : tr("Advanced: %1").arg(differs));
    fold_->setAccessibleName(fold_->text());
    Q_EMIT changed();
}

}  // namespace lvr
