#include "widgets/conversation/sampling_form.h"

#include <QHBoxLayout>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/values/decoding_text.h"
#include "widgets/decode_form.h"
#include "widgets/labels.h"

namespace lvr {
namespace {

// What differs from the defaults, so that the fold hides nothing; the exit rule stands outside.
QString differences(const DecodeOptions& options) {
    const auto rule = QString::fromStdString(wordsOf({.exit = options.exit}));
    return QString::fromStdString(wordsOf(options)).mid(rule.size() + 2);
}

}  // namespace

SamplingForm::SamplingForm(QWidget* parent)
    : QWidget(parent),
      fold_(new QToolButton(this)),
      differs_(new ElidedLabel(this)),
      room_(new QScrollArea(this)),
      fields_(new DecodeForm(room_)) {
    build();
    connect(fold_, &QToolButton::toggled, this, [this](bool open) {
        fold_->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
        room_->setVisible(open);
    });
    connect(fields_, &DecodeForm::changed, this, &SamplingForm::report);
    report();
}

void SamplingForm::build() {
    fold_->setCheckable(true);
    fold_->setAutoRaise(true);
    fold_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    fold_->setArrowType(Qt::RightArrow);
    fold_->setFocusPolicy(Qt::StrongFocus);
    fold_->setToolTip(tr("What is fed back, temperature, seed, length, system prompt"));
    room_->setWidget(fields_);
    room_->setWidgetResizable(true);
    room_->setFrameShape(QFrame::NoFrame);
    room_->setFocusPolicy(Qt::NoFocus);
    room_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    room_->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    room_->setMinimumWidth(fields_->minimumSizeHint().width());
    room_->hide();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    auto* line = new QHBoxLayout;
    line->setSpacing(2);
    line->addWidget(fold_);
    line->addWidget(differs_, 1);
    column->addLayout(line);
    column->addWidget(room_);
}

DecodeOptions SamplingForm::options() const { return fields_->options(); }

void SamplingForm::setOptions(const DecodeOptions& options) {
    DecodeOptions kept = options;
    kept.thought = {};  // belongs to one question, not to how to decode
    kept.borrowed = {};
    fields_->setOptions(kept);
    report();
}

void SamplingForm::report() {
    const QString differs = differences(options());
    fold_->setText(differs.isEmpty() ? tr("Advanced") : tr("Advanced:"));
    fold_->setAccessibleName(differs.isEmpty() ? fold_->text() : tr("Advanced: %1").arg(differs));
    differs_->setText(differs);
    Q_EMIT changed();
}

}  // namespace lvr
