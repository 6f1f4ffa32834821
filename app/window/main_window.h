#pragma once

#include <QMainWindow>
#include <memory>
#include <optional>

#include "core/values/trace.h"

class QMimeData;

namespace lvr {

class AskWorkspace;
class ClosingQuestions;
class InferenceWorker;
class MessageBar;
class ModelDesk;
class PictureConversation;
class RunAlerts;
class Shell;
class ThemeSwitch;
class WindowBars;
class WindowFiles;
class WindowSession;
class WorkspaceSwitch;
class Workspaces;
enum class Theme;
enum class WorkspaceId;
struct ModelInfo;
struct ModelPlace;
struct ModelWish;
struct Session;
struct WindowActions;
struct WindowServices;

// The one window around the workspaces: models, files, menus, messages. Introduces them to each
// other.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    explicit MainWindow(WindowServices services, QWidget* parent = nullptr);
    ~MainWindow() override;

    void openModel(const QString& folderOrRepoId);  // empty: the tiny model
    void placeModels(const ModelPlace& place);      // those that are opened from now on
    // How this model thinks when it is opened, where its files are not to say it.
    void chooseDialect(const QString& model, const QString& dialect);
    // A picture, an .lvrtrace, a folder of pictures, or a data file.
    void openFile(const QString& file);
    void newScene(const QString& kind);
    void ask();  // the question in the line; newest wins
    void ask(const QString& question);
    void stop();  // asking, else loading
    void saveTrace(const QString& file);
    void exportAnswer();              // or, in Causal, the panel: shows the dialog
    void drawRegion(const Box& box);  // on the picture of Ask
    // A command of the palette by its object name. One that is not there, not on screen or not to
    // be used just now is said by failed().
    void doCommand(const QString& name);
    void give(const QMimeData& data);  // what was dropped or pasted
    void chooseTheme(Theme theme);
    void showWorkspace(WorkspaceId id);
    void compareQuestion();  // the one in Ask, under several strategies
    void compareQuestion(const QString& question);
    void testQuestion(const QString& question);  // under the interventions of Causal
    void watchRuns();  // those of the store, so that their alerts are told
    void showLastStep();
    // Keeps what is on screen in a folder from now on; returns what was kept there last. Nothing
    // when another window does or there is nothing.
    std::optional<Session> keepSession(const QString& folder);
    void restore(const Session& session);
    // Takes size, layout and theme from the last time and keeps them when closing.
    void rememberLook();
    void greet();  // the tour, if the program was never started before
    void leave();  // closes without a question: trainings go on, what is on screen is kept

    bool isBusy() const;
    const Trace& trace() const;  // on screen
    QString message() const;     // the sentence on screen, empty when there is none
    QByteArray state() const;    // what is on screen as JSON; see window_state.h

Q_SIGNALS:
    void settled();                        // nothing is loading, opening, saving or being asked
    void failed(const QString& sentence);  // also shown in the window

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void wire();
    void wireAsk();
    void wireWorkspaces();
    void startFresh();
    void showChange(WorkspaceId current);
    void showTitle();
    void wireModels();
    void wireWorker();
    void wireFiles();
    void wireShell();

    void showModel(const ModelInfo& model, const ModelWish& wish);
    void complain(const QString& sentence);
    void fail(const QString& sentence, QAction* remedy);
    void updateActions();
    void settle();

    std::unique_ptr<WindowServices> services_;
    QString askTitle_;
    bool restoring_ = false;
    bool remembers_ = false;

    InferenceWorker* worker_ = nullptr;
    ThemeSwitch* theme_ = nullptr;
    Workspaces* workspaces_ = nullptr;
    Shell* shell_ = nullptr;
    AskWorkspace* ask_ = nullptr;
    PictureConversation* conversation_ = nullptr;
    WorkspaceSwitch* switch_ = nullptr;
    MessageBar* messages_ = nullptr;
    MessageBar* notices_ = nullptr;  // what concerns every workspace
    RunAlerts* alerts_ = nullptr;
    WindowSession* session_ = nullptr;  // null: none is kept
    std::unique_ptr<ClosingQuestions> closing_;
    std::unique_ptr<WindowActions> actions_;
    WindowFiles* files_ = nullptr;
    ModelDesk* models_ = nullptr;
    WindowBars* bars_ = nullptr;
};

}  // namespace lvr
