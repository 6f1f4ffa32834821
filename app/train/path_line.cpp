#include "app/train/path_line.h"

#include <QFileDialog>
#include <QGridLayout>
#include <QLineEdit>
#include <QPushButton>

#include "widgets/runs/problem_label.h"

namespace lvr {

PathLine::PathLine(Chooses chooses, const QString& name, QWidget* parent)
    : QWidget(parent), line_(new QLineEdit(this)), problem_(new ProblemLabel(this)) {
    setFocusProxy(line_);
    line_->setAccessibleName(name);
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setVerticalSpacing(0);
    grid->addWidget(line_, 0, 0);
    grid->addWidget(problem_, 1, 0, 1, 3);
    int column = 1;
    const auto addButton = [&](const QString& text, bool file) {
        auto* button = new QPushButton(text, this);
        button->setAutoDefault(false);
        button->setAccessibleName(tr("%1: %2").arg(name, text));
        connect(button, &QPushButton::clicked, this, [this, file] { choose(file); });
        grid->addWidget(button, 0, column++);
    };
    if (chooses == Chooses::FileOrFolder) addButton(tr("File…"), true);
    addButton(tr("Folder…"), false);
    connect(line_, &QLineEdit::textChanged, this, [this] {
        complain({});
        Q_EMIT changed();
    });
}

QString PathLine::path() const { return line_->text().trimmed(); }
void PathLine::setPath(const QString& path) { line_->setText(path); }
void PathLine::setHint(const QString& hint) { line_->setPlaceholderText(hint); }

void PathLine::complain(const QString& sentence) {
    problem_->say(sentence);
    if (!sentence.isEmpty()) line_->setFocus();
}

void PathLine::choose(bool file) {
    auto* dialog = new QFileDialog(this, line_->accessibleName(), line_->text());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(file ? QFileDialog::ExistingFile : QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly, !file);
    connect(dialog, &QFileDialog::fileSelected, line_, &QLineEdit::setText);
    dialog->open();
}

}  // namespace lvr
