#include "widgets/runs/options_form.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/runs/option_editor.h"

namespace lvr {

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
