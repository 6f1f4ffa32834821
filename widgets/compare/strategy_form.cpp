#include "widgets/compare/strategy_form.h"

#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QToolButton>

#include "widgets/decode_form.h"
#include "widgets/entry_fields.h"

namespace lvr {

StrategyForm::StrategyForm(QWidget* parent)
    : QWidget(parent),
      name_(new QLineEdit(this)),
      exit_(new ExitRuleForm(this)),
      decode_(new DecodeForm(this)),
      model_(new QLineEdit(this)) {
    build();
    wire();
    setStrategy({});
}

void StrategyForm::build() {
    name_->setAccessibleName(tr("Strategy name"));
    name_->setClearButtonEnabled(true);
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
    form->addRow(decode_);
    auto* modelRow = besides({model_});
    modelRow->addWidget(browse);
    form->addRow(tr("Model"), modelRow);
}

void StrategyForm::wire() {
    const auto report = [this] { this->report(); };
    for (auto* line : {name_, model_}) connect(line, &QLineEdit::textChanged, this, report);
    connect(decode_, &DecodeForm::changed, this, report);
    connect(exit_, &ExitRuleForm::changed, this, report);
}

Strategy StrategyForm::strategy() const {
    Strategy strategy = given_;
    strategy.name = name_->text().trimmed().toStdString();
    strategy.model = typedPath(model_).toStdString();
    strategy.options = decode_->options();
    strategy.options.exit = exit_->rule();
    return strategy;
}

void StrategyForm::setStrategy(const Strategy& strategy) {
    filling_ = true;
    given_ = strategy;
    name_->setText(QString::fromStdString(strategy.name));
    exit_->setRule(strategy.options.exit);
    decode_->setOptions(strategy.options);
    model_->setText(QString::fromStdString(strategy.model));
    name_->setPlaceholderText(describe(strategy.options));
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
