#pragma once

#include <QImage>
#include <QObject>
#include <QUrl>

class QMimeData;
class QWidget;

namespace lvr {

// Pictures, traces, folders, data files and checkpoints as they come in: chosen in a dialog,
// dropped or pasted. Says what each is; what can't be used is refused in one sentence.
class GivenFiles : public QObject {
    Q_OBJECT
public:
    explicit GivenFiles(QWidget* window);

    void choose();        // a picture or a trace
    void chooseTrace();   // the same dialog, showing traces
    void chooseTarget();  // where to save a trace
    void paste();
    void give(const QMimeData& data);
    void giveUrls(const QList<QUrl>& urls);
    void givePath(const QString& path);
    static bool isForBrowsing(const QString& path);  // a folder or a data file
    void givePicture(const QImage& picture);

Q_SIGNALS:
    void picture(const QImage& picture);
    void file(const QString& file);
    void files(const QStringList& files);  // several at once
    void folder(const QString& folder);    // of pictures
    void data(const QString& data);        // a data file, or a folder of scenes
    void checkpoint(const QString& folder);
    void target(const QString& file);
    void refused(const QString& sentence);

private:
    void openDialog(int filter);
    QWidget* window_;
};

}  // namespace lvr
