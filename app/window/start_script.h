#pragma once

#include <QObject>
#include <QSize>
#include <deque>
#include <functional>
#include <optional>

#include "app/workspaces/workspace_id.h"

namespace lvr {

class MainWindow;

// What the command line asked of the window.
struct StartOptions {
    std::optional<QString> model;  // absent: the tiny model
    std::optional<QString> open;   // a picture or a trace
    std::optional<WorkspaceId> workspace;
    std::optional<QString> ask;         // in Compare: to be compared
    std::optional<QString> screenshot;  // PNG to write, then leave
    QSize size{1280, 720};
};

// Does it one after the other, each when the one before has settled.
class StartScript : public QObject {
    Q_OBJECT
public:
    StartScript(MainWindow& window, StartOptions options, QObject* parent = nullptr);
    void run();

Q_SIGNALS:
    // Screenshot only: `error` is empty when the picture was written.
    void finished(const QString& error);

private:
    void next();
    void ask();
    void giveUp(const QString& error);
    void takeScreenshot();

    MainWindow& window_;
    StartOptions options_;
    std::deque<std::function<void()>> steps_;
};

}  // namespace lvr
