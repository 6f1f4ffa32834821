#pragma once

#include <QObject>
#include <QThreadPool>
#include <filesystem>
#include <functional>
#include <optional>

#include "app/window/session.h"
#include "app/window/session_slot.h"
#include "core/values/trace.h"

namespace lvr {

// Keeps a session in a folder, whole at every instant; of several windows each has its own. Writes,
// and reads pictures, away from the GUI thread; every signal comes on the GUI thread.
class SessionKeeper : public QObject {
    Q_OBJECT
public:
    // first: the folder of the only window; others have theirs beside it.
    explicit SessionKeeper(const QString& first, QObject* parent = nullptr);
    ~SessionKeeper() override;  // waits for the last write

    bool claim();            // false: no folder can be written
    int othersLost() const;  // sessions of windows that died, beside the claimed one
    // The one kept last; nothing when there is none. Throws Error.
    std::optional<Session> last() const;
    // `then` gets what was on screen; or readFailed() comes.
    void readTrace(const Session& session, std::function<void(const Trace&)> then);

    // trace: when it is another than last time.
    void keep(Session session, const std::optional<Trace>& trace);
    // The last time: once it is written, the next window may claim it.
    void keepAndLeave(const Session& session, const std::optional<Trace>& trace);
    bool isWriting() const { return writing_ > 0; }  // a slow disk is not hurried

Q_SIGNALS:
    void readFailed(const QString& sentence);
    void keepFailed(const QString& sentence);  // told once until it works again

private:
    void write(const Session& session, const std::optional<Trace>& trace) const;
    std::filesystem::path file(const QString& name) const;
    void settle(const QString& trouble);

    QString first_;
    SessionSlot slot_;
    QThreadPool pool_;
    QString trace_;  // file of the one that is kept
    int writing_ = 0;
    bool keepFailed_ = false;
};

}  // namespace lvr
