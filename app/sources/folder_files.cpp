#include "app/sources/folder_files.h"

#include <QApplication>
#include <QCollator>
#include <QDateTime>
#include <QDir>
#include <QDirIterator>
#include <QObject>
#include <QPainter>
#include <algorithm>
#include <filesystem>

#include "core/trace/trace_file.h"
#include "core/vision/image_file.h"
#include "widgets/job.h"
#include "widgets/qt_image.h"

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

// Throws Error.
Thumbnail readThumbnail(const BrowsedFile& file) {
    const std::filesystem::path path = file.path.toStdU16String();
    if (isTraceName(file.name)) return readTraceThumbnail(path);
    return {.picture = toQImage(readSmallImage(path, Thumbnails::kSide))};
}

constexpr int kPicture = 96;  // pixels
constexpr int kMargin = 6;

void paintPicture(QPainter& painter, const QRect& where, const QImage& picture) {
    QSizeF size = picture.size();
    if (size.width() > where.width() || size.height() > where.height())
        size.scale(where.size(), Qt::KeepAspectRatio);
    QRectF to(QPointF(), size);
    to.moveCenter(QRectF(where).center());
    painter.drawImage(to, picture);
}

// In the frame of the picture that is not there.
void paintInstead(QPainter& painter, const QRect& where, const QString& text, bool problem) {
    painter.setPen(QPen(painter.pen().color(), 1, problem ? Qt::DashLine : Qt::DotLine));
    painter.drawRect(where.adjusted(10, 18, -11, -19));
    painter.drawText(where.adjusted(12, 0, -12, 0), Qt::AlignCenter | Qt::TextWordWrap, text);
}

void paintBadge(QPainter& painter, const QRect& where, const QString& text) {
    QFont font = painter.font();
    font.setPointSizeF(font.pointSizeF() * 0.8);
    painter.setFont(font);
    QRect badge(QPoint(), QFontMetrics(font).size(0, text) + QSize(8, 2));
    badge.moveTopRight(where.topRight());
    painter.setPen(Qt::NoPen);
    painter.setBrush(QColor(0, 0, 0, 170));
    painter.drawRoundedRect(badge, 3, 3);
    painter.setPen(Qt::white);
    painter.drawText(badge, Qt::AlignCenter, text);
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

Thumbnails::Thumbnails(QObject* parent)
    : QObject(parent), job_(new Job(this, kReaders)), cache_(kMostBytes) {}

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
    job_->add([file] { return readThumbnail(file); },
              [this, file](const Thumbnail& thumbnail) { keep(file, thumbnail); },
              [this, file](const QString& sentence) { keep(file, {.problem = sentence}); });
}

void Thumbnails::keep(const BrowsedFile& file, Thumbnail thumbnail) {
    reading_.remove(keyOf(file));
    ++filesRead_;
    const auto cost = std::max<qsizetype>(thumbnail.picture.sizeInBytes(), kLeastCost);
    cache_.insert(keyOf(file), new Thumbnail(std::move(thumbnail)), cost);  // the cache owns it
    Q_EMIT read(file.path);
    startNext();
}

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

QSize FileDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
    return {kPicture + 2 * kMargin, kPicture + 3 * kMargin + option.fontMetrics.height()};
}

void FileDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                         const QModelIndex& index) const {
    const auto& model = static_cast<const FileModel&>(*index.model());
    const BrowsedFile& file = model.file(index.row());
    const Thumbnail* thumbnail = model.thumbnail(index.row());
    QStyleOptionViewItem box = option;
    box.text.clear();
    box.widget->style()->drawPrimitive(QStyle::PE_PanelItemViewItem, &box, painter, box.widget);
    painter->save();
    painter->setRenderHints(QPainter::SmoothPixmapTransform | QPainter::Antialiasing);
    const bool selected = option.state & QStyle::State_Selected;
    const QColor ink = option.palette.color(selected ? QPalette::HighlightedText : QPalette::Text);
    painter->setPen(ink);
    const QRect picture(option.rect.x() + (option.rect.width() - kPicture) / 2,
                        option.rect.y() + kMargin, kPicture, kPicture);
    if (thumbnail && !thumbnail->picture.isNull())
        paintPicture(*painter, picture, thumbnail->picture);
    else
        paintInstead(*painter, picture, thumbnail ? tr("can't be read") : QStringLiteral("…"),
                     thumbnail != nullptr);
    QFont font = option.font;
    font.setBold(file.path == openFile_);
    painter->setFont(font);
    painter->setPen(ink);
    const QRect name(option.rect.x() + 3, picture.bottom() + kMargin, option.rect.width() - 6,
                     option.fontMetrics.height() + 2);
    painter->drawText(name, Qt::AlignCenter,
                      QFontMetrics(font).elidedText(file.name, Qt::ElideMiddle, name.width()));
    if (isTraceName(file.name)) paintBadge(*painter, picture, tr("trace"));
    painter->restore();
    if (option.state & QStyle::State_HasFocus) {
        QStyleOptionFocusRect focus;
        focus.QStyleOption::operator=(option);
        option.widget->style()->drawPrimitive(QStyle::PE_FrameFocusRect, &focus, painter,
                                              option.widget);
    }
}

}  // namespace lvr
