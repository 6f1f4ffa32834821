#include "app/sources/file_model.h"

#include <algorithm>

#include "app/sources/thumbnails.h"

namespace lvr {

FileModel::FileModel(const Thumbnails& thumbnails, QObject* parent)
    : QAbstractListModel(parent), thumbnails_(thumbnails) {}

void FileModel::setFiles(std::vector<BrowsedFile> files) {
    beginResetModel();
    files_ = std::move(files);
    choose();
    endResetModel();
}

void FileModel::setFilter(const QString& text) {
    beginResetModel();
    filter_ = text.trimmed();
    choose();
    endResetModel();
}

void FileModel::choose() {
    shown_.clear();
    for (int i = 0; i < total(); ++i)
        if (filter_.isEmpty() || files_[i].name.contains(filter_, Qt::CaseInsensitive))
            shown_.push_back(i);
}

int FileModel::rowOf(const QString& path) const {
    const auto found =
        std::find_if(shown_.begin(), shown_.end(), [&](int i) { return files_[i].path == path; });
    return found == shown_.end() ? -1 : static_cast<int>(found - shown_.begin());
}

const Thumbnail* FileModel::thumbnail(int row) const { return thumbnails_.find(file(row)); }

void FileModel::thumbnailCame(const QString& path) {
    if (const int row = rowOf(path); row >= 0) Q_EMIT dataChanged(index(row), index(row));
}

int FileModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(shown_.size());
}

QVariant FileModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const BrowsedFile& file = this->file(index.row());
    if (role == Qt::DisplayRole) return file.name;
    if (role != Qt::ToolTipRole && role != Qt::AccessibleDescriptionRole) return {};
    const Thumbnail* thumbnail = this->thumbnail(index.row());
    if (!thumbnail) return file.path;
    if (!thumbnail->problem.isEmpty()) return thumbnail->problem;
    return thumbnail->details.isEmpty() ? file.path : file.path + '\n' + thumbnail->details;
}

}  // namespace lvr
