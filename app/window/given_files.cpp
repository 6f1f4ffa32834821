#include "app/window/given_files.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QMimeData>

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
    auto* dialog = new QFileDialog(window_, tr("Save trace"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix("lvrtrace");
    dialog->setNameFilter(tr("Traces (*.lvrtrace)"));
    connect(dialog, &QFileDialog::fileSelected, this, &GivenFiles::target);
    dialog->open();
}

void GivenFiles::paste() {
    if (const QMimeData* data = QApplication::clipboard()->mimeData()) give(*data);
}

void GivenFiles::give(const QMimeData& data) {
    if (data.hasUrls())
        giveUrls(data.urls());
    else if (data.hasImage())
        givePicture(qvariant_cast<QImage>(data.imageData()));
    else
        Q_EMIT refused(tr("There is no picture on the clipboard; copy one and paste again."));
}

void GivenFiles::giveUrls(const QList<QUrl>& files) {
    if (files.isEmpty()) return;
    const QUrl& first = files.first();
    const QFileInfo info(first.toLocalFile());
    if (!first.isLocalFile())
        Q_EMIT refused(tr("%1 is not a file on this machine; save the picture first and open that.")
                           .arg(first.toDisplayString()));
    else if (info.isDir() && QFileInfo::exists(info.filePath() + "/config.json"))
        Q_EMIT checkpoint(info.filePath());
    else
        Q_EMIT file(info.filePath());
}

void GivenFiles::givePicture(const QImage& given) {
    if (given.isNull())
        Q_EMIT refused(tr("The clipboard's picture can't be read; copy it again as PNG."));
    else
        Q_EMIT picture(given);
}

}  // namespace lvr
