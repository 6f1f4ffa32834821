#include "app/window/start_script.h"

#include <QCommandLineParser>
#include <QDialog>
#include <QDir>
#include <QFileInfo>
#include <QHash>
#include <QRegularExpression>
#include <QTimer>
#include <algorithm>
#include <utility>

#include "app/window/main_window.h"
#include "core/error.h"
#include "core/values/box_text.h"
#include "widgets/save_file.h"

namespace lvr {
namespace {

bool isTrace(const QString& file) { return file.endsWith(".lvrtrace", Qt::CaseInsensitive); }

bool opensTrace(const StartStep& step) {
    const auto* open = std::get_if<OpenFile>(&step);
    return open && isTrace(open->file);
}

// A trace is looked at without a model, and so are runs.
bool needsModel(const StartOptions& options) {
    const auto shows = options.workspace.value_or(WorkspaceId::Ask);
    const bool looksOnly = shows == WorkspaceId::Train || shows == WorkspaceId::Rollouts ||
                           std::ranges::any_of(options.steps, opensTrace);
    const bool acts = std::ranges::any_of(options.steps, [](const StartStep& step) {
        return std::holds_alternative<AskQuestion>(step) || std::holds_alternative<DoCommand>(step);
    });
    return !options.leaves() || acts || options.model || !looksOnly;
}

template <class... Cases>
struct Match : Cases... {
    using Cases::operator()...;
};

constexpr auto kDescription =
    "Ask a picture and see what each latent step looks at, train, read rollouts, compare, test.\n\n"
    "Examples:\n"
    "  lvr-workbench\n"
    "  lvr-workbench --model Qwen/Qwen2.5-VL-3B-Instruct --open photo.jpg\n"
    "  lvr-workbench --workspace train --store runs.db\n"
    "  lvr-workbench --screenshot-to F.png --open answer.lvrtrace --size 1280x720\n"
    "  lvr-workbench --ask \"What shape is the red object?\" --region 0.1,0.2,0.4,0.5 "
    "--do regions.thought --state-to F.json\n\n"
    "FILE, --open, --ask, --region and --do can be given again and are done in the order given, "
    "FILE first, each when the one before has settled. --do takes the name that a command of the "
    "palette (Ctrl+Shift+P) shows when the pointer rests on it; a wrong name lists the nearest.\n\n"
    "Exit codes: 0 done, 1 failed, 2 wrong use.";

void addOptions(QCommandLineParser& parser) {
    parser.setApplicationDescription(kDescription);
    parser.addPositionalArgument("FILE", "Picture or .lvrtrace file to open.", "[FILE]");
    parser.addOptions(
        {{{"h", "help"}, "Show this help."},
         {{"v", "version"}, "Show the version."},
         {"workspace", "What to begin with: ask, train, rollouts, compare or causal.", "WHICH"},
         {"store", "Run store that Train and Rollouts read; without it the one of lvr.", "FILE"},
         {"open", "Picture, trace, folder or data file to open.", "FILE"},
         {"ask",
          "Question to ask, in Compare to compare, in Causal to test, once the model is open.",
          "TEXT"},
         {"region", "Draw a region on the picture: its corners in fractions of width and height.",
          "X0,Y0,X1,Y1"},
         {"do", "Do a command of the palette, for example regions.thought.", "NAME"},
         {"model", "Checkpoint folder or cached repo id; without it the tiny model.",
          "DIR|REPO_ID"},
         {"device", "Where models are computed: auto, cpu, cuda or cuda:N.", "WHERE"},
         {"dtype", "In which numbers: auto, float32 or bfloat16.", "WHICH"},
         {"dialect", "How the model thinks, where its files don't say so, for example monet.",
          "NAME"},
         {"screenshot-to", "Render the finished state to a PNG and exit.", "F.png"},
         {"state-to",
          "Write what the window shows to a JSON file and exit: workspace, question, answers with "
          "latents and thought, regions, runs, messages.",
          "F.json"},
         {"session",
          "Folder to keep what is on screen in, and to go on from; without it your own, and none "
          "with --screenshot-to or --state-to.",
          "DIR"},
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
        refuse(QString("--workspace %1 is not one of ask, train, rollouts, compare, causal.")
                   .arg(name));
    return *id;
}

// A file that is not there yet is made by the first training.
QString toStore(const QString& file) {
    const QFileInfo info(file);
    if (file.isEmpty()) refuse("--store names no file; leave it out for the store of lvr.");
    if (info.isDir()) refuse(QString("--store %1 is a folder; name a file in it.").arg(file));
    return info.absoluteFilePath();
}

// Made when it is not there yet.
QString toFolder(const QString& folder) {
    const QFileInfo info(folder);
    if (folder.isEmpty()) refuse("--session names no folder.");
    if (info.exists() && !info.isDir())
        refuse(QString("--session %1 is a file; name a folder.").arg(folder));
    if (!QDir().mkpath(folder) || !QFileInfo(folder).isWritable())
        refuse(QString("--session %1 can't be written; name another folder.").arg(folder));
    return info.absoluteFilePath();
}

// A file is what its name says.
std::optional<QString> fileToWrite(const QCommandLineParser& parser, const QString& option,
                                   const QString& ending) {
    const auto file = valueOf(parser, option);
    if (file && !file->endsWith(ending, Qt::CaseInsensitive))
        refuse(QString("--%1 %2 must end in %3.").arg(option, *file, ending));
    return file;
}

StartStep toStep(const QString& option, const QString& value) {
    if (option == "open") return OpenFile{value};
    if (option == "ask") return AskQuestion{value};
    if (option == "do") return DoCommand{value};
    try {
        return DrawRegion{parseBox(value.toStdString())};
    } catch (const Error& error) {
        refuse(QString("--region %1").arg(QString::fromUtf8(error.what())));
    }
}

// FILE first, then the options in the order given.
std::vector<StartStep> toSteps(const QCommandLineParser& parser) {
    std::vector<StartStep> steps;
    const QStringList files = parser.positionalArguments();
    if (files.size() > 1)
        refuse(QString("one FILE is opened first; name \"%1\" with --open.").arg(files.last()));
    for (const QString& file : files) steps.push_back(OpenFile{file});
    QHash<QString, int> seen;
    for (const QString& option : parser.optionNames()) {
        if (!QStringList{"open", "ask", "do", "region"}.contains(option)) continue;
        steps.push_back(toStep(option, parser.values(option).at(seen[option]++)));
    }
    return steps;
}

}  // namespace

StartScript::StartScript(MainWindow& window, StartOptions options, QObject* parent)
    : QObject(parent), window_(window), options_(std::move(options)) {
    if (needsModel(options_))
        add([this] { window_.openModel(options_.model.value_or(QString())); });
    if (options_.workspace) add([this] { window_.showWorkspace(*options_.workspace); });
    for (const StartStep& step : options_.steps) add(step);
    if (options_.leaves()) add([this] { leave(); });
    connect(&window_, &MainWindow::settled, this, &StartScript::next);
    if (options_.leaves()) connect(&window_, &MainWindow::failed, this, &StartScript::giveUp);
}

void StartScript::add(const StartStep& step) {
    std::visit(
        Match{[this](const OpenFile& open) { add([this, open] { window_.openFile(open.file); }); },
              [this](const AskQuestion& asked) {
                  add([this, asked] { ask(asked.text); });
                  add([this] { window_.showLastStep(); });
              },
              [this](const DrawRegion& drawn) {
                  add([this, drawn] { window_.drawRegion(drawn.box); });
              },
              [this](const DoCommand& command) { add([this, command] { act(command); }); }},
        step);
}

void StartScript::run() { next(); }

// Once what has just been begun has had its turn: labels are laid out, and what was queued runs.
void StartScript::next() {
    if (std::exchange(waits_, true)) return;
    QTimer::singleShot(0, this, &StartScript::doNext);
}

void StartScript::doNext() {
    waits_ = false;
    if (steps_.empty() || window_.isBusy()) return;
    const auto step = std::move(steps_.front());
    steps_.pop_front();
    step();
    next();
}

void StartScript::ask(const QString& question) {
    if (options_.workspace == WorkspaceId::Compare)
        window_.compareQuestion(question);
    else if (options_.workspace == WorkspaceId::Causal)
        window_.testQuestion(question);
    else
        window_.ask(question);
}

void StartScript::act(const DoCommand& command) {
    window_.doCommand(command.name);
    if (!options_.leaves()) return;
    const auto dialogs = window_.findChildren<QDialog*>();
    const auto open = std::ranges::find_if(dialogs, &QDialog::isVisible);
    if (open == dialogs.end()) return;
    giveUp(QObject::tr("The command \"%1\" opens a dialog (%2), which a script can't answer; leave "
                       "it out, or do it in the window.")
               .arg(command.name, (*open)->windowTitle()));
}

void StartScript::giveUp(const QString& error) {
    steps_.clear();
    Q_EMIT finished(error);
}

void StartScript::leave() {
    try {
        if (options_.state) writeFile(*options_.state, window_.state());
        if (options_.screenshot) takeScreenshot();
        Q_EMIT finished({});
    } catch (const Error& error) {
        Q_EMIT finished(QString::fromUtf8(error.what()));
    }
}

void StartScript::takeScreenshot() {
    window_.grab();  // ImGui lays out in one frame and is right in the next
    writePicture(*options_.screenshot, window_.grab().toImage());
}

CommandLine readCommandLine(const QStringList& arguments) {
    QCommandLineParser parser;
    addOptions(parser);
    if (!parser.parse(arguments)) refuse(parser.errorText() + "; see lvr-workbench --help.");
    CommandLine line;
    line.wantsHelp = parser.isSet("help");
    line.wantsVersion = parser.isSet("version");
    if (line.wantsHelp || line.wantsVersion) return line;
    line.start = {.model = valueOf(parser, "model"),
                  .steps = toSteps(parser),
                  .screenshot = fileToWrite(parser, "screenshot-to", ".png"),
                  .state = fileToWrite(parser, "state-to", ".json"),
                  .session = valueOf(parser, "session")};
    if (line.start.session) line.start.session = toFolder(*line.start.session);
    line.sizeIsGiven = parser.isSet("size");
    if (line.sizeIsGiven) line.start.size = toSize(parser.value("size"));
    if (const auto name = valueOf(parser, "workspace")) line.start.workspace = toWorkspace(*name);
    line.device = valueOf(parser, "device");
    line.dtype = valueOf(parser, "dtype");
    line.dialect = valueOf(parser, "dialect");
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
