#pragma once

#include <QImage>
#include <QObject>
#include <QUrl>

#include "core/values/trace.h"

class QMimeData;
class QWidget;

namespace lvr {

class Job;

// Pictures, traces, folders, data files and checkpoints as they come in: chosen in a dialog,
// dropped or pasted. Says what each is, which is looked up away from the GUI thread; what can't be
// used is refused in one sentence.
class GivenFiles : public QObject {
    Q_OBJECT
public:
    explicit GivenFiles(QWidget* window);

    void choose();                           // a picture or a trace
    void chooseTrace();                      // the same dialog, showing traces
    void chooseTarget(const QString& name);  // where to save a trace; called so unless changed
    void paste();
    void give(const QMimeData& data);
    void giveUrls(const QList<QUrl>& urls);
    bool isLooking() const;
    void lookAt(const QString& path);  // the newest is told by one of the signals below
    void remember();                   // the folder of the dialogs, from the last time on
    void setFolder(const QString& folder);
    void givePicture(const QImage& picture);

Q_SIGNALS:
    void picture(const QImage& picture);
    void given(const QString& path);  // nobody has looked yet what it is
    // ---- Of what lookAt() was asked about ----
    void file(const QString& file);      // a picture or a trace
    void folder(const QString& folder);  // of pictures
    void data(const QString& data);      // a data file, or a folder of scenes
    void checkpoint(const QString& folder);
    // ----
    void files(const QStringList& files);  // several at once
    void target(const QString& file);
    void refused(const QString& sentence);

private:
    void openDialog(int filter);
    QWidget* window_;
    QString folder_;  // where the dialogs begin; empty: where the program was started
    bool remembers_ = false;
    Job* looks_;
};

// Reads and writes files away from the GUI thread; every signal comes on the GUI thread. Of several
// files opened in a hurry the newest is shown.
class FileJobs : public QObject {
    Q_OBJECT
public:
    explicit FileJobs(QObject* parent = nullptr);

    void open(const QString& file);  // a trace by its ending .lvrtrace, otherwise a picture
    void save(const Trace& trace, const QString& file);
    bool isBusy() const;  // also with what nobody waits for any more

Q_SIGNALS:
    void pictureOpened(const lvr::Image& picture, const QString& file);
    void traceOpened(const lvr::Trace& trace, const QString& file);
    void traceSaved(const QString& file);
    void openFailed(const QString& sentence);
    void saveFailed(const QString& sentence);

private:
    Job* job_;
};

}  // namespace lvr
