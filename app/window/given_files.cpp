#include "app/window/given_files.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QMimeData>

#include "widgets/save_file.h"

namespace lvr {

GivenFiles::GivenFiles(QWidget* window) : QObject(window), window_(window) {}

void GivenFiles::choose() { openDialog(0); }
void GivenFiles::chooseTrace() { openDialog(1); }

void GivenFiles::openDialog(int filter) {
    auto* dialog = new QFileDialog(window_, tr("Open picture or trace"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters(
        {tr("Pictures and traces (*.png *.jpg *.jpeg *.bmp *.webp *.tif *.tiff *.lvrtrace)"),
         tr("Traces (*.lvrtrace)"), tr("All files (*)")});
    dialog->selectNameFilter(dialog->nameFilters().at(filter));
    connect(dialog, &QFileDialog::fileSelected, this, &GivenFiles::file);
    dialog->open();
}

void GivenFiles::chooseTarget() {
    askWhereToSave(window_, {tr("Save trace"), {}, {{"lvrtrace", tr("Traces")}}},
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
        givePath(local.first());
}

void GivenFiles::givePath(const QString& path) {
    const QFileInfo info(path);
    const QString given = info.filePath();
    if (!info.isDir())
        isForBrowsing(given) ? Q_EMIT data(given) : Q_EMIT file(given);
    else if (QFileInfo::exists(given + "/config.json"))
        Q_EMIT checkpoint(given);
    else
        QFileInfo::exists(given + "/data.json") ? Q_EMIT data(given) : Q_EMIT folder(given);
}

bool GivenFiles::isForBrowsing(const QString& path) {
    static const QStringList kData{"json", "jsonl", "parquet"};
    const QFileInfo info(path);
    return info.isDir() || kData.contains(info.suffix().toLower());
}

void GivenFiles::givePicture(const QImage& given) {
    if (given.isNull())
        Q_EMIT refused(tr("The clipboard's picture can't be read; copy it again as PNG."));
    else
        Q_EMIT picture(given);
}

}  // namespace lvr
