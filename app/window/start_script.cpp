#include "app/window/start_script.h"

#include <QPixmap>
#include <QSaveFile>
#include <QTimer>
#include <utility>

#include "app/window/main_window.h"

namespace lvr {
namespace {

bool isTrace(const QString& file) { return file.endsWith(".lvrtrace", Qt::CaseInsensitive); }

// A trace is looked at without a model, and so are runs.
bool needsModel(const StartOptions& options) {
    const auto shows = options.workspace.value_or(WorkspaceId::Ask);
    const bool looksOnly = shows == WorkspaceId::Train || shows == WorkspaceId::Rollouts ||
                           (options.open && isTrace(*options.open));
    return !options.screenshot || options.ask || options.model || !looksOnly;
}

}  // namespace

StartScript::StartScript(MainWindow& window, StartOptions options, QObject* parent)
    : QObject(parent), window_(window), options_(std::move(options)) {
    if (needsModel(options_))
        steps_.push_back([this] { window_.openModel(options_.model.value_or(QString())); });
    if (options_.open) steps_.push_back([this] { window_.openFile(*options_.open); });
    if (options_.workspace)
        steps_.push_back([this] { window_.showWorkspace(*options_.workspace); });
    if (options_.ask) steps_.push_back([this] { ask(); });
    // Once the labels that have just been set have been laid out.
    if (options_.screenshot)
        steps_.push_back([this] { QTimer::singleShot(0, this, &StartScript::takeScreenshot); });
    connect(&window_, &MainWindow::settled, this, &StartScript::next);
    if (options_.screenshot) connect(&window_, &MainWindow::failed, this, &StartScript::giveUp);
}

void StartScript::run() { next(); }

void StartScript::next() {
    while (!steps_.empty() && !window_.isBusy()) {
        const auto step = std::move(steps_.front());
        steps_.pop_front();
        step();
    }
}

void StartScript::ask() {
    if (options_.workspace == WorkspaceId::Compare)
        window_.compareQuestion(*options_.ask);
    else
        window_.ask(*options_.ask);
}

void StartScript::giveUp(const QString& error) {
    steps_.clear();
    Q_EMIT finished(error);
}

void StartScript::takeScreenshot() {
    window_.showLastStep();
    window_.grab();  // ImGui lays out in one frame and is right in the next
    QSaveFile file(*options_.screenshot);
    const bool written = file.open(QIODevice::WriteOnly) &&
                         window_.grab().toImage().save(&file, "PNG") && file.commit();
    Q_EMIT finished(written ? QString()
                            : tr("%1 can't be written (%2); choose another place for the picture.")
                                  .arg(*options_.screenshot, file.errorString()));
}

}  // namespace lvr
