#include "app/window/model_desk.h"

#include <utility>

#include "app/engine/ask_engine.h"
#include "app/engine/inference_worker.h"
#include "app/sources/file_jobs.h"
#include "app/window/open_model_dialog.h"

namespace lvr {
namespace {

constexpr int kPatience = 300;  // ms

}  // namespace

ModelDesk::ModelDesk(InferenceWorker* worker, FileJobs* files, Cached cached, QWidget* window)
    : QObject(window), worker_(worker), files_(files), cached_(std::move(cached)), window_(window) {
    patience_.setSingleShot(true);
    patience_.setInterval(kPatience);
    wire();
}

void ModelDesk::wire() {
    connect(&patience_, &QTimer::timeout, this, [this] { tell({}); });
    connect(worker_, &InferenceWorker::loadProgressed, this, &ModelDesk::tell);
    connect(worker_, &InferenceWorker::loaded, this,
            [this](const ModelInfo& model, const ModelWish& wish) {
                opening_ = false;
                hasOpened_ = true;
                Q_EMIT opened(model, wish);
            });
    connect(worker_, &InferenceWorker::unloaded, this, [this] {
        hasOpened_ = false;
        lost_ = true;
        Q_EMIT closed();
    });
    connect(worker_, &InferenceWorker::loadCancelled, this, [this] {
        opening_ = false;
        Q_EMIT cancelled(hasOpened_
                             ? tr("Loading was cancelled; the model open before stays in use.")
                             : tr("Loading was cancelled; no model is open."));
    });
    connect(worker_, &InferenceWorker::loadFailed, this, [this](const QString& sentence) {
        opening_ = false;
        Q_EMIT failed(hasOpened_ || !lost_ ? sentence
                                           : tr("%1 The model open before was closed to make room "
                                                "and can't be opened again; no model is open now.")
                                                 .arg(sentence));
    });
}

void ModelDesk::open(const QString& folderOrRepoId) {
    name_ = folderOrRepoId.isEmpty() ? tr("the tiny model") : folderOrRepoId;
    opening_ = true;
    patience_.start();
    lost_ = false;
    worker_->load({folderOrRepoId.toStdString(), place_});
    Q_EMIT opening(name_);
}

void ModelDesk::cancel() {
    if (opening_) worker_->cancelLoad();
}

void ModelDesk::tell(const LoadProgress& progress) {
    if (!opening_ || patience_.isActive()) return;
    const QString what = QString::fromStdString(progress.what);
    Q_EMIT progressed(
        what.isEmpty() ? tr("Opening %1…").arg(name_) : tr("Opening %1: %2").arg(name_, what),
        progress.fraction);
}

void ModelDesk::choose() {
    auto* dialog = new OpenModelDialog(place_, window_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &OpenModelDialog::chosen, this, [this](const ModelWish& wish) {
        setPlace(wish.place);
        open(QString::fromStdString(wish.name));
    });
    connect(files_, &FileJobs::listed, dialog, &OpenModelDialog::showCached);
    connect(files_, &FileJobs::listFailed, dialog, [this, dialog](const QString& sentence) {
        dialog->close();
        Q_EMIT listFailed(sentence);
    });
    files_->list(cached_);
    dialog->open();
}

}  // namespace lvr
