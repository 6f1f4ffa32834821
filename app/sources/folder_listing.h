#pragma once

#include <QString>
#include <QStringList>
#include <vector>

namespace lvr {

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

}  // namespace lvr
