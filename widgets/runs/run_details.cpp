#include "widgets/runs/run_details.h"

#include <QDateTime>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QTextBrowser>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include "widgets/runs/problem_label.h"
#include "widgets/runs/run_news.h"
#include "widgets/words.h"

namespace lvr {
namespace {

constexpr int kSoonMs = 800;
constexpr int kLines = 3;

QString escaped(const std::string& text) { return QString::fromStdString(text).toHtmlEscaped(); }

QString timeText(double seconds) {
    return QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(seconds * 1000))
        .toString("yyyy-MM-dd HH:mm:ss");
}

QString codeOf(const std::string& text) {
    return text.empty() ? QString() : "<code>" + escaped(text) + "</code>";
}

// A hash is told apart by its beginning; the rest is in the store.
QString withHash(const std::string& what, const std::string& hash) {
    return (escaped(what) + " " + codeOf(hash.substr(0, 12))).trimmed();
}

QString processOf(const Run& run) {
    return QObject::tr("%1 on %2").arg(run.pid).arg(escaped(run.host));
}

QString timesOf(const Run& run) {
    const double until = run.ended > 0 ? run.ended : run.heartbeat;
    return QObject::tr("%1, for %2").arg(timeText(run.started), durationText(until - run.started));
}

// Newest first; of a run with rollouts each step is a link to them.
QString alertsOf(const RunSummary& summary) {
    QStringList lines;
    for (const auto& alert : foldAlerts(summary.alerts)) {
        const auto step = QObject::tr("step %1").arg(alert.newest.step);
        const auto link = QString("<a href='step:%1'>%2</a>").arg(alert.newest.step).arg(step);
        lines << (summary.hasRollouts ? link : step) + ": " + alertText(alert).toHtmlEscaped();
    }
    return lines.join("<br>");
}

QString htmlOf(const RunSummary& summary) {
    const auto& run = summary.run;
    QString html = QString("<h3>%1</h3><table cellspacing='2'>")
                       .arg(QObject::tr("Run %1, %2: %3")
                                .arg(run.id)
                                .arg(escaped(run.info.kind), statusText(run.status)));
    const auto row = [&](const QString& name, const QString& value) {
        if (!value.isEmpty())
            html += "<tr><td><b>" + name + "&nbsp;&nbsp;</b></td><td>" + value + "</td></tr>";
    };
    row(QObject::tr("Name"), escaped(run.name));
    QStringList tags;
    for (const auto& tag : run.tags) tags << escaped(tag);
    row(QObject::tr("Tags"), tags.join(", "));
    row(QObject::tr("Message"), escaped(run.message));
    row(QObject::tr("Alerts"), alertsOf(summary));
    row(QObject::tr("Step"), QObject::tr("%1 of at most %2").arg(run.step).arg(run.info.steps));
    row(QObject::tr("Started"), timesOf(run));
    row(QObject::tr("Process"), processOf(run));
    row(QObject::tr("Command"), codeOf(run.info.command));
    row(QObject::tr("Model"), withHash(run.info.parent, run.info.parentHash));
    row(QObject::tr("Data"), withHash(run.info.data, run.info.dataHash));
    row(QObject::tr("Output"), escaped(run.info.out));
    row(QObject::tr("Seed"), QString::number(run.info.seed));
    row(QObject::tr("Version"), escaped(run.info.codeVersion));
    for (const auto& [name, value] : summary.newest) row(escaped(name), shortNumber(value));
    return html + "</table>";
}

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

RunDetails::RunDetails(QWidget* parent)
    : QWidget(parent),
      text_(new QTextBrowser(this)),
      notes_(new NotesEditor(this)),
      notesProblem_(new ProblemLabel(this)),
      output_(new QPlainTextEdit(this)),
      showOutput_(new QPushButton(tr("&Output"), this)),
      rollouts_(new QPushButton(tr("Roll&outs"), this)) {
    build();
    connect(showOutput_, &QPushButton::toggled, this, [this](bool on) {
        output_->setVisible(on);
        output_->clear();
        if (on) Q_EMIT outputWanted(run_.run);
    });
    connect(rollouts_, &QPushButton::clicked, this,
            [this] { Q_EMIT rolloutsRequested(run_.run.id, run_.run.step); });
    connect(notes_, &NotesEditor::written, this, &RunDetails::notesWritten);
    connect(text_, &QTextBrowser::anchorClicked, this, &RunDetails::follow);
    clear();
}

void RunDetails::build() {
    text_->setOpenLinks(false);
    text_->setAccessibleName(tr("Details of the run"));
    text_->setFrameShape(QFrame::NoFrame);
    text_->setPlaceholderText(tr("Choose a run to see what it was told and how it went."));
    output_->setReadOnly(true);
    output_->setAccessibleName(tr("Output of the run's process"));
    output_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    output_->hide();
    showOutput_->setCheckable(true);
    showOutput_->setToolTip(tr("The last that the run's process printed"));
    rollouts_->setToolTip(tr("The rollouts of its newest step"));
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(showOutput_);
    buttons->addWidget(rollouts_);
    buttons->addStretch(1);
    bridges_ = buttons;
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(text_, 2);
    column->addWidget(notes_);
    column->addWidget(notesProblem_);
    column->addWidget(output_, 1);
    column->addLayout(buttons);
}

void RunDetails::addBridge(QAction* action) {
    auto* button = new QToolButton(this);
    button->setDefaultAction(action);
    bridges_->insertWidget(bridges_->count() - 1, button);
}

void RunDetails::show(const RunSummary& run) {
    const bool isOther = run.run.id != run_.run.id;
    run_ = run;
    const int place = isOther ? 0 : text_->verticalScrollBar()->value();
    // What is being selected to be copied must not be swept away by the next step.
    if (isOther || !text_->textCursor().hasSelection()) {
        text_->setHtml(htmlOf(run));
        text_->verticalScrollBar()->setValue(place);
    }
    if (isOther) output_->clear();
    notes_->show(run.run.id, QString::fromStdString(run.run.notes));
    notes_->setEnabled(true);
    showOutput_->setEnabled(true);
    rollouts_->setEnabled(run.hasRollouts);
    if (showOutput_->isChecked()) Q_EMIT outputWanted(run.run);
}

void RunDetails::showNotesProblem(const QString& why) {
    if (why.isEmpty()) return notesProblem_->hide();
    notesProblem_->say(tr("Not saved yet: %1. It stays here and is tried again.").arg(why));
}

void RunDetails::clear() {
    run_ = {};
    notesProblem_->hide();
    text_->clear();
    notes_->show(0, {});
    notes_->setEnabled(false);
    output_->clear();
    showOutput_->setEnabled(false);
    rollouts_->setEnabled(false);
}

void RunDetails::showOutput(std::int64_t run, const QString& output) {
    if (run != run_.run.id || !showOutput_->isChecked()) return;
    const QString text = output.isEmpty() ? tr("Nothing is kept of what this run printed: it was "
                                               "not started from this window.")
                                          : output;
    if (text == output_->toPlainText()) return;
    output_->setPlainText(text);
    output_->verticalScrollBar()->setValue(output_->verticalScrollBar()->maximum());
}

void RunDetails::follow(const QUrl& link) {
    if (link.scheme() == "step") Q_EMIT rolloutsRequested(run_.run.id, link.path().toInt());
}

}  // namespace lvr
