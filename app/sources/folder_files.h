#pragma once

#include <QAbstractListModel>
#include <QCache>
#include <QImage>
#include <QObject>
#include <QSet>
#include <QString>
#include <QStringList>
#include <QStyledItemDelegate>
#include <deque>
#include <vector>

namespace lvr {

class Job;

struct BrowsedFile {
    QString path, name;
    qint64 modified = 0;  // ms since 1970; another time is another picture
    bool operator==(const BrowsedFile&) const = default;
};

struct Listing {
    std::vector<BrowsedFile> files;
    QString problem;  // why there are none
};

// The pictures and traces of a folder, by their endings; file2 comes before file10. Any thread.
Listing listFolder(const QString& folder);
// Files as they were given, in that order.
Listing listFiles(const QStringList& files);

bool isTraceName(const QString& name);

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

    Job* job_;
    QCache<QString, Thumbnail> cache_;
    std::deque<BrowsedFile> wanted_;
    QSet<QString> reading_;
    int filesRead_ = 0;
};

// The files of a folder whose names hold the filter's text.
class FileModel : public QAbstractListModel {
    Q_OBJECT
public:
    explicit FileModel(const Thumbnails& thumbnails, QObject* parent = nullptr);

    void setFiles(std::vector<BrowsedFile> files);
    void setFilter(const QString& text);
    const BrowsedFile& file(int row) const { return files_[shown_[row]]; }
    int rowOf(const QString& path) const;  // -1: not shown
    int total() const { return static_cast<int>(files_.size()); }
    const Thumbnail* thumbnail(int row) const;  // null while it is not known
    void thumbnailCame(const QString& path);

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    void choose();

    const Thumbnails& thumbnails_;
    std::vector<BrowsedFile> files_;
    std::vector<int> shown_;  // indices into files_
    QString filter_;
};

// A file as its small picture with its name below; traces and unreadable files are marked.
class FileDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    // The file on screen.
    void setOpenFile(const QString& path) { openFile_ = path; }

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;

private:
    QString openFile_;
};

}  // namespace lvr
