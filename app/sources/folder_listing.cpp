#include "app/sources/folder_listing.h"

#include <QCollator>
#include <QDateTime>
#include <QDir>
#include <QDirIterator>
#include <QObject>
#include <algorithm>

namespace lvr {
namespace {

const QStringList kEndings = {"*.png",  "*.jpg", "*.jpeg", "*.bmp",
                              "*.webp", "*.tif", "*.tiff", "*.lvrtrace"};

BrowsedFile describe(const QFileInfo& info) {
    return {info.filePath(), info.fileName(), info.lastModified().toMSecsSinceEpoch()};
}

// The C locale's own order is that of bytes, without numbers.
QCollator naturalOrder() {
    QCollator order(QLocale().language() == QLocale::C ? QLocale(QLocale::English) : QLocale());
    order.setNumericMode(true);
    order.setCaseSensitivity(Qt::CaseInsensitive);
    return order;
}

void sortNaturally(std::vector<BrowsedFile>& files) {
    const QCollator order = naturalOrder();
    std::vector<std::pair<QCollatorSortKey, std::size_t>> keys;
    keys.reserve(files.size());
    for (std::size_t i = 0; i < files.size(); ++i)
        keys.emplace_back(order.sortKey(files[i].name), i);
    std::stable_sort(keys.begin(), keys.end(),
                     [](const auto& a, const auto& b) { return a.first.compare(b.first) < 0; });
    std::vector<BrowsedFile> sorted;
    sorted.reserve(files.size());
    for (const auto& key : keys) sorted.push_back(std::move(files[key.second]));
    files = std::move(sorted);
}

}  // namespace

Listing listFolder(const QString& folder) {
    const QFileInfo info(folder);
    const QString shown = QDir::toNativeSeparators(folder);
    if (!info.exists())
        return {.problem = QObject::tr("%1 is not there; choose another folder.").arg(shown)};
    if (!info.isDir())
        return {.problem = QObject::tr("%1 is not a folder; choose one.").arg(shown)};
    if (!info.isReadable())
        return {.problem = QObject::tr("%1 can't be read; check its permissions.").arg(shown)};
    Listing listing;
    for (QDirIterator it(folder, kEndings, QDir::Files); it.hasNext();) {
        it.next();
        listing.files.push_back(describe(it.fileInfo()));
    }
    if (listing.files.empty())
        listing.problem = QObject::tr("There are no pictures or traces in %1.").arg(shown);
    sortNaturally(listing.files);
    return listing;
}

Listing listFiles(const QStringList& files) {
    Listing listing;
    for (const QString& file : files) listing.files.push_back(describe(QFileInfo(file)));
    return listing;
}

bool isTraceName(const QString& name) { return name.endsWith(".lvrtrace", Qt::CaseInsensitive); }

}  // namespace lvr
