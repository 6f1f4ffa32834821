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
#include <QSplitter>
#include <QStatusBar>
#include <QToolBar>
#include <QVBoxLayout>
#include <utility>

#include "app/window/ask_engine.h"
#include "app/window/ask_panel.h"
#include "app/window/file_jobs.h"
#include "app/window/given_files.h"
#include "app/window/icons.h"
#include "app/window/inference_worker.h"
#include "app/window/open_model_dialog.h"
#include "app/window/picture_panel.h"
#include "app/window/theme.h"
#include "app/window/trace_summary.h"
#include "app/window/window_actions.h"
#include "core/error.h"
#include "widgets/message_bar.h"
#include "widgets/qt_image.h"

namespace lvr {
namespace {

constexpr int kLoadPatience = 300;          // ms
constexpr double kSlowEnoughToWatch = 300;  // ms a latent step; faster answers are replayed

}  // namespace

MainWindow::MainWindow(WindowServices services, QWidget* parent)
    : QMainWindow(parent),
      services_(std::make_unique<WindowServices>(std::move(services))),
      worker_(new InferenceWorker(services_->openEngine, this)),
      files_(new FileJobs(this)),
      theme_(new ThemeSwitch(this)),
      given_(new GivenFiles(this)),
      panel_(new PicturePanel(trace_, this)),
      side_(new AskPanel(this)),
      messages_(new MessageBar(this)),
      actions_(std::make_unique<WindowActions>(this)) {
    setWindowTitle(tr("LVR Workbench"));
    setWindowIcon(applicationIcon());
    setAcceptDrops(true);
    resize(1280, 720);
    splitter_ = new QSplitter(Qt::Horizontal, this);
    splitter_->addWidget(panel_);
    splitter_->addWidget(side_);
    splitter_->setStretchFactor(0, 1);
    splitter_->setCollapsible(0, false);
    splitter_->setCollapsible(1, false);
    splitter_->setSizes({820, 460});
    auto* centre = new QWidget(this);
    auto* column = new QVBoxLayout(centre);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(messages_);
    column->addWidget(splitter_, 1);
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
    menuBar()->addMenu(tr("S&teps"))->addActions(panel_->stepActions());
    QMenu* view = menuBar()->addMenu(tr("&View"));
    view->addActions(panel_->viewActions());
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
    side_->recolour(ink);
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
    connect(side_, &AskPanel::asked, this, [this] { ask(); });
    connect(side_, &AskPanel::stopped, this, &MainWindow::stop);
    connect(side_, &AskPanel::questionChanged, this, &MainWindow::updateVerdict);
    connect(side_, &AskPanel::filesGiven, given_, &GivenFiles::giveUrls);
    connect(side_, &AskPanel::picturePasted, given_, &GivenFiles::givePicture);
    connect(messages_, &MessageBar::cancelled, this, &MainWindow::stop);
    connect(panel_, &PicturePanel::stepSelected, side_, &AskPanel::selectStep);
    connect(side_, &AskPanel::stepSelected, panel_, [this](int step) {
        panel_->pause();
        panel_->selectStep(step);
    });
    wireWorker();
    wireFiles();
}

void MainWindow::wireWorker() {
    loadPatience_.setSingleShot(true);
    loadPatience_.setInterval(kLoadPatience);
    connect(&loadPatience_, &QTimer::timeout, this, [this] { showProgress({}); });
    connect(worker_, &InferenceWorker::loaded, this, &MainWindow::showModel);
    connect(worker_, &InferenceWorker::loadProgressed, this, &MainWindow::showProgress);
    connect(worker_, &InferenceWorker::loadCancelled, this, [this] {
        loading_ = askWhenLoaded_ = false;
        messages_->say(MessageBar::Kind::Hint,
                       model_ ? tr("Loading was cancelled; the model open before stays in use.")
                              : tr("Loading was cancelled; no model is open."),
                       actions_->openModel);
        settle();
    });
    connect(worker_, &InferenceWorker::loadFailed, this, [this](const QString& sentence) {
        loading_ = askWhenLoaded_ = false;
        fail(sentence, actions_->openModel);
        settle();
    });
    connect(worker_, &InferenceWorker::begun, this, [this](const std::vector<PatchGrid>& grids) {
        trace_.grids = grids;
        panel_->stepsChanged();
    });
    connect(worker_, &InferenceWorker::stepDecoded, this, [this](const DecodeStep& step) {
        trace_.steps.push_back(step);
        side_->append(step);
        panel_->stepsChanged();
        status_->setText(tr("Thinking… %1 latent steps, %2 positions")
                             .arg(side_->latentCount())
                             .arg(trace_.steps.size()));
    });
    connect(worker_, &InferenceWorker::answered, this, &MainWindow::finishAsk);
    connect(worker_, &InferenceWorker::askFailed, this, &MainWindow::failAsk);
}

void MainWindow::wireFiles() {
    connect(given_, &GivenFiles::picture, this,
            [this](const QImage& picture) { showPicture(toImage(picture), tr("pasted picture")); });
    connect(given_, &GivenFiles::file, this, &MainWindow::openFile);
    connect(given_, &GivenFiles::checkpoint, this, &MainWindow::openModel);
    connect(given_, &GivenFiles::target, this, &MainWindow::saveTrace);
    connect(given_, &GivenFiles::refused, this,
            [this](const QString& sentence) { fail(sentence); });
    connect(files_, &FileJobs::pictureOpened, this, [this](const Image& image, const QString& f) {
        opening_ = false;
        showPicture(image, QFileInfo(f).fileName());
        settle();
    });
    connect(files_, &FileJobs::traceOpened, this, [this](const Trace& trace, const QString& file) {
        opening_ = false;
        showTrace(trace, QFileInfo(file).fileName());
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
    updateActions();
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
    model_ = std::make_unique<ModelInfo>(model);
    messages_->dismiss();
    modelLabel_->setText(model.details.empty()
                             ? QString::fromStdString(model.name)
                             : tr("%1 · %2").arg(QString::fromStdString(model.name),
                                                 QString::fromStdString(model.details)));
    side_->setRule(model.exit);
    status_->setText(tr("Ready"));
    hintAtScenes();
    if (std::exchange(askWhenLoaded_, false)) ask();
    settle();
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

void MainWindow::showPicture(Image picture, const QString& name) {
    const bool questionWasTheScenes = sampleIsAsked();
    sample_.reset();
    clearAnswer();
    trace_.question.images = {std::move(picture)};
    panel_->pictureChanged();
    if (questionWasTheScenes) side_->setQuestion({});
    side_->focusQuestion();
    messages_->dismiss();
    setWindowTitle(tr("%1 — LVR Workbench").arg(name));
    status_->setText(tr("Ready"));
    hintAtScenes();
}

void MainWindow::newScene(const QString& kind) {
    try {
        showSample(services_->newScene(kind.toStdString()));
    } catch (const Error& error) {
        fail(QString::fromUtf8(error.what()));
    }
}

void MainWindow::showSample(Sample sample) {
    clearAnswer();
    sample_ = std::move(sample);
    trace_.question.images = sample_->question.images;
    trace_.rois = sample_->rois;
    panel_->pictureChanged();
    side_->setQuestion(QString::fromStdString(sample_->question.text));
    if (!messages_->showsProgress()) messages_->dismiss();
    setWindowTitle(tr("%1 scene — LVR Workbench").arg(QString::fromStdString(sample_->kind)));
    status_->setText(model_ ? tr("Ready: press Ask") : tr("Opening the model…"));
    updateVerdict();
}

// A picture from outside means nothing to a model that has only ever seen drawn scenes.
void MainWindow::hintAtScenes() {
    if (!model_ || !model_->drawnScenesOnly || sample_ || trace_.question.images.empty()) return;
    messages_->say(MessageBar::Kind::Hint,
                   tr("This model knows drawn scenes only, so its answer about this picture will "
                      "be a guess: draw a new scene, or open a Qwen2.5-VL or LVR checkpoint."),
                   actions_->openModel);
}

bool MainWindow::sampleIsAsked() const {
    return sample_ && side_->question().toStdString() == sample_->question.text;
}

// ---- Asking ----

void MainWindow::ask(const QString& question) {
    side_->setQuestion(question);
    ask();
}

void MainWindow::ask() {
    const QString text = side_->question();
    if (trace_.question.images.empty())
        return fail(
            tr("There is no picture to ask about; open, drop or paste one, or draw a new "
               "scene."));
    if (text.isEmpty()) return fail(tr("There is no question; type one and press Enter."));
    if (loading_) {
        askWhenLoaded_ = true;
        return status_->setText(tr("Will ask when %1 is open…").arg(loadingName_));
    }
    if (!model_)
        return fail(tr("No model is open; choose one with Open model…"), actions_->openModel);
    clearAnswer();
    if (sampleIsAsked()) {
        trace_.rois = sample_->rois;
        trace_.expectedAnswer = sample_->answer;
    }
    hintAtScenes();
    trace_.question.text = text.toStdString();
    trace_.options.exit = side_->rule();
    trace_.model = model_->name;
    asking_ = true;
    worker_->ask(trace_.question, trace_.options);
    status_->setText(tr("Reading picture and question…"));
    updateActions();
}

void MainWindow::stop() {
    askWhenLoaded_ = false;
    if (asking_)
        worker_->stop();
    else if (loading_)
        worker_->cancelLoad();
}

void MainWindow::finishAsk(Trace trace) {
    asking_ = false;
    trace.rois = std::move(trace_.rois);
    trace.expectedAnswer = std::move(trace_.expectedAnswer);
    trace.question = std::move(trace_.question);
    trace_ = std::move(trace);
    side_->show(trace_);
    panel_->stepsChanged();
    status_->setText(summary(trace_));
    updateVerdict();
    const auto latents = static_cast<double>(latentSteps(trace_).size());
    if (trace_.stopped != StopReason::Cancelled && latents > 1 &&
        trace_.timings.decode < latents * kSlowEnoughToWatch)
        panel_->play();
    settle();
}

// The steps that came before the failure stay.
void MainWindow::failAsk(const QString& sentence) {
    asking_ = false;
    trace_.stopped = StopReason::Cancelled;
    fail(sentence);
    settle();
}

void MainWindow::clearAnswer() {
    if (std::exchange(asking_, false)) worker_->abandon();
    Trace empty;
    empty.question = std::move(trace_.question);
    trace_ = std::move(empty);
    side_->clear();
    panel_->stepsChanged();
    if (!loading_) messages_->dismiss();
    updateVerdict();
}

void MainWindow::updateVerdict() {
    const bool toCome = trace_.steps.empty() && sampleIsAsked();
    side_->compare(toCome ? std::optional(sample_->answer) : trace_.expectedAnswer,
                   trace_.answer.empty() || asking_ ? std::nullopt : std::optional(trace_.answer));
}

// ---- Traces ----

void MainWindow::showTrace(const Trace& trace, const QString& file) {
    clearAnswer();
    trace_ = trace;
    sample_.reset();
    if (trace.expectedAnswer)
        sample_ =
            Sample{.question = trace.question, .answer = *trace.expectedAnswer, .rois = trace.rois};
    side_->setQuestion(QString::fromStdString(trace.question.text));
    side_->setRule(trace.options.exit);
    side_->show(trace_);
    panel_->pictureChanged();
    panel_->selectStep(side_->latentCount() - 1);
    setWindowTitle(tr("%1 — LVR Workbench").arg(file));
    status_->setText(
        tr("Asked of %1: %2").arg(QString::fromStdString(trace.model), summary(trace)));
    updateVerdict();
}

void MainWindow::saveTrace(const QString& file) {
    if (trace_.steps.empty())
        return fail(tr("There is no answer to save yet; ask something first."));
    saving_ = true;
    files_->save(trace_, file);
    updateActions();
}

// ---- State ----

void MainWindow::showLastStep() {
    panel_->pause();
    panel_->selectStep(side_->latentCount() - 1);
}

bool MainWindow::isBusy() const { return loading_ || asking_ || opening_ || saving_; }

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
    actions_->saveTrace->setEnabled(!trace_.steps.empty() && !asking_ && !saving_);
    actions_->stop->setEnabled(asking_ || loading_);
    side_->setStoppable(asking_ || loading_);
}

void MainWindow::chooseTheme(Theme theme) { theme_->choose(theme); }

void MainWindow::rememberLook() {
    remembers_ = true;
    const QSettings settings;
    restoreGeometry(settings.value("window/geometry").toByteArray());
    splitter_->restoreState(settings.value("window/splitter").toByteArray());
    const int theme = std::clamp(settings.value("window/theme").toInt(), 0, 2);
    chooseTheme(static_cast<Theme>(theme));
}

void MainWindow::closeEvent(QCloseEvent* event) {
    worker_->cancelLoad();
    worker_->stop();
    if (remembers_) {
        QSettings settings;
        settings.setValue("window/geometry", saveGeometry());
        settings.setValue("window/splitter", splitter_->saveState());
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
    if (event->type() != QEvent::PaletteChange || !actions_) return;
    recolourIcons();
    updateVerdict();
}

}  // namespace lvr
