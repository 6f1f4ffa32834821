#include "app/window/main_window.h"

#include <QAction>
#include <QCloseEvent>
#include <QComboBox>
#include <QDir>
#include <QDockWidget>
#include <QDragEnterEvent>
#include <QFileInfo>
#include <QLabel>
#include <QMenuBar>
#include <QMimeData>
#include <QSettings>
#include <QStatusBar>
#include <QToolBar>
#include <QVBoxLayout>
#include <utility>

#include "app/ask/ask_workspace.h"
#include "app/browse/source_browser.h"
#include "app/compare/compare_workspace.h"
#include "app/conversation/picture_conversation.h"
#include "app/export/export_dialog.h"
#include "app/look/icons.h"
#include "app/look/theme.h"
#include "app/session/session.h"
#include "app/session/window_session.h"
#include "app/shell/recent_files.h"
#include "app/shell/shell.h"
#include "app/train/train_workspace.h"
#include "app/window/ask_engine.h"
#include "app/window/file_jobs.h"
#include "app/window/given_files.h"
#include "app/window/inference_worker.h"
#include "app/window/model_desk.h"
#include "app/window/window_actions.h"
#include "app/window/window_services.h"
#include "app/workspaces/ask_before_closing.h"
#include "app/workspaces/layout_menu.h"
#include "app/workspaces/run_alerts.h"
#include "app/workspaces/workspace_switch.h"
#include "app/workspaces/workspaces.h"
#include "core/error.h"
#include "widgets/action_tip.h"
#include "widgets/conversation/conversation_panel.h"
#include "widgets/latent/latent_state.h"
#include "widgets/message_bar.h"
#include "widgets/qt_image.h"

namespace lvr {
namespace {

CompareServices withEngine(CompareServices services, InferenceWorker* worker) {
    services.runOnEngine = worker->runner();
    return services;
}

}  // namespace

MainWindow::MainWindow(WindowServices services, QWidget* parent)
    : QMainWindow(parent),
      services_(std::make_unique<WindowServices>(std::move(services))),
      worker_(new InferenceWorker(services_->openEngine, this)),
      files_(new FileJobs(this)),
      models_(new ModelDesk(worker_, files_, services_->cachedCheckpoints, this)),
      theme_(new ThemeSwitch(this)),
      given_(new GivenFiles(this)),
      workspaces_(new Workspaces(services_->places, withEngine(services_->compare, worker_), this)),
      shell_(new Shell(services_->libraries, this)),
      ask_(&workspaces_->ask()),
      conversation_(new PictureConversation(*ask_, services_->history)),
      sources_(new SourceBrowser(this)),
      switch_(new WorkspaceSwitch(this)),
      messages_(new MessageBar(this)),
      notices_(new MessageBar(this)),
      alerts_(new RunAlerts(this, notices_)),
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
    sourcesPanel_ = ask_->addPanel("ask/sources", tr("Pictures and questions"), sources_,
                                   Qt::LeftDockWidgetArea, false);
    makeMenus();
    makeToolBar();
    makeStatusBar();
    wire();
    wireShell();
    recolourIcons();
    updateActions();
    shell_->actionsChanged();
}

MainWindow::~MainWindow() = default;

// ---- Building ----

void MainWindow::makeMenus() {
    QMenu* file = menuBar()->addMenu(tr("&File"));
    file->addActions({actions_->openPicture, actions_->openFolder, actions_->openData});
    file->addActions({actions_->paste});
    file->addMenu(shell_->recent()->menu());
    file->addActions(sources_->moveActions());
    file->addSeparator();
    file->addActions({actions_->openTrace, actions_->saveTrace, actions_->exportAnswer});
    file->addSeparator();
    file->addActions({actions_->openModel});
    file->addSeparator();
    file->addActions({actions_->quit});
    makeAskMenus();
    runs_ = menuBar()->addMenu(tr("&Run"));
    switch_->belongs(WorkspaceId::Train, runs_);
    QMenu* compare = menuBar()->addMenu(tr("&Compare"));
    compare
        ->addAction(tr("&Compare"), Qt::CTRL | Qt::Key_Return, workspaces_,
                    [this] { workspaces_->compare().compare(); })
        ->setObjectName("compare.compare");
    compare
        ->addAction(tr("S&top"), Qt::Key_Escape, workspaces_,
                    [this] { workspaces_->compare().stop(); })
        ->setObjectName("compare.stop");
    switch_->belongs(WorkspaceId::Compare, compare);
    QMenu* view = menuBar()->addMenu(tr("&View"));
    view->addActions(switch_->actions());
    QAction* ofAsk = view->addSeparator();
    QMenu* heat = view->addMenu(tr("&What the heat shows"));
    heat->addActions(ask_->modeActions());
    QMenu* panels = view->addMenu(tr("&Panels"));
    panels->addActions(ask_->panelActions());
    connect(ask_, &AskWorkspace::panelAdded, panels,
            [panels](QAction* action) { panels->addAction(action); });
    view->addActions(ask_->viewActions());
    for (QAction* action :
         QList{ofAsk, heat->menuAction(), panels->menuAction()} + ask_->viewActions())
        switch_->belongs(WorkspaceId::Ask, action);
    view->addSeparator();
    new LayoutMenu(
        view->addMenu(tr("&Layouts")),
        {.save = [this] { return workspaces_->saveLayout(); },
         .restore = [this](const QByteArray& layout) { workspaces_->restoreLayout(layout); },
         .reset = [this] { workspaces_->resetLayout(); }},
        this);
    theme_->addChoicesTo(view->addMenu(tr("&Colours")));
    shell_->addHelpMenu();
}

void MainWindow::makeAskMenus() {
    QMenu* scene = menuBar()->addMenu(tr("&Scene"));
    scene->addActions({actions_->newScene});
    scene->addSeparator();
    for (const std::string& kind : services_->sceneKinds) {
        const QString name = QString::fromStdString(kind);
        scene
            ->addAction(tr("New: %1").arg(name), this,
                        [this, name] {
                            kinds_->setCurrentText(name);
                            newScene(name);
                        })
            ->setObjectName("scene.new-" + name);
    }
    QMenu* ask = menuBar()->addMenu(tr("&Ask"));
    ask->addActions({actions_->ask, actions_->stop});
    ask->addSeparator();
    ask->addAction(actions_->compare);
    QMenu* steps = menuBar()->addMenu(tr("S&teps"));
    steps->addActions(ask_->stepActions());
    QMenu* regions = menuBar()->addMenu(tr("&Regions"));
    regions->addActions(ask_->regionActions());
    for (QMenu* menu : {scene, ask, steps, regions}) switch_->belongs(WorkspaceId::Ask, menu);
}

void MainWindow::makeToolBar() {
    const auto addBar = [this](const QString& title, const QString& name) {
        QToolBar* bar = addToolBar(title);
        bar->setObjectName(name);
        bar->setMovable(false);
        bar->setIconSize({20, 20});
        bar->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        bar->toggleViewAction()->setVisible(false);  // it comes and goes with its workspace
        return bar;
    };
    switch_->addTabsTo(addBar(tr("Workspaces"), "workspaces"));
    runsBar_ = addBar(tr("Runs"), "runs");
    switch_->belongs(WorkspaceId::Train, runsBar_);
    QToolBar* bar = toolBar_ = addBar(tr("Main toolbar"), "toolbar");
    switch_->belongs(WorkspaceId::Ask, bar);
    bar->addActions({actions_->openPicture, actions_->paste});
    bar->addSeparator();
    bar->addAction(actions_->newScene);
    kinds_ = new QComboBox(bar);
    kinds_->setAccessibleName(tr("Kind of scene question"));
    kinds_->setToolTip(tr("What a new scene asks about"));
    for (const std::string& kind : services_->sceneKinds)
        kinds_->addItem(QString::fromStdString(kind));
    bar->addWidget(kinds_);
    bar->addSeparator();
    bar->addActions({actions_->openModel, actions_->saveTrace});
    bar->addSeparator();
    bar->addAction(ask_->regionActions().front());
}

void MainWindow::makeStatusBar() {
    status_ = new QLabel(this);
    status_->setAccessibleName(tr("State"));
    status_->setContentsMargins(6, 0, 6, 0);
    modelLabel_ = new QLabel(tr("no model"), this);
    modelLabel_->setAccessibleName(tr("Model"));
    statusBar()->addWidget(status_, 1);
    statusBar()->addPermanentWidget(modelLabel_);
}

void MainWindow::recolourIcons() {
    const QColor ink = palette().buttonText().color();
    actions_->recolour(ink);
    ask_->recolour(ink);
}

// ---- Introductions ----

void MainWindow::wire() {
    connect(actions_->saveTrace, &QAction::triggered, given_, &GivenFiles::chooseTarget);
    connect(actions_->exportAnswer, &QAction::triggered, this, &MainWindow::exportAnswer);
    connect(actions_->openPicture, &QAction::triggered, given_, &GivenFiles::choose);
    connect(actions_->openTrace, &QAction::triggered, given_, &GivenFiles::chooseTrace);
    connect(actions_->paste, &QAction::triggered, given_, &GivenFiles::paste);
    connect(actions_->openModel, &QAction::triggered, models_, &ModelDesk::choose);
    connect(actions_->quit, &QAction::triggered, this, &MainWindow::close);
    connect(actions_->newScene, &QAction::triggered, this,
            [this] { newScene(kinds_->currentText()); });
    connect(actions_->ask, &QAction::triggered, this, [this] { ask(); });
    connect(actions_->stop, &QAction::triggered, this, &MainWindow::stop);
    connect(messages_, &MessageBar::cancelled, this, &MainWindow::stop);
    connect(actions_->compare, &QAction::triggered, this, [this] { compareQuestion(); });
    wireAsk();
    wireWorkspaces();
    wireModels();
    wireWorker();
    wireFiles();
    wireSources();
}

void MainWindow::wireAsk() {
    connect(ask_, &AskWorkspace::askWanted, worker_, &InferenceWorker::ask);
    connect(ask_, &AskWorkspace::stopWanted, this, &MainWindow::stop);
    connect(ask_, &AskWorkspace::answerUnwanted, worker_, &InferenceWorker::abandon);
    connect(ask_, &AskWorkspace::stateChanged, status_, &QLabel::setText);
    connect(ask_, &AskWorkspace::titleChanged, this, [this](const QString& title) {
        askTitle_ = title;
        showTitle();
    });
    connect(ask_, &AskWorkspace::failed, this, [this](const QString& sentence) { fail(sentence); });
    connect(ask_, &AskWorkspace::modelWanted, this,
            [this](const QString& sentence) { fail(sentence, actions_->openModel); });
    connect(ask_, &AskWorkspace::hinted, this, [this](const QString& sentence) {
        if (!ask_->isVisibleTo(this)) return;
        messages_->say(MessageBar::Kind::Hint, sentence, actions_->openModel);
    });
    connect(ask_, &AskWorkspace::allWell, this, [this] {
        if (!messages_->showsProgress()) messages_->dismiss();
    });
    connect(ask_, &AskWorkspace::actionsChanged, this, &MainWindow::updateActions);
    connect(ask_, &AskWorkspace::settled, this, &MainWindow::settle);
    connect(conversation_, &PictureConversation::failed, this,
            [this](const QString& sentence) { fail(sentence); });
    connect(conversation_, &PictureConversation::stateChanged, status_, &QLabel::setText);
    connect(ask_, &AskWorkspace::filesGiven, given_, &GivenFiles::giveUrls);
    connect(ask_, &AskWorkspace::picturePasted, given_, &GivenFiles::givePicture);
}

void MainWindow::wireWorkspaces() {
    connect(switch_, &WorkspaceSwitch::chosen, this, &MainWindow::showWorkspace);
    connect(workspaces_, &Workspaces::changed, this, &MainWindow::showChange);
    connect(workspaces_, &Workspaces::settled, this, &MainWindow::settle);
    connect(workspaces_, &Workspaces::failed, this, &MainWindow::failed);
    connect(workspaces_, &Workspaces::made, this, [this](WorkspaceId id) {
        if (id == WorkspaceId::Train) fillTrainMenu();
    });
    connect(workspaces_, &Workspaces::alerted, this, [this](const QString& sentence) {
        const bool isSeen = workspaces_->current() == WorkspaceId::Train && isActiveWindow();
        if (!isSeen) alerts_->tell(sentence);
    });
    connect(alerts_, &RunAlerts::runsWanted, this, [this] { showWorkspace(WorkspaceId::Train); });
}

void MainWindow::fillTrainMenu() {
    const auto actions = workspaces_->train().runActions();
    runs_->addActions(actions);
    runsBar_->addActions(actions);
    runsBar_->insertSeparator(actions.value(1));
    shell_->actionsChanged();
}

void MainWindow::wireModels() {
    connect(models_, &ModelDesk::opening, this, [this](const QString& name) {
        status_->setText(tr("Opening %1…").arg(name));
        ask_->modelIsOpening(name);
    });
    connect(models_, &ModelDesk::progressed, messages_, &MessageBar::showProgress);
    connect(models_, &ModelDesk::opened, this, &MainWindow::showModel);
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
    connect(models_, &ModelDesk::listFailed, this,
            [this](const QString& sentence) { fail(sentence); });
}

void MainWindow::wireWorker() {
    connect(worker_, &InferenceWorker::begun, ask_, &AskWorkspace::begun);
    connect(worker_, &InferenceWorker::stepDecoded, ask_, &AskWorkspace::append);
    connect(worker_, &InferenceWorker::answered, ask_, &AskWorkspace::finish);
    connect(worker_, &InferenceWorker::askFailed, this, [this](const QString& sentence) {
        ask_->fail();
        fail(sentence);
        settle();
    });
}

void MainWindow::wireFiles() {
    connect(given_, &GivenFiles::picture, this, [this](const QImage& picture) {
        showWorkspace(WorkspaceId::Ask);
        sources_->setOpenFile({});
        ask_->showPicture(toImage(picture), tr("pasted picture"));
    });
    connect(given_, &GivenFiles::file, this, &MainWindow::openFile);
    connect(given_, &GivenFiles::checkpoint, this, &MainWindow::openModel);
    connect(given_, &GivenFiles::target, this, &MainWindow::saveTrace);
    connect(given_, &GivenFiles::refused, this,
            [this](const QString& sentence) { fail(sentence); });
    connect(files_, &FileJobs::pictureOpened, this, [this](const Image& image, const QString& f) {
        opening_ = false;
        showWorkspace(WorkspaceId::Ask);
        sources_->setOpenFile(f);
        ask_->showPicture(image, QFileInfo(f).fileName());
        settle();
    });
    connect(files_, &FileJobs::traceOpened, this, [this](const Trace& trace, const QString& file) {
        opening_ = false;
        showWorkspace(WorkspaceId::Ask);
        sources_->setOpenFile(file);
        ask_->showTrace(trace, QFileInfo(file).fileName());
        settle();
    });
    connect(files_, &FileJobs::traceSaved, this, [this](const QString& file) {
        saving_ = false;
        status_->setText(tr("Saved as %1").arg(QDir::toNativeSeparators(file)));
        settle();
    });
    connect(files_, &FileJobs::openFailed, this, [this](const QString& sentence) {
        opening_ = false;
        fail(sentence);
        settle();
    });
    connect(files_, &FileJobs::saveFailed, this, [this](const QString& sentence) {
        saving_ = false;
        fail(sentence);
        settle();
    });
}

void MainWindow::wireShell() {
    shell_->setTour(
        {{ask_->picture(),
          tr("This is the picture; its heat shows what each latent step looked at, "
             "and the arrow keys go from step to step.")},
         {ask_->questionLine(), tr("Type a question here and press Enter: the model first thinks "
                                   "in latents, shown as blocks, then answers in words.")},
         {toolBar_, tr("Open your own picture or model, or draw a new scene whose answer is known; "
                       "the tabs lead to training and comparing, and Ctrl+Shift+P finds every "
                       "command.")}});
    connect(workspaces_, &Workspaces::made, shell_, &Shell::actionsChanged);
    RecentFiles* recent = shell_->recent();
    const auto note = [recent](RecentKind kind) {
        return [recent, kind](const auto&, const QString& file) { recent->add({kind, file}); };
    };
    connect(files_, &FileJobs::pictureOpened, recent, note(RecentKind::Picture));
    connect(files_, &FileJobs::traceOpened, recent, note(RecentKind::Trace));
    connect(files_, &FileJobs::traceSaved, recent, [recent](const QString& file) {
        recent->add({RecentKind::Trace, file});
    });
    connect(given_, &GivenFiles::data, recent, [recent](const QString& data) {
        recent->add({RecentKind::Dataset, data});
    });
    connect(recent, &RecentFiles::chosen, this, [this](const RecentFile& file) {
        if (file.kind == RecentKind::Model)
            openModel(file.path);
        else
            openFile(file.path);
    });
    connect(shell_, &Shell::failed, this, [this](const QString& sentence) { fail(sentence); });
}

void MainWindow::wireSources() {
    connect(actions_->openFolder, &QAction::triggered, this, [this] {
        showSources();
        sources_->chooseFolder();
    });
    connect(actions_->openData, &QAction::triggered, this, [this] {
        showSources();
        sources_->chooseData();
    });
    connect(given_, &GivenFiles::folder, this, [this](const QString& folder) {
        listing_ = true;
        showSources();
        sources_->showFolder(folder);
    });
    connect(given_, &GivenFiles::files, this, [this](const QStringList& files) {
        listing_ = true;
        showSources();
        sources_->showFiles(files);
    });
    connect(given_, &GivenFiles::data, this, [this](const QString& data) {
        listing_ = true;
        showSources();
        sources_->openData(data);
    });
    connect(sources_, &SourceBrowser::fileOpened, this, &MainWindow::openFile);
    connect(sources_, &SourceBrowser::sampleChosen, this, [this](const Sample& sample) {
        sources_->setOpenFile({});
        ask_->showSample(sample);
    });
    connect(sources_, &SourceBrowser::failed, this, [this](const QString& text) { fail(text); });
    connect(sources_, &SourceBrowser::settled, this, [this] {
        if (std::exchange(listing_, false)) settle();
    });
}

void MainWindow::showSources() {
    showWorkspace(WorkspaceId::Ask);
    sourcesPanel_->show();
    sourcesPanel_->raise();
}

// ---- Models ----

void MainWindow::openModel(const QString& folderOrRepoId) { models_->open(folderOrRepoId); }

void MainWindow::showModel(const ModelInfo& model, const QString& folderOrRepoId) {
    if (session_) session_->setModel(folderOrRepoId);
    messages_->dismiss();
    modelLabel_->setText(model.details.empty()
                             ? QString::fromStdString(model.name)
                             : tr("%1 · %2").arg(QString::fromStdString(model.name),
                                                 QString::fromStdString(model.details)));
    ask_->showModel(model);
    workspaces_->setModel(model);
    shell_->recent()->add({RecentKind::Model, folderOrRepoId});
    settle();
}

// ---- Pictures ----

void MainWindow::openFile(const QString& file) {
    if (given_->isForBrowsing(file)) return given_->givePath(file);
    opening_ = true;
    files_->open(file);
    status_->setText(tr("Opening %1…").arg(QFileInfo(file).fileName()));
    updateActions();
}

void MainWindow::give(const QMimeData& data) { given_->give(data); }

void MainWindow::newScene(const QString& kind) {
    try {
        sources_->setOpenFile({});
        ask_->showSample(services_->newScene(kind.toStdString()));
    } catch (const Error& error) {
        fail(QString::fromUtf8(error.what()));
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

void MainWindow::saveTrace(const QString& file) {
    if (trace().steps.empty())
        return fail(tr("There is no answer to save yet; ask something first."));
    saving_ = true;
    files_->save(trace(), file);
    updateActions();
}

// ---- Workspaces ----

void MainWindow::showWorkspace(WorkspaceId id) { workspaces_->show(id); }
void MainWindow::compareQuestion() { workspaces_->compareQuestion(); }

void MainWindow::compareQuestion(const QString& question) {
    ask_->setQuestion(question);
    compareQuestion();
}

void MainWindow::watchRuns() { workspaces_->train(); }

void MainWindow::showChange(WorkspaceId current) {
    switch_->show(current);
    if (!messages_->showsProgress()) messages_->dismiss();
    status_->setVisible(current == WorkspaceId::Ask);
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
        opening_ = false;
        settle();
    });
    return session_->claim();
}

void MainWindow::restore(const Session& session) {
    opening_ = true;
    session_->bringBack(session);
}

void MainWindow::startFresh() {
    showWorkspace(WorkspaceId::Ask);
    newScene(kinds_->itemText(0));
}

void MainWindow::exportAnswer() {
    const LatentViewState& view = ask_->view();
    const QFileInfo source(sources_->openFile());
    const QString& name = askTitle_;
    auto* dialog = new ExportDialog(
        std::make_shared<const Trace>(trace()),
        {.look = {.image = view.image,
                  .shown = view.shown,
                  .colours = view.colours,
                  .opacity = view.opacity,
                  .heat = view.heat,
                  .rois = view.rois},
         .nearest = view.nearest ? view.nearestCount : 0,
         .step = view.selectedStep,
         .folder = sources_->openFile().isEmpty() ? QString() : source.absolutePath(),
         .name = sources_->openFile().isEmpty() ? name : source.completeBaseName()},
        this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &ExportDialog::exported, this, [this](const QString& file) {
        status_->setText(tr("Exported as %1").arg(QDir::toNativeSeparators(file)));
    });
    dialog->open();
}

// ---- State ----

void MainWindow::showLastStep() { ask_->showLastStep(); }

bool MainWindow::isBusy() const {
    return models_->isOpening() || ask_->isAsking() || opening_ || saving_ || listing_ ||
           workspaces_->isBusy();
}

QString MainWindow::message() const { return messages_->sentence(); }

void MainWindow::fail(const QString& sentence, QAction* remedy) {
    messages_->say(MessageBar::Kind::Error, sentence, remedy);
    status_->clear();
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
    allow(*actions_->saveTrace, answered && !saving_,
          saving_ ? tr("The trace is being saved.") : none);
    allow(*actions_->exportAnswer, answered, none);
    allow(*actions_->stop, ask_->canStop(), tr("Nothing is running."));
    allow(*actions_->compare, !trace().question.images.empty(),
          tr("There is no picture to ask about yet."));
}

void MainWindow::chooseTheme(Theme theme) { theme_->choose(theme); }

void MainWindow::rememberLook() {
    remembers_ = true;
    const QSettings settings;
    restoreGeometry(settings.value("window/geometry").toByteArray());
    workspaces_->restoreLayout(settings.value("window/layout").toByteArray());
    sources_->restore();
    const int theme = std::clamp(settings.value("window/theme").toInt(), 0, 2);
    chooseTheme(static_cast<Theme>(theme));
    shell_->remember();
}

// Trainings outlive the window; whoever closes it says whether they are to.
bool MainWindow::mayClose() {
    if (closes_ || !workspaces_->trainIfMade()) return true;
    const auto running = workspaces_->train().running();
    if (running.empty()) return true;
    const auto leave = [this] {
        closes_ = true;
        close();
    };
    askBeforeClosing(this, running, leave, [this, leave] {
        workspaces_->train().stopRunning();
        leave();
    });
    return false;
}

void MainWindow::greet() { shell_->greet(); }

void MainWindow::closeEvent(QCloseEvent* event) {
    if (!mayClose()) return event->ignore();
    models_->cancel();
    worker_->stop();
    if (session_) session_->keepClosed();
    if (remembers_) {
        QSettings settings;
        settings.setValue("window/geometry", saveGeometry());
        settings.setValue("window/layout", workspaces_->saveLayout());
        sources_->remember();
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

void MainWindow::changeEvent(QEvent* event) {
    QMainWindow::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && actions_) recolourIcons();
}

}  // namespace lvr
