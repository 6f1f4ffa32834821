#include <QApplication>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>

#include "app/window/main_window.h"
#include "app/window/session.h"
#include "app/window/start_script.h"
#include "app/window/window_services.h"
#include "core/error.h"
#include "datasets/scenes/scenes.h"

namespace {

constexpr int kFailed = 1;
constexpr int kWrongUse = 2;

int complain(const QString& sentence, int code) {
    std::fprintf(stderr, "lvr-workbench: %s\n", qUtf8Printable(sentence));
    return code;
}

bool hasDisplay() {
    for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"})
        if (!qEnvironmentVariableIsEmpty(name)) return true;
    return false;
}

// Qt aborts when it cannot reach the display; this turns that into a sentence and an exit code.
void onStartMessage(QtMsgType type, const QMessageLogContext&, const QString& text) {
    if (type != QtFatalMsg) return;
    std::_Exit(complain("the window can't be shown, because " +
                            (text.contains("platform plugin")
                                 ? QString("the display can't be reached; check DISPLAY or "
                                           "WAYLAND_DISPLAY, or use the command lvr instead.")
                                 : text.section('\n', 0, 0)),
                        kFailed));
}

bool hasHome() {
    return !qEnvironmentVariableIsEmpty("HOME") || !qEnvironmentVariableIsEmpty("XDG_DATA_HOME");
}

// Beside the run store's usual place; empty without a home, where Qt would offer the root's.
QString sessionFolder(const lvr::StartOptions& options) {
    if (options.session) return *options.session;
    if (options.leaves() || !hasHome()) return {};
    return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) +
           "/lvr-workbench/session";
}

// Where conversations are kept. forgotten: what a script that leaves sees and leaves behind.
QString historyFolder(const lvr::StartOptions& options, const QString& forgotten) {
    if (options.session) return *options.session + "/conversations";
    if (options.leaves()) return forgotten;
    if (!hasHome()) return {};
    return QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + "/conversations";
}

// Whoever names what is to be seen wants that.
bool namesWhatIsSeen(const lvr::StartStep& step) {
    return std::holds_alternative<lvr::OpenFile>(step) ||
           std::holds_alternative<lvr::AskQuestion>(step);
}

std::optional<lvr::Session> lastSession(lvr::MainWindow& window, const lvr::StartOptions& options) {
    const QString folder = sessionFolder(options);
    if (folder.isEmpty()) return std::nullopt;
    auto last = window.keepSession(folder);
    if (std::ranges::any_of(options.steps, namesWhatIsSeen)) return std::nullopt;
    return last;
}

// A model that the window may have died of is not opened again unasked.
lvr::StartOptions withModelOf(const lvr::Session& last, lvr::StartOptions options) {
    if (!options.model && last.closed && !last.model.isEmpty()) options.model = last.model;
    return options;
}

// What the command line leaves out is as it was with the last model.
lvr::ModelPlace modelPlace(const lvr::CommandLine& line, const std::optional<lvr::Session>& last) {
    const lvr::Session usual = last.value_or(lvr::Session());
    return {.dtype = line.dtype.value_or(usual.dtype).toStdString(),
            .device = line.device.value_or(usual.device).toStdString()};
}

int show(const lvr::CommandLine& line) {
    lvr::StartOptions options = line.start;
    const bool leaves = options.leaves();
    const QTemporaryDir forgotten;  // a script shows the same, whatever was asked before
    lvr::MainWindow window(
        lvr::servicesHere({.store = line.store,
                           .history = historyFolder(options, forgotten.path()).toStdU16String(),
                           .reproducible = leaves}));
    if (!leaves) window.rememberLook();
    if (leaves || line.colours) window.chooseTheme(line.colours.value_or(lvr::Theme::System));
    if (leaves)
        window.setFixedSize(options.size);
    else if (line.sizeIsGiven)
        window.resize(options.size);
    const auto last = lastSession(window, options);
    if (last) options = withModelOf(*last, options);
    window.placeModels(modelPlace(line, last));
    if (last) window.chooseDialect(last->model, last->dialect);
    if (line.dialect) window.chooseDialect(options.model.value_or(QString()), *line.dialect);
    lvr::StartScript script(window, options);
    QObject::connect(&script, &lvr::StartScript::finished, &window, [&](const QString& error) {
        window.leave();
        QCoreApplication::exit(error.isEmpty() ? 0 : complain(error, kFailed));
    });
    window.show();
    if (last)
        window.restore(*last);
    else
        window.newScene(QString::fromStdString(lvr::sceneKinds().front()));
    // Once there is time, so that alerts of trainings are told in every workspace.
    if (!leaves)
        QObject::connect(&window, &lvr::MainWindow::settled, &window, &lvr::MainWindow::watchRuns,
                         Qt::SingleShotConnection);
    if (!leaves) window.greet();
    script.run();
    return QApplication::exec();
}

int start(int argc, char** argv, const lvr::CommandLine& line) {
    if (!hasDisplay())
        return complain(
            "there is no display; run it on a desktop, with xvfb-run -a, or use the "
            "command lvr instead.",
            kFailed);
    qInstallMessageHandler(onStartMessage);
    QApplication application(argc, argv);
    qInstallMessageHandler(nullptr);
    std::setlocale(LC_NUMERIC, "C");  // numbers in files have points, whatever the country
    QApplication::setStyle("Fusion");
    QApplication::setDesktopFileName("lvr-workbench");
    return show(line);
}

}  // namespace

int main(int argc, char** argv) {
    QCoreApplication::setOrganizationName("lvr-workbench");
    QCoreApplication::setApplicationName("lvr-workbench");
    QCoreApplication::setApplicationVersion(LVR_VERSION);
    QStringList arguments;
    for (int i = 0; i < argc; ++i) arguments << QString::fromLocal8Bit(argv[i]);
    try {
        const lvr::CommandLine line = lvr::readCommandLine(arguments);
        if (line.wantsHelp) return std::fputs(qUtf8Printable(lvr::commandLineHelp()), stdout) < 0;
        if (line.wantsVersion) return std::puts("lvr-workbench " LVR_VERSION) < 0;
        return start(argc, argv, line);
    } catch (const lvr::Error& error) {
        return complain(QString::fromUtf8(error.what()), kWrongUse);
    }
}
