#include "app/window/start_script.h"

#include <QSaveFile>
#include <QTimer>
#include <algorithm>
#include <utility>

#include "app/window/main_window.h"

namespace lvr {
namespace {

bool isTrace(const QString& file) { return file.endsWith(".lvrtrace", Qt::CaseInsensitive); }

bool opensTrace(const StartStep& step) {
    const auto* open = std::get_if<OpenFile>(&step);
    return open && isTrace(open->file);
}

// A trace is looked at without a model, and so are runs.
bool needsModel(const StartOptions& options) {
    const auto shows = options.workspace.value_or(WorkspaceId::Ask);
    const bool looksOnly = shows == WorkspaceId::Train || shows == WorkspaceId::Rollouts ||
                           std::ranges::any_of(options.steps, opensTrace);
    const bool acts = std::ranges::any_of(options.steps, [](const StartStep& step) {
        return std::holds_alternative<AskQuestion>(step) || std::holds_alternative<DoCommand>(step);
    });
    return !options.leaves() || acts || options.model || !looksOnly;
}

template <class... Cases>
struct Match : Cases... {
    using Cases::operator()...;
};

// What went wrong; empty: nothing.
QString write(const QString& file, const std::function<bool(QIODevice&)>& content) {
    QSaveFile saved(file);
    if (saved.open(QIODevice::WriteOnly) && content(saved) && saved.commit()) return {};
    return QObject::tr("%1 can't be written (%2); choose another place for it.")
        .arg(file, saved.errorString());
}

}  // namespace

StartScript::StartScript(MainWindow& window, StartOptions options, QObject* parent)
    : QObject(parent), window_(window), options_(std::move(options)) {
    if (needsModel(options_))
        add([this] { window_.openModel(options_.model.value_or(QString())); });
    if (options_.workspace) add([this] { window_.showWorkspace(*options_.workspace); });
    for (const StartStep& step : options_.steps) add(step);
    if (options_.leaves()) add([this] { leave(); });
    connect(&window_, &MainWindow::settled, this, &StartScript::next);
    if (options_.leaves()) connect(&window_, &MainWindow::failed, this, &StartScript::giveUp);
}

void StartScript::add(const StartStep& step) {
    std::visit(
        Match{[this](const OpenFile& open) { add([this, open] { window_.openFile(open.file); }); },
              [this](const AskQuestion& asked) {
                  add([this, asked] { ask(asked.text); });
                  add([this] { window_.showLastStep(); });
              },
              [this](const DrawRegion& drawn) {
                  add([this, drawn] { window_.drawRegion(drawn.box); });
              },
              [this](const DoCommand& command) {
                  add([this, command] { window_.doCommand(command.name); });
              }},
        step);
}

void StartScript::run() { next(); }

// Once what has just been begun has had its turn: labels are laid out, and what was queued runs.
void StartScript::next() {
    if (std::exchange(waits_, true)) return;
    QTimer::singleShot(0, this, &StartScript::doNext);
}

void StartScript::doNext() {
    waits_ = false;
    if (steps_.empty() || window_.isBusy()) return;
    const auto step = std::move(steps_.front());
    steps_.pop_front();
    step();
    next();
}

void StartScript::ask(const QString& question) {
    if (options_.workspace == WorkspaceId::Compare)
        window_.compareQuestion(question);
    else
        window_.ask(question);
}

void StartScript::giveUp(const QString& error) {
    steps_.clear();
    Q_EMIT finished(error);
}

void StartScript::leave() {
    QString error;
    if (options_.state) error = writeState();
    if (options_.screenshot && error.isEmpty()) error = takeScreenshot();
    Q_EMIT finished(error);
}

QString StartScript::writeState() {
    return write(*options_.state, [text = window_.state()](QIODevice& file) {
        return file.write(text) == text.size();
    });
}

QString StartScript::takeScreenshot() {
    window_.grab();  // ImGui lays out in one frame and is right in the next
    const QImage image = window_.grab().toImage();
    return write(*options_.screenshot, [&](QIODevice& file) { return image.save(&file, "PNG"); });
}

}  // namespace lvr
