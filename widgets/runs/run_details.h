#pragma once

#include <QPlainTextEdit>
#include <QTimer>
#include <QWidget>

#include "core/values/run.h"

class QAction;
class QHBoxLayout;
class QPlainTextEdit;
class QPushButton;
class QTextBrowser;
class QUrl;

namespace lvr {

class ProblemLabel;

// What somebody writes about a run. It is told shortly after the last letter, when the keyboard
// goes elsewhere and before another run is shown: nothing typed is lost.
class NotesEditor : public QPlainTextEdit {
    Q_OBJECT
public:
    explicit NotesEditor(QWidget* parent = nullptr);
    // As the store has them now; what is being typed stays.
    void show(std::int64_t run, const QString& notes);
    using QWidget::show;

Q_SIGNALS:
    void written(std::int64_t run, const QString& notes);

protected:
    void focusOutEvent(QFocusEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void tell();

    std::int64_t run_ = 0;
    QString stored_;  // as shown or told last
    QTimer soon_;
};

// All that is known of one run: what it was told, from what, how it goes, what its process printed.
class RunDetails : public QWidget {
    Q_OBJECT
public:
    explicit RunDetails(QWidget* parent = nullptr);
    void show(const RunSummary& run);
    using QWidget::show;
    void clear();
    void addBridge(QAction* action);  // as a button: what else can be done with the run
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
    QHBoxLayout* bridges_ = nullptr;
};

}  // namespace lvr
