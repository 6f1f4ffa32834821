#include "widgets/runs/option_editor.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QToolButton>

#include "core/error.h"
#include "widgets/runs/problem_label.h"

namespace lvr {
namespace {

bool isSwitch(const OptionField& field) {
    const auto* names = std::get_if<EnumNames>(&field.rule);
    return names && *names == EnumNames{"off", "on"};
}

QString rangeOf(const OptionField& field) {
    const auto* range = std::get_if<NumberRange>(&field.rule);
    if (!range) return {};
    return QObject::tr("%1 to %2").arg(range->lowest).arg(range->highest);
}

}  // namespace

OptionEditor::OptionEditor(const OptionField& field, QWidget* parent)
    : QWidget(parent),
      field_(field),
      name_(new QLabel(QString::fromStdString(field.name), this)),
      editor_(makeEditor()),
      reset_(new QToolButton(this)),
      problem_(new ProblemLabel(this)) {
    build();
    reset();
    update();
}

QWidget* OptionEditor::makeEditor() {
    if (isSwitch(field_)) {
        auto* box = new QCheckBox(this);
        connect(box, &QCheckBox::toggled, this, &OptionEditor::update);
        return box;
    }
    if (const auto* names = std::get_if<EnumNames>(&field_.rule)) {
        auto* choices = new QComboBox(this);
        for (const auto& name : *names) choices->addItem(QString::fromStdString(name));
        choices->setFocusPolicy(Qt::StrongFocus);
        choices->installEventFilter(this);
        connect(choices, &QComboBox::currentIndexChanged, this, &OptionEditor::update);
        return choices;
    }
    auto* line = new QLineEdit(this);
    line->setPlaceholderText(field_.text.empty() ? tr("default") : rangeOf(field_));
    connect(line, &QLineEdit::textChanged, this, &OptionEditor::update);
    return line;
}

void OptionEditor::build() {
    const QString help = QString::fromStdString(field_.help);
    const QString more = field_.text.empty()
                             ? QString()
                             : tr("Default: %1").arg(QString::fromStdString(field_.text));
    QStringList lines{help, rangeOf(field_), more};
    lines.removeAll(QString());
    // As rich text a tool tip breaks its lines.
    const QString tip = "<p>" + lines.join("</p><p>").replace('&', "&amp;") + "</p>";
    for (QWidget* widget : std::initializer_list<QWidget*>{name_, editor_}) {
        widget->setToolTip(tip);
        widget->setWhatsThis(tip);
    }
    name_->setBuddy(editor_);
    editor_->setAccessibleName(name_->text());
    editor_->setAccessibleDescription(help);
    editor_->setObjectName(name_->text());
    reset_->setText("↺");
    reset_->setAutoRaise(true);
    reset_->setToolTip(more.isEmpty() ? tr("Back to the default") : more);
    reset_->setAccessibleName(tr("Reset %1").arg(name_->text()));
    QSizePolicy keeps = reset_->sizePolicy();
    keeps.setRetainSizeWhenHidden(true);
    reset_->setSizePolicy(keeps);
    connect(reset_, &QToolButton::clicked, this, &OptionEditor::reset);
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setVerticalSpacing(0);
    grid->addWidget(name_, 0, 0);
    grid->addWidget(editor_, 0, 1);
    grid->addWidget(reset_, 0, 2);
    grid->addWidget(problem_, 1, 1, 1, 2);
    grid->setColumnStretch(1, 1);
}

void OptionEditor::setNameWidth(int width) { name_->setFixedWidth(width); }

QString OptionEditor::text() const {
    if (const auto* box = qobject_cast<QCheckBox*>(editor_)) return box->isChecked() ? "on" : "off";
    if (const auto* choices = qobject_cast<QComboBox*>(editor_)) return choices->currentText();
    return static_cast<QLineEdit*>(editor_)->text().trimmed();
}

void OptionEditor::setText(const QString& text) {
    if (auto* box = qobject_cast<QCheckBox*>(editor_))
        box->setChecked(text == "on");
    else if (auto* choices = qobject_cast<QComboBox*>(editor_))
        choices->setCurrentText(text);
    else
        static_cast<QLineEdit*>(editor_)->setText(text);
}

bool OptionEditor::isDefault() const { return text() == QString::fromStdString(field_.text); }

QString OptionEditor::problem() const {
    try {
        check(field_, text().toStdString());
        return {};
    } catch (const Error& error) {
        return QString::fromUtf8(error.what());
    }
}

void OptionEditor::update() {
    QFont font = this->font();
    font.setBold(!isDefault());
    name_->setFont(font);
    reset_->setVisible(!isDefault());
    problem_->say(problem());
    Q_EMIT changed();
}

// A wheel that scrolls the form must not change what happens to be under it.
bool OptionEditor::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::Wheel && !editor_->hasFocus()) {
        event->ignore();
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

}  // namespace lvr
