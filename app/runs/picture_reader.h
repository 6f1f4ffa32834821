#pragma once

#include <QImage>
#include <QObject>
#include <QThreadPool>

namespace lvr {

// Reads pictures away from the GUI thread, made small enough to show. Every signal comes on the GUI
// thread, one for each file that was asked for and not dropped.
class PictureReader : public QObject {
    Q_OBJECT
public:
    explicit PictureReader(QObject* parent = nullptr);
    ~PictureReader() override;  // waits for the last file

    void read(const QString& file);
    void drop();  // what was asked for so far is not wanted any more

Q_SIGNALS:
    void pictureRead(const QString& file, const QImage& picture);
    void failed(const QString& file, const QString& sentence);

private:
    QThreadPool pool_;
    quint64 wanted_ = 0;  // GUI thread
};

}  // namespace lvr
