#pragma once

#include <QObject>
#include <QTimer>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/window/workspaces.h"

class QAction;
class QComboBox;
class QLabel;
class QMainWindow;
class QMenu;
class QProgressBar;
class QTabBar;
class QToolBar;
class QWidget;

namespace lvr {

class AskWorkspace;
class Shell;
class SourceBrowser;
class ThemeSwitch;
class Workspaces;
struct ModelInfo;

// What menus and toolbar offer; owned by the window.
struct WindowActions {
    explicit WindowActions(QWidget* window);

    QAction* openPicture;
    QAction* openFolder;
    QAction* openData;
    QAction* paste;
    QAction* openTrace;
    QAction* saveTrace;
    QAction* exportAnswer;
    QAction* openModel;
    QAction* quit;
    QAction* newScene;
    QAction* ask;
    QAction* stop;
    QAction* compare;
};

// Chooses the workspace: tabs, menu entries and Ctrl+1 to Ctrl+4. What is limited to
// some workspaces is there, and its keys work, in those only.
class WorkspaceSwitch : public QObject {
    Q_OBJECT
public:
    explicit WorkspaceSwitch(QWidget* window);

    QList<QAction*> actions() const { return actions_; }
    void addTabsTo(QToolBar* bar);
    void show(WorkspaceId id);                // says nothing
    void setBadge(WorkspaceId id, int news);  // on its tab: how much was not seen yet; 0: nothing

    // An action, menu action or tool bar.
    void showIn(const QList<WorkspaceId>& workspaces, QObject* part);

Q_SIGNALS:
    void chosen(lvr::WorkspaceId id);  // by the person

private:
    QList<QAction*> actions_;
    QTabBar* tabs_ = nullptr;
    WorkspaceId current_ = WorkspaceId::Ask;
    std::vector<std::pair<QList<WorkspaceId>, QObject*>> parts_;
};

// The menus, tool bars and status bar around the workspaces.
class WindowBars : public QObject {
    Q_OBJECT
public:
    // What they offer.
    struct Parts {
        WindowActions& actions;
        Workspaces& workspaces;
        WorkspaceSwitch& tabs;
        SourceBrowser& sources;
        ThemeSwitch& theme;
        Shell& shell;
        const std::vector<std::string>& sceneKinds;
    };
    WindowBars(const Parts& parts, QMainWindow* window);

    QToolBar* main() const { return main_; }
    QLabel* state() const { return state_; }
    void showModel(const ModelInfo& model);
    void showNoModel();
    void showReading(std::optional<double> fraction);  // of a question; nothing: none is read
    void addActionsOf(WorkspaceId id);                 // of a workspace that has just been made
    void remember();  // what a new scene asks about, from the last time on

Q_SIGNALS:
    void sceneWanted(const QString& kind);

private:
    void makeMenus();
    void makeFileMenu();
    void makeAskMenus();
    void makeCompareMenu();
    void makeViewMenu();
    void makeToolBars();
    void makeMainBar();
    void makeStatusBar();
    QToolBar* addBar(const QString& title, const QString& name);

    Parts parts_;
    QMainWindow* window_;
    AskWorkspace* ask_;
    QMenu *runs_ = nullptr, *rollouts_ = nullptr;
    QToolBar *runsBar_ = nullptr, *rolloutsBar_ = nullptr;
    QToolBar* main_ = nullptr;
    QComboBox* kinds_ = nullptr;
    QLabel* state_ = nullptr;
    QLabel* model_ = nullptr;
    QProgressBar* reading_ = nullptr;
    bool remembers_ = false;
    QTimer patience_;  // a question that is read at once shows no bar
};

}  // namespace lvr
