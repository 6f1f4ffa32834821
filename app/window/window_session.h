#pragma once

#include <QObject>
#include <optional>

#include "app/engine/ask_engine.h"
#include "app/window/session.h"
#include "core/values/trace.h"

class QTimer;

namespace lvr {

class AskWorkspace;
class MessageBar;
class SessionKeeper;
class Workspaces;

// What a window has on screen, kept as a session whenever it changed, and brought back.
class WindowSession : public QObject {
    Q_OBJECT
public:
    // store: the one the window reads; runs of another are not gone back to.
    WindowSession(const QString& folder, Workspaces& workspaces, const QString& store,
                  QObject* parent);
    void tellIn(MessageBar* bar);

    // Keeps from now on; the session that a window which is gone kept last, if any.
    std::optional<Session> claim();
    void bringBack(const Session& session);  // broughtBack() follows
    void setModel(const ModelWish& wish) { model_ = wish; }
    void keepClosed();  // the last time: the person closes the window

Q_SIGNALS:
    void broughtBack();  // or, after freshWanted(), not
    void freshWanted();  // in place of the last session

private:
    Session look() const;
    void keep();
    void write(const Session& session);
    bool hasPicture() const;
    std::optional<Trace> changedTrace() const;
    void show(const Session& session, const Trace& trace);
    void offerFresh(const QString& sentence);
    void offerLost();
    void giveUp(const QString& why);

    QString folder_;
    SessionKeeper* keeper_;
    Workspaces& workspaces_;
    AskWorkspace& ask_;
    QString store_, title_;
    ModelWish model_;
    QTimer *clock_, *pause_;  // looks at everything; a pause in typing
    Session kept_;
    bool isOurs_ = false;       // the folder
    bool broughtBack_ = false;  // with what there is to say of others
    bool traceChanged_ = true;
    MessageBar* bar_ = nullptr;
};

}  // namespace lvr
