#include "app/main_window.h"

#include <QAction>
#include <QActionGroup>
#include <QApplication>
#include <QClipboard>
#include <QCloseEvent>
#include <QComboBox>
#include <QDir>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QLabel>
#include <QMenuBar>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QSplitter>
#include <QStatusBar>
#include <QToolBar>
#include <QVBoxLayout>
#include <utility>

#include "app/ask_engine.h"
#include "app/file_jobs.h"
#include "app/icons.h"
#include "app/inference_worker.h"
#include "app/open_model_dialog.h"
#include "app/picture_panel.h"
#include "app/theme.h"
#include "core/error.h"
#include "widgets/exit_rule_form.h"
#include "widgets/message_bar.h"
#include "widgets/qt_image.h"
#include "widgets/question_line.h"
#include "widgets/token_stream.h"

namespace lvr {
namespace {

constexpr int kLoadPatience = 300;          // ms
constexpr double kSlowEnoughToWatch = 300;  // ms a latent step; faster answers are replayed

QString plain(const std::string& text) {
    QString word = QString::fromStdString(text).trimmed().toLower();
    while (word.endsWith('.')) word.chop(1);
    return word;
}

QString milliseconds(double ms) {
    return ms < 10000 ? QObject::tr("%1 ms").arg(ms, 0, 'f', ms < 10 ? 1 : 0)
                      : QObject::tr("%1 s").arg(ms / 1000, 0, 'f', 1);
}

QString whyStopped(StopReason reason) {
    switch (reason) {
        case StopReason::EndOfText:
            return QObject::tr("finished by itself");
        case StopReason::MaxNewTokens:
            return QObject::tr("cut at the token limit");
        case StopReason::Cancelled:
            return QObject::tr("stopped by you");
    }
    return {};
}

QString summary(const Trace& trace) {
    const Timings& t = trace.timings;
    return QObject::tr(
               "%1  (picture %2, encoder %3, prompt %4, decoding %5) · %6 latent steps · %7 "
               "positions · %8")
        .arg(milliseconds(t.preprocess + t.encodeImages + t.prefill + t.decode),
             milliseconds(t.preprocess), milliseconds(t.encodeImages), milliseconds(t.prefill),
             milliseconds(t.decode))
        .arg(latentSteps(trace).size())
        .arg(trace.steps.size())
        .arg(whyStopped(trace.stopped));
}

QLabel* heading(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    QFont font = label->font();
    font.setBold(true);
    label->setFont(font);
    return label;
}

}  // namespace

struct MainWindow::Actions {
    QAction* openPicture;
    QAction* paste;
    QAction* openTrace;
    QAction* saveTrace;
    QAction* openModel;
    QAction* quit;
    QAction* newScene;
    QAction* ask;
    QAction* stop;
};

MainWindow::MainWindow(WindowServices services, QWidget* parent)
    : QMainWindow(parent),
      services_(std::make_unique<WindowServices>(std::move(services))),
      worker_(new InferenceWorker(services_->openEngine, this)),
      files_(new FileJobs(this)),
      theme_(new ThemeSwitch(this)),
      actions_(std::make_unique<Actions>()) {
    setWindowTitle(tr("LVR Workbench"));
    setWindowIcon(applicationIcon());
    setAcceptDrops(true);
    resize(1280, 720);
    messages_ = new MessageBar(this);
    panel_ = new PicturePanel(trace_, this);
    splitter_ = new QSplitter(Qt::Horizontal, this);
    splitter_->addWidget(panel_);
    splitter_->addWidget(makeAskColumn());
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
    makeActions();
    makeMenus();
    makeToolBar();
    makeStatusBar();
    wire();
    recolourIcons();
    updateActions();
}

MainWindow::~MainWindow() = default;

// ---- Building ----

void MainWindow::makeActions() {
    const auto make = [this](const QString& text, const QKeySequence& keys, const QString& tip) {
        auto* action = new QAction(text, this);
        action->setShortcut(keys);
        const QString shortcut = keys.toString(QKeySequence::NativeText);
        action->setToolTip(shortcut.isEmpty() ? tip : tr("%1 (%2)").arg(tip, shortcut));
        return action;
    };
    actions_->openPicture =
        make(tr("&Open picture…"), QKeySequence::Open, tr("Open a picture or an .lvrtrace file"));
    actions_->paste =
        make(tr("&Paste picture"), QKeySequence::Paste, tr("Use the picture on the clipboard"));
    actions_->openTrace = make(tr("Open &trace…"), Qt::CTRL | Qt::SHIFT | Qt::Key_O,
                               tr("Look at a saved answer again"));
    actions_->saveTrace = make(tr("&Save trace…"), QKeySequence::Save,
                               tr("Keep this answer with picture and latents in one file"));
    actions_->openModel =
        make(tr("Open &model…"), Qt::CTRL | Qt::Key_M, tr("Open a Qwen2.5-VL or LVR checkpoint"));
    actions_->quit = make(tr("&Quit"), QKeySequence::Quit, tr("Close the window"));
    actions_->newScene = make(tr("&New scene"), QKeySequence::New,
                              tr("Draw a fresh scene with a question whose answer is known"));
    actions_->ask = make(tr("&Ask"), Qt::CTRL | Qt::Key_Return, tr("Ask the question"));
    actions_->stop = make(tr("S&top"), Qt::Key_Escape, tr("Stop; what is there stays"));
}

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
    makeThemeMenu(view);
}

void MainWindow::makeThemeMenu(QMenu* view) {
    view->addSeparator();
    QMenu* menu = view->addMenu(tr("&Colours"));
    auto* group = new QActionGroup(menu);
    const auto add = [&](const QString& name, Theme theme) {
        QAction* action = menu->addAction(name, this, [this, theme] { chooseTheme(theme); });
        action->setCheckable(true);
        group->addAction(action);
    };
    add(tr("As the &system"), Theme::System);
    add(tr("&Light"), Theme::Light);
    add(tr("&Dark"), Theme::Dark);
    connect(menu, &QMenu::aboutToShow, group, [this, group] {
        group->actions()[static_cast<int>(theme_->chosen())]->setChecked(true);
    });
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

QWidget* MainWindow::makeAskColumn() {
    auto* side = new QWidget(this);
    question_ = new QuestionLine(side);
    exitRule_ = new ExitRuleForm(side);
    askButton_ = new QPushButton(tr("Ask"), side);
    askButton_->setDefault(true);
    stopButton_ = new QPushButton(tr("Stop"), side);
    answer_ = new QLabel(side);
    answer_->setWordWrap(true);
    answer_->setTextFormat(Qt::PlainText);
    answer_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    answer_->setAccessibleName(tr("Answer"));
    answer_->hide();
    QFont large = answer_->font();
    large.setPointSizeF(large.pointSizeF() * 1.5);
    answer_->setFont(large);
    verdict_ = new QLabel(side);
    verdict_->setWordWrap(true);
    verdict_->setAccessibleName(tr("Comparison with the known answer"));
    stream_ = new TokenStream(side);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(askButton_, 1);
    buttons->addWidget(stopButton_);
    auto* column = new QVBoxLayout(side);
    column->addWidget(heading(tr("Question"), side));
    column->addWidget(question_);
    column->addWidget(exitRule_);
    column->addLayout(buttons);
    column->addSpacing(8);
    column->addWidget(heading(tr("Answer"), side));
    for (QWidget* widget : std::initializer_list<QWidget*>{answer_, verdict_, stream_})
        column->addWidget(widget);
    column->setStretchFactor(stream_, 1);
    return side;
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
    actions_->openPicture->setIcon(icon(IconName::OpenPicture, ink));
    actions_->paste->setIcon(icon(IconName::Paste, ink));
    actions_->newScene->setIcon(icon(IconName::NewScene, ink));
    actions_->openModel->setIcon(icon(IconName::OpenModel, ink));
    actions_->saveTrace->setIcon(icon(IconName::SaveTrace, ink));
    askButton_->setIcon(icon(IconName::Ask, ink));
    stopButton_->setIcon(icon(IconName::Stop, ink));
}

// ---- Introductions ----

void MainWindow::wire() {
    connect(actions_->openPicture, &QAction::triggered, this, &MainWindow::choosePicture);
    connect(actions_->openTrace, &QAction::triggered, this, &MainWindow::choosePicture);
    connect(actions_->saveTrace, &QAction::triggered, this, &MainWindow::chooseTraceFile);
    connect(actions_->openModel, &QAction::triggered, this, &MainWindow::chooseModel);
    connect(actions_->paste, &QAction::triggered, this, &MainWindow::paste);
    connect(actions_->quit, &QAction::triggered, this, &MainWindow::close);
    connect(actions_->newScene, &QAction::triggered, this,
            [this] { newScene(kinds_->currentText()); });
    connect(actions_->ask, &QAction::triggered, this, [this] { ask(); });
    connect(actions_->stop, &QAction::triggered, this, &MainWindow::stop);
    connect(askButton_, &QPushButton::clicked, this, [this] { ask(); });
    connect(stopButton_, &QPushButton::clicked, this, &MainWindow::stop);
    connect(question_, &QuestionLine::asked, this, [this] { ask(); });
    connect(question_, &QuestionLine::textChanged, this, &MainWindow::updateVerdict);
    connect(question_, &QuestionLine::filesGiven, this, &MainWindow::giveFiles);
    connect(question_, &QuestionLine::picturePasted, this,
            [this](const QImage& picture) { givePicture(picture, tr("pasted picture")); });
    connect(messages_, &MessageBar::cancelled, this, &MainWindow::stop);
    connect(panel_, &PicturePanel::stepSelected, stream_, &TokenStream::selectStep);
    connect(stream_, &TokenStream::stepSelected, panel_, [this](int step) {
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
        stream_->append(step);
        panel_->stepsChanged();
        status_->setText(tr("Thinking… %1 latent steps, %2 positions")
                             .arg(stream_->latentCount())
                             .arg(trace_.steps.size()));
    });
    connect(worker_, &InferenceWorker::answered, this, &MainWindow::finishAsk);
    connect(worker_, &InferenceWorker::askFailed, this, &MainWindow::failAsk);
}

void MainWindow::wireFiles() {
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
    exitRule_->setRule(model.exit);
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

void MainWindow::choosePicture() {
    auto* dialog = new QFileDialog(this, tr("Open picture or trace"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters(
        {tr("Pictures and traces (*.png *.jpg *.jpeg *.bmp *.webp *.tif *.tiff *.lvrtrace)"),
         tr("Traces (*.lvrtrace)"), tr("All files (*)")});
    if (sender() == actions_->openTrace) dialog->selectNameFilter(dialog->nameFilters().at(1));
    connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::openFile);
    dialog->open();
}

void MainWindow::paste() {
    if (const QMimeData* data = QApplication::clipboard()->mimeData()) give(*data);
}

void MainWindow::give(const QMimeData& data) {
    if (data.hasUrls())
        giveFiles(data.urls());
    else if (data.hasImage())
        givePicture(qvariant_cast<QImage>(data.imageData()), tr("pasted picture"));
    else
        fail(tr("There is no picture on the clipboard; copy one and paste again."));
}

void MainWindow::giveFiles(const QList<QUrl>& files) {
    if (files.isEmpty()) return;
    const QUrl& first = files.first();
    const QFileInfo file(first.toLocalFile());
    if (!first.isLocalFile())
        return fail(tr("%1 is not a file on this machine; save the picture first and open that.")
                        .arg(first.toDisplayString()));
    if (file.isDir() && QFileInfo::exists(file.filePath() + "/config.json"))
        return openModel(file.filePath());
    openFile(file.filePath());
}

void MainWindow::givePicture(const QImage& picture, const QString& name) {
    if (picture.isNull())
        return fail(tr("The clipboard's picture can't be read; copy it again as PNG."));
    showPicture(toImage(picture), name);
}

void MainWindow::showPicture(Image picture, const QString& name) {
    const bool questionWasTheScenes = sampleIsAsked();
    sample_.reset();
    clearAnswer();
    trace_.question.images = {std::move(picture)};
    panel_->pictureChanged();
    if (questionWasTheScenes) question_->clear();
    question_->setFocus();
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
    question_->setPlainText(QString::fromStdString(sample_->question.text));
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
    return sample_ && question_->toPlainText().trimmed().toStdString() == sample_->question.text;
}

// ---- Asking ----

void MainWindow::ask(const QString& question) {
    question_->setPlainText(question);
    ask();
}

void MainWindow::ask() {
    const QString text = question_->toPlainText().trimmed();
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
    trace_.options.exit = exitRule_->rule();
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
    if (stream_->latentCount() != static_cast<int>(latentSteps(trace_).size()))
        stream_->show(trace_);
    panel_->stepsChanged();
    showAnswer();
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
    stream_->clear();
    answer_->hide();
    panel_->stepsChanged();
    if (!loading_) messages_->dismiss();
    updateVerdict();
}

void MainWindow::showAnswer() {
    answer_->setText(QString::fromStdString(trace_.answer));
    answer_->setHidden(trace_.answer.empty());
}

// Right, wrong, or what is known before asking.
void MainWindow::updateVerdict() {
    const auto expected = trace_.steps.empty() && sampleIsAsked() ? std::optional(sample_->answer)
                                                                  : trace_.expectedAnswer;
    verdict_->setVisible(expected.has_value());
    if (!expected) return;
    const QString known = QString::fromStdString(*expected);
    const bool answered = !trace_.answer.empty() && !asking_;
    const bool right = plain(trace_.answer) == plain(*expected);
    QPalette colours = palette();
    if (!answered) {
        verdict_->setText(tr("Known answer: %1").arg(known));
    } else {
        verdict_->setText(right ? tr("✓ Right") : tr("✗ Wrong: the right answer is %1").arg(known));
        const bool dark = colours.window().color().lightness() < 128;
        colours.setColor(QPalette::WindowText,
                         right ? (dark ? QColor(98, 204, 120) : QColor(20, 120, 50))
                               : (dark ? QColor(255, 130, 120) : QColor(180, 30, 20)));
    }
    verdict_->setPalette(colours);
}

// ---- Traces ----

void MainWindow::showTrace(const Trace& trace, const QString& file) {
    clearAnswer();
    trace_ = trace;
    sample_.reset();
    if (trace.expectedAnswer)
        sample_ =
            Sample{.question = trace.question, .answer = *trace.expectedAnswer, .rois = trace.rois};
    question_->setPlainText(QString::fromStdString(trace.question.text));
    exitRule_->setRule(trace.options.exit);
    stream_->show(trace_);
    panel_->pictureChanged();
    panel_->selectStep(stream_->latentCount() - 1);
    showAnswer();
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

void MainWindow::chooseTraceFile() {
    auto* dialog = new QFileDialog(this, tr("Save trace"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix("lvrtrace");
    dialog->setNameFilter(tr("Traces (*.lvrtrace)"));
    connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::saveTrace);
    dialog->open();
}

// ---- State ----

void MainWindow::showLastStep() {
    panel_->pause();
    panel_->selectStep(stream_->latentCount() - 1);
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
    stopButton_->setEnabled(asking_ || loading_);
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
    if (event->type() != QEvent::PaletteChange || !actions_ || !actions_->openPicture) return;
    recolourIcons();
    updateVerdict();
}

}  // namespace lvr
