#pragma once

#include <QList>
#include <QObject>
#include <functional>
#include <optional>
#include <vector>

#include "app/ask/ask_workspace.h"

class QAction;
class QDockWidget;
class QImage;
class QMimeData;
class QWidget;

namespace lvr {

class AskWorkspace;
class FileJobs;
class GivenFiles;
class RecentFiles;
class SourceBrowser;
struct Image;
struct Sample;
struct WindowActions;

// The way back: what was on screen in Ask, picture by picture, as long as the window lives.
// Pictures that no file holds, drawn scenes and pasted ones, are in it too.
class Trail : public QObject {
    Q_OBJECT
public:
    static constexpr std::size_t kMost = 100;
    static constexpr std::size_t kMostBytes = std::size_t{1} << 29;  // of pictures and latents

    explicit Trail(AskWorkspace* ask, QWidget* window);
    QList<QAction*> actions() const { return {back_, forward_}; }
    void setFile(const QString& file) { file_ = file; }  // of what is on screen; empty: none
    const QString& file() const { return file_; }

Q_SIGNALS:
    void wentTo(const QString& file);  // what is on screen now; empty: no file holds it

private:
    struct Stop {
        AskPlace place;
        QString file;
    };
    QAction* add(const char* name, const QString& text, const QList<QKeySequence>& keys,
                 const QString& tip);
    void leave();
    void go(std::vector<Stop>& from, std::vector<Stop>& to);
    void makeRoom();
    void update();

    AskWorkspace* ask_;
    QAction* back_;
    QAction* forward_;
    std::vector<Stop> before_, after_;  // last: the nearest
    QString file_;
    bool going_ = false;
};

// Pictures, answers, folders and data files on their way to the Ask workspace, and its answer on
// the way to a file.
class WindowFiles : public QObject {
    Q_OBJECT
public:
    WindowFiles(AskWorkspace* ask, RecentFiles* recent, QWidget* window);
    void follow(const WindowActions& actions);

    SourceBrowser* sources() const { return sources_; }

    // A picture, an .lvrtrace, a folder of pictures, or a data file.
    void open(const QString& file);
    void give(const QMimeData& data);  // what was dropped or pasted
    void showSample(const Sample& sample);
    void save(const QString& file);  // the answer, as an .lvrtrace
    void saveRecord(const Sample& sample, const std::vector<std::string>& labels);
    void exportAnswer(const QString& name);  // shows the dialog; `name` for an answer of no file
    void remember();  // takes folders and data from the last time and keeps them
    bool isBusy() const { return isOpening() || saving_ || listing_; }
    bool isSaving() const { return saving_; }

Q_SIGNALS:
    void askWanted();      // what came in belongs into that workspace
    void pictureWanted();  // into one that shows pictures
    void modelGiven(const QString& folderOrRepoId);
    void stateChanged(const QString& sentence);
    void failed(const QString& sentence);
    void settled();
    void busyChanged();

private:
    void wireGiven();
    void wireOpening();
    void wireSaving();
    void wireSources();
    void wireRecent(RecentFiles* recent);
    void wireTrail();
    bool isOpening() const;  // what is still wanted
    void read(const QString& file);
    void show(const QString& file, const std::function<void()>& in);
    void refuse(const QString& sentence);
    void chooseTarget();
    void showSources();

    AskWorkspace* ask_;
    QWidget* window_;
    GivenFiles* given_;
    FileJobs* jobs_;
    SourceBrowser* sources_;
    QDockWidget* panel_;  // of the sources
    Trail* trail_;
    QString title_;                                   // of what is on screen
    std::optional<quint64> opening_, openingRecord_;  // their turns to be shown
    bool saving_ = false, listing_ = false;
};

}  // namespace lvr
