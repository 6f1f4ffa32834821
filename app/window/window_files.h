#pragma once

#include <QObject>
#include <functional>
#include <optional>

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
class Trail;
struct Image;
struct Sample;
struct WindowActions;

// Pictures, answers, folders and data files on their way to the Ask workspace, and its answer on
// the way to a file.
class WindowFiles : public QObject {
    Q_OBJECT
public:
    WindowFiles(AskWorkspace* ask, RecentFiles* recent, QWidget* window);
    void follow(const WindowActions& actions);

    FileJobs* jobs() const { return jobs_; }
    SourceBrowser* sources() const { return sources_; }

    // A picture, an .lvrtrace, a folder of pictures, or a data file.
    void open(const QString& file);
    void give(const QMimeData& data);  // what was dropped or pasted
    void showSample(const Sample& sample);
    void save(const QString& file);          // the answer, as an .lvrtrace
    void exportAnswer(const QString& name);  // shows the dialog; `name` for an answer of no file
    void remember();  // takes folders and data from the last time and keeps them
    bool isBusy() const { return isOpening() || saving_ || listing_; }
    bool isSaving() const { return saving_; }

Q_SIGNALS:
    void askWanted();  // what came in belongs into that workspace
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
