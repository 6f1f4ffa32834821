#include "app/window/window_bars.h"

#include <QAction>
#include <QActionGroup>
#include <QComboBox>
#include <QHash>
#include <QKeySequence>
#include <QLabel>
#include <QMainWindow>
#include <QMenu>
#include <QMenuBar>
#include <QProgressBar>
#include <QSettings>
#include <QSignalBlocker>
#include <QStatusBar>
#include <QTabBar>
#include <QToolBar>
#include <QWidget>

#include "app/ask/ask_workspace.h"
#include "app/compare/compare_workspace.h"
#include "app/engine/ask_engine.h"
#include "app/runs/rollouts_workspace.h"
#include "app/runs/train_workspace.h"
#include "app/shell/look.h"
#include "app/shell/recent_files.h"
#include "app/shell/shell.h"
#include "app/sources/source_browser.h"
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

QString tipOf(WorkspaceId id) {
    switch (id) {
        case WorkspaceId::Ask:
            return QObject::tr("Ask about a picture and see what each latent step looks at");
        case WorkspaceId::Train:
            return QObject::tr("Launch trainings and watch them");
        case WorkspaceId::Rollouts:
            return QObject::tr("Read what a run of GRPO said");
        case WorkspaceId::Compare:
            return QObject::tr("Hold decoding strategies against each other");
    }
    return {};
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
const QList<WorkspaceId> kPictured{WorkspaceId::Ask, WorkspaceId::Compare};

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
                     QObject::tr("Open a Qwen2.5-VL or LVR checkpoint"))),
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
                   QObject::tr("Ask it with every decoding strategy of Compare"))) {
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
    stop->setIcon(lineIcon("stop"));
}

WorkspaceSwitch::WorkspaceSwitch(QWidget* window) : QObject(window) {
    auto* group = new QActionGroup(this);
    for (const WorkspaceId id : kWorkspaces) {
        auto* action = new QAction("&" + titleOf(id), this);
        action->setObjectName("workspace." + titleOf(id).toLower());
        action->setShortcut(Qt::CTRL | static_cast<Qt::Key>(Qt::Key_1 + actions_.size()));
        action->setToolTip(tipOf(id));
        updateTip(*action);
        action->setCheckable(true);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, id] { Q_EMIT chosen(id); });
        actions_.append(action);
    }
    window->addActions(actions_);
}

void WorkspaceSwitch::addTabsTo(QToolBar* bar) {
    tabs_ = new QTabBar(bar);
    tabs_->setObjectName("workspaces.tabs");
    tabs_->setAccessibleName(tr("Workspaces"));
    tabs_->setDrawBase(false);
    tabs_->setExpanding(false);
    for (const QAction* action : actions_)
        tabs_->setTabToolTip(tabs_->addTab(action->text().mid(1)), action->toolTip());
    bar->addWidget(tabs_);
    connect(tabs_, &QTabBar::currentChanged, this,
            [this](int place) { Q_EMIT chosen(kWorkspaces[place]); });
    show(current_);
}

void WorkspaceSwitch::show(WorkspaceId id) {
    current_ = id;
    actions_[static_cast<int>(id)]->setChecked(true);
    if (tabs_) {
        const QSignalBlocker quiet(tabs_);
        tabs_->setCurrentIndex(static_cast<int>(id));
    }
    for (const auto& [owners, part] : parts_) part->setProperty("visible", owners.contains(id));
}

void WorkspaceSwitch::setBadge(WorkspaceId id, int news) {
    if (!tabs_) return;
    const int tab = static_cast<int>(id);
    tabs_->setTabText(tab, news > 0 ? tr("%1 (%2)").arg(titleOf(id)).arg(news) : titleOf(id));
    const QString tip = actions_[tab]->toolTip();
    tabs_->setTabToolTip(tab, news > 0 ? tip + '\n' + tr("%1 alerts not seen yet").arg(news) : tip);
}

void WorkspaceSwitch::showIn(const QList<WorkspaceId>& workspaces, QObject* part) {
    parts_.emplace_back(workspaces, part);
    if (workspaces.size() == 1) part->setProperty(kActionPlace, titleOf(workspaces.first()));
    part->setProperty("visible", workspaces.contains(current_));
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
    ask->addAction(parts_.actions.compare);
    QMenu* steps = bar->addMenu(tr("S&teps"));
    steps->addActions(ask_->stepActions());
    QMenu* regions = bar->addMenu(tr("&Regions"));
    regions->addActions(ask_->regionActions());
    for (const QMenu* menu : {ask, steps, regions})
        parts_.tabs.showIn({WorkspaceId::Ask}, menu->menuAction());
    parts_.tabs.showIn(kPictured, scene->menuAction());
}

void WindowBars::makeCompareMenu() {
    QMenu* menu = window_->menuBar()->addMenu(tr("&Compare"));
    const auto add = [&](const char* name, const QString& text, const QKeySequence& keys,
                         const QString& tip, const char* drawing, void (CompareWorkspace::*act)()) {
        QAction* action = make(window_, name, text, keys, tip);
        action->setIcon(lineIcon(drawing));
        connect(action, &QAction::triggered, this,
                [this, act] { (parts_.workspaces.compare().*act)(); });
        menu->addAction(action);
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
