#pragma once

#include <QObject>
#include <QTimer>
#include <functional>
#include <optional>
#include <string>
#include <vector>

class QAction;
class QComboBox;
class QLabel;
class QMainWindow;
class QMenu;
class QProgressBar;
class QToolBar;
class QWidget;

namespace lvr {

class AskWorkspace;
class Shell;
class SourceBrowser;
class ThemeSwitch;
class WorkspaceSwitch;
class Workspaces;
enum class WorkspaceId;
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
    QAction* test;
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
    void makeCausalMenu();
    QAction* addTo(QMenu* menu, const char* drawing, QAction* action, std::function<void()> act);
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
