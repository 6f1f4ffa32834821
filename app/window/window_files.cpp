#include "app/window/window_files.h"

#include <QAction>
#include <QDir>
#include <QDockWidget>
#include <QFileInfo>
#include <QImageReader>
#include <QKeySequence>
#include <QRegularExpression>
#include <QWidget>
#include <utility>

#include "app/ask/ask_workspace.h"
#include "app/ask/export_dialog.h"
#include "app/shell/recent_files.h"
#include "app/sources/given_files.h"
#include "app/sources/record_dialog.h"
#include "app/sources/source_browser.h"
#include "app/window/window_bars.h"
#include "widgets/action_tip.h"
#include "widgets/latent/latent_state.h"
#include "widgets/qt_image.h"

namespace lvr {
namespace {

std::size_t bytesOf(const Trace& trace) {
    std::size_t bytes = (trace.latents.size() + trace.imageTokens.size()) * sizeof(float);
    for (const Image& image : trace.question.images) bytes += image.rgb.size();
    return bytes;
}

}  // namespace

Trail::Trail(AskWorkspace* ask, QWidget* window)
    : QObject(window),
      ask_(ask),
      back_(add("trail.back", tr("&Back"), {Qt::CTRL | Qt::Key_BracketLeft, Qt::Key_Back},
                tr("The picture that was on screen before, with its question and answer"))),
      forward_(add("trail.forward", tr("For&ward"),
                   {Qt::CTRL | Qt::Key_BracketRight, Qt::Key_Forward},
                   tr("The picture that Back came from"))) {
    connect(ask_, &AskWorkspace::leaving, this, &Trail::leave);
    connect(back_, &QAction::triggered, this, [this] { go(before_, after_); });
    connect(forward_, &QAction::triggered, this, [this] { go(after_, before_); });
    update();
}

QAction* Trail::add(const char* name, const QString& text, const QList<QKeySequence>& keys,
                    const QString& tip) {
    auto* action = new QAction(text, this);
    action->setObjectName(name);
    action->setShortcuts(keys);
    action->setToolTip(tip);
    updateTip(*action);
    return action;
}

void Trail::leave() {
    if (going_) return;
    before_.push_back({ask_->place(), std::exchange(file_, {})});
    after_.clear();
    makeRoom();
    update();
}

void Trail::go(std::vector<Stop>& from, std::vector<Stop>& to) {
    if (from.empty()) return;
    Stop stop = std::move(from.back());
    from.pop_back();
    to.push_back({ask_->place(), file_});
    file_ = stop.file;
    going_ = true;
    ask_->showPlace(stop.place);
    going_ = false;
    update();
    Q_EMIT wentTo(file_);
}

// The oldest go.
void Trail::makeRoom() {
    std::size_t bytes = 0, kept = 0;
    for (auto stop = before_.rbegin(); stop != before_.rend(); ++stop, ++kept) {
        bytes += bytesOf(stop->place.trace);
        if (kept > 0 && (kept == kMost || bytes > kMostBytes)) break;
    }
    before_.erase(before_.begin(), before_.end() - static_cast<std::ptrdiff_t>(kept));
}

void Trail::update() {
    allow(*back_, !before_.empty(), tr("Nothing was shown before this picture."));
    allow(*forward_, !after_.empty(), tr("Back was not used."));
}

WindowFiles::WindowFiles(AskWorkspace* ask, RecentFiles* recent, QWidget* window)
    : QObject(window),
      ask_(ask),
      window_(window),
      given_(new GivenFiles(window)),
      jobs_(new FileJobs(this)),
      sources_(new SourceBrowser(window)),
      panel_(ask->addPanel("ask/sources", tr("Sources"), sources_, Qt::LeftDockWidgetArea, false)),
      trail_(new Trail(ask, window)) {
    wireGiven();
    wireOpening();
    wireSaving();
    wireSources();
    wireRecent(recent);
    wireTrail();
}

void WindowFiles::follow(const WindowActions& actions) {
    connect(actions.openPicture, &QAction::triggered, given_, &GivenFiles::choose);
    connect(actions.openTrace, &QAction::triggered, given_, &GivenFiles::chooseTrace);
    connect(actions.saveTrace, &QAction::triggered, this, &WindowFiles::chooseTarget);
    connect(actions.paste, &QAction::triggered, given_, &GivenFiles::paste);
    connect(actions.openFolder, &QAction::triggered, this, [this] {
        showSources();
        sources_->chooseFolder();
    });
    connect(actions.openData, &QAction::triggered, this, [this] {
        showSources();
        sources_->chooseData();
    });
}

// ---- What comes in ----

void WindowFiles::wireGiven() {
    connect(ask_, &AskWorkspace::filesGiven, given_, &GivenFiles::giveUrls);
    connect(ask_, &AskWorkspace::picturePasted, given_, &GivenFiles::givePicture);
    connect(given_, &GivenFiles::picture, this, [this](const QImage& picture) {
        show({}, [&] { ask_->showPicture(toImage(picture), tr("pasted picture")); });
    });
    connect(given_, &GivenFiles::given, this, &WindowFiles::open);
    connect(given_, &GivenFiles::file, this, &WindowFiles::read);
    for (const auto other : {&GivenFiles::folder, &GivenFiles::data, &GivenFiles::checkpoint})
        connect(given_, other, this, [this] { opening_.reset(); });
    connect(given_, &GivenFiles::checkpoint, this, &WindowFiles::modelGiven);
    connect(given_, &GivenFiles::target, this, &WindowFiles::save);
    connect(given_, &GivenFiles::refused, this, &WindowFiles::failed);
    const auto list = [this](void (SourceBrowser::*show)(const QString&)) {
        return [this, show](const QString& path) {
            listing_ = true;
            showSources();
            (sources_->*show)(path);
        };
    };
    connect(given_, &GivenFiles::folder, this, list(&SourceBrowser::showFolder));
    connect(given_, &GivenFiles::data, this, list(&SourceBrowser::openData));
    connect(given_, &GivenFiles::files, this, [this](const QStringList& files) {
        listing_ = true;
        showSources();
        sources_->showFiles(files);
    });
}

void WindowFiles::wireOpening() {
    connect(jobs_, &FileJobs::pictureOpened, this, [this](const Image& image, const QString& file) {
        if (!isOpening()) return;  // something newer is on screen
        show(file, [&] { ask_->showPicture(image, QFileInfo(file).fileName()); });
        Q_EMIT settled();
    });
    connect(jobs_, &FileJobs::traceOpened, this, [this](const Trace& trace, const QString& file) {
        if (!isOpening()) return;
        show(file, [&] { ask_->showTrace(trace, QFileInfo(file).fileName()); });
        Q_EMIT settled();
    });
    connect(jobs_, &FileJobs::openFailed, this, &WindowFiles::refuse);
}

void WindowFiles::wireSaving() {
    connect(ask_, &AskWorkspace::recordWanted, this, &WindowFiles::saveRecord);
    connect(jobs_, &FileJobs::traceSaved, this, [this](const QString& file) {
        saving_ = false;
        Q_EMIT stateChanged(tr("Saved as %1").arg(QDir::toNativeSeparators(file)));
        Q_EMIT settled();
    });
    connect(jobs_, &FileJobs::saveFailed, this, [this](const QString& sentence) {
        saving_ = false;
        Q_EMIT failed(sentence);
        Q_EMIT settled();
    });
}

void WindowFiles::wireSources() {
    connect(sources_, &SourceBrowser::fileOpened, this, &WindowFiles::open);
    connect(sources_, &SourceBrowser::recordWanted, this,
            [this] { openingRecord_ = ask_->claimTurn(); });
    connect(sources_, &SourceBrowser::sampleChosen, this, [this](const Sample& sample) {
        if (openingRecord_ && ask_->isTurnOf(*openingRecord_)) showSample(sample);
    });
    connect(sources_, &SourceBrowser::failed, this, &WindowFiles::failed);
    connect(sources_, &SourceBrowser::settled, this, [this] {
        if (std::exchange(listing_, false)) Q_EMIT settled();
    });
}

void WindowFiles::wireRecent(RecentFiles* recent) {
    const auto note = [recent](RecentKind kind) {
        return [recent, kind](const auto&, const QString& file) { recent->add({kind, file}); };
    };
    connect(jobs_, &FileJobs::pictureOpened, recent, note(RecentKind::Picture));
    connect(jobs_, &FileJobs::traceOpened, recent, note(RecentKind::Trace));
    connect(jobs_, &FileJobs::traceSaved, recent, [recent](const QString& file) {
        recent->add({RecentKind::Trace, file});
    });
    connect(given_, &GivenFiles::data, recent, [recent](const QString& data) {
        recent->add({RecentKind::Dataset, data});
    });
    connect(recent, &RecentFiles::chosen, this, [this](const RecentFile& file) {
        if (file.kind == RecentKind::Model)
            Q_EMIT modelGiven(file.path);
        else
            open(file.path);
    });
}

void WindowFiles::wireTrail() {
    for (QAction* action : trail_->actions()) sources_->addMove(action);
    connect(trail_, &Trail::wentTo, this, [this](const QString& file) {
        Q_EMIT pictureWanted();
        sources_->setOpenFile(file);
    });
    connect(ask_, &AskWorkspace::titleChanged, this,
            [this](const QString& title) { title_ = title; });
}

void WindowFiles::remember() {
    given_->remember();
    sources_->restore();
}

bool WindowFiles::isOpening() const { return opening_ && ask_->isTurnOf(*opening_); }

// file: what holds it; empty: none.
void WindowFiles::show(const QString& file, const std::function<void()>& in) {
    opening_.reset();
    Q_EMIT pictureWanted();
    in();
    trail_->setFile(file);
    sources_->setOpenFile(file);
    if (!file.isEmpty()) given_->setFolder(QFileInfo(file).absolutePath());
}

void WindowFiles::refuse(const QString& sentence) {
    opening_.reset();
    sources_->openFailed();
    Q_EMIT failed(sentence);
    Q_EMIT settled();
}

void WindowFiles::showSample(const Sample& sample) {
    ask_->showSample(sample);
    trail_->setFile({});
    sources_->setOpenFile({});
}

void WindowFiles::showSources() {
    Q_EMIT askWanted();
    panel_->show();
    panel_->raise();
}

void WindowFiles::open(const QString& file) {
    opening_ = ask_->claimTurn();
    given_->lookAt(file);
    Q_EMIT stateChanged(tr("Opening %1…").arg(QFileInfo(file).fileName()));
    Q_EMIT busyChanged();
}

void WindowFiles::read(const QString& file) {
    if (isOpening()) jobs_->open(file);
}

void WindowFiles::give(const QMimeData& data) { given_->give(data); }

// ---- What goes out ----

void WindowFiles::save(const QString& file) {
    if (ask_->trace().steps.empty())
        return Q_EMIT failed(tr("There is no answer to save yet; ask something first."));
    saving_ = true;
    jobs_->save(ask_->trace(), file);
    Q_EMIT busyChanged();
}

// Called as its picture is.
void WindowFiles::chooseTarget() {
    const QString file = sources_->openFile();
    QString name = file.isEmpty() ? title_ : QFileInfo(file).completeBaseName();
    static const QRegularExpression unfit(R"([/\\:*?"<>|\s]+)");
    given_->chooseTarget(name.replace(unfit, "-"));
}

// A picture that a file holds stays where it is.
void WindowFiles::saveRecord(const Sample& sample, const std::vector<std::string>& labels) {
    const QString file = sources_->openFile();
    const bool isPicture =
        sample.question.images.size() == 1 && !file.isEmpty() &&
        QImageReader::supportedImageFormats().contains(QFileInfo(file).suffix().toLower().toUtf8());
    auto* dialog = new RecordDialog(
        {sample, {isPicture ? file.toStdU16String() : std::u16string()}, labels}, window_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &RecordDialog::saved, this, [this](const QString& written, int records) {
        Q_EMIT stateChanged(
            tr("Saved; %1 holds %2 records").arg(QDir::toNativeSeparators(written)).arg(records));
    });
    dialog->open();
}

void WindowFiles::exportAnswer(const QString& name) {
    const LatentViewState& view = ask_->view();
    const QString file = sources_->openFile();
    const QFileInfo source(file);
    auto* dialog = new ExportDialog(std::make_shared<const Trace>(ask_->trace()),
                                    {.picture = pictureAsSeen(view),
                                     .nearest = view.nearest ? view.nearestCount : 0,
                                     .step = view.selectedStep,
                                     .folder = file.isEmpty() ? QString() : source.absolutePath(),
                                     .name = file.isEmpty() ? name : source.completeBaseName()},
                                    window_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &ExportDialog::exported, this, [this](const QString& written) {
        Q_EMIT stateChanged(tr("Exported as %1").arg(QDir::toNativeSeparators(written)));
    });
    dialog->open();
}

}  // namespace lvr
