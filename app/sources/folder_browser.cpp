#include "app/sources/folder_browser.h"

#include <QDir>
#include <QFileDialog>
#include <QFileSystemWatcher>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QScrollBar>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "app/sources/folder_files.h"
#include "widgets/entry_fields.h"
#include "widgets/job.h"

namespace lvr {
namespace {

constexpr int kSettle = 30;    // ms
constexpr int kChanged = 250;  // ms
constexpr int kFolders = 3;    // one that hangs keeps nobody from another

}  // namespace

FolderBrowser::FolderBrowser(QWidget* parent)
    : QWidget(parent),
      looks_(new Job(this, kFolders)),
      thumbnails_(new Thumbnails(this)),
      model_(new FileModel(*thumbnails_, this)),
      delegate_(new FileDelegate(this)),
      watcher_(new QFileSystemWatcher(this)),
      path_(new QLineEdit(this)),
      filter_(new QLineEdit(this)),
      pages_(new QStackedWidget(this)),
      list_(new QListView(this)),
      hint_(new QLabel(this)),
      count_(new QLabel(this)) {
    for (QTimer* timer : {&settle_, &changed_}) timer->setSingleShot(true);
    settle_.setInterval(kSettle);
    changed_.setInterval(kChanged);
    build();
    wire();
}

void FolderBrowser::build() {
    path_->setAccessibleName(tr("Folder of pictures"));
    path_->setPlaceholderText(tr("Folder"));
    path_->setToolTip(tr("Type or paste a folder and press Enter"));
    auto* choose = new QPushButton(tr("&Folder…"), this);
    choose->setAccessibleName(tr("Choose a folder of pictures"));
    choose->setToolTip(tr("Show the pictures and traces of a folder"));
    connect(choose, &QPushButton::clicked, this, &FolderBrowser::chooseFolder);
    filter_->setAccessibleName(tr("Filter by name"));
    filter_->setPlaceholderText(tr("Filter by name"));
    filter_->setClearButtonEnabled(true);
    hint_->setWordWrap(true);
    hint_->setAlignment(Qt::AlignCenter);
    hint_->setMargin(12);
    hint_->setText(tr("Choose a folder, or drop one here:\nits pictures and traces are shown."));
    count_->setAccessibleName(tr("Number of files"));
    for (QLineEdit* line : {path_, filter_}) line->setAcceptDrops(false);  // the window takes them
    list_->setAccessibleName(tr("Pictures and traces"));
    list_->setModel(model_);
    list_->setItemDelegate(delegate_);
    list_->setFlow(QListView::LeftToRight);
    list_->setWrapping(true);
    list_->setResizeMode(QListView::Adjust);
    list_->setUniformItemSizes(true);
    list_->setVerticalScrollMode(QListView::ScrollPerPixel);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    list_->setMouseTracking(true);
    list_->viewport()->installEventFilter(this);
    pages_->addWidget(hint_);
    pages_->addWidget(list_);
    auto* top = new QHBoxLayout;
    top->addWidget(path_, 1);
    top->addWidget(choose);
    auto* column = new QVBoxLayout(this);
    column->addLayout(top);
    column->addWidget(filter_);
    column->addWidget(pages_, 1);
    column->addWidget(count_);
}

void FolderBrowser::wire() {
    connect(path_, &QLineEdit::returnPressed, this, [this] {
        if (!typedPath(path_).isEmpty()) showFolder(typedPath(path_));
    });
    connect(filter_, &QLineEdit::textChanged, this, &FolderBrowser::filterBy);
    connect(filter_, &QLineEdit::returnPressed, list_, qOverload<>(&QWidget::setFocus));
    list_->installEventFilter(this);
    // Clicked and not activated, which a double click would be besides.
    connect(list_, &QListView::clicked, this, [this](const QModelIndex& index) {
        const QString& file = model_->file(index.row()).path;
        if (file != openFile_ && file != wantedFile_) open(index);
    });
    connect(list_->verticalScrollBar(), &QScrollBar::valueChanged, &settle_,
            qOverload<>(&QTimer::start));
    connect(&settle_, &QTimer::timeout, this, &FolderBrowser::wantVisible);
    connect(&changed_, &QTimer::timeout, this, &FolderBrowser::refresh);
    connect(watcher_, &QFileSystemWatcher::directoryChanged, &changed_,
            qOverload<>(&QTimer::start));
    connect(thumbnails_, &Thumbnails::read, model_, &FileModel::thumbnailCame);
    connect(thumbnails_, &Thumbnails::idle, this, [this] {
        if (!isListing_ && !settle_.isActive()) Q_EMIT settled();
    });
}

// ---- What is listed ----

void FolderBrowser::showFolder(const QString& folder) {
    filter_->clear();
    list(QDir(folder).absolutePath(), {});
}

void FolderBrowser::showFiles(const QStringList& files) {
    filter_->clear();
    list({}, files);
}

void FolderBrowser::list(const QString& folder, const QStringList& files) {
    if (!watcher_->directories().isEmpty()) watcher_->removePaths(watcher_->directories());
    folder_ = folder;
    files_ = files;
    path_->setText(QDir::toNativeSeparators(folder));
    path_->setPlaceholderText(files.isEmpty() ? tr("Folder") : tr("Files that were dropped"));
    count_->setText(tr("Reading…"));
    refresh();
}

void FolderBrowser::refresh() {
    const auto look = [folder = folder_, files = files_] {
        return folder.isEmpty() ? listFiles(files) : listFolder(folder);
    };
    isListing_ = true;
    const auto show = [this](const Listing& listing) {
        isListing_ = false;
        watch();
        showListing(listing);
    };
    looks_->replace(look, show, [show](const QString& why) { show({.problem = why}); });
}

// Once its listing is here: a folder that hangs has not come so far.
void FolderBrowser::watch() {
    if (!folder_.isEmpty() && watcher_->directories().isEmpty()) watcher_->addPath(folder_);
}

void FolderBrowser::showListing(const Listing& listing) {
    const int scrolled = list_->verticalScrollBar()->value();
    const QString current = currentFile();
    model_->setFiles(listing.files);
    hint_->setText(listing.problem);
    pages_->setCurrentWidget(listing.files.empty() ? static_cast<QWidget*>(hint_) : list_);
    makeCurrent(current);
    list_->verticalScrollBar()->setValue(scrolled);
    count();
    settle_.start();
    Q_EMIT listed();
}

void FolderBrowser::filterBy(const QString& text) {
    const QString current = currentFile();
    model_->setFilter(text);
    list_->scrollToTop();  // the best place for what was found; to the current one if it is there
    makeCurrent(current);
    count();
    settle_.start();
}

void FolderBrowser::count() {
    const int shown = model_->rowCount(), all = model_->total();
    const QString files = all == 1 ? tr("1 file") : tr("%1 files").arg(all);
    count_->setText(shown == all ? files : tr("%1 of %2").arg(shown).arg(files));
}

bool FolderBrowser::isEmpty() const { return model_->total() == 0; }

void FolderBrowser::chooseFolder() {
    auto* dialog = new QFileDialog(this, tr("Folder of pictures"), folder_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, this, &FolderBrowser::showFolder);
    dialog->open();
}

// ---- Opening ----

void FolderBrowser::open(const QModelIndex& index) {
    if (!index.isValid()) return;
    wantedFile_ = model_->file(index.row()).path;
    makeCurrent(wantedFile_);
    Q_EMIT opened(wantedFile_);
}

void FolderBrowser::openFailed() { wantedFile_.clear(); }

void FolderBrowser::openNeighbour(int by) {
    const int current = list_->currentIndex().isValid() ? list_->currentIndex().row() : -1;
    const int row = current < 0 ? 0 : current + by;
    if (row >= 0 && row < model_->rowCount()) open(model_->index(row));
}

void FolderBrowser::setOpenFile(const QString& file) {
    openFile_ = file;
    wantedFile_.clear();
    delegate_->setOpenFile(file);
    makeCurrent(file);
    list_->viewport()->update();
}

QString FolderBrowser::currentFile() const {
    const QModelIndex current = list_->currentIndex();
    return current.isValid() ? model_->file(current.row()).path : openFile_;
}

void FolderBrowser::makeCurrent(const QString& file) {
    const int row = model_->rowOf(file);
    if (row < 0) return;
    list_->setCurrentIndex(model_->index(row));
    list_->scrollTo(model_->index(row));
}

// ---- Thumbnails of what is on screen ----

bool FolderBrowser::eventFilter(QObject* watched, QEvent* event) {
    if (watched == list_ && isEnter(*event)) {
        open(list_->currentIndex());  // what is open already is read again
        return true;
    }
    if (event->type() == QEvent::Resize) settle_.start();
    return QWidget::eventFilter(watched, event);
}

void FolderBrowser::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    settle_.start();
}

// Those on screen, then the page below.
void FolderBrowser::wantVisible() {
    std::vector<BrowsedFile> wanted;
    if (list_->isVisible() && model_->rowCount() > 0) {
        const QModelIndex corner = list_->indexAt(QPoint(list_->spacing() + 8, 8));
        const int pageBelow = 2 * list_->viewport()->height();
        for (int row = std::max(corner.row(), 0); row < model_->rowCount(); ++row) {
            if (list_->visualRect(model_->index(row)).top() > pageBelow) break;
            wanted.push_back(model_->file(row));
        }
    }
    thumbnails_->want(wanted);
}

}  // namespace lvr
