#include "app/window/window_session.h"

#include <QAction>
#include <QDir>
#include <QPlainTextEdit>
#include <QTimer>

#include "app/ask/ask_workspace.h"
#include "app/window/session.h"
#include "app/window/workspaces.h"
#include "core/error.h"
#include "core/eval/strategies_json.h"
#include "widgets/message_bar.h"

namespace lvr {
namespace {

constexpr int kLookEvery = 2000;  // ms: so much is lost at most
constexpr int kPause = 300;       // ms without a letter: what is typed is kept then

QString optionsText(const std::optional<DecodeOptions>& options) {
    return options ? QString::fromStdString(strategiesToText({{.options = *options}})) : QString();
}

// What can't be read is as if nobody had chosen.
std::optional<DecodeOptions> optionsFrom(const QString& text) {
    try {
        const auto strategies = strategiesFromText(text.toStdString());
        return strategies.empty() ? std::nullopt : std::optional(strategies.front().options);
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

}  // namespace

WindowSession::WindowSession(const QString& folder, Workspaces& workspaces, const QString& store,
                             QObject* parent)
    : QObject(parent),
      folder_(folder),
      keeper_(new SessionKeeper(folder, this)),
      workspaces_(workspaces),
      ask_(workspaces.ask()),
      store_(store),
      clock_(new QTimer(this)),
      pause_(new QTimer(this)) {
    clock_->setObjectName("session.clock");
    clock_->setInterval(kLookEvery);
    pause_->setSingleShot(true);
    pause_->setInterval(kPause);
    for (const QTimer* timer : {clock_, pause_})
        connect(timer, &QTimer::timeout, this, &WindowSession::keep);
    connect(qobject_cast<QPlainTextEdit*>(ask_.questionLine()), &QPlainTextEdit::textChanged,
            pause_, qOverload<>(&QTimer::start));
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
    if (!isOurs_) {
        bar_->say(MessageBar::Kind::Error,
                  tr("This session won't be kept: %1 can't be written; make it writable and start "
                     "again.")
                      .arg(QDir::toNativeSeparators(folder_)));
        return std::nullopt;
    }
    clock_->start();
    QTimer::singleShot(kLookEvery, this, &WindowSession::offerLost);
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
            .options = optionsText(ask_.chosenOptions()),
            .model = QString::fromStdString(model_.name),
            .dtype = QString::fromStdString(model_.place.dtype),
            .device = QString::fromStdString(model_.place.device),
            .dialect = QString::fromStdString(model_.dialect),
            .store = store_,
            .run = place.run,
            .rolloutsRun = place.rolloutsRun,
            .rolloutsStep = place.rolloutsStep,
            .layout = workspaces_.saveLayout(),
            .compare = workspaces_.compareState(),
            .causal = workspaces_.causalState()};
}

void WindowSession::keep() {
    if (ask_.isAsking() || keeper_->isWriting()) return;
    const Session now = look();
    if (traceChanged_ || now != kept_) write(now);
}

void WindowSession::keepClosed() {
    clock_->stop();
    pause_->stop();
    if (!isOurs_ || !hasPicture()) return;
    Session now = look();
    now.closed = true;
    keeper_->keepAndLeave(now, changedTrace());
    isOurs_ = false;
}

// Before there is a picture the last session, which may still be on its way, is not written over.
void WindowSession::write(const Session& session) {
    if (!isOurs_ || !hasPicture()) return;
    keeper_->keep(session, changedTrace());
    kept_ = session;
    traceChanged_ = false;
}

bool WindowSession::hasPicture() const { return !ask_.trace().question.images.empty(); }

std::optional<Trace> WindowSession::changedTrace() const {
    return traceChanged_ ? std::optional(ask_.snapshot()) : std::nullopt;
}

// ---- Bringing back ----

void WindowSession::bringBack(const Session& session) {
    workspaces_.restoreLayout(session.layout);
    workspaces_.restoreCompare(session.compare);
    workspaces_.restoreCausal(session.causal);
    if (session.store == store_)
        workspaces_.goTo({session.run, session.rolloutsRun, session.rolloutsStep});
    const auto turn = ask_.claimTurn();
    keeper_->readTrace(session, [this, session, turn](const Trace& trace) {
        if (ask_.isTurnOf(turn)) show(session, trace);
        Q_EMIT broughtBack();
    });
}

void WindowSession::show(const Session& session, const Trace& trace) {
    broughtBack_ = true;
    ask_.showTrace(trace, session.title);
    ask_.setQuestion(session.question);
    if (const auto options = optionsFrom(session.options)) ask_.setChosenOptions(*options);
    workspaces_.show(workspaceNamed(session.workspace).value_or(WorkspaceId::Ask));
    QString sentence = session.closed
                           ? tr("Restored your last session.")
                           : tr("The window ended unexpectedly; your last session is restored.");
    if (keeper_->othersLost() > 0)
        sentence += ' ' + tr("Another window ended so too: start LVR Workbench once more to have "
                             "it back.");
    offerFresh(sentence);
}

void WindowSession::offerFresh(const QString& sentence) {
    auto* fresh = new QAction(tr("Start fresh"), this);
    connect(fresh, &QAction::triggered, this, [this] {
        bar_->dismiss();
        Q_EMIT freshWanted();
    });
    bar_->say(MessageBar::Kind::Hint, sentence, fresh);
}

// Of a window that was still dying when this one began.
void WindowSession::offerLost() {
    if (broughtBack_ || keeper_->othersLost() == 0) return;
    bar_->say(MessageBar::Kind::Hint,
              tr("A window ended unexpectedly: start LVR Workbench once more to have it back."));
}

void WindowSession::giveUp(const QString& why) {
    Q_EMIT freshWanted();
    bar_->say(MessageBar::Kind::Error, tr("Your last session can't be restored: %1").arg(why));
    Q_EMIT broughtBack();
}

}  // namespace lvr
