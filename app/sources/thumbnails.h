#pragma once

#include <QCache>
#include <QImage>
#include <QObject>
#include <QSet>
#include <QThreadPool>
#include <deque>

#include "app/sources/folder_listing.h"

namespace lvr {

struct Thumbnail {
    QImage picture;   // null: there is none
    QString details;  // of a trace: its question and answer
    QString problem;  // why there is no picture
};

// Small pictures of files, read away from the GUI thread and kept in bounded memory. Only what is
// wanted now is read: what was wanted before and has not begun is forgotten.
class Thumbnails : public QObject {
    Q_OBJECT
public:
    static constexpr int kSide = 160;  // pixels
    explicit Thumbnails(QObject* parent = nullptr);
    ~Thumbnails() override;  // waits for the files that are being read

    // Null while it is not known.
    const Thumbnail* find(const BrowsedFile& file) const;
    void want(const std::vector<BrowsedFile>& files);  // the most important first
    qint64 bytesKept() const { return cache_.totalCost(); }
    int filesRead() const { return filesRead_; }

Q_SIGNALS:
    void read(const QString& path);
    void idle();  // all that was wanted is known

private:
    void startNext();
    void start(const BrowsedFile& file);
    void keep(const BrowsedFile& file, Thumbnail thumbnail);

    QThreadPool pool_;
    // GUI thread
    QCache<QString, Thumbnail> cache_;
    std::deque<BrowsedFile> wanted_;
    QSet<QString> reading_;
    int filesRead_ = 0;
};

}  // namespace lvr
