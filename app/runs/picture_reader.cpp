#include "app/runs/picture_reader.h"

#include <QMetaObject>
#include <exception>
#include <filesystem>
#include <new>

#include "core/vision/image_file.h"
#include "widgets/qt_image.h"

namespace lvr {
namespace {

constexpr int kLargestSide = 1024;  // pixels

struct Picture {
    QImage image;
    QString sentence;  // why there is none
};

Picture readSmall(const QString& file) {
    try {
        const auto path = std::filesystem::path(file.toStdU16String());
        return {.image = toQImage(shrunkTo(readImage(path), kLargestSide))};
    } catch (const std::bad_alloc&) {
        return {.sentence = QObject::tr("There is not enough memory for this picture.")};
    } catch (const std::exception& error) {
        return {.sentence = QString::fromUtf8(error.what())};
    }
}

}  // namespace

PictureReader::PictureReader(QObject* parent) : QObject(parent) { pool_.setMaxThreadCount(1); }

PictureReader::~PictureReader() {
    pool_.clear();
    pool_.waitForDone();
}

void PictureReader::read(const QString& file) {
    pool_.start([this, file, wanted = wanted_] {
        const Picture picture = readSmall(file);
        QMetaObject::invokeMethod(this, [this, file, wanted, picture] {
            if (wanted != wanted_) return;
            if (picture.sentence.isEmpty())
                Q_EMIT pictureRead(file, picture.image);
            else
                Q_EMIT failed(file, picture.sentence);
        });
    });
}

void PictureReader::drop() {
    pool_.clear();
    ++wanted_;
}

}  // namespace lvr
