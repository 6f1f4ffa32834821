#include "widgets/runs/notes_editor.h"

namespace lvr {
namespace {

constexpr int kSoonMs = 800;
constexpr int kLines = 3;

}  // namespace

NotesEditor::NotesEditor(QWidget* parent) : QPlainTextEdit(parent) {
    setAccessibleName(tr("Notes on the run"));
    setPlaceholderText(tr("Notes: what this run is for, what you saw. Kept with the run."));
    setTabChangesFocus(true);
    setFixedHeight(fontMetrics().lineSpacing() * kLines + 14);
    soon_.setSingleShot(true);
    soon_.setInterval(kSoonMs);
    connect(&soon_, &QTimer::timeout, this, &NotesEditor::tell);
    connect(this, &QPlainTextEdit::textChanged, this, [this] { soon_.start(); });
}

void NotesEditor::show(std::int64_t run, const QString& notes) {
    const bool isOther = run != run_;
    if (isOther) tell();
    const bool isUntouched = toPlainText() == stored_;
    run_ = run;
    if (!isOther && (notes == stored_ || !isUntouched || hasFocus())) return;
    stored_ = notes;
    setPlainText(notes);
    soon_.stop();
}

void NotesEditor::tell() {
    soon_.stop();
    if (run_ == 0 || toPlainText() == stored_) return;
    stored_ = toPlainText();
    Q_EMIT written(run_, stored_);
}

void NotesEditor::focusOutEvent(QFocusEvent* event) {
    tell();
    QPlainTextEdit::focusOutEvent(event);
}

void NotesEditor::hideEvent(QHideEvent* event) {
    tell();
    QPlainTextEdit::hideEvent(event);
}

}  // namespace lvr
