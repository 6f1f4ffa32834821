#include "app/window/session_slot.h"

#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <algorithm>
#include <vector>

#include "app/window/session.h"
#include "core/error.h"

namespace lvr {
namespace {

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

}  // namespace

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

}  // namespace lvr
