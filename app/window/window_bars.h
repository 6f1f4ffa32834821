#pragma once

#include <QObject>
#include <QTimer>
#include <optional>
#include <string>
#include <vector>

class QComboBox;
class QLabel;
class QMainWindow;
class QMenu;
class QProgressBar;
class QToolBar;

namespace lvr {

class AskWorkspace;
class Shell;
class SourceBrowser;
class ThemeSwitch;
class WorkspaceSwitch;
class Workspaces;
struct ModelInfo;
struct WindowActions;

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
