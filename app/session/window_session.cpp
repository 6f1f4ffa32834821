#include "app/session/window_session.h"

#include <QAction>

#include "app/ask/ask_workspace.h"
#include "app/session/session_keeper.h"
#include "app/workspaces/workspaces.h"
#include "core/error.h"
#include "widgets/message_bar.h"

namespace lvr {
namespace {

constexpr int kLookEvery = 2000;  // ms: so much is lost at most

}  // namespace

WindowSession::WindowSession(const QString& folder, Workspaces& workspaces, const QString& store,
                             QObject* parent)
    : QObject(parent),
      keeper_(new SessionKeeper(folder, this)),
      workspaces_(workspaces),
      ask_(workspaces.ask()),
      store_(store) {
    clock_.setInterval(kLookEvery);
    connect(&clock_, &QTimer::timeout, this, &WindowSession::keep);
    for (const auto changes : {&AskWorkspace::actionsChanged, &AskWorkspace::allWell})
        connect(&ask_, changes, this, [this] { traceChanged_ = true; });
    connect(&ask_, &AskWorkspace::titleChanged, this,
            [this](const QString& title) { title_ = title; });
    connect(keeper_, &SessionKeeper::readFailed, this, &WindowSession::giveUp);
}

void WindowSession::tellIn(MessageBar* bar) {
    bar_ = bar;
    connect(keeper_, &SessionKeeper::keepFailed, bar, [bar](const QString& why) {
        bar->say(MessageBar::Kind::Error, tr("This session can't be kept: %1.").arg(why));
    });
}

std::optional<Session> WindowSession::claim() {
    isOurs_ = keeper_->claim();
    if (!isOurs_) return std::nullopt;
    clock_.start();
    try {
        return keeper_->last();
    } catch (const Error& error) {
        bar_->say(
            MessageBar::Kind::Error,
            tr("Your last session can't be restored: %1.").arg(QString::fromUtf8(error.what())));
        return std::nullopt;
    }
}

// ---- Keeping ----

Session WindowSession::look() const {
    const Workspaces::Place place = workspaces_.place();
    return {.workspace = nameOf(workspaces_.current()),
            .title = title_,
            .question = ask_.question(),
            .model = model_,
            .store = store_,
            .run = place.run,
            .rolloutsRun = place.rolloutsRun,
            .rolloutsStep = place.rolloutsStep,
            .layout = workspaces_.saveLayout(),
            .compare = workspaces_.compareState()};
}

void WindowSession::keep() {
    if (ask_.isAsking() || keeper_->isWriting()) return;
    const Session now = look();
    if (traceChanged_ || now != kept_) write(now);
}

void WindowSession::keepClosed() {
    clock_.stop();
    Session now = look();
    now.closed = true;
    write(now);
}

// Before there is a picture the last session, which may still be on its way, is not written over.
void WindowSession::write(const Session& session) {
    if (!isOurs_ || ask_.trace().question.images.empty()) return;
    keeper_->keep(session, traceChanged_ ? std::optional(ask_.snapshot()) : std::nullopt);
    kept_ = session;
    traceChanged_ = false;
}

// ---- Bringing back ----

void WindowSession::bringBack(const Session& session) {
    workspaces_.restoreLayout(session.layout);
    workspaces_.restoreCompare(session.compare);
    if (session.store == store_)
        workspaces_.goTo({session.run, session.rolloutsRun, session.rolloutsStep});
    keeper_->readTrace(session, [this, session](const Trace& trace) {
        ask_.showTrace(trace, session.title);
        ask_.setQuestion(session.question);
        workspaces_.show(workspaceNamed(session.workspace).value_or(WorkspaceId::Ask));
        auto* fresh = new QAction(tr("Start fresh"), this);
        connect(fresh, &QAction::triggered, this, [this] {
            bar_->dismiss();
            Q_EMIT freshWanted();
        });
        bar_->say(MessageBar::Kind::Hint,
                  session.closed
                      ? tr("Restored your last session.")
                      : tr("The window ended unexpectedly; your last session is restored."),
                  fresh);
        Q_EMIT broughtBack();
    });
}

void WindowSession::giveUp(const QString& why) {
    Q_EMIT freshWanted();
    bar_->say(MessageBar::Kind::Error, tr("Your last session can't be restored: %1").arg(why));
    Q_EMIT broughtBack();
}

}  // namespace lvr
