#include "app/window/window_bars.h"

#include <QAction>
#include <QComboBox>
#include <QHash>
#include <QKeySequence>
#include <QLabel>
#include <QMainWindow>
#include <QMenu>
#include <QMenuBar>
#include <QProgressBar>
#include <QSettings>
#include <QStatusBar>
#include <QToolBar>
#include <QWidget>

#include "app/ask/ask_workspace.h"
#include "app/causal/causal_workspace.h"
#include "app/compare/compare_workspace.h"
#include "app/engine/ask_engine.h"
#include "app/runs/rollouts_workspace.h"
#include "app/runs/train_workspace.h"
#include "app/shell/look.h"
#include "app/shell/recent_files.h"
#include "app/shell/shell.h"
#include "app/sources/source_browser.h"
#include "app/window/workspace_switch.h"
#include "app/window/workspaces.h"
#include "widgets/action_tip.h"
#include "widgets/labels.h"

namespace lvr {
namespace {

// `name` is what settings know it by, whatever it is called in the menu.
QAction* make(QWidget* window, const QString& name, const QString& text, const QKeySequence& keys,
              const QString& tip) {
    auto* action = new QAction(text, window);
    action->setObjectName(name);
    action->setShortcut(keys);
    action->setToolTip(tip);
    updateTip(*action);
    return action;
}

// The picture of an action that another room made, by its name.
QString drawingOf(const QString& name) {
    static const QHash<QString, QString> kDrawings{
        {"runs.new", "new-run"},           {"runs.stop", "stop"},
        {"runs.pause", "pause"},           {"runs.resume", "go-on"},
        {"runs.open-folder", "folder"},    {"runs.checkpoints", "past"},
        {"rollouts.checkpoints", "past"},  {"rollouts.previous-step", "back"},
        {"rollouts.next-step", "forward"}, {"rollouts.find", "find"}};
    return kDrawings.value(name);
}

void drawIcons(const QList<QAction*>& actions) {
    for (QAction* action : actions)
        if (const QString drawing = drawingOf(action->objectName()); !drawing.isEmpty()) {
            action->setIcon(lineIcon(drawing));
            // A tool bar has less room than a menu.
            action->setIconText(action->iconText().remove(QObject::tr(" training")));
        }
}

// Where the picture of Ask is on screen.
const QList<WorkspaceId> kPictured{WorkspaceId::Ask, WorkspaceId::Compare, WorkspaceId::Causal};

constexpr auto kSceneKind = "scene/kind";
constexpr int kWhole = 1000;           // of the bar
constexpr int kReadingWidth = 180;     // pixels
constexpr int kReadingPatience = 300;  // ms

}  // namespace

WindowActions::WindowActions(QWidget* window)
    : openPicture(make(window, "file.open-picture", QObject::tr("&Open picture…"),
                       QKeySequence::Open, QObject::tr("Open a picture or an .lvrtrace file"))),
      openFolder(make(window, "file.open-folder", QObject::tr("Open &folder…"), {},
                      QObject::tr("Browse the pictures and traces of a folder"))),
      openData(make(window, "file.open-data", QObject::tr("Open &data…"), {},
                    QObject::tr("Browse the questions of a data file"))),
      paste(make(window, "file.paste", QObject::tr("&Paste picture"), QKeySequence::Paste,
                 QObject::tr("Use the picture on the clipboard"))),
      openTrace(make(window, "file.open-trace", QObject::tr("Open &trace…"),
                     Qt::CTRL | Qt::SHIFT | Qt::Key_O,
                     QObject::tr("Look at a saved answer again"))),
      saveTrace(make(window, "file.save-trace", QObject::tr("&Save trace…"), QKeySequence::Save,
                     QObject::tr("Keep this answer with picture and latents in one file"))),
      exportAnswer(make(window, "file.export", QObject::tr("&Export…"), Qt::CTRL | Qt::Key_E,
                        QObject::tr("Write the answer as figure, animation or numbers"))),
      openModel(make(window, "file.open-model", QObject::tr("Open &model…"), Qt::CTRL | Qt::Key_M,
                     QObject::tr("Open a Qwen2.5-VL, Qwen3-VL or LVR checkpoint"))),
      quit(make(window, "file.quit", QObject::tr("&Quit"), QKeySequence::Quit,
                QObject::tr("Close the window"))),
      newScene(make(window, "scene.new", QObject::tr("&New scene"), QKeySequence::New,
                    QObject::tr("Draw a fresh scene with a question whose answer is known"))),
      ask(make(window, "ask.ask", QObject::tr("&Ask"), Qt::CTRL | Qt::Key_Return,
               QObject::tr("Ask the question"))),
      stop(make(window, "ask.stop", QObject::tr("S&top"), Qt::Key_Escape,
                QObject::tr("Stop; what is there stays"))),
      compare(make(window, "ask.compare", QObject::tr("&Compare strategies on this question"),
                   Qt::CTRL | Qt::SHIFT | Qt::Key_C,
                   QObject::tr("Ask it with every decoding strategy of Compare"))),
      test(make(window, "ask.test-latents", QObject::tr("&Test its latents"),
                Qt::CTRL | Qt::SHIFT | Qt::Key_T,
                QObject::tr("Change its latents in many ways and see whether the answer moves"))) {
    // A tool bar has less room than a menu.
    openPicture->setIconText(QObject::tr("Open…"));
    paste->setIconText(QObject::tr("Paste"));
    openModel->setIconText(QObject::tr("Model…"));
    saveTrace->setIconText(QObject::tr("Save…"));
    openPicture->setIcon(lineIcon("open-picture"));
    paste->setIcon(lineIcon("paste"));
    newScene->setIcon(lineIcon("new-scene"));
    openModel->setIcon(lineIcon("open-model"));
    saveTrace->setIcon(lineIcon("save-trace"));
    exportAnswer->setIcon(lineIcon("export"));
    compare->setIcon(lineIcon("compare"));
    test->setIcon(lineIcon("test-latents"));
    test->setIconText(QObject::tr("Test latents"));
    stop->setIcon(lineIcon("stop"));
}

WindowBars::WindowBars(const Parts& parts, QMainWindow* window)
    : QObject(window), parts_(parts), window_(window), ask_(&parts.workspaces.ask()) {
    makeToolBars();
    makeStatusBar();
    makeMenus();
    connect(parts_.actions.newScene, &QAction::triggered, this,
            [this] { Q_EMIT sceneWanted(kinds_->currentText()); });
}

void WindowBars::makeMenus() {
    makeFileMenu();
    makeAskMenus();
    runs_ = window_->menuBar()->addMenu(tr("&Run"));
    parts_.tabs.showIn({WorkspaceId::Train}, runs_->menuAction());
    rollouts_ = window_->menuBar()->addMenu(tr("R&ollouts"));
    parts_.tabs.showIn({WorkspaceId::Rollouts}, rollouts_->menuAction());
    makeCompareMenu();
    makeCausalMenu();
    makeViewMenu();
    parts_.shell.addHelpMenu();
}

void WindowBars::makeFileMenu() {
    const WindowActions& actions = parts_.actions;
    QMenu* file = window_->menuBar()->addMenu(tr("&File"));
    file->addActions({actions.openPicture, actions.openFolder, actions.openData, actions.paste});
    file->addMenu(parts_.shell.recent()->menu());
    file->addActions(parts_.sources.moveActions());
    file->addSeparator();
    file->addActions({actions.openTrace, actions.saveTrace, actions.exportAnswer});
    file->addSeparator();
    file->addAction(actions.openModel);
    file->addSeparator();
    file->addAction(actions.quit);
}

void WindowBars::makeAskMenus() {
    QMenuBar* bar = window_->menuBar();
    QMenu* scene = bar->addMenu(tr("&Scene"));
    scene->addAction(parts_.actions.newScene);
    scene->addSeparator();
    for (const std::string& kind : parts_.sceneKinds) {
        const QString name = QString::fromStdString(kind);
        scene
            ->addAction(tr("New: %1").arg(name), this,
                        [this, name] {
                            kinds_->setCurrentText(name);
                            Q_EMIT sceneWanted(name);
                        })
            ->setObjectName("scene.new-" + name);
    }
    QMenu* ask = bar->addMenu(tr("&Ask"));
    ask->addActions({parts_.actions.ask, parts_.actions.stop});
    ask->addSeparator();
    ask->addActions(ask_->latentActions());
    ask->addSeparator();
    ask->addActions({parts_.actions.compare, parts_.actions.test});
    ask_->offerTest(parts_.actions.test);
    QMenu* steps = bar->addMenu(tr("S&teps"));
    steps->addActions(ask_->stepActions());
    QMenu* regions = bar->addMenu(tr("&Regions"));
    regions->addActions(ask_->regionActions());
    for (const QMenu* menu : {ask, steps, regions})
        parts_.tabs.showIn({WorkspaceId::Ask}, menu->menuAction());
    parts_.tabs.showIn(kPictured, scene->menuAction());
}

QAction* WindowBars::addTo(QMenu* menu, const char* drawing, QAction* action,
                           std::function<void()> act) {
    action->setIcon(lineIcon(drawing));
    connect(action, &QAction::triggered, this, std::move(act));
    menu->addAction(action);
    return action;
}

void WindowBars::makeCompareMenu() {
    QMenu* menu = window_->menuBar()->addMenu(tr("&Compare"));
    const auto add = [&](const char* name, const QString& text, const QKeySequence& keys,
                         const QString& tip, const char* drawing, void (CompareWorkspace::*act)()) {
        addTo(menu, drawing, make(window_, name, text, keys, tip),
              [this, act] { (parts_.workspaces.compare().*act)(); });
    };
    add("compare.compare", tr("&Compare"), Qt::CTRL | Qt::Key_Return,
        tr("Ask the question, or the set, with every strategy of the list"), "ask",
        &CompareWorkspace::start);
    add("compare.stop", tr("S&top"), Qt::Key_Escape, tr("Keep what there is"), "stop",
        &CompareWorkspace::stop);
    menu->addSeparator();
    add("compare.past", tr("&Past comparisons…"), {},
        tr("Comparisons that were made before: open, go on with, delete"), "past",
        &CompareWorkspace::showPast);
    add("compare.export", tr("&Export…"), {}, tr("Save what came out"), "export",
        &CompareWorkspace::chooseExport);
    parts_.tabs.showIn({WorkspaceId::Compare}, menu->menuAction());
}

void WindowBars::makeCausalMenu() {
    QMenu* menu = window_->menuBar()->addMenu(tr("&Causal"));
    const auto add = [&](const char* name, const QString& text, const QKeySequence& keys,
                         const QString& tip, const char* drawing, void (CausalWorkspace::*act)()) {
        return addTo(menu, drawing, make(window_, name, text, keys, tip),
                     [this, act] { (parts_.workspaces.causal().*act)(); });
    };
    add("causal.test", tr("&Test"), Qt::CTRL | Qt::Key_Return,
        tr("Ask the question, or the set, with every chosen intervention"), "test-latents",
        &CausalWorkspace::start);
    add("causal.stop", tr("S&top"), Qt::Key_Escape, tr("Keep what there is"), "stop",
        &CausalWorkspace::stop);
    menu->addSeparator();
    add("causal.one-question", tr("&One question"), {}, tr("Test what Ask has on screen"), "ask",
        &CausalWorkspace::showOneQuestion);
    add("causal.a-set", tr("&A set"), {},
        tr("Test a set of questions; Test in this menu begins it"), "folder",
        &CausalWorkspace::showSet);
    menu->addSeparator();
    add("causal.past", tr("&Past sets…"), {},
        tr("Sets that were tested before: open, go on with, delete"), "past",
        &CausalWorkspace::showPast);
    add("causal.copy-command", tr("Copy the c&ommand"), Qt::CTRL | Qt::SHIFT | Qt::Key_K,
        tr("Copy the command line that makes the same again"), "copy",
        &CausalWorkspace::copyCommand);
    menu->addAction(parts_.actions.exportAnswer);
    parts_.tabs.showIn({WorkspaceId::Causal}, menu->menuAction());
}

void WindowBars::makeViewMenu() {
    QMenu* view = window_->menuBar()->addMenu(tr("&View"));
    view->addActions(parts_.tabs.actions());
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
        parts_.tabs.showIn({WorkspaceId::Ask}, action);
    view->addSeparator();
    Workspaces* all = &parts_.workspaces;
    new LayoutMenu(view->addMenu(tr("&Layouts")),
                   {.save = [all] { return all->saveLayout(); },
                    .restore = [all](const QByteArray& layout) { all->restoreLayout(layout); },
                    .reset = [all] { all->resetLayout(); }},
                   window_);
    parts_.theme.addChoicesTo(view->addMenu(tr("&Colours")));
}

QToolBar* WindowBars::addBar(const QString& title, const QString& name) {
    QToolBar* bar = window_->addToolBar(title);
    bar->setObjectName(name);
    bar->setMovable(false);
    bar->setIconSize({20, 20});
    bar->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    bar->toggleViewAction()->setVisible(false);  // it comes and goes with its workspace
    return bar;
}

void WindowBars::makeToolBars() {
    parts_.tabs.addTabsTo(addBar(tr("Workspaces"), "workspaces"));
    const auto addBarIn = [this](const QList<WorkspaceId>& workspaces, const QString& title,
                                 const QString& name) {
        QToolBar* bar = addBar(title, name);
        parts_.tabs.showIn(workspaces, bar);
        return bar;
    };
    runsBar_ = addBarIn({WorkspaceId::Train}, tr("Runs"), "runs");
    rolloutsBar_ = addBarIn({WorkspaceId::Rollouts}, tr("Rollouts"), "rollouts");
    main_ = addBarIn(kPictured, tr("Main toolbar"), "toolbar");
    makeMainBar();
    QToolBar* answer = addBarIn({WorkspaceId::Ask}, tr("Answer"), "answer");
    answer->addActions({parts_.actions.saveTrace, ask_->regionActions().front()});
    answer->addAction(parts_.actions.test);
}

void WindowBars::makeMainBar() {
    const WindowActions& actions = parts_.actions;
    main_->addActions({actions.openPicture, actions.paste});
    main_->addSeparator();
    main_->addAction(actions.newScene);
    kinds_ = new QComboBox(main_);
    kinds_->setAccessibleName(tr("Kind of scene question"));
    kinds_->setToolTip(tr("What a new scene asks about"));
    for (const std::string& kind : parts_.sceneKinds) kinds_->addItem(QString::fromStdString(kind));
    main_->addWidget(kinds_);
    connect(kinds_, &QComboBox::currentTextChanged, this, [this](const QString& kind) {
        if (remembers_) QSettings().setValue(kSceneKind, kind);
    });
    main_->addSeparator();
    main_->addAction(actions.openModel);
}

void WindowBars::makeStatusBar() {
    state_ = new ElidedLabel(window_);
    state_->setAccessibleName(tr("State"));
    state_->setContentsMargins(6, 0, 6, 0);
    model_ = new ElidedLabel(window_);
    model_->setAccessibleName(tr("Model"));
    showNoModel();
    reading_ = new QProgressBar(window_);
    reading_->setAccessibleName(tr("How far the question has been read"));
    reading_->setRange(0, kWhole);
    reading_->setTextVisible(false);
    reading_->setMaximumWidth(kReadingWidth);
    reading_->hide();
    window_->statusBar()->addWidget(state_, 2);
    window_->statusBar()->addPermanentWidget(reading_);
    window_->statusBar()->addPermanentWidget(model_, 1);
    patience_.setSingleShot(true);
    patience_.setInterval(kReadingPatience);
    connect(&patience_, &QTimer::timeout, reading_, &QWidget::show);
}

void WindowBars::showReading(std::optional<double> fraction) {
    if (!fraction) {
        patience_.stop();
        return reading_->hide();
    }
    reading_->setValue(static_cast<int>(*fraction * kWhole));
    if (reading_->isHidden() && !patience_.isActive()) patience_.start();
}

void WindowBars::showNoModel() { model_->setText(tr("no model")); }

void WindowBars::showModel(const ModelInfo& model) {
    model_->setText(model.details.empty()
                        ? QString::fromStdString(model.name)
                        : tr("%1 · %2").arg(QString::fromStdString(model.name),
                                            QString::fromStdString(model.details)));
}

void WindowBars::addActionsOf(WorkspaceId id) {
    if (id == WorkspaceId::Train) {
        const TrainWorkspace& train = parts_.workspaces.train();
        drawIcons(train.runActions());
        runs_->addActions(train.runActions());
        runsBar_->addActions(train.barActions());
        runsBar_->insertSeparator(runsBar_->actions().value(1));
    }
    if (id == WorkspaceId::Rollouts)
        for (QAction* action : parts_.workspaces.rollouts().actions()) {
            drawIcons({action});
            rollouts_->addAction(action);
            if (!action->icon().isNull()) rolloutsBar_->addAction(action);
        }
    parts_.shell.actionsChanged();
}

void WindowBars::remember() {
    remembers_ = true;
    kinds_->setCurrentText(QSettings().value(kSceneKind).toString());
}

}  // namespace lvr
