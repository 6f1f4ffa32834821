#include "app/session/session_keeper.h"

#include <QDir>
#include <QFile>
#include <exception>
#include <utility>

#include "core/checkpoint/atomic_file.h"
#include "core/checkpoint/trace_file.h"

namespace lvr {
namespace {

constexpr auto kFile = "session.json";
constexpr auto kTraces = {"a.lvrtrace", "b.lvrtrace"};

}  // namespace

SessionKeeper::SessionKeeper(const QString& folder, QObject* parent)
    : QObject(parent), folder_(folder), lock_(folder + "/lock") {
    pool_.setMaxThreadCount(1);
    lock_.setStaleLockTime(0);  // it is good as long as its process lives
}

SessionKeeper::~SessionKeeper() { pool_.waitForDone(); }

std::filesystem::path SessionKeeper::file(const QString& name) const {
    return (folder_ + "/" + name).toStdU16String();
}

bool SessionKeeper::claim() { return QDir().mkpath(folder_) && lock_.tryLock(0); }

std::optional<Session> SessionKeeper::last() const {
    QFile kept(file(kFile));
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

// Thread of the pool.
void SessionKeeper::write(const Session& session, const std::optional<Trace>& trace) const {
    if (trace) writeTrace(*trace, file(session.trace));
    writeFileAtomically(file(kFile), toJson(session).toStdString());
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
