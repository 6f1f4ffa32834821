#include "widgets/runs/options_form.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

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

OptionsForm::OptionsForm(QWidget* parent)
    : QWidget(parent),
      search_(new QLineEdit(this)),
      summary_(new QLabel(this)),
      reset_(new QPushButton(tr("Reset &all"), this)),
      content_(new QWidget(this)),
      column_(new QVBoxLayout(content_)) {
    build();
    connect(search_, &QLineEdit::textChanged, this, &OptionsForm::filter);
    connect(reset_, &QPushButton::clicked, this, &OptionsForm::reset);
}

void OptionsForm::build() {
    search_->setPlaceholderText(tr("Find an option"));
    search_->setClearButtonEnabled(true);
    search_->setAccessibleName(tr("Find an option"));
    reset_->setAutoDefault(false);
    column_->addStretch(1);
    column_->setSpacing(4);
    auto* area = new QScrollArea(this);
    area->setWidget(content_);
    area->setWidgetResizable(true);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* head = new QHBoxLayout;
    head->addWidget(search_, 1);
    head->addWidget(summary_);
    head->addWidget(reset_);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addLayout(head);
    all->addWidget(area, 1);
}

void OptionsForm::setFields(const std::vector<OptionField>& fields) {
    for (auto* editor : editors_) {
        editor->disconnect(this);
        editor->hide();
        editor->deleteLater();
    }
    editors_.clear();
    QFont bold = font();
    bold.setBold(true);
    int width = 0;
    for (const auto& field : fields)
        width = std::max(width,
                         QFontMetrics(bold).horizontalAdvance(QString::fromStdString(field.name)));
    for (const auto& field : fields) {
        auto* editor = new OptionEditor(field, content_);
        editor->setNameWidth(width + 8);
        connect(editor, &OptionEditor::changed, this, &OptionsForm::update);
        column_->insertWidget(static_cast<int>(editors_.size()), editor);
        editors_.push_back(editor);
    }
    filter();
    update();
}

void OptionsForm::setValues(const std::vector<std::pair<QString, QString>>& values) {
    reset();
    for (const auto& [name, text] : values)
        for (auto* editor : editors_)
            if (QString::fromStdString(editor->field().name) == name) editor->setText(text);
}

std::vector<std::pair<QString, QString>> OptionsForm::changedValues() const {
    std::vector<std::pair<QString, QString>> values;
    for (const auto* editor : editors_)
        if (!editor->isDefault())
            values.emplace_back(QString::fromStdString(editor->field().name), editor->text());
    return values;
}

QString OptionsForm::problem() const {
    for (const auto* editor : editors_)
        if (const auto sentence = editor->problem(); !sentence.isEmpty())
            return QString::fromStdString(editor->field().name) + ": " + sentence;
    return {};
}

void OptionsForm::focusProblem() {
    search_->clear();
    for (auto* editor : editors_) {
        if (editor->problem().isEmpty()) continue;
        editor->findChild<QWidget*>(QString::fromStdString(editor->field().name))->setFocus();
        return;
    }
}

void OptionsForm::reset() {
    for (auto* editor : editors_) editor->reset();
}

void OptionsForm::filter() {
    for (auto* editor : editors_) {
        const auto& field = editor->field();
        editor->setVisible(QString::fromStdString(field.name + " " + field.help)
                               .contains(search_->text(), Qt::CaseInsensitive));
    }
}

void OptionsForm::update() {
    const auto count = changedValues().size();
    summary_->setText(count == 0   ? tr("All defaults")
                      : count == 1 ? tr("1 differs from its default")
                                   : tr("%1 differ from their defaults").arg(count));
    reset_->setEnabled(count > 0);
    Q_EMIT changed();
}

}  // namespace lvr
