#pragma once

#include <QLockFile>
#include <QString>
#include <memory>
#include <optional>

namespace lvr {

// A folder in which one window at a time keeps its session. Each has a number: of `session` the
// second is `session-2`.
struct SessionSlot {
    QString folder;
    std::unique_ptr<QLockFile> lock;  // good as long as its process lives
};

// Of the sessions that no window keeps any more the one kept last, otherwise a new slot; nothing
// where none can be made.
std::optional<SessionSlot> claimSlot(const QString& first);
// Sessions of windows that died, which nobody has claimed since.
int lostSessions(const QString& first);

}  // namespace lvr
