#pragma once

#include <QAbstractListModel>

#include "app/sources/folder_listing.h"

namespace lvr {

class Thumbnails;
struct Thumbnail;

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

}  // namespace lvr
