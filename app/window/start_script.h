#pragma once

#include <QObject>
#include <QSize>
#include <QStringList>
#include <deque>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "app/shell/look.h"
#include "app/window/workspaces.h"
#include "core/values/image.h"

namespace lvr {

class MainWindow;

// What a script does in the window, as a hand would.
struct OpenFile {  // a picture, a trace, a folder of pictures or a data file
    QString file;
    bool operator==(const OpenFile&) const = default;
};
struct AskQuestion {  // in Compare: under its strategies; in Causal: under its interventions
    QString text;
    bool operator==(const AskQuestion&) const = default;
};
struct DrawRegion {  // on the picture
    Box box;
    bool operator==(const DrawRegion&) const = default;
};
struct DoCommand {  // of the palette, by its object name
    QString name;
    bool operator==(const DoCommand&) const = default;
};
using StartStep = std::variant<OpenFile, AskQuestion, DrawRegion, DoCommand>;

// What the command line asked of the window.
struct StartOptions {
    std::optional<QString> model;          // absent: the tiny model
    std::optional<WorkspaceId> workspace;  // to begin with
    std::vector<StartStep> steps;          // in the order given
    std::optional<QString> screenshot;     // PNG to write, then leave
    std::optional<QString> state;          // JSON to write, then leave
    std::optional<QString> session;        // folder to keep it in; absent: the person's own
    QSize size{1280, 720};

    bool leaves() const { return screenshot || state; }  // once all is done
};

// Does it one after the other, each when the one before has settled.
class StartScript : public QObject {
    Q_OBJECT
public:
    StartScript(MainWindow& window, StartOptions options, QObject* parent = nullptr);
    void run();

Q_SIGNALS:
    // Of a script that leaves: `error` is empty when all was done and written.
    void finished(const QString& error);

private:
    void next();
    void doNext();
    void add(const StartStep& step);
    void add(std::function<void()> step) { steps_.push_back(std::move(step)); }
    void ask(const QString& question);
    void act(const DoCommand& command);
    void giveUp(const QString& error);
    void leave();
    void takeScreenshot();

    MainWindow& window_;
    StartOptions options_;
    std::deque<std::function<void()>> steps_;
    bool waits_ = false;  // doNext() is on its way
};

// What the command line says. Wrong use is one sentence that names the option.
struct CommandLine {
    StartOptions start;
    std::optional<QString> store;          // absent: the machine's own
    std::optional<QString> dialect;        // of the model; absent: as its files say
    std::optional<QString> device, dtype;  // of models; absent: as last time, else auto
    std::optional<Theme> colours;          // absent: as last time
    bool sizeIsGiven = false;
    bool wantsHelp = false, wantsVersion = false;
};
CommandLine readCommandLine(const QStringList& arguments);  // with the program's name; throws Error
QString commandLineHelp();

}  // namespace lvr
