#include "app/sources/given_files.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QMimeData>
#include <QSettings>

#include "app/sources/benchmark_records.h"
#include "app/sources/folder_files.h"
#include "core/trace/trace_file.h"
#include "core/vision/image_file.h"
#include "widgets/job.h"
#include "widgets/save_file.h"

namespace lvr {
namespace {

constexpr auto kFolder = "window/folder";
constexpr int kLooks = 3;  // a place that hangs keeps nobody from another

std::filesystem::path toPath(const QString& file) { return file.toStdU16String(); }

// Which of the signals tells of it. Blocks.
using Tell = void (GivenFiles::*)(const QString&);
Tell kindOf(const QString& path) {
    static const QStringList kData{"json", "jsonl", "parquet"};
    const QFileInfo info(path);
    if (!info.isDir())
        return kData.contains(info.suffix().toLower()) ? &GivenFiles::data : &GivenFiles::file;
    if (QFileInfo::exists(path + "/config.json")) return &GivenFiles::checkpoint;
    const bool isData = QFileInfo::exists(path + "/data.json") || holdsBenchmark(toPath(path));
    return isData ? &GivenFiles::data : &GivenFiles::folder;
}

}  // namespace

GivenFiles::GivenFiles(QWidget* window)
    : QObject(window), window_(window), looks_(new Job(this, kLooks)) {}

bool GivenFiles::isLooking() const { return looks_->isBusy(); }

void GivenFiles::choose() { openDialog(0); }
void GivenFiles::chooseTrace() { openDialog(1); }

void GivenFiles::openDialog(int filter) {
    auto* dialog = new QFileDialog(window_, tr("Open picture or trace"), folder_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters(
        {tr("Pictures and traces (*.png *.jpg *.jpeg *.bmp *.webp *.tif *.tiff *.lvrtrace)"),
         tr("Traces (*.lvrtrace)"), tr("All files (*)")});
    dialog->selectNameFilter(dialog->nameFilters().at(filter));
    connect(dialog, &QFileDialog::fileSelected, this, &GivenFiles::given);
    dialog->open();
}

void GivenFiles::chooseTarget(const QString& name) {
    const QString suggestion = folder_.isEmpty() ? name : folder_ + '/' + name;
    askWhereToSave(window_, {tr("Save trace"), suggestion, {{"lvrtrace", tr("Traces")}}},
                   [this](const QString& file, const QString&) { Q_EMIT target(file); });
}

void GivenFiles::paste() {
    const QMimeData* data = QApplication::clipboard()->mimeData();
    const QMimeData nothing;
    give(data ? *data : nothing);
}

void GivenFiles::give(const QMimeData& data) {
    const QList<QUrl> urls = data.urls();
    const bool local = !urls.isEmpty() && urls.first().isLocalFile();
    // A browser gives a picture and its address; the address alone is of no use here.
    if (!urls.isEmpty() && (local || !data.hasImage()))
        giveUrls(urls);
    else if (data.hasImage())
        givePicture(qvariant_cast<QImage>(data.imageData()));
    else
        Q_EMIT refused(tr("There is no picture on the clipboard; copy one and paste again."));
}

void GivenFiles::giveUrls(const QList<QUrl>& urls) {
    if (urls.isEmpty()) return;
    if (!urls.first().isLocalFile()) {
        Q_EMIT refused(tr("%1 is not a file on this machine; save the picture first and open that.")
                           .arg(urls.first().toDisplayString()));
        return;
    }
    QStringList local;
    for (const QUrl& url : urls)
        if (url.isLocalFile()) local << url.toLocalFile();
    if (local.size() > 1)
        Q_EMIT files(local);
    else
        Q_EMIT given(local.first());
}

void GivenFiles::lookAt(const QString& path) {
    const QString given = QFileInfo(path).filePath();
    looks_->replace([given] { return kindOf(given); },
                    [this, given](Tell tell) {
                        Q_EMIT(this->*tell)
                        (given);
                    },
                    [this](const QString& sentence) { Q_EMIT refused(sentence); });
}

void GivenFiles::remember() {
    remembers_ = true;
    folder_ = QSettings().value(kFolder).toString();
}

void GivenFiles::setFolder(const QString& folder) {
    folder_ = folder;
    if (remembers_) QSettings().setValue(kFolder, folder);
}

void GivenFiles::givePicture(const QImage& given) {
    if (given.isNull())
        Q_EMIT refused(tr("The clipboard's picture can't be read; copy it again as PNG."));
    else
        Q_EMIT picture(given);
}

FileJobs::FileJobs(QObject* parent) : QObject(parent), job_(new Job(this)) {}

bool FileJobs::isBusy() const { return job_->isBusy(); }

void FileJobs::open(const QString& file) {
    const auto fail = [this](const QString& sentence) { Q_EMIT openFailed(sentence); };
    if (isTraceName(file))
        job_->replace([file] { return readTrace(toPath(file)); },
                      [this, file](const Trace& trace) { Q_EMIT traceOpened(trace, file); }, fail);
    else
        job_->replace([file] { return readImage(toPath(file)); },
                      [this, file](const Image& picture) { Q_EMIT pictureOpened(picture, file); },
                      fail);
}

void FileJobs::save(const Trace& trace, const QString& file) {
    job_->add([trace, file] { writeTrace(trace, toPath(file)); },
              [this, file] { Q_EMIT traceSaved(file); },
              [this](const QString& sentence) { Q_EMIT saveFailed(sentence); });
}

}  // namespace lvr
