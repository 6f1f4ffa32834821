#pragma once

#include <QMainWindow>
#include <QTimer>
#include <memory>

#include "core/values/trace.h"

class QComboBox;
class QLabel;
class QMimeData;

namespace lvr {

class AskWorkspace;
class FileJobs;
class GivenFiles;
class InferenceWorker;
class MessageBar;
class OpenModelDialog;
class ThemeSwitch;
enum class Theme;
struct LoadProgress;
struct ModelInfo;
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
    void openFile(const QString& file);             // a picture or an .lvrtrace
    void newScene(const QString& kind);
    void ask();  // the question in the line; newest wins
    void ask(const QString& question);
    void stop();  // asking, else loading
    void saveTrace(const QString& file);
    void give(const QMimeData& data);  // what was dropped or pasted
    void chooseTheme(Theme theme);
    void showLastStep();
    // Takes size, splitter and theme from the last time and keeps them when closing.
    void rememberLook();

    bool isBusy() const;
    const Trace& trace() const;  // on screen
    QString message() const;     // the sentence on screen, empty when there is none

Q_SIGNALS:
    void settled();                        // nothing is loading, opening, saving or being asked
    void failed(const QString& sentence);  // also shown in the window

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void makeMenus();
    void makeToolBar();
    void makeStatusBar();
    void wire();
    void wireAsk();
    void wireWorker();
    void wireFiles();
    void recolourIcons();

    void chooseModel();

    void showModel(const ModelInfo& model);
    void modelDidNotOpen();
    void showProgress(const LoadProgress& progress);
    void fail(const QString& sentence, QAction* remedy = nullptr);
    void updateActions();
    void settle();

    std::unique_ptr<WindowServices> services_;
    QString loadingName_;
    QTimer loadPatience_;  // a quick load shows no progress bar
    bool loading_ = false, opening_ = false, saving_ = false;
    bool modelIsOpen_ = false;
    bool remembers_ = false;

    InferenceWorker* worker_ = nullptr;
    FileJobs* files_ = nullptr;
    ThemeSwitch* theme_ = nullptr;
    GivenFiles* given_ = nullptr;
    AskWorkspace* ask_ = nullptr;
    MessageBar* messages_ = nullptr;
    QComboBox* kinds_ = nullptr;
    QLabel* status_ = nullptr;
    QLabel* modelLabel_ = nullptr;
    std::unique_ptr<WindowActions> actions_;
};

}  // namespace lvr
