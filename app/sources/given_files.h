#pragma once

#include <QImage>
#include <QObject>
#include <QUrl>

class QMimeData;
class QWidget;

namespace lvr {

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
    quint64 newest_ = 0;
};

}  // namespace lvr
