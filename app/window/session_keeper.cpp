#include "app/window/session_keeper.h"

#include <QFile>
#include <exception>
#include <utility>

#include "core/files/atomic_file.h"
#include "core/trace/trace_file.h"

namespace lvr {
namespace {

constexpr auto kTraces = {"a.lvrtrace", "b.lvrtrace"};

}  // namespace

SessionKeeper::SessionKeeper(const QString& first, QObject* parent)
    : QObject(parent), first_(first) {
    pool_.setMaxThreadCount(1);
}

SessionKeeper::~SessionKeeper() { pool_.waitForDone(); }

std::filesystem::path SessionKeeper::file(const QString& name) const {
    return (slot_.folder + "/" + name).toStdU16String();
}

bool SessionKeeper::claim() {
    auto slot = claimSlot(first_);
    if (slot) slot_ = std::move(*slot);
    return slot_.lock != nullptr;
}

int SessionKeeper::othersLost() const { return lostSessions(first_); }

std::optional<Session> SessionKeeper::last() const {
    QFile kept(file(kSessionFile));
    if (!kept.open(QIODevice::ReadOnly)) return std::nullopt;
    return sessionFromJson(kept.readAll());
}

void SessionKeeper::readTrace(const Session& session, std::function<void(const Trace&)> then) {
    trace_ = session.trace;
    pool_.start([this, name = file(session.trace), then = std::move(then)] {
        std::function<void()> report;
        try {
            report = [then, trace = lvr::readTrace(name)] { then(trace); };
        } catch (const std::exception& error) {
            report = [this, sentence = QString::fromUtf8(error.what())] {
                Q_EMIT readFailed(sentence);
            };
        }
        QMetaObject::invokeMethod(this, std::move(report));
    });
}

void SessionKeeper::keep(Session session, const std::optional<Trace>& trace) {
    ++writing_;
    // Never over the one that the session on disk names.
    if (trace) trace_ = *(trace_ == *kTraces.begin() ? kTraces.begin() + 1 : kTraces.begin());
    session.trace = trace_;
    pool_.start([this, session = std::move(session), trace] {
        QString trouble;
        try {
            write(session, trace);
        } catch (const std::exception& error) {
            trouble = QString::fromUtf8(error.what());
        }
        QMetaObject::invokeMethod(this, [this, trouble] { settle(trouble); });
    });
}

// The window may take its time to end: an answer under way is waited for.
void SessionKeeper::keepAndLeave(const Session& session, const std::optional<Trace>& trace) {
    keep(session, trace);
    pool_.start([this] { slot_.lock->unlock(); });
}

// Thread of the pool.
void SessionKeeper::write(const Session& session, const std::optional<Trace>& trace) const {
    if (trace) writeTrace(*trace, file(session.trace));
    writeFileAtomically(file(kSessionFile), toJson(session).toStdString());
    for (const auto* other : kTraces)
        if (session.trace != QLatin1String(other)) QFile::remove(file(other));
}

void SessionKeeper::settle(const QString& trouble) {
    --writing_;
    const bool failed = !trouble.isEmpty();
    if (failed && !keepFailed_) Q_EMIT keepFailed(trouble);
    keepFailed_ = failed;
}

}  // namespace lvr
