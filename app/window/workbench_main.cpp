#include <QApplication>
#include <QFileInfo>
#include <QRandomGenerator>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <atomic>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "app/compare/sample_sets.h"
#include "app/session/session.h"
#include "app/tiny_model.h"
#include "app/window/command_line.h"
#include "app/window/lvr_engine.h"
#include "app/window/main_window.h"
#include "app/window/start_script.h"
#include "app/window/window_services.h"
#include "core/checkpoint/fingerprint.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/store/run_store.h"
#include "datasets/scenes/scenes.h"

namespace {

constexpr int kFailed = 1;
constexpr int kWrongUse = 2;
constexpr int kFirstHops = 4;  // the first sample's chain is long enough to see the heat hop

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

// The first scene of a screenshot is always the same; those of a person are always fresh.
std::uint64_t sceneSeed(bool reproducible) {
    return reproducible ? 1 : QRandomGenerator::system()->generate64();
}

std::function<lvr::Sample(const std::string&)> sceneSource(bool reproducible) {
    return [seed = sceneSeed(reproducible),
            index = std::uint64_t{0}](const std::string& kind) mutable {
        const lvr::SceneOptions options{.minHops = index == 0 ? kFirstHops : 0};
        return lvr::sceneSample(seed, index++, kind, options);
    };
}

// Of every kind a set can be made of. Copies share the count, and any thread may draw.
std::function<lvr::Sample(const std::string&)> anySceneSource(bool reproducible) {
    const auto drawn = std::make_shared<std::atomic<int>>(0);
    return [seed = sceneSeed(reproducible), drawn](const std::string& kind) {
        const int index = drawn->fetch_add(1);
        return lvr::openSampleSet({.kind = kind, .count = index + 1, .seed = seed}).sample(index);
    };
}

// What is missing stays empty: Train says so where it matters.
template <class Find>
QString placeOf(Find find) {
    try {
        return QString::fromStdU16String(std::filesystem::path(find()).u16string());
    } catch (const lvr::Error&) {
        return {};
    }
}

lvr::TrainPlaces places(const lvr::CommandLine& line) {
    const QString store = line.store.value_or(placeOf(lvr::defaultStore));
    return {.store = store,
            .program = QCoreApplication::applicationDirPath() + "/lvr",
            .tinyModel = placeOf(lvr::tinyModelFolder),
            .runsFolder = QFileInfo(store).path() + "/runs"};
}

// Of a model by the name it has in the window.
std::string hashOf(const std::string& model) {
    const bool isTiny = model == lvr::kTinyModelName;
    return lvr::checkpointFingerprint(lvr::findCheckpoint(isTiny ? lvr::tinyModelFolder() : model));
}

// Where conversations are kept; nowhere without a home folder, where Qt would offer the root's.
std::filesystem::path historyFolder() {
    if (qEnvironmentVariableIsEmpty("HOME") && qEnvironmentVariableIsEmpty("XDG_DATA_HOME"))
        return {};
    const QString data = QStandardPaths::writableLocation(QStandardPaths::AppDataLocation);
    return std::filesystem::path(data.toStdU16String()) / "conversations";
}

lvr::WindowServices services(const lvr::CommandLine& line, const std::filesystem::path& history) {
    const bool reproducible = line.start.screenshot.has_value();
    return {.openEngine = lvr::openLvrEngine,
            .sceneKinds = lvr::sceneKinds(),
            .newScene = sceneSource(reproducible),
            .cachedCheckpoints = lvr::cachedCheckpoints,
            .history = history,
            .libraries = {lvr::torchVersion()},
            .places = places(line),
            .compare = {.openEngine = lvr::openLvrEngine,
                        .sceneKinds = lvr::setSceneKinds(),
                        .newScene = anySceneSource(reproducible),
                        .openSet = lvr::openSampleSet,
                        .modelHash = hashOf,
                        .codeVersion = LVR_VERSION}};
}

// Beside the run store's usual place; empty without a home.
QString sessionFolder() {
    if (qEnvironmentVariableIsEmpty("HOME") && qEnvironmentVariableIsEmpty("XDG_DATA_HOME"))
        return {};
    return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) +
           "/lvr-workbench/session";
}

// Whoever names what is to be seen wants that.
std::optional<lvr::Session> lastSession(lvr::MainWindow& window, const lvr::StartOptions& options) {
    if (options.screenshot || sessionFolder().isEmpty()) return std::nullopt;
    auto last = window.keepSession(sessionFolder());
    if (options.open || options.ask) return std::nullopt;
    return last;
}

// A model that the window may have died of is not opened again unasked.
lvr::StartOptions withModelOf(const lvr::Session& last, lvr::StartOptions options) {
    if (!options.model && last.closed && !last.model.isEmpty()) options.model = last.model;
    return options;
}

int show(QApplication& application, const lvr::CommandLine& line) {
    lvr::StartOptions options = line.start;
    const QTemporaryDir forgotten;  // a screenshot shows the same, whatever was asked before
    const auto history = options.screenshot
                             ? std::filesystem::path(forgotten.path().toStdU16String())
                             : historyFolder();
    lvr::MainWindow window(services(line, history));
    if (!options.screenshot) window.rememberLook();
    if (options.screenshot || line.colours)
        window.chooseTheme(line.colours.value_or(lvr::Theme::System));
    if (options.screenshot)
        window.setFixedSize(options.size);
    else if (line.sizeIsGiven)
        window.resize(options.size);
    const auto last = lastSession(window, options);
    if (last) options = withModelOf(*last, options);
    lvr::StartScript script(window, options);
    QObject::connect(&script, &lvr::StartScript::finished, &application, [](const QString& error) {
        QCoreApplication::exit(error.isEmpty() ? 0 : complain(error, kFailed));
    });
    window.show();
    if (last)
        window.restore(*last);
    else
        window.newScene(QString::fromStdString(lvr::sceneKinds().front()));
    // Once there is time, so that alerts of trainings are told in every workspace.
    if (!options.screenshot)
        QObject::connect(&window, &lvr::MainWindow::settled, &window, &lvr::MainWindow::watchRuns,
                         Qt::SingleShotConnection);
    if (!options.screenshot) window.greet();
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
    return show(application, line);
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
