#pragma once

#include <QWidget>

#include "core/values/run.h"

class QPlainTextEdit;
class QPushButton;
class QTextBrowser;
class QUrl;

namespace lvr {

class NotesEditor;
class ProblemLabel;

// All that is known of one run: what it was told, from what, how it goes, what its process printed.
class RunDetails : public QWidget {
    Q_OBJECT
public:
    explicit RunDetails(QWidget* parent = nullptr);
    void show(const RunSummary& run);
    using QWidget::show;
    void clear();
    // The last its process printed; ignored when another run is shown by now.
    void showNotesProblem(const QString& why);  // the notes are not stored yet; empty: they are
    void showOutput(std::int64_t run, const QString& output);

Q_SIGNALS:
    void outputWanted(const lvr::Run& run);
    void rolloutsRequested(std::int64_t run, int step);
    void notesWritten(std::int64_t run, const QString& notes);

private:
    void build();
    void follow(const QUrl& link);

    RunSummary run_;
    QTextBrowser* text_;
    NotesEditor* notes_;
    ProblemLabel* notesProblem_;
    QPlainTextEdit* output_;
    QPushButton* showOutput_;
    QPushButton* rollouts_;
};

}  // namespace lvr
