#include "app/window/main_window.h"

#include <QAction>
#include <QCloseEvent>
#include <QComboBox>
#include <QDir>
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
#include "app/look/icons.h"
#include "app/look/theme.h"
#include "app/window/ask_engine.h"
#include "app/window/file_jobs.h"
#include "app/window/given_files.h"
#include "app/window/inference_worker.h"
#include "app/window/open_model_dialog.h"
#include "app/window/window_actions.h"
#include "core/error.h"
#include "widgets/message_bar.h"
#include "widgets/qt_image.h"

namespace lvr {
namespace {

constexpr int kLoadPatience = 300;  // ms

}  // namespace

MainWindow::MainWindow(WindowServices services, QWidget* parent)
    : QMainWindow(parent),
      services_(std::make_unique<WindowServices>(std::move(services))),
      worker_(new InferenceWorker(services_->openEngine, this)),
      files_(new FileJobs(this)),
      theme_(new ThemeSwitch(this)),
      given_(new GivenFiles(this)),
      ask_(new AskWorkspace(this)),
      messages_(new MessageBar(this)),
      actions_(std::make_unique<WindowActions>(this)) {
    setWindowTitle(tr("LVR Workbench"));
    setWindowIcon(applicationIcon());
    setAcceptDrops(true);
    resize(1280, 720);
    auto* centre = new QWidget(this);
    auto* column = new QVBoxLayout(centre);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(messages_);
    column->addWidget(ask_, 1);
    setCentralWidget(centre);
    makeMenus();
    makeToolBar();
    makeStatusBar();
    wire();
    recolourIcons();
    updateActions();
}

MainWindow::~MainWindow() = default;

// ---- Building ----

void MainWindow::makeMenus() {
    QMenu* file = menuBar()->addMenu(tr("&File"));
    file->addActions({actions_->openPicture, actions_->paste});
    file->addSeparator();
    file->addActions({actions_->openTrace, actions_->saveTrace});
    file->addSeparator();
    file->addActions({actions_->openModel});
    file->addSeparator();
    file->addActions({actions_->quit});
    QMenu* scene = menuBar()->addMenu(tr("&Scene"));
    scene->addActions({actions_->newScene});
    scene->addSeparator();
    for (const std::string& kind : services_->sceneKinds) {
        const QString name = QString::fromStdString(kind);
        scene->addAction(tr("New: %1").arg(name), this, [this, name] {
            kinds_->setCurrentText(name);
            newScene(name);
        });
    }
    menuBar()->addMenu(tr("&Ask"))->addActions({actions_->ask, actions_->stop});
    menuBar()->addMenu(tr("S&teps"))->addActions(ask_->stepActions());
    QMenu* view = menuBar()->addMenu(tr("&View"));
    view->addMenu(tr("&What the heat shows"))->addActions(ask_->modeActions());
    view->addActions(ask_->viewActions());
    QMenu* panels = view->addMenu(tr("&Panels"));
    panels->addActions(ask_->panelActions());
    connect(ask_, &AskWorkspace::panelAdded, panels,
            [panels](QAction* action) { panels->addAction(action); });
    view->addSeparator();
    theme_->addChoicesTo(view->addMenu(tr("&Colours")));
}

void MainWindow::makeToolBar() {
    QToolBar* bar = addToolBar(tr("Main toolbar"));
    bar->setObjectName("toolbar");
    bar->setMovable(false);
    bar->setIconSize({20, 20});
    bar->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
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
    connect(actions_->openPicture, &QAction::triggered, given_, &GivenFiles::choose);
    connect(actions_->openTrace, &QAction::triggered, given_, &GivenFiles::chooseTrace);
    connect(actions_->paste, &QAction::triggered, given_, &GivenFiles::paste);
    connect(actions_->openModel, &QAction::triggered, this, &MainWindow::chooseModel);
    connect(actions_->quit, &QAction::triggered, this, &MainWindow::close);
    connect(actions_->newScene, &QAction::triggered, this,
            [this] { newScene(kinds_->currentText()); });
    connect(actions_->ask, &QAction::triggered, this, [this] { ask(); });
    connect(actions_->stop, &QAction::triggered, this, &MainWindow::stop);
    connect(messages_, &MessageBar::cancelled, this, &MainWindow::stop);
    wireAsk();
    wireWorker();
    wireFiles();
}

void MainWindow::wireAsk() {
    connect(ask_, &AskWorkspace::askWanted, worker_, &InferenceWorker::ask);
    connect(ask_, &AskWorkspace::stopWanted, this, &MainWindow::stop);
    connect(ask_, &AskWorkspace::answerUnwanted, worker_, &InferenceWorker::abandon);
    connect(ask_, &AskWorkspace::stateChanged, status_, &QLabel::setText);
    connect(ask_, &AskWorkspace::titleChanged, this,
            [this](const QString& title) { setWindowTitle(tr("%1 — LVR Workbench").arg(title)); });
    connect(ask_, &AskWorkspace::failed, this, [this](const QString& sentence) { fail(sentence); });
    connect(ask_, &AskWorkspace::modelWanted, this,
            [this](const QString& sentence) { fail(sentence, actions_->openModel); });
    connect(ask_, &AskWorkspace::hinted, this, [this](const QString& sentence) {
        messages_->say(MessageBar::Kind::Hint, sentence, actions_->openModel);
    });
    connect(ask_, &AskWorkspace::allWell, this, [this] {
        if (!messages_->showsProgress()) messages_->dismiss();
    });
    connect(ask_, &AskWorkspace::actionsChanged, this, &MainWindow::updateActions);
    connect(ask_, &AskWorkspace::settled, this, &MainWindow::settle);
    connect(ask_, &AskWorkspace::filesGiven, given_, &GivenFiles::giveUrls);
    connect(ask_, &AskWorkspace::picturePasted, given_, &GivenFiles::givePicture);
}

void MainWindow::wireWorker() {
    loadPatience_.setSingleShot(true);
    loadPatience_.setInterval(kLoadPatience);
    connect(&loadPatience_, &QTimer::timeout, this, [this] { showProgress({}); });
    connect(worker_, &InferenceWorker::loaded, this, &MainWindow::showModel);
    connect(worker_, &InferenceWorker::loadProgressed, this, &MainWindow::showProgress);
    connect(worker_, &InferenceWorker::loadCancelled, this, [this] {
        modelDidNotOpen();
        messages_->say(MessageBar::Kind::Hint,
                       modelIsOpen_
                           ? tr("Loading was cancelled; the model open before stays in use.")
                           : tr("Loading was cancelled; no model is open."),
                       actions_->openModel);
        settle();
    });
    connect(worker_, &InferenceWorker::loadFailed, this, [this](const QString& sentence) {
        modelDidNotOpen();
        fail(sentence, actions_->openModel);
        settle();
    });
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
        ask_->showPicture(toImage(picture), tr("pasted picture"));
    });
    connect(given_, &GivenFiles::file, this, &MainWindow::openFile);
    connect(given_, &GivenFiles::checkpoint, this, &MainWindow::openModel);
    connect(given_, &GivenFiles::target, this, &MainWindow::saveTrace);
    connect(given_, &GivenFiles::refused, this,
            [this](const QString& sentence) { fail(sentence); });
    connect(files_, &FileJobs::pictureOpened, this, [this](const Image& image, const QString& f) {
        opening_ = false;
        ask_->showPicture(image, QFileInfo(f).fileName());
        settle();
    });
    connect(files_, &FileJobs::traceOpened, this, [this](const Trace& trace, const QString& file) {
        opening_ = false;
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

// ---- Models ----

void MainWindow::openModel(const QString& folderOrRepoId) {
    loadingName_ = folderOrRepoId.isEmpty() ? tr("the tiny model") : folderOrRepoId;
    loading_ = true;
    loadPatience_.start();
    worker_->load(folderOrRepoId.toStdString());
    status_->setText(tr("Opening %1…").arg(loadingName_));
    ask_->modelIsOpening(loadingName_);
}

void MainWindow::showProgress(const LoadProgress& progress) {
    if (!loading_ || loadPatience_.isActive()) return;
    const QString what = QString::fromStdString(progress.what);
    messages_->showProgress(what.isEmpty() ? tr("Opening %1…").arg(loadingName_)
                                           : tr("Opening %1: %2").arg(loadingName_, what),
                            progress.fraction);
}

void MainWindow::showModel(const ModelInfo& model) {
    loading_ = false;
    modelIsOpen_ = true;
    messages_->dismiss();
    modelLabel_->setText(model.details.empty()
                             ? QString::fromStdString(model.name)
                             : tr("%1 · %2").arg(QString::fromStdString(model.name),
                                                 QString::fromStdString(model.details)));
    ask_->showModel(model);
    settle();
}

void MainWindow::modelDidNotOpen() {
    loading_ = false;
    ask_->modelDidNotOpen();
}

void MainWindow::chooseModel() {
    auto* dialog = new OpenModelDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &OpenModelDialog::chosen, this, &MainWindow::openModel);
    connect(files_, &FileJobs::listed, dialog, &OpenModelDialog::showCached);
    connect(files_, &FileJobs::listFailed, dialog, [this, dialog](const QString& sentence) {
        dialog->close();
        fail(sentence);
    });
    files_->list(services_->cachedCheckpoints);
    dialog->open();
}

// ---- Pictures ----

void MainWindow::openFile(const QString& file) {
    opening_ = true;
    files_->open(file);
    status_->setText(tr("Opening %1…").arg(QFileInfo(file).fileName()));
    updateActions();
}

void MainWindow::give(const QMimeData& data) { given_->give(data); }

void MainWindow::newScene(const QString& kind) {
    try {
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
    else if (loading_)
        worker_->cancelLoad();
}

const Trace& MainWindow::trace() const { return ask_->trace(); }

void MainWindow::saveTrace(const QString& file) {
    if (trace().steps.empty())
        return fail(tr("There is no answer to save yet; ask something first."));
    saving_ = true;
    files_->save(trace(), file);
    updateActions();
}

// ---- State ----

void MainWindow::showLastStep() { ask_->showLastStep(); }

bool MainWindow::isBusy() const { return loading_ || ask_->isAsking() || opening_ || saving_; }

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
    actions_->saveTrace->setEnabled(!trace().steps.empty() && !ask_->isAsking() && !saving_);
    actions_->stop->setEnabled(ask_->canStop());
}

void MainWindow::chooseTheme(Theme theme) { theme_->choose(theme); }

void MainWindow::rememberLook() {
    remembers_ = true;
    const QSettings settings;
    restoreGeometry(settings.value("window/geometry").toByteArray());
    ask_->restoreLayout(settings.value("window/panels").toByteArray());
    const int theme = std::clamp(settings.value("window/theme").toInt(), 0, 2);
    chooseTheme(static_cast<Theme>(theme));
}

void MainWindow::closeEvent(QCloseEvent* event) {
    worker_->cancelLoad();
    worker_->stop();
    if (remembers_) {
        QSettings settings;
        settings.setValue("window/geometry", saveGeometry());
        settings.setValue("window/panels", ask_->saveLayout());
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
