#include "app/sources/thumbnails.h"

#include <QMetaObject>
#include <exception>
#include <filesystem>
#include <new>

#include "core/trace/trace_file.h"
#include "core/vision/image_file.h"
#include "widgets/qt_image.h"

namespace lvr {
namespace {

constexpr int kReaders = 2;
constexpr int kMostBytes = 64 << 20;
constexpr int kLeastCost = 512;  // of one that holds no picture

QString keyOf(const BrowsedFile& file) { return QString::number(file.modified) + '/' + file.path; }

Thumbnail readTraceThumbnail(const std::filesystem::path& path) {
    const TraceGlance glance = glanceAtTrace(path);
    const QImage picture = toQImage(shrunkTo(glance.picture, Thumbnails::kSide));
    return {.picture = picture,
            .details = QObject::tr("%1\n→ %2")
                           .arg(QString::fromStdString(glance.question),
                                QString::fromStdString(glance.answer))};
}

Thumbnail readThumbnail(const BrowsedFile& file) {
    const std::filesystem::path path = file.path.toStdU16String();
    try {
        if (isTraceName(file.name)) return readTraceThumbnail(path);
        return {.picture = toQImage(readSmallImage(path, Thumbnails::kSide))};
    } catch (const std::bad_alloc&) {
        return {.problem = QObject::tr("There is not enough memory for this file.")};
    } catch (const std::exception& error) {
        return {.problem = QString::fromUtf8(error.what())};
    }
}

}  // namespace

Thumbnails::Thumbnails(QObject* parent) : QObject(parent), cache_(kMostBytes) {
    pool_.setMaxThreadCount(kReaders);
}

Thumbnails::~Thumbnails() { pool_.waitForDone(); }

const Thumbnail* Thumbnails::find(const BrowsedFile& file) const {
    return cache_.object(keyOf(file));
}

void Thumbnails::want(const std::vector<BrowsedFile>& files) {
    wanted_.assign(files.begin(), files.end());
    startNext();
}

void Thumbnails::startNext() {
    while (!wanted_.empty() && reading_.size() < kReaders) {
        const BrowsedFile file = std::move(wanted_.front());
        wanted_.pop_front();
        if (!reading_.contains(keyOf(file)) && !cache_.contains(keyOf(file))) start(file);
    }
    if (reading_.isEmpty()) Q_EMIT idle();
}

void Thumbnails::start(const BrowsedFile& file) {
    reading_.insert(keyOf(file));
    pool_.start([this, file] {
        const Thumbnail thumbnail = readThumbnail(file);
        QMetaObject::invokeMethod(this, [this, file, thumbnail] { keep(file, thumbnail); });
    });
}

void Thumbnails::keep(const BrowsedFile& file, Thumbnail thumbnail) {
    reading_.remove(keyOf(file));
    ++filesRead_;
    const auto cost = std::max<qsizetype>(thumbnail.picture.sizeInBytes(), kLeastCost);
    cache_.insert(keyOf(file), new Thumbnail(std::move(thumbnail)), cost);  // the cache owns it
    Q_EMIT read(file.path);
    startNext();
}

}  // namespace lvr
