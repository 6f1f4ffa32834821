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

// Chooses the workspace: tabs, menu entries and Ctrl+1 to Ctrl+4. What belongs to one workspace is
// there, and its keys work, in that workspace only.
class WorkspaceSwitch : public QObject {
    Q_OBJECT
public:
    explicit WorkspaceSwitch(QWidget* window);

    QList<QAction*> actions() const { return actions_; }
    void addTabsTo(QToolBar* bar);
    void show(WorkspaceId id);                // says nothing
    void setBadge(WorkspaceId id, int news);  // on its tab: how much was not seen yet; 0: nothing

    void belongs(WorkspaceId id, QMenu* menu);
    void belongs(WorkspaceId id, QToolBar* bar);
    void belongs(WorkspaceId id, QAction* action);

Q_SIGNALS:
    void chosen(lvr::WorkspaceId id);  // by the person

private:
    void add(WorkspaceId id, QObject* part);

    QList<QAction*> actions_;
    QTabBar* tabs_ = nullptr;
    WorkspaceId current_ = WorkspaceId::Ask;
    std::vector<std::pair<WorkspaceId, QObject*>> parts_;
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
    void addRunActions();  // of the Train workspace, which is made when it is first shown

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
    QMenu* runs_ = nullptr;
    QToolBar* runsBar_ = nullptr;
    QToolBar* main_ = nullptr;
    QComboBox* kinds_ = nullptr;
    QLabel* state_ = nullptr;
    QLabel* model_ = nullptr;
    QProgressBar* reading_ = nullptr;
    QTimer patience_;  // a question that is read at once shows no bar
};

}  // namespace lvr
