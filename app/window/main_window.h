#pragma once

#include <QMainWindow>
#include <QTimer>
#include <memory>
#include <optional>

#include "core/values/trace.h"

class QComboBox;
class QLabel;
class QMimeData;
class QSplitter;

namespace lvr {

class AskPanel;
class FileJobs;
class GivenFiles;
class InferenceWorker;
class MessageBar;
class OpenModelDialog;
class PicturePanel;
class ThemeSwitch;
enum class Theme;
struct LoadProgress;
struct ModelInfo;
struct WindowActions;
struct WindowServices;

// The one window: picture, question, answer. Introduces the widgets to each other and owns the
// trace they show.
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
    const Trace& trace() const { return trace_; }
    QString message() const;  // the sentence on screen, empty when there is none

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
    void wireWorker();
    void wireFiles();
    void recolourIcons();

    void chooseModel();

    void showPicture(Image picture, const QString& name);
    void showTrace(const Trace& trace, const QString& file);
    void showSample(Sample sample);
    void showModel(const ModelInfo& model);
    void showProgress(const LoadProgress& progress);
    void finishAsk(Trace trace);
    void fail(const QString& sentence, QAction* remedy = nullptr);
    void failAsk(const QString& sentence);
    void clearAnswer();
    void hintAtScenes();
    void updateVerdict();
    void updateActions();
    void settle();
    bool sampleIsAsked() const;

    std::unique_ptr<WindowServices> services_;
    std::unique_ptr<ModelInfo> model_;  // null until one is open
    Trace trace_;                       // what is on screen
    std::optional<Sample> sample_;      // when the picture's answer is known
    QString loadingName_;
    QTimer loadPatience_;  // a quick load shows no progress bar
    bool loading_ = false, asking_ = false, opening_ = false, saving_ = false;
    bool askWhenLoaded_ = false;
    bool remembers_ = false;

    InferenceWorker* worker_ = nullptr;
    FileJobs* files_ = nullptr;
    ThemeSwitch* theme_ = nullptr;
    GivenFiles* given_ = nullptr;
    PicturePanel* panel_ = nullptr;
    AskPanel* side_ = nullptr;
    MessageBar* messages_ = nullptr;
    QSplitter* splitter_ = nullptr;
    QComboBox* kinds_ = nullptr;
    QLabel* status_ = nullptr;
    QLabel* modelLabel_ = nullptr;
    std::unique_ptr<WindowActions> actions_;
};

}  // namespace lvr
