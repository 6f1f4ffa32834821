#pragma once

#include <QTimer>
#include <QWidget>

class QFileSystemWatcher;
class QLabel;
class QLineEdit;
class QListView;
class QModelIndex;
class QStackedWidget;

namespace lvr {

class FileDelegate;
class FileModel;
class Job;
class Thumbnails;
struct Listing;

// The pictures and traces of a folder as small pictures; a click or Enter opens one. What is on
// screen is read first, and the folder is watched.
class FolderBrowser : public QWidget {
    Q_OBJECT
public:
    explicit FolderBrowser(QWidget* parent = nullptr);

    void showFolder(const QString& folder);
    void showFiles(const QStringList& files);          // a list of its own, in that order
    const QString& folder() const { return folder_; }  // empty: none, or a list
    void setOpenFile(const QString& file);             // marked, if it is listed
    const QString& openFile() const { return openFile_; }
    void openFailed();  // of what was clicked last: it can be clicked again
    void chooseFolder();
    // The file `by` places further; nothing at either end.
    void openNeighbour(int by);
    bool isEmpty() const;

Q_SIGNALS:
    void opened(const QString& file);
    void listed();   // what was asked for is shown, or why it can't be
    void settled();  // and the small pictures on screen are there

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void build();
    void wire();
    void list(const QString& folder, const QStringList& files);
    void showListing(const Listing& listing);
    void refresh();  // the folder has changed
    void watch();
    void filterBy(const QString& text);
    QString currentFile() const;
    void makeCurrent(const QString& file);  // if it is listed
    void open(const QModelIndex& index);
    void wantVisible();
    void count();

    QString folder_, openFile_;
    QString wantedFile_;  // said by opened(), and not yet on screen
    QStringList files_;   // of a list
    bool isListing_ = false;
    QTimer settle_;   // a scroll or resize ends
    QTimer changed_;  // a burst of changes in the folder ends

    Job* looks_;
    Thumbnails* thumbnails_;
    FileModel* model_;
    FileDelegate* delegate_;
    QFileSystemWatcher* watcher_;
    QLineEdit* path_;
    QLineEdit* filter_;
    QStackedWidget* pages_;
    QListView* list_;
    QLabel* hint_;
    QLabel* count_;
};

}  // namespace lvr
