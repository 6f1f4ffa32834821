#include "app/window/command_line.h"

#include <QCommandLineParser>
#include <QFileInfo>
#include <QRegularExpression>

#include "core/error.h"

namespace lvr {
namespace {

constexpr auto kDescription =
    "Ask a picture and see what each latent step looks at, train, read rollouts, compare.\n\n"
    "Examples:\n"
    "  lvr-workbench\n"
    "  lvr-workbench --model Qwen/Qwen2.5-VL-3B-Instruct --open photo.jpg\n"
    "  lvr-workbench --workspace train --store runs.db\n"
    "  lvr-workbench --screenshot-to F.png --open answer.lvrtrace --size 1280x720\n\n"
    "Exit codes: 0 done, 1 failed, 2 wrong use.";

void addOptions(QCommandLineParser& parser) {
    parser.setApplicationDescription(kDescription);
    parser.addPositionalArgument("FILE", "Picture or .lvrtrace file to open.", "[FILE]");
    parser.addOptions(
        {{{"h", "help"}, "Show this help."},
         {{"v", "version"}, "Show the version."},
         {"workspace", "What to begin with: ask, train, rollouts or compare.", "WHICH"},
         {"store", "Run store that Train and Rollouts read; without it the one of lvr.", "FILE"},
         {"open", "The same as FILE.", "IMAGE|TRACE"},
         {"ask", "Question to ask, in Compare to compare, once the model is open.", "TEXT"},
         {"model", "Checkpoint folder or cached repo id; without it the tiny model.",
          "DIR|REPO_ID"},
         {"device", "Where models are computed: auto, cpu, cuda or cuda:N.", "WHERE"},
         {"dtype", "In which numbers: auto, float32 or bfloat16.", "WHICH"},
         {"screenshot-to", "Render the finished state to a PNG and exit.", "F.png"},
         {"size", "Size of the window in pixels, for example 1280x720.", "WxH"},
         {"colours", "system, light or dark.", "WHICH"}});
}

[[noreturn]] void refuse(const QString& sentence) { throw Error(sentence.toStdString()); }

std::optional<QString> valueOf(const QCommandLineParser& parser, const QString& option) {
    return parser.isSet(option) ? std::optional(parser.value(option)) : std::nullopt;
}

QSize toSize(const QString& text) {
    static const QRegularExpression form("^(\\d{3,4})x(\\d{3,4})$");
    const auto match = form.match(text);
    if (!match.hasMatch()) refuse(QString("--size %1 is not like 1280x720.").arg(text));
    return {match.captured(1).toInt(), match.captured(2).toInt()};
}

Theme toTheme(const QString& name) {
    const auto theme = QStringList{"system", "light", "dark"}.indexOf(name);
    if (theme < 0) refuse(QString("--colours %1 is not one of system, light, dark.").arg(name));
    return static_cast<Theme>(theme);
}

WorkspaceId toWorkspace(const QString& name) {
    const auto id = workspaceNamed(name);
    if (!id)
        refuse(QString("--workspace %1 is not one of ask, train, rollouts, compare.").arg(name));
    return *id;
}

// A file that is not there yet is made by the first training.
QString toStore(const QString& file) {
    const QFileInfo info(file);
    if (file.isEmpty()) refuse("--store names no file; leave it out for the store of lvr.");
    if (info.isDir()) refuse(QString("--store %1 is a folder; name a file in it.").arg(file));
    return info.absoluteFilePath();
}

std::optional<QString> fileToOpen(const QCommandLineParser& parser) {
    auto open = valueOf(parser, "open");
    const QStringList files = parser.positionalArguments();
    if (files.size() > (open ? 0 : 1))
        refuse(QString("one file is opened at a time; leave out \"%1\".").arg(files.last()));
    return files.isEmpty() ? open : files.first();
}

}  // namespace

CommandLine readCommandLine(const QStringList& arguments) {
    QCommandLineParser parser;
    addOptions(parser);
    if (!parser.parse(arguments)) refuse(parser.errorText() + "; see lvr-workbench --help.");
    CommandLine line;
    line.wantsHelp = parser.isSet("help");
    line.wantsVersion = parser.isSet("version");
    if (line.wantsHelp || line.wantsVersion) return line;
    line.start = {.model = valueOf(parser, "model"),
                  .open = fileToOpen(parser),
                  .ask = valueOf(parser, "ask"),
                  .screenshot = valueOf(parser, "screenshot-to")};
    line.sizeIsGiven = parser.isSet("size");
    if (line.sizeIsGiven) line.start.size = toSize(parser.value("size"));
    if (const auto name = valueOf(parser, "workspace")) line.start.workspace = toWorkspace(*name);
    line.device = valueOf(parser, "device");
    line.dtype = valueOf(parser, "dtype");
    if (const auto file = valueOf(parser, "store")) line.store = toStore(*file);
    if (const auto name = valueOf(parser, "colours")) line.colours = toTheme(*name);
    return line;
}

QString commandLineHelp() {
    QCommandLineParser parser;
    addOptions(parser);
    return parser.helpText().replace("<executable_name>", "lvr-workbench");  // Qt has not begun yet
}

}  // namespace lvr
