#pragma once

#include <QByteArray>
#include <QLockFile>
#include <QObject>
#include <QString>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "core/values/trace.h"
#include "widgets/job.h"

namespace lvr {

inline constexpr auto kSessionFile = "session.json";  // in its slot

// Where a person was: all but the picture and its answer, which are a trace file beside it.
struct Session {
    QString workspace = "ask";
    QString title;     // of what is asked about
    QString question;  // in the line, asked or not
    QString options;   // of that question, as a list of one strategy; empty: as the model offers
    QString trace;     // file name; empty: none
    QString model;     // folder or repo id; empty: the tiny model
    QString dtype = "auto", device = "auto";  // of it, as ModelPlace has them
    QString dialect;                          // of it, where somebody chose one
    QString store;
    std::int64_t run = 0;  // chosen in Train; 0: none
    std::int64_t rolloutsRun = 0;
    int rolloutsStep = -1;
    QByteArray layout;
    QByteArray compare;   // what was chosen there
    QByteArray causal;    // likewise, with the panel on screen
    bool closed = false;  // by the person; otherwise the window died
    bool operator==(const Session&) const = default;
};

QByteArray toJson(const Session& session);
Session sessionFromJson(const QByteArray& json);  // throws Error

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

// Keeps a session in a folder, whole at every instant; of several windows each has its own. Writes,
// and reads pictures, away from the GUI thread; every signal comes on the GUI thread.
class SessionKeeper : public QObject {
    Q_OBJECT
public:
    // first: the folder of the only window; others have theirs beside it.
    explicit SessionKeeper(const QString& first, QObject* parent = nullptr);

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
    bool isWriting() const { return job_.isBusy(); }  // or reading; a slow disk is not hurried

Q_SIGNALS:
    void readFailed(const QString& sentence);
    void keepFailed(const QString& sentence);  // told once until it works again

private:
    void write(const Session& session, const std::optional<Trace>& trace) const;
    std::filesystem::path file(const QString& name) const;

    QString first_;
    SessionSlot slot_;
    QString trace_;  // file of the one that is kept
    bool keepFailed_ = false;
    Job job_;  // goes first: what it runs uses the rest
};

}  // namespace lvr
