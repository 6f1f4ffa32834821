#include "app/train/train_workspace.h"

#include <QAction>
#include <QDataStream>
#include <QDesktopServices>
#include <QDialog>
#include <QDialogButtonBox>
#include <QFileInfo>
#include <QFontDatabase>
#include <QIODevice>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "app/train/new_run_dialog.h"
#include "app/train/plotted_runs.h"
#include "app/train/store_reader.h"
#include "app/train/training_processes.h"
#include "core/store/process.h"
#include "widgets/background.h"
#include "widgets/message_bar.h"
#include "widgets/runs/curve_grid.h"
#include "widgets/runs/run_details.h"
#include "widgets/runs/runs_table.h"

namespace lvr {
namespace {

QString nameOf(const Run& run) {
    return QString("%1 %2").arg(run.id).arg(QString::fromStdString(run.info.kind));
}

}  // namespace

TrainWorkspace::TrainWorkspace(const TrainPlaces& places, QWidget* parent)
    : QWidget(parent),
      places_(places),
      reader_(new StoreReader(this)),
      trainings_(new TrainingProcesses(places.program, places.store, this)),
      plotted_(std::make_unique<PlottedRuns>()),
      messages_(new MessageBar(this)),
      new_(new QAction(tr("&New run…"), this)),
      showOutput_(new QAction(tr("Show output"), this)),
      table_(new RunsTable(this)),
      details_(new RunDetails(this)),
      curves_(new CurveGrid(this)),
      pages_(new QStackedWidget(this)),
      upper_(new QSplitter(Qt::Horizontal, this)),
      whole_(new QSplitter(Qt::Vertical, this)),
      nothing_(new QLabel(this)),
      where_(new QLabel(this)) {
    build();
    takes_.setInterval(0);  // whenever the window has nothing else to do
    connect(&takes_, &QTimer::timeout, this, &TrainWorkspace::takeData);
    new_->setObjectName("runs.new");
    showOutput_->setObjectName("runs.show-output");
    connect(new_, &QAction::triggered, this, &TrainWorkspace::newRun);
    wireReader();
    wireTable();
    wireTrainings();
    reader_->open(places.store.toStdU16String());
}

TrainWorkspace::~TrainWorkspace() = default;

void TrainWorkspace::build() {
    new_->setToolTip(tr("Start a training"));
    upper_->addWidget(table_);
    upper_->addWidget(details_);
    upper_->setStretchFactor(0, 3);
    upper_->setStretchFactor(1, 2);
    whole_->addWidget(upper_);
    whole_->addWidget(curves_);
    whole_->setStretchFactor(1, 1);
    whole_->setChildrenCollapsible(false);
    resetLayout();
    pages_->addWidget(makeEmptyState());
    pages_->addWidget(whole_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(messages_);
    column->addWidget(pages_, 1);
    pages_->setContentsMargins(8, 6, 8, 8);
}

QWidget* TrainWorkspace::makeEmptyState() {
    auto* page = new QWidget(this);
    nothing_->setAlignment(Qt::AlignCenter);
    auto* button = new QPushButton(tr("New run…"), page);
    button->setEnabled(!places_.store.isEmpty());
    connect(button, &QPushButton::clicked, this, &TrainWorkspace::newRun);
    where_->setAlignment(Qt::AlignCenter);
    where_->setForegroundRole(QPalette::PlaceholderText);
    where_->setWordWrap(true);
    sayWhere();
    auto* column = new QVBoxLayout(page);
    column->addStretch(1);
    column->addWidget(nothing_);
    column->addWidget(button, 0, Qt::AlignCenter);
    column->addWidget(where_);
    column->addStretch(2);
    return page;
}

void TrainWorkspace::sayWhere() {
    nothing_->setText(
        hasStoreFailed_ ? tr("The runs can't be read; what is above says why.")
                        : tr("No runs yet. Start one with New run… or with <code>lvr sft</code>."));
    new_->setEnabled(!places_.store.isEmpty());
    where_->setText(places_.store.isEmpty()
                        ? tr("There is no place for runs: set HOME or XDG_DATA_HOME, or start "
                             "lvr-workbench with --store FILE.")
                        : tr("Runs are read from %1.").arg(places_.store));
}

void TrainWorkspace::wireReader() {
    connect(reader_, &StoreReader::runsChanged, this, &TrainWorkspace::showRuns);
    connect(reader_, &StoreReader::missing, this, &TrainWorkspace::showMissing);
    connect(reader_, &StoreReader::failed, this, [this](const QString& sentence) {
        fail(sentence);
        hasStoreFailed_ = true;
        sayWhere();
        Q_EMIT storeFailed(sentence);
    });
    connect(reader_, &StoreReader::upToDate, this, [this] {
        upToDate_ = true;
        settle();
    });
    connect(reader_, &StoreReader::changeFailed, this, &TrainWorkspace::fail);
    connect(reader_, &StoreReader::opened, this, [this] {
        plotted_->clearData();
        curves_->refresh();
    });
    connect(reader_, &StoreReader::metricsAdded, this,
            [this](std::int64_t run, const std::vector<MetricColumn>& columns) {
                plotted_->enqueue(run, columns);
                takes_.start();
            });
}

void TrainWorkspace::wireTable() {
    connect(table_, &RunsTable::selectionChanged, this, &TrainWorkspace::choose);
    connect(table_, &RunsTable::stopRequested, trainings_, &TrainingProcesses::stop);
    connect(table_, &RunsTable::killRequested, trainings_, &TrainingProcesses::kill);
    connect(table_, &RunsTable::pauseRequested, trainings_, &TrainingProcesses::pause);
    connect(table_, &RunsTable::unpauseRequested, trainings_, &TrainingProcesses::unpause);
    connect(table_, &RunsTable::resumeRequested, trainings_, &TrainingProcesses::resume);
    connect(table_, &RunsTable::deleteRequested, this,
            [this](const Run& run) { reader_->remove(run.id); });
    connect(table_, &RunsTable::folderRequested, this, &TrainWorkspace::openFolder);
    connect(details_, &RunDetails::outputWanted, trainings_, &TrainingProcesses::readOutput);
    connect(details_, &RunDetails::notesWritten, reader_, &StoreReader::setNotes);
    connect(details_, &RunDetails::rolloutsRequested, this, &TrainWorkspace::rolloutsRequested);
    connect(curves_, &CurveGrid::rolloutsRequested, this, &TrainWorkspace::rolloutsRequested);
    connect(curves_, &CurveGrid::exportFailed, this, &TrainWorkspace::fail);
    connect(curves_, &CurveGrid::exported, this, [this](const QString& file) {
        messages_->say(MessageBar::Kind::Hint, tr("Saved %1.").arg(file));
    });
}

void TrainWorkspace::wireTrainings() {
    connect(trainings_, &TrainingProcesses::started, reader_, &StoreReader::lookNow);
    connect(trainings_, &TrainingProcesses::ended, reader_, &StoreReader::lookNow);
    connect(trainings_, &TrainingProcesses::failed, this, &TrainWorkspace::failTraining);
    connect(trainings_, &TrainingProcesses::outputRead, details_, &RunDetails::showOutput);
    connect(showOutput_, &QAction::triggered, this, [this] {
        auto* dialog = new QDialog(this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setWindowTitle(tr("The last that the training printed"));
        dialog->resize(720, 420);
        auto* text = new QPlainTextEdit(output_, dialog);
        text->setReadOnly(true);
        text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
        auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
        connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
        auto* column = new QVBoxLayout(dialog);
        column->addWidget(text);
        column->addWidget(buttons);
        dialog->open();
    });
}

// ---- Runs ----

void TrainWorkspace::newRun() {
    auto* dialog = new NewRunDialog(places_, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &NewRunDialog::startRequested, this, &TrainWorkspace::start);
    dialog->open();
}

void TrainWorkspace::start(const NewRun& run) {
    awaited_ = QFileInfo(run.out).absoluteFilePath();
    hasStoreFailed_ = false;
    messages_->say(
        MessageBar::Kind::Hint,
        tr("Starting lvr %1; it is listed once its data and model are read.").arg(run.kind));
    trainings_->start(run);
}

void TrainWorkspace::showRuns(const std::vector<RunSummary>& runs) {
    if (hasStoreFailed_) messages_->dismiss();
    hasStoreFailed_ = false;
    if (listed_) tellNewAlerts(runs);
    const bool areFirst = runs_.empty();
    runs_ = runs;
    table_->show(runs);
    pages_->setCurrentIndex(runs.empty() ? 0 : 1);
    sayWhere();
    for (const auto& [run, newest, alerts] : runs) {
        if (awaited_.isEmpty() || QString::fromStdString(run.info.out) != awaited_) continue;
        awaited_.clear();
        messages_->dismiss();
        table_->select(run.id);
    }
    if (table_->find(wanted_)) table_->select(std::exchange(wanted_, 0));
    if (areFirst && !runs.empty() && table_->selected().empty())
        table_->select(runs.front().run.id);
    listed_ = true;
    showDetails();
}

void TrainWorkspace::tellNewAlerts(const std::vector<RunSummary>& runs) {
    for (const auto& now : runs) {
        const auto before = std::find_if(runs_.begin(), runs_.end(), [&](const RunSummary& other) {
            return other.run.id == now.run.id;
        });
        const std::size_t told = before == runs_.end() ? 0 : before->alerts.size();
        if (now.alerts.size() <= told) continue;
        const auto sentence = tr("Run %1, step %2: %3")
                                  .arg(now.run.id)
                                  .arg(now.alerts.back().step)
                                  .arg(QString::fromStdString(now.alerts.back().message));
        messages_->say(MessageBar::Kind::Hint, sentence);
        Q_EMIT alerted(sentence);
    }
}

// No store is how everything begins; one that goes away while it is shown is told.
void TrainWorkspace::showMissing(const QString& sentence) {
    if (listed_ && !runs_.empty()) {
        fail(tr("The run store %1 is gone; its runs show again when it is back.")
                 .arg(places_.store));
        hasStoreFailed_ = true;
        return;
    }
    if (std::exchange(hasStoreFailed_, false)) messages_->dismiss();
    sayWhere();
    where_->setText(sentence);
    pages_->setCurrentIndex(0);
}

void TrainWorkspace::choose(const std::vector<std::int64_t>& runs) {
    std::vector<std::pair<std::int64_t, QString>> named;
    for (const auto id : runs)
        if (const auto* run = table_->find(id)) named.emplace_back(id, nameOf(run->run));
    curves_->setRuns(plotted_->choose(named));
    plotted_->forgetOthers();
    table_->setColours(plotted_->colours());
    subscribed_ = runs;
    upToDate_ = saidSettled_ = false;
    reader_->subscribe(runs);
    showDetails();
}

void TrainWorkspace::showDetails() {
    const auto chosen = table_->selected();
    const auto* run = chosen.empty() ? nullptr : table_->find(chosen.front());
    if (run)
        details_->show(*run);
    else
        details_->clear();
}

// A store of millions of rows comes in pieces, between which the window answers.
void TrainWorkspace::takeData() {
    if (plotted_->takeNext()) return curves_->refresh();
    takes_.stop();
    settle();
}

// ---- The rest ----

void TrainWorkspace::select(std::int64_t run) {
    if (table_->find(run))
        table_->select(run);
    else
        wanted_ = run;
}

std::int64_t TrainWorkspace::selected() const {
    const auto chosen = table_->selected();
    return chosen.empty() ? wanted_ : chosen.front();
}

bool TrainWorkspace::isSettled() const {
    if (places_.store.isEmpty()) return true;
    return upToDate_ && !takes_.isActive() && table_->selected() == subscribed_;
}

void TrainWorkspace::settle() {
    if (!saidSettled_ && (saidSettled_ = isSettled())) Q_EMIT settled();
}

std::vector<Run> TrainWorkspace::running() const {
    std::vector<Run> found;
    for (const auto& [run, newest, alerts] : runs_)
        if (isAlive(run.status) && run.host == hostName()) found.push_back(run);
    return found;
}

void TrainWorkspace::stopRunning() {
    for (const auto& run : running()) trainings_->stop(run);
}

QList<QAction*> TrainWorkspace::runActions() const { return QList{new_} + table_->runActions(); }

void TrainWorkspace::openFolder(const QString& folder) {
    inBackground(
        this, [folder] { return QFileInfo(folder).isDir(); },
        [this, folder](bool isThere) {
            if (isThere)
                QDesktopServices::openUrl(QUrl::fromLocalFile(folder));
            else
                fail(tr("There is no folder %1; it was moved, or nothing was saved yet.")
                         .arg(folder));
        });
}

void TrainWorkspace::fail(const QString& sentence) {
    messages_->say(MessageBar::Kind::Error, sentence);
}

void TrainWorkspace::failTraining(const QString& sentence, const QString& output) {
    awaited_.clear();
    output_ = output;
    messages_->say(MessageBar::Kind::Error, sentence, output.isEmpty() ? nullptr : showOutput_);
}

QString TrainWorkspace::message() const { return messages_->sentence(); }

QByteArray TrainWorkspace::saveLayout() const {
    QByteArray layout;
    QDataStream stream(&layout, QIODevice::WriteOnly);
    stream << upper_->saveState() << whole_->saveState();
    return layout;
}

void TrainWorkspace::restoreLayout(const QByteArray& layout) {
    QByteArray upper, whole;
    QDataStream stream(layout);
    stream >> upper >> whole;
    upper_->restoreState(upper);
    whole_->restoreState(whole);
}

void TrainWorkspace::resetLayout() {
    upper_->setSizes({820, 440});
    whole_->setSizes({230, 420});
}

}  // namespace lvr
