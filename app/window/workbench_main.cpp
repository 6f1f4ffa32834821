#include <QApplication>
#include <QCommandLineParser>
#include <QRandomGenerator>
#include <QRegularExpression>
#include <clocale>
#include <cstdio>
#include <cstdlib>

#include "app/look/theme.h"
#include "app/window/lvr_engine.h"
#include "app/window/main_window.h"
#include "app/window/start_script.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "datasets/scenes/scenes.h"

namespace {

constexpr int kFailed = 1;
constexpr int kWrongUse = 2;
constexpr int kFirstHops = 4;  // the first sample's chain is long enough to see the heat hop

constexpr auto kDescription =
    "Ask a picture and see what each latent step looks at.\n\n"
    "Examples:\n"
    "  lvr-workbench\n"
    "  lvr-workbench --model Qwen/Qwen2.5-VL-3B-Instruct --open photo.jpg\n"
    "  lvr-workbench --screenshot-to F.png --open answer.lvrtrace --size 1280x720\n\n"
    "Exit codes: 0 done, 1 failed, 2 wrong use.";

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

std::optional<QSize> parseSize(const QString& text) {
    static const QRegularExpression form("^(\\d{3,4})x(\\d{3,4})$");
    const auto match = form.match(text);
    if (!match.hasMatch()) return std::nullopt;
    return QSize(match.captured(1).toInt(), match.captured(2).toInt());
}

void addOptions(QCommandLineParser& parser) {
    parser.setApplicationDescription(kDescription);
    parser.addPositionalArgument("FILE", "Picture or .lvrtrace file to open.", "[FILE]");
    parser.addOptions({{{"h", "help"}, "Show this help."},
                       {{"v", "version"}, "Show the version."},
                       {"screenshot-to", "Render the finished state to a PNG and exit.", "F.png"},
                       {"size", "Size of the window in pixels, for example 1280x720.", "WxH"},
                       {"open", "The same as FILE.", "IMAGE|TRACE"},
                       {"ask", "Question to ask once the model is open.", "TEXT"},
                       {"model", "Checkpoint folder or cached repo id; without it the tiny model.",
                        "DIR|REPO_ID"},
                       {"colours", "system, light or dark.", "WHICH"}});
}

QString helpOf(const QCommandLineParser& parser) {
    return parser.helpText().replace("<executable_name>", "lvr-workbench");  // Qt has not begun yet
}

std::optional<QString> valueOf(const QCommandLineParser& parser, const QString& option) {
    return parser.isSet(option) ? std::optional(parser.value(option)) : std::nullopt;
}

// The first scene of a screenshot is always the same; those of a person are always fresh.
std::function<lvr::Sample(const std::string&)> sceneSource(bool reproducible) {
    const std::uint64_t seed = reproducible ? 1 : QRandomGenerator::system()->generate64();
    return [seed, index = std::uint64_t{0}](const std::string& kind) mutable {
        const lvr::SceneOptions options{.minHops = index == 0 ? kFirstHops : 0};
        return lvr::sceneSample(seed, index++, kind, options);
    };
}

int show(QApplication& application, const QCommandLineParser& parser,
         const lvr::StartOptions& options, lvr::Theme theme) {
    lvr::MainWindow window({.openEngine = lvr::openLvrEngine,
                            .sceneKinds = lvr::sceneKinds(),
                            .newScene = sceneSource(options.screenshot.has_value()),
                            .cachedCheckpoints = lvr::cachedCheckpoints});
    if (!options.screenshot) window.rememberLook();
    if (options.screenshot || parser.isSet("colours")) window.chooseTheme(theme);
    if (options.screenshot)
        window.setFixedSize(options.size);
    else if (parser.isSet("size"))
        window.resize(options.size);
    lvr::StartScript script(window, options);
    QObject::connect(&script, &lvr::StartScript::finished, &application, [](const QString& error) {
        QCoreApplication::exit(error.isEmpty() ? 0 : complain(error, kFailed));
    });
    window.show();
    window.newScene(QString::fromStdString(lvr::sceneKinds().front()));
    script.run();
    return QApplication::exec();
}

// Throws Error naming the option that is wrong.
lvr::StartOptions readOptions(const QCommandLineParser& parser) {
    lvr::StartOptions options{.model = valueOf(parser, "model"),
                              .open = valueOf(parser, "open"),
                              .ask = valueOf(parser, "ask"),
                              .screenshot = valueOf(parser, "screenshot-to")};
    const QStringList files = parser.positionalArguments();
    if (files.size() > (options.open ? 0 : 1))
        throw lvr::Error("one file is opened at a time; leave out \"" + files.last().toStdString() +
                         "\".");
    if (!files.isEmpty()) options.open = files.first();
    if (const auto text = valueOf(parser, "size")) {
        const auto size = parseSize(*text);
        if (!size) throw lvr::Error("--size " + text->toStdString() + " is not like 1280x720.");
        options.size = *size;
    }
    return options;
}

lvr::Theme readTheme(const QCommandLineParser& parser) {
    const QString name = valueOf(parser, "colours").value_or("system");
    const auto theme = QStringList{"system", "light", "dark"}.indexOf(name);
    if (theme < 0)
        throw lvr::Error("--colours " + name.toStdString() + " is not one of system, light, dark.");
    return static_cast<lvr::Theme>(theme);
}

int start(int argc, char** argv, const QCommandLineParser& parser) {
    const lvr::StartOptions options = readOptions(parser);
    const lvr::Theme theme = readTheme(parser);
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
    return show(application, parser, options, theme);
}

}  // namespace

int main(int argc, char** argv) {
    QCoreApplication::setOrganizationName("lvr-workbench");
    QCoreApplication::setApplicationName("lvr-workbench");
    QCoreApplication::setApplicationVersion(LVR_VERSION);
    QCommandLineParser parser;
    addOptions(parser);
    QStringList arguments;
    for (int i = 0; i < argc; ++i) arguments << QString::fromLocal8Bit(argv[i]);
    if (!parser.parse(arguments))
        return complain(parser.errorText() + "; see lvr-workbench --help.", kWrongUse);
    if (parser.isSet("help")) return std::fputs(qUtf8Printable(helpOf(parser)), stdout) < 0;
    if (parser.isSet("version")) return std::puts("lvr-workbench " LVR_VERSION) < 0;
    try {
        return start(argc, argv, parser);
    } catch (const lvr::Error& error) {
        return complain(QString::fromUtf8(error.what()), kWrongUse);
    }
}
