#include "app/window/trail.h"

#include <QAction>
#include <QKeySequence>
#include <QWidget>
#include <utility>

#include "widgets/action_tip.h"

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

}  // namespace lvr
