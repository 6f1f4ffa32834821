#include "app/window/session.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/trace/trace_file.h"

namespace lvr {
namespace {

constexpr int kVersion = 1;

// Walks all fields, for reading and for writing.
template <class AnySession, class Visit>
void forEachField(AnySession& session, Visit visit) {
    visit("workspace", session.workspace);
    visit("title", session.title);
    visit("question", session.question);
    visit("options", session.options);
    visit("trace", session.trace);
    visit("model", session.model);
    visit("dtype", session.dtype);
    visit("device", session.device);
    visit("dialect", session.dialect);
    visit("store", session.store);
    visit("run", session.run);
    visit("rollouts_run", session.rolloutsRun);
    visit("rollouts_step", session.rolloutsStep);
    visit("layout", session.layout);
    visit("compare", session.compare);
    visit("causal", session.causal);
    visit("closed", session.closed);
}

QJsonValue toValue(const QString& text) { return text; }
QJsonValue toValue(const QByteArray& bytes) { return QString::fromLatin1(bytes.toBase64()); }
QJsonValue toValue(std::int64_t number) { return static_cast<qint64>(number); }
QJsonValue toValue(int number) { return number; }
QJsonValue toValue(bool yes) { return yes; }

void fromValue(const QJsonValue& value, QString& text) { text = value.toString(text); }
void fromValue(const QJsonValue& value, QByteArray& bytes) {
    bytes = QByteArray::fromBase64(value.toString().toLatin1());
}
void fromValue(const QJsonValue& value, std::int64_t& number) { number = value.toInteger(number); }
void fromValue(const QJsonValue& value, int& number) { number = value.toInt(number); }
void fromValue(const QJsonValue& value, bool& yes) { yes = value.toBool(yes); }

constexpr int kMostSlots = 32;    // windows of one person at a time
constexpr int kLastBreath = 300;  // ms that a window just closed or killed may still take

QString folderOf(const QString& first, int number) {
    return number == 1 ? first : QString("%1-%2").arg(first).arg(number);
}

std::unique_ptr<QLockFile> tryLock(const QString& folder, int patience = 0) {
    auto lock = std::make_unique<QLockFile>(folder + "/lock");
    lock->setStaleLockTime(0);
    return lock->tryLock(patience) ? std::move(lock) : nullptr;
}

// Those that hold a session, kept last first.
std::vector<QString> keptSlots(const QString& first) {
    std::vector<std::pair<QDateTime, QString>> found;
    for (int number = 1; number <= kMostSlots; ++number) {
        const QFileInfo kept(folderOf(first, number) + '/' + kSessionFile);
        if (kept.exists()) found.emplace_back(kept.lastModified(), folderOf(first, number));
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<QString> folders;
    for (const auto& [time, folder] : found) folders.push_back(folder);
    return folders;
}

bool isLost(const QString& folder) {
    QFile kept(folder + '/' + kSessionFile);
    if (!kept.open(QIODevice::ReadOnly)) return false;
    try {
        return !sessionFromJson(kept.readAll()).closed;
    } catch (const Error&) {
        return false;
    }
}

constexpr auto kTraces = {"a.lvrtrace", "b.lvrtrace"};

}  // namespace

QByteArray toJson(const Session& session) {
    QJsonObject object{{"version", kVersion}};
    forEachField(session, [&](const char* name, const auto& value) {
        object[QLatin1String(name)] = toValue(value);
    });
    return QJsonDocument(object).toJson();
}

Session sessionFromJson(const QByteArray& json) {
    const auto document = QJsonDocument::fromJson(json);
    if (!document.isObject()) throw Error("its file is broken");
    const QJsonObject object = document.object();
    if (object["version"].toInt() > kVersion)
        throw Error("a newer version of LVR Workbench wrote it");
    Session session;
    forEachField(session, [&](const char* name, auto& value) {
        fromValue(object[QLatin1String(name)], value);
    });
    return session;
}

std::optional<SessionSlot> claimSlot(const QString& first) {
    const auto kept = keptSlots(first);
    for (const QString& folder : kept)
        if (auto lock = tryLock(folder)) return SessionSlot{folder, std::move(lock)};
    if (!kept.empty())
        if (auto lock = tryLock(kept.front(), kLastBreath))
            return SessionSlot{kept.front(), std::move(lock)};
    for (int number = 1; number <= kMostSlots; ++number) {
        const QString folder = folderOf(first, number);
        if (QFileInfo::exists(folder + '/' + kSessionFile)) continue;  // another window's
        if (!QDir().mkpath(folder)) return std::nullopt;
        if (auto lock = tryLock(folder)) return SessionSlot{folder, std::move(lock)};
    }
    return std::nullopt;
}

int lostSessions(const QString& first) {
    const auto kept = keptSlots(first);
    return static_cast<int>(std::ranges::count_if(
        kept, [](const QString& folder) { return isLost(folder) && tryLock(folder); }));
}

SessionKeeper::SessionKeeper(const QString& first, QObject* parent)
    : QObject(parent), first_(first) {}

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
    job_.add([name = file(session.trace)] { return lvr::readTrace(name); }, std::move(then),
             [this](const QString& sentence) { Q_EMIT readFailed(sentence); });
}

void SessionKeeper::keep(Session session, const std::optional<Trace>& trace) {
    // Never over the one that the session on disk names.
    if (trace) trace_ = *(trace_ == *kTraces.begin() ? kTraces.begin() + 1 : kTraces.begin());
    session.trace = trace_;
    job_.add([this, session = std::move(session), trace] { write(session, trace); },
             [this] { keepFailed_ = false; },
             [this](const QString& trouble) {
                 if (!std::exchange(keepFailed_, true)) Q_EMIT keepFailed(trouble);
             });
}

// The window may take its time to end: an answer under way is waited for.
void SessionKeeper::keepAndLeave(const Session& session, const std::optional<Trace>& trace) {
    keep(session, trace);
    job_.add([this] { slot_.lock->unlock(); }, [] {}, {});
}

// Away from the GUI thread.
void SessionKeeper::write(const Session& session, const std::optional<Trace>& trace) const {
    if (trace) writeTrace(*trace, file(session.trace));
    writeFileAtomically(file(kSessionFile), toJson(session).toStdString());
    for (const auto* other : kTraces)
        if (session.trace != QLatin1String(other)) QFile::remove(file(other));
}

}  // namespace lvr
