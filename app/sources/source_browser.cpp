#include "app/sources/source_browser.h"

#include <QAction>
#include <QSettings>
#include <QTabWidget>
#include <QVBoxLayout>

#include "app/sources/dataset_browser.h"
#include "app/sources/folder_browser.h"
#include "widgets/action_tip.h"

namespace lvr {

SourceBrowser::SourceBrowser(QWidget* parent)
    : QWidget(parent),
      folder_(new FolderBrowser(this)),
      data_(new DatasetBrowser(this)),
      tabs_(new QTabWidget(this)) {
    tabs_->setDocumentMode(true);
    tabs_->addTab(folder_, tr("Pictures"));
    tabs_->addTab(data_, tr("Questions"));
    tabs_->setTabToolTip(0, tr("Pictures and traces of a folder"));
    tabs_->setTabToolTip(1, tr("Questions with known answers of a data file"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(tabs_);
    makeActions();
    connect(folder_, &FolderBrowser::opened, this, &SourceBrowser::fileOpened);
    connect(data_, &DatasetBrowser::recordWanted, this, &SourceBrowser::recordWanted);
    connect(data_, &DatasetBrowser::sampleChosen, this, &SourceBrowser::sampleChosen);
    connect(data_, &DatasetBrowser::failed, this, &SourceBrowser::failed);
    connect(data_, &DatasetBrowser::settled, this, &SourceBrowser::settled);
    connect(folder_, &FolderBrowser::settled, this, &SourceBrowser::settled);
}

void SourceBrowser::makeActions() {
    const auto add = [this](const QString& text, Qt::Key key, const QString& tip, int by) {
        auto* action = new QAction(text, this);
        action->setObjectName(by > 0 ? "sources.next" : "sources.previous");
        action->setShortcut(QKeySequence(Qt::ALT | key));  // the bare keys turn pages of text
        action->setToolTip(tip);
        updateTip(*action);
        connect(action, &QAction::triggered, this, [this, by] { move(by); });
        moves_.append(action);
    };
    add(tr("Ne&xt picture"), Qt::Key_PageDown,
        tr("The next picture of the folder, or record of the data"), 1);
    add(tr("Pre&vious picture"), Qt::Key_PageUp,
        tr("The previous picture of the folder, or record of the data"), -1);
}

void SourceBrowser::move(int by) {
    if (tabs_->currentWidget() == data_)
        data_->openNeighbour(by);
    else
        folder_->openNeighbour(by);
}

void SourceBrowser::showFolder(const QString& folder) {
    tabs_->setCurrentWidget(folder_);
    folder_->showFolder(folder);
}

void SourceBrowser::showFiles(const QStringList& files) {
    tabs_->setCurrentWidget(folder_);
    folder_->showFiles(files);
}

void SourceBrowser::openData(const QString& data) {
    tabs_->setCurrentWidget(data_);
    data_->open(data);
}

void SourceBrowser::setOpenFile(const QString& file) { folder_->setOpenFile(file); }
void SourceBrowser::openFailed() { folder_->openFailed(); }
QString SourceBrowser::openFile() const { return folder_->openFile(); }

void SourceBrowser::chooseFolder() {
    tabs_->setCurrentWidget(folder_);
    folder_->chooseFolder();
}

void SourceBrowser::chooseData() {
    tabs_->setCurrentWidget(data_);
    data_->chooseFile();
}

void SourceBrowser::remember() const {
    QSettings settings;
    settings.setValue("browse/folder", folder_->folder());
    settings.setValue("browse/data", data_->data());
    settings.setValue("browse/images", data_->imageRoot());
    settings.setValue("browse/tab", tabs_->currentIndex());
}

void SourceBrowser::restore() {
    const QSettings settings;
    const QString folder = settings.value("browse/folder").toString();
    const QString data = settings.value("browse/data").toString();
    data_->setImageRoot(settings.value("browse/images").toString());
    if (!folder.isEmpty()) folder_->showFolder(folder);
    if (!data.isEmpty()) data_->openWhenShown(data);
    tabs_->setCurrentIndex(settings.value("browse/tab").toInt());
}

}  // namespace lvr
