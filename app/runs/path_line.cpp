#include "app/runs/path_line.h"

#include <QFileDialog>
#include <QGridLayout>
#include <QLineEdit>
#include <QPushButton>

#include "widgets/entry_fields.h"
#include "widgets/runs/problem_label.h"

namespace lvr {

PathLine::PathLine(Chooses chooses, const QString& name, QWidget* parent)
    : QWidget(parent),
      grid_(new QGridLayout(this)),
      line_(new QLineEdit(this)),
      problem_(new ProblemLabel(this)) {
    setFocusProxy(line_);
    line_->setAccessibleName(name);
    grid_->setContentsMargins(0, 0, 0, 0);
    grid_->setVerticalSpacing(0);
    grid_->addWidget(line_, 0, 0);
    grid_->addWidget(problem_, 1, 0, 1, -1);  // below all buttons
    const auto addChoice = [this](const QString& text, bool file) {
        connect(addButton(text), &QPushButton::clicked, this, [this, file] { choose(file); });
    };
    if (chooses == Chooses::FileOrFolder) addChoice(tr("File…"), true);
    addChoice(tr("Folder…"), false);
    connect(line_, &QLineEdit::textChanged, this, [this] {
        complain({});
        Q_EMIT changed();
    });
}

QPushButton* PathLine::addButton(const QString& text) {
    auto* button = new QPushButton(text, this);
    button->setAutoDefault(false);
    button->setAccessibleName(tr("%1: %2").arg(line_->accessibleName(), text));
    grid_->addWidget(button, 0, grid_->columnCount());
    return button;
}

QString PathLine::path() const { return typedPath(line_); }
void PathLine::setPath(const QString& path) { line_->setText(path); }
void PathLine::setHint(const QString& hint) { line_->setPlaceholderText(hint); }

void PathLine::complain(const QString& sentence) {
    problem_->say(sentence);
    if (!sentence.isEmpty()) line_->setFocus();
}

void PathLine::choose(bool file) {
    auto* dialog = new QFileDialog(this, line_->accessibleName(), path());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(file ? QFileDialog::ExistingFile : QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly, !file);
    connect(dialog, &QFileDialog::fileSelected, line_, &QLineEdit::setText);
    dialog->open();
}

}  // namespace lvr
