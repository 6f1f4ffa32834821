#include "app/window/window_bars.h"

#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QMainWindow>
#include <QMenuBar>
#include <QProgressBar>
#include <QStatusBar>
#include <QToolBar>

#include "app/ask/ask_workspace.h"
#include "app/compare/compare_workspace.h"
#include "app/engine/ask_engine.h"
#include "app/runs/train_workspace.h"
#include "app/shell/recent_files.h"
#include "app/shell/shell.h"
#include "app/shell/theme.h"
#include "app/sources/source_browser.h"
#include "app/window/layout_menu.h"
#include "app/window/window_actions.h"
#include "app/window/workspace_switch.h"
#include "app/window/workspaces.h"
#include "widgets/elided_label.h"

namespace lvr {
namespace {

constexpr int kWhole = 1000;           // of the bar
constexpr int kReadingWidth = 180;     // pixels
constexpr int kReadingPatience = 300;  // ms

}  // namespace

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
    parts_.tabs.belongs(WorkspaceId::Train, runs_);
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
    ask->addAction(parts_.actions.compare);
    QMenu* steps = bar->addMenu(tr("S&teps"));
    steps->addActions(ask_->stepActions());
    QMenu* regions = bar->addMenu(tr("&Regions"));
    regions->addActions(ask_->regionActions());
    for (QMenu* menu : {scene, ask, steps, regions}) parts_.tabs.belongs(WorkspaceId::Ask, menu);
}

void WindowBars::makeCompareMenu() {
    Workspaces* all = &parts_.workspaces;
    QMenu* compare = window_->menuBar()->addMenu(tr("&Compare"));
    compare
        ->addAction(tr("&Compare"), Qt::CTRL | Qt::Key_Return, all,
                    [all] { all->compare().compare(); })
        ->setObjectName("compare.compare");
    compare->addAction(tr("S&top"), Qt::Key_Escape, all, [all] { all->compare().stop(); })
        ->setObjectName("compare.stop");
    parts_.tabs.belongs(WorkspaceId::Compare, compare);
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
        parts_.tabs.belongs(WorkspaceId::Ask, action);
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
    runsBar_ = addBar(tr("Runs"), "runs");
    parts_.tabs.belongs(WorkspaceId::Train, runsBar_);
    main_ = addBar(tr("Main toolbar"), "toolbar");
    parts_.tabs.belongs(WorkspaceId::Ask, main_);
    makeMainBar();
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
    main_->addSeparator();
    main_->addActions({actions.openModel, actions.saveTrace});
    main_->addSeparator();
    main_->addAction(ask_->regionActions().front());
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

void WindowBars::addRunActions() {
    const auto actions = parts_.workspaces.train().runActions();
    runs_->addActions(actions);
    runsBar_->addActions(parts_.workspaces.train().barActions());
    runsBar_->insertSeparator(runsBar_->actions().value(1));
    parts_.shell.actionsChanged();
}

}  // namespace lvr
