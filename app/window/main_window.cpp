#include "app/window/main_window.h"

#include <QAction>
#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QLabel>
#include <QMimeData>
#include <QSettings>
#include <QToolBar>
#include <QVBoxLayout>
#include <utility>

#include "app/ask/ask_workspace.h"
#include "app/ask/picture_conversation.h"
#include "app/causal/causal_workspace.h"
#include "app/compare/compare_workspace.h"
#include "app/engine/ask_engine.h"
#include "app/engine/inference_worker.h"
#include "app/runs/train_workspace.h"
#include "app/shell/action_list.h"
#include "app/shell/look.h"
#include "app/shell/recent_files.h"
#include "app/shell/shell.h"
#include "app/sources/source_browser.h"
#include "app/window/models.h"
#include "app/window/running_work.h"
#include "app/window/session.h"
#include "app/window/window_bars.h"
#include "app/window/window_files.h"
#include "app/window/window_services.h"
#include "app/window/window_session.h"
#include "app/window/window_state.h"
#include "app/window/workspace_switch.h"
#include "app/window/workspaces.h"
#include "core/error.h"
#include "widgets/action_tip.h"
#include "widgets/conversation/conversation_panel.h"
#include "widgets/message_bar.h"

namespace lvr {
namespace {

CompareServices compareServices(const WindowServices& window, InferenceWorker* worker) {
    CompareServices services = window.compare;
    services.runOnEngine = worker->runner();
    services.store = window.places.store.toStdU16String();
    return services;
}

}  // namespace

MainWindow::MainWindow(WindowServices services, QWidget* parent)
    : QMainWindow(parent),
      services_(std::make_unique<WindowServices>(std::move(services))),
      worker_(new InferenceWorker(services_->openEngine, this)),
      theme_(new ThemeSwitch(this)),
      workspaces_(new Workspaces(services_->places, compareServices(*services_, worker_), this)),
      shell_(new Shell(services_->libraries, this)),
      ask_(&workspaces_->ask()),
      conversation_(new PictureConversation(*ask_, services_->history)),
      switch_(new WorkspaceSwitch(this)),
      messages_(new MessageBar(this)),
      notices_(new MessageBar(this)),
      alerts_(new RunAlerts(this, notices_)),
      closing_(std::make_unique<ClosingQuestions>(this, *workspaces_)),
      actions_(std::make_unique<WindowActions>(this)) {
    messages_->setObjectName("messages");
    setWindowTitle(tr("LVR Workbench"));
    setWindowIcon(applicationIcon());
    setAcceptDrops(true);
    resize(1280, 720);
    auto* centre = new QWidget(this);
    auto* column = new QVBoxLayout(centre);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(notices_);
    column->addWidget(messages_);
    column->addWidget(workspaces_, 1);
    setCentralWidget(centre);
    ask_->addPanel("ask/conversation", tr("Conversation"), conversation_->panel(),
                   Qt::LeftDockWidgetArea, true);
    ask_->addPanel("ask/history", tr("History"), conversation_->past(), Qt::LeftDockWidgetArea,
                   false);
    files_ = new WindowFiles(ask_, shell_->recent(), this);
    models_ = new ModelDesk(worker_, services_->cachedCheckpoints,
                            services_->places.store.toStdU16String(), this);
    bars_ = new WindowBars({*actions_, *workspaces_, *switch_, *files_->sources(), *theme_, *shell_,
                            services_->sceneKinds},
                           this);
    wire();
    wireShell();
    updateActions();
    shell_->actionsChanged();
}

// An answer under way is kept as far as it came.
MainWindow::~MainWindow() {
    worker_->finish();
    conversation_->keepRegions();
}

// ---- Introductions ----

void MainWindow::wire() {
    connect(actions_->exportAnswer, &QAction::triggered, this, &MainWindow::exportAnswer);
    connect(actions_->openModel, &QAction::triggered, models_, &ModelDesk::choose);
    connect(actions_->quit, &QAction::triggered, this, &MainWindow::close);
    connect(bars_, &WindowBars::sceneWanted, this, &MainWindow::newScene);
    connect(actions_->ask, &QAction::triggered, this, [this] { ask(); });
    connect(actions_->stop, &QAction::triggered, this, &MainWindow::stop);
    connect(messages_, &MessageBar::cancelled, this, &MainWindow::stop);
    connect(actions_->compare, &QAction::triggered, this, [this] { compareQuestion(); });
    connect(actions_->test, &QAction::triggered, workspaces_, &Workspaces::testQuestion);
    wireAsk();
    wireWorkspaces();
    wireModels();
    wireWorker();
    wireFiles();
}

void MainWindow::wireAsk() {
    connect(ask_, &AskWorkspace::askWanted, worker_, &InferenceWorker::ask);
    connect(ask_, &AskWorkspace::stopWanted, this, &MainWindow::stop);
    connect(ask_, &AskWorkspace::answerUnwanted, worker_, &InferenceWorker::abandon);
    connect(ask_, &AskWorkspace::stateChanged, bars_->state(), &QLabel::setText);
    connect(ask_, &AskWorkspace::titleChanged, this, [this](const QString& title) {
        askTitle_ = title;
        showTitle();
    });
    connect(ask_, &AskWorkspace::failed, this, &MainWindow::complain);
    connect(ask_, &AskWorkspace::modelWanted, this,
            [this](const QString& sentence) { fail(sentence, actions_->openModel); });
    connect(ask_, &AskWorkspace::hinted, this, [this](const QString& sentence) {
        if (!ask_->isVisibleTo(this)) return;
        messages_->say(MessageBar::Kind::Hint, sentence, actions_->openModel);
    });
    connect(ask_, &AskWorkspace::allWell, messages_, &MessageBar::dismiss);
    connect(ask_, &AskWorkspace::actionsChanged, this, &MainWindow::updateActions);
    connect(ask_, &AskWorkspace::settled, this, &MainWindow::settle);
    connect(conversation_, &PictureConversation::failed, this, &MainWindow::complain);
    connect(conversation_, &PictureConversation::settled, this, &MainWindow::settle);
    connect(conversation_, &PictureConversation::stateChanged, bars_->state(), &QLabel::setText);
}

void MainWindow::wireWorkspaces() {
    connect(switch_, &WorkspaceSwitch::chosen, this, &MainWindow::showWorkspace);
    connect(workspaces_, &Workspaces::changed, this, &MainWindow::showChange);
    connect(workspaces_, &Workspaces::settled, this, &MainWindow::settle);
    connect(workspaces_, &Workspaces::failed, this, &MainWindow::failed);
    connect(workspaces_, &Workspaces::made, bars_, &WindowBars::addActionsOf);
    connect(workspaces_, &Workspaces::alerted, this,
            [this](const QString& sentence, bool isNewKind, bool needsAHand) {
                const bool isOnScreen = workspaces_->current() == WorkspaceId::Train;
                alerts_->tell(sentence, isNewKind, needsAHand, isOnScreen);
            });
    connect(alerts_, &RunAlerts::counted, this,
            [this](int unseen) { switch_->setBadge(WorkspaceId::Train, unseen); });
    connect(workspaces_, &Workspaces::modelWanted, this, [this](const QString& folder) {
        showWorkspace(WorkspaceId::Ask);
        openModel(folder);
    });
    connect(alerts_, &RunAlerts::runsWanted, this, [this] { showWorkspace(WorkspaceId::Train); });
}

void MainWindow::wireModels() {
    models_->tellProgressIn(messages_);
    connect(models_, &ModelDesk::opening, this, [this](const QString& name) {
        bars_->state()->setText(tr("Opening %1…").arg(name));
        ask_->modelIsOpening(name);
    });
    connect(models_, &ModelDesk::opened, this, &MainWindow::showModel);
    connect(models_, &ModelDesk::closed, this, [this] {
        bars_->showNoModel();
        ask_->modelClosed();
    });
    connect(models_, &ModelDesk::cancelled, this, [this](const QString& sentence) {
        ask_->modelDidNotOpen();
        messages_->say(MessageBar::Kind::Hint, sentence, actions_->openModel);
        settle();
    });
    connect(models_, &ModelDesk::failed, this, [this](const QString& sentence) {
        ask_->modelDidNotOpen();
        fail(sentence, actions_->openModel);
        settle();
    });
    connect(models_, &ModelDesk::listFailed, this, &MainWindow::complain);
}

void MainWindow::wireWorker() {
    connect(worker_, &InferenceWorker::reading, ask_, &AskWorkspace::showReading);
    connect(ask_, &AskWorkspace::readingChanged, bars_, &WindowBars::showReading);
    connect(worker_, &InferenceWorker::begun, ask_, &AskWorkspace::begun);
    connect(worker_, &InferenceWorker::stepDecoded, ask_, &AskWorkspace::append);
    connect(worker_, &InferenceWorker::answered, ask_, &AskWorkspace::finish);
    connect(worker_, &InferenceWorker::overtaken, conversation_,
            &PictureConversation::keepOvertaken);
    connect(worker_, &InferenceWorker::askFailed, this, [this](const QString& sentence) {
        ask_->fail();
        complain(sentence);
        settle();
    });
}

void MainWindow::wireFiles() {
    files_->follow(*actions_);
    connect(files_, &WindowFiles::askWanted, this, [this] { showWorkspace(WorkspaceId::Ask); });
    connect(files_, &WindowFiles::pictureWanted, this, [this] {
        const WorkspaceId current = workspaces_->current();
        if (current != WorkspaceId::Compare && current != WorkspaceId::Causal)
            showWorkspace(WorkspaceId::Ask);
    });
    connect(files_, &WindowFiles::modelGiven, this, &MainWindow::openModel);
    connect(files_, &WindowFiles::stateChanged, bars_->state(), &QLabel::setText);
    connect(files_, &WindowFiles::failed, this, &MainWindow::complain);
    connect(files_, &WindowFiles::settled, this, &MainWindow::settle);
    connect(files_, &WindowFiles::busyChanged, this, &MainWindow::updateActions);
}

void MainWindow::wireShell() {
    shell_->setTour(ask_->picture(), ask_->questionLine(), bars_->main());
    for (MessageBar* bar : {messages_, notices_}) shell_->listenTo(bar);
    connect(workspaces_, &Workspaces::made, shell_, &Shell::actionsChanged);
    connect(shell_, &Shell::tourBegins, this, [this] { showWorkspace(WorkspaceId::Ask); });
    connect(shell_, &Shell::failed, this, &MainWindow::complain);
}

// ---- Models ----

void MainWindow::openModel(const QString& folderOrRepoId) { models_->open(folderOrRepoId); }
void MainWindow::placeModels(const ModelPlace& place) { models_->setPlace(place); }
void MainWindow::chooseDialect(const QString& model, const QString& dialect) {
    models_->setDialect(model, dialect);
}

void MainWindow::showModel(const ModelInfo& model, const ModelWish& wish) {
    const QString folderOrRepoId = QString::fromStdString(wish.name);
    if (session_) session_->setModel(wish);
    messages_->dismissSolved(actions_->openModel);
    QStringList warnings;
    for (const auto& warning : model.warnings) warnings << QString::fromStdString(warning);
    if (!warnings.isEmpty()) messages_->say(MessageBar::Kind::Hint, warnings.join("; "));
    bars_->showModel(model);
    ask_->showModel(model);
    workspaces_->setModel(model);
    shell_->recent()->add({RecentKind::Model, folderOrRepoId});
    settle();
}

// ---- Pictures ----

void MainWindow::openFile(const QString& file) { files_->open(file); }
void MainWindow::give(const QMimeData& data) { files_->give(data); }

void MainWindow::newScene(const QString& kind) {
    try {
        files_->showSample(services_->newScene(kind.toStdString()));
    } catch (const Error& error) {
        complain(QString::fromUtf8(error.what()));
    }
}

// ---- Asking ----

void MainWindow::ask() { ask_->ask(); }
void MainWindow::ask(const QString& question) { ask_->ask(question); }

void MainWindow::stop() {
    ask_->forgetWaitingQuestion();
    if (ask_->isAsking())
        worker_->stop();
    else
        models_->cancel();
}

const Trace& MainWindow::trace() const { return ask_->trace(); }

void MainWindow::saveTrace(const QString& file) { files_->save(file); }
void MainWindow::exportAnswer() {
    if (workspaces_->current() == WorkspaceId::Causal) return workspaces_->causal().chooseExport();
    files_->exportAnswer(askTitle_);
}

void MainWindow::drawRegion(const Box& box) { ask_->drawRegion(box); }

void MainWindow::doCommand(const QString& name) {
    const QString problem = lvr::doCommand(*this, name);
    if (!problem.isEmpty()) complain(problem);
}

// ---- Workspaces ----

void MainWindow::showWorkspace(WorkspaceId id) { workspaces_->show(id); }
void MainWindow::compareQuestion() { workspaces_->compareQuestion(); }

void MainWindow::compareQuestion(const QString& question) {
    ask_->setQuestion(question);
    compareQuestion();
}

void MainWindow::testQuestion(const QString& question) {
    ask_->setQuestion(question);
    workspaces_->testQuestion();
}

void MainWindow::watchRuns() { workspaces_->train(); }

void MainWindow::showChange(WorkspaceId current) {
    switch_->show(current);
    if (current == WorkspaceId::Train) alerts_->seen();
    messages_->dismissHint();
    bars_->state()->setVisible(current == WorkspaceId::Ask);
    showTitle();
    updateActions();
}

void MainWindow::showTitle() {
    const WorkspaceId current = workspaces_->current();
    const QString title = current == WorkspaceId::Ask ? askTitle_ : titleOf(current);
    setWindowTitle(title.isEmpty() ? tr("LVR Workbench") : tr("%1 — LVR Workbench").arg(title));
}

// ---- Session ----

std::optional<Session> MainWindow::keepSession(const QString& folder) {
    session_ = new WindowSession(folder, *workspaces_, services_->places.store, this);
    session_->tellIn(notices_);
    connect(session_, &WindowSession::freshWanted, this, &MainWindow::startFresh);
    connect(session_, &WindowSession::broughtBack, this, [this] {
        restoring_ = false;
        settle();
    });
    return session_->claim();
}

void MainWindow::restore(const Session& session) {
    restoring_ = true;
    session_->bringBack(session);
}

void MainWindow::startFresh() {
    showWorkspace(WorkspaceId::Ask);
    newScene(QString::fromStdString(services_->sceneKinds.front()));
}

// ---- State ----

void MainWindow::showLastStep() { ask_->showLastStep(); }

bool MainWindow::isBusy() const {
    return models_->isOpening() || ask_->isAsking() || conversation_->isBusy() ||
           files_->isBusy() || restoring_ || workspaces_->isBusy();
}

QString MainWindow::message() const { return messages_->sentence(); }

QByteArray MainWindow::state() const { return stateOf(*this, *workspaces_, *conversation_); }

void MainWindow::complain(const QString& sentence) { fail(sentence, nullptr); }

void MainWindow::fail(const QString& sentence, QAction* remedy) {
    messages_->say(MessageBar::Kind::Error, sentence, remedy);
    bars_->state()->clear();
    Q_EMIT failed(sentence);
}

void MainWindow::settle() {
    updateActions();
    if (!isBusy()) Q_EMIT settled();
}

void MainWindow::updateActions() {
    const bool asks = workspaces_->current() == WorkspaceId::Ask;
    const QString none =
        asks ? tr("There is no answer yet.") : tr("Answers are in the Ask workspace.");
    const bool answered = asks && !trace().steps.empty() && !ask_->isAsking();
    const bool saving = files_->isSaving();
    allow(*actions_->saveTrace, answered && !saving,
          saving ? tr("The trace is being saved.") : none);
    const CausalWorkspace* causal =
        workspaces_->current() == WorkspaceId::Causal ? workspaces_->causalIfMade() : nullptr;
    allow(*actions_->exportAnswer, causal ? causal->hasExport() : answered,
          causal ? tr("Nothing was tested yet.") : none);
    allow(*actions_->stop, ask_->canStop(), tr("Nothing is running."));
    for (QAction* action : {actions_->compare, actions_->test})
        allow(*action, !trace().question.images.empty(),
              tr("There is no picture to ask about yet."));
}

void MainWindow::chooseTheme(Theme theme) { theme_->choose(theme); }

void MainWindow::rememberLook() {
    remembers_ = true;
    const QSettings settings;
    restoreGeometry(settings.value("window/geometry").toByteArray());
    workspaces_->restoreLayout(settings.value("window/layout").toByteArray());
    files_->remember();
    bars_->remember();
    ask_->rememberView();
    const int theme = std::clamp(settings.value("window/theme").toInt(), 0, 2);
    chooseTheme(static_cast<Theme>(theme));
    shell_->remember();
}

void MainWindow::greet() { shell_->greet(); }

void MainWindow::leave() { closing_->closeUnasked(); }

void MainWindow::closeEvent(QCloseEvent* event) {
    if (!closing_->mayClose()) return event->ignore();
    models_->cancel();
    worker_->stop();
    if (session_) session_->keepClosed();
    if (remembers_) {
        QSettings settings;
        settings.setValue("window/geometry", saveGeometry());
        settings.setValue("window/layout", workspaces_->saveLayout());
        files_->sources()->remember();
        settings.setValue("window/theme", static_cast<int>(theme_->chosen()));
    }
    QMainWindow::closeEvent(event);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->hasUrls() || event->mimeData()->hasImage())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
    give(*event->mimeData());
    event->acceptProposedAction();
}

}  // namespace lvr
