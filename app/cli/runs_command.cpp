#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/cli/command.h"
#include "app/cli/eval_output.h"
#include "app/cli/passes.h"
#include "app/cli/place_flags.h"
#include "app/cli/show_run.h"
#include "app/cli/show_tested_set.h"
#include "app/training/run_log.h"
#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/runs_io/completions.h"
#include "core/runs_io/imported_run.h"
#include "core/runs_io/metrics_text.h"
#include "core/runs_io/tensorboard.h"
#include "core/store/run_store.h"
#include "core/values/causal_report.h"
#include "core/values/run.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

struct RunsArguments {
    fs::path store, to;
    std::string run, format, text, kind, tag;
    std::vector<std::string> tags;
    int last = 0;  // 0: all
    bool json = false, yes = false;
    GeneratedArguments generated;
};

RunStore openStore(const RunsArguments& a, RunStore::Access access = RunStore::Access::Read) {
    return RunStore(a.store.empty() ? defaultStore() : a.store, access);
}

std::string when(double seconds) {
    if (seconds == 0) return "-";
    const auto time = static_cast<std::time_t>(seconds);
    std::tm local{};
    localtime_r(&time, &local);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    return text;
}

// The first line, as far as it fits; whole characters of UTF-8.
std::string shortened(const std::string& text, std::size_t most) {
    auto line = text.substr(0, text.find('\n'));
    if (line.size() <= most && line.size() == text.size()) return line;
    auto end = std::min(line.size(), most - 3);
    while (end > 0 && end < line.size() && (line[end] & 0xC0) == 0x80) --end;
    return line.substr(0, end) + "...";
}

std::vector<Run> chosen(const RunsArguments& a, std::vector<Run> runs) {
    if (!a.kind.empty())
        std::erase_if(runs, [&](const Run& run) { return run.info.kind != a.kind; });
    if (!a.tag.empty())
        std::erase_if(runs, [&](const Run& run) {
            return std::ranges::find(run.tags, a.tag) == run.tags.end();
        });
    if (a.last > 0 && runs.size() > static_cast<std::size_t>(a.last)) runs.resize(a.last);
    return runs;
}

std::string tagsOf(const Run& run) {
    std::string text;
    for (const auto& tag : run.tags) text += (text.empty() ? "" : ", ") + tag;
    return text;
}

// What a list says of it in a few words: its name and tags, or the beginning of its notes.
std::string noteOf(const Run& run) {
    const auto tags = run.tags.empty() ? "" : "[" + tagsOf(run) + "]";
    if (run.name.empty() && tags.empty()) return run.notes;
    return run.name + (run.name.empty() || tags.empty() ? "" : " ") + tags;
}

// Of questions, with an answer each, and not of steps.
bool isOfQuestions(const Run& run) {
    return run.info.kind == kComparisonKind || run.info.kind == kEvaluationKind ||
           run.info.kind == kCausalKind;
}

// What has no folder is told from others by its data and model.
std::string placeOf(const Run& run) {
    return isOfQuestions(run) ? run.info.data + ", " + run.info.parent : run.info.out;
}

void list(const RunsArguments& a) {
    const auto all = openStore(a).runs();
    const auto runs = chosen(a, all);
    if (a.json) {
        OrderedJson listed = OrderedJson::array();
        for (const auto& run : runs) listed.push_back(toJson(run));
        std::cout << listed.dump(2) << "\n";
        return;
    }
    if (runs.empty()) {
        std::cout << (all.empty()     ? "no runs yet; lvr sft --help says how to start one\n"
                      : a.tag.empty() ? "no run of kind " + a.kind + "\n"
                      : a.kind.empty()
                          ? "no run has the tag " + a.tag + "\n"
                          : "no run of kind " + a.kind + " has the tag " + a.tag + "\n");
        return;
    }
    std::printf("%4s  %-8s  %-8s  %11s  %-19s  %-24s  %s\n", "run", "kind", "status", "step",
                "started", "name, tags or note", "out");
    for (const auto& run : runs)
        std::printf("%4lld  %-8s  %-8s  %5d/%-5d  %-19s  %-24s  %s\n",
                    static_cast<long long>(run.id), run.info.kind.c_str(),
                    toText(run.status).c_str(), run.step, run.info.steps, when(run.started).c_str(),
                    shortened(noteOf(run), 24).c_str(), placeOf(run).c_str());
}

OrderedJson checkpointsOf(const RunStore& store, std::int64_t run) {
    OrderedJson all = OrderedJson::array();
    for (const auto& row : store.checkpoints(run))
        if (row.kept)
            all.push_back({{"step", row.step},
                           {"folder", row.folder},
                           {"loss", row.loss ? jsonNumber(*row.loss) : OrderedJson()}});
    return all;
}

OrderedJson probesOf(const RunStore& store, std::int64_t run) {
    OrderedJson all = OrderedJson::array();
    for (const auto& row : store.sampleSummaries(run))
        all.push_back({{"step", row.step},
                       {"count", row.count},
                       {"right", row.right},
                       {"loss", row.loss ? jsonNumber(*row.loss) : OrderedJson()}});
    return all;
}

OrderedJson alertsOf(const RunStore& store, std::int64_t run) {
    OrderedJson all = OrderedJson::array();
    for (const auto& alert : store.alerts(run))
        all.push_back({{"step", alert.step}, {"message", alert.message}});
    return all;
}

void print(const Run& run, const OrderedJson& more) {
    std::cout << "run         " << run.id << ", " << run.info.kind << ", " << toText(run.status)
              << (run.message.empty() ? "" : ": " + run.message) << "\ncommand     "
              << run.info.command << "\nout         " << run.info.out << "\nstarted     "
              << when(run.started) << ", ended " << when(run.ended) << "\nprocess     " << run.pid
              << " on " << run.host << "\nstep        " << run.step << " of at most "
              << run.info.steps << "\n";
    if (!run.name.empty()) std::cout << "name        " << run.name << "\n";
    if (!run.tags.empty()) std::cout << "tags        " << tagsOf(run) << "\n";
    if (!run.notes.empty()) std::cout << "notes       " << run.notes << "\n";
    for (const auto& row : more["checkpoints"])
        std::cout << "checkpoint  step " << row["step"] << " in "
                  << row["folder"].get<std::string>()
                  << (row["loss"].is_null() ? "" : ", loss " + row["loss"].dump()) << "\n";
    for (const auto& row : more["probes"])
        std::cout << "probes      step " << row["step"] << ": " << row["right"] << " of "
                  << row["count"] << " right\n";
    for (const auto& row : more["alerts"])
        std::cout << "alert       step " << row["step"] << ": " << row["message"].get<std::string>()
                  << "\n";
}

void show(const RunsArguments& a) {
    const auto store = openStore(a);
    const auto run = findRun(store, a.run);
    if (run.info.kind == kComparisonKind) return showComparison(store, run, a.json);
    if (run.info.kind == kEvaluationKind) return showEvaluation(store, run, a.json);
    if (run.info.kind == kCausalKind) return showTestedSet(store, run, a.json);
    if (isAsked(a.generated)) return showGenerated(store, run, a.generated, a.json);
    std::map<std::string, double> last;
    for (const auto& metric : store.metrics(run.id)) last[metric.name] = metric.value;
    OrderedJson more{{"checkpoints", checkpointsOf(store, run.id)},
                     {"probes", probesOf(store, run.id)},
                     {"alerts", alertsOf(store, run.id)}};
    if (a.json) {
        auto json = toJson(run);
        json.update(more);
        json["metrics"] = OrderedJson::object();
        for (const auto& [name, value] : last) json["metrics"][name] = jsonNumber(value);
        std::cout << json.dump(2) << "\n";
        return;
    }
    print(run, more);
    for (const auto& [name, value] : last) std::printf("%-28s %g\n", name.c_str(), value);
}

struct ExportFormat {
    void (*write)(const RunsArguments&, const RunStore&, const Run&);
    std::vector<std::string> endings;  // of --to; none: a folder
};

void exportText(const RunsArguments& a, const RunStore& store, const Run& run) {
    const auto metrics = store.metrics(run.id);
    const auto text =
        a.format != "json" ? "step,name,value\n" + toCsv(metrics) : toJsonText(run, metrics);
    if (a.to.empty())
        std::cout << text;
    else
        writeFileAtomically(a.to, text);
}

// A folder, as TensorBoard's --logdir is one; or a file that is named like an event file.
void exportEvents(const RunsArguments& a, const RunStore& store, const Run& run) {
    if (a.to.empty()) throw UsageError("--format tensorboard needs --to, a folder for --logdir");
    const bool isFile = a.to.filename().string().find("tfevents") != std::string::npos;
    const auto file = isFile ? a.to : a.to / eventFileName(run);
    if (!isFile) fs::create_directories(a.to);
    writeFileAtomically(file, toEventFile(run, store.metrics(run.id)));
    std::cout << "wrote " << file.string() << "\n";
}

void exportCompletions(const RunsArguments& a, const RunStore& store, const Run& run) {
    if (a.to.empty())
        throw UsageError("--format completions needs --to, a .parquet, .jsonl, .json or .csv file");
    writeCompletions(store, run.id, a.to);
    std::cout << "wrote " << a.to.string() << "\n";
}

void exportAnswers(const RunsArguments& a, const RunStore& store, const Run& run) {
    const auto& kind = run.info.kind;
    const auto textOf = kind == kEvaluationKind ? evaluationText
                        : kind == kCausalKind   ? testedSetText
                                                : comparisonText;
    const auto text = textOf(store, run, a.format);
    if (a.to.empty())
        std::cout << text;
    else
        writeFileAtomically(a.to, text);
}

const std::map<std::string, ExportFormat> kFormats{
    {"csv", {exportText, {".csv"}}},
    {"json", {exportText, {".json"}}},
    {"tensorboard", {exportEvents, {}}},
    {"answers", {exportAnswers, {".csv"}}},
    {"markdown", {exportAnswers, {".md"}}},
    {"completions", {exportCompletions, {".parquet", ".jsonl", ".json", ".csv"}}}};

const std::vector<std::string> kFileEndings{".csv", ".json", ".md", ".parquet", ".jsonl"};

// What was asked for, else what the file's name says. Throws UsageError when they contradict.
std::string formatOf(const RunsArguments& a) {
    const auto ending = a.to.extension().string();
    if (a.format.empty()) {
        if (ending.empty() || ending == ".csv") return "csv";
        if (ending == ".json") return "json";
        if (ending == ".md") return "markdown";
        if (ending == ".parquet" || ending == ".jsonl") return "completions";
        throw UsageError(a.to.string() +
                         " ends in nothing that runs export writes: .csv, .json, .parquet or "
                         ".jsonl (completions), or a folder with --format tensorboard");
    }
    const auto& known = kFormats.at(a.format).endings;
    if (a.format == "tensorboard" && std::ranges::find(kFileEndings, ending) != kFileEndings.end())
        throw UsageError(
            "--format tensorboard writes a folder for --logdir, or a file with tfevents "
            "in its name; " +
            a.to.string() + " is named like a " + ending + " file");
    const bool mayLackIt = ending.empty() && a.format != "completions";
    if (a.to.empty() || known.empty() || mayLackIt ||
        std::ranges::find(known, ending) != known.end())
        return a.format;
    throw UsageError("--format " + a.format + " writes " + known.front() + ", which " +
                     a.to.string() + " does not end in");
}

// A training has curves, a comparison has answers, a causal set has a report.
std::vector<std::string> formatsOf(const Run& run) {
    if (run.info.kind == kCausalKind) return {"json"};
    if (isOfQuestions(run)) return {"csv", "answers", "json", "markdown"};
    return {"csv", "json", "tensorboard", "completions"};
}

void checkFormatFits(const std::string& format, const Run& run) {
    const auto formats = formatsOf(run);
    if (std::ranges::find(formats, format) != formats.end()) return;
    std::string known;
    for (std::size_t i = 0; i < formats.size(); ++i)
        known += (i == 0 ? "" : i + 1 == formats.size() ? " or " : ", ") + formats[i];
    throw UsageError("run " + std::to_string(run.id) + " is of kind " + run.info.kind +
                     "; it can be written as " + known + ", not as " + format);
}

void exportRun(RunsArguments a) {
    const bool isChosen = !a.format.empty() || a.to.has_extension();
    a.format = formatOf(a);
    const auto store = openStore(a);
    const auto run = findRun(store, a.run);
    if (!isChosen) a.format = formatsOf(run).front();
    checkFormatFits(a.format, run);
    (isOfQuestions(run) ? exportAnswers : kFormats.at(a.format).write)(a, store, run);
}

void importRun(const RunsArguments& a) {
    auto imported = readRunFile(a.run);
    imported.run.info.command = commandLine();
    auto store = openStore(a, RunStore::Access::Write);
    for (const auto& run : store.runs())
        if (run.info.kind == "import" && run.info.data == imported.run.info.data)
            std::cerr << "run " << run.id << " was taken from there before; lvr runs delete "
                      << run.id << " --yes forgets it\n";
    const auto id = store.add(imported.run, imported.metrics);
    std::cout << "run " << id << ": " << imported.metrics.size() << " values of "
              << imported.run.info.data << "\n";
    if (!imported.run.message.empty()) std::cerr << imported.run.message << "\n";
}

// Follows a run until it ends.
void tail(const RunsArguments& a) {
    const auto store = openStore(a);
    const auto id = findRun(store, a.run).id;
    std::int64_t cursor = 0;
    for (;;) {
        const auto run = store.find(id);
        std::cout << toCsv(store.readNew(id, cursor)) << std::flush;
        if (!run || !isAlive(run->status)) {
            if (run)
                std::cerr << "run " << id << " " << toText(run->status)
                          << (run->message.empty() ? "" : ": " + run->message) << "\n";
            return;
        }
        if (interruption().stop_requested()) throw Cancelled();
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
}

void note(const RunsArguments& a) {
    auto store = openStore(a, RunStore::Access::Write);
    const auto run = findRun(store, a.run);
    store.setNotes(run.id, a.text);
    std::cout << (a.text.empty() ? "removed the notes of" : "noted on") << " run " << run.id
              << "\n";
}

void name(const RunsArguments& a) {
    auto store = openStore(a, RunStore::Access::Write);
    const auto run = findRun(store, a.run);
    store.setName(run.id, a.text);
    std::cout << (a.text.empty() ? "removed the name of run " + std::to_string(run.id)
                                 : "run " + std::to_string(run.id) + " is called " + a.text)
              << "\n";
}

void tag(const RunsArguments& a) {
    auto store = openStore(a, RunStore::Access::Write);
    const auto run = findRun(store, a.run);
    store.setTags(run.id, a.tags);
    const auto now = tagsOf(*store.find(run.id));
    std::cout << "run " << run.id << (now.empty() ? " has no tags" : ": " + now) << "\n";
}

void removeRun(const RunsArguments& a) {
    auto store = openStore(a, RunStore::Access::Write);
    const auto run = findRun(store, a.run);
    if (!a.yes) {
        const bool hasFolder = !run.info.out.empty();  // a comparison has none
        throw UsageError("this forgets run " + std::to_string(run.id) +
                         (hasFolder ? " (" + run.info.out + ") with all its metrics"
                                    : " (" + run.info.kind + ") with all its answers") +
                         "; say --yes if you mean it" + (hasFolder ? ". Its folder stays" : ""));
    }
    store.remove(run.id);
    std::cout << "forgot run " << run.id << "\n";
}

}  // namespace

void addRunsCommand(CLI::App& app) {
    auto a = std::make_shared<RunsArguments>();
    auto* runs = app.add_subcommand("runs", "What was trained, and how it went");
    runs->require_subcommand(1);
    const auto add = [&](const char* name, const char* help, void (*act)(const RunsArguments&)) {
        auto* command = runs->add_subcommand(name, help);
        addStoreOption(*command, a->store);
        command->callback([a, act] { act(*a); });
        return command;
    };
    const auto addRun = [&](CLI::App* command) {
        command->add_option("run", a->run, "Its number, or the folder it writes to")->required();
        return command;
    };
    auto* all = add("list", "All runs, newest first", list);
    all->add_flag("--json", a->json, "Print a JSON array");
    all->add_option("--last", a->last, "So many of the newest")->check(wholeFrom(1));
    all->add_option("--kind", a->kind, "Only these")
        ->check(CLI::IsMember({"sft", "pretrain", "grpo", "align", "import", kFollowKind,
                               kComparisonKind, kEvaluationKind, kCausalKind}));
    all->add_option("--tag", a->tag, "Only those with this tag");
    auto* shown = addRun(add("show", "One run and its newest metrics", show));
    shown->add_flag("--json", a->json, "Print JSON");
    addGeneratedOptions(*shown, a->generated);
    addRun(add("tail", "Print step,name,value rows as they come, until the run ends", tail));
    auto* out = addRun(add(
        "export", "Metrics of one run, or the answers of a comparison, evaluation or causal set",
        [](const RunsArguments& given) { exportRun(given); }));
    out->add_option(
           "--format", a->format,
           "csv (step,name,value), json, tensorboard (an event file), or completions "
           "(rollouts as TRL has them: --to a .parquet, .jsonl, .json or .csv file); of a "
           "comparison or evaluation csv (its table), answers (as CSV, a row a question and way to "
           "ask), json or markdown; of a causal set json; default: as --to ends, else the first")
        ->check(
            CLI::IsMember({"csv", "json", "tensorboard", "completions", "answers", "markdown"}));
    out->add_option("--to", a->to, "Write to this file, or folder, instead of stdout");
    addRun(add("note", "Write down something about a run, in place of what was there", note))
        ->add_option("text", a->text, "What to write; \"\" removes it")
        ->required();
    addRun(add("name", "Give a run a name, in place of the one it had", name))
        ->add_option("text", a->text, "One line; \"\" removes it")
        ->required();
    addRun(add("tag", "Put tags on a run, in place of those it had", tag))
        ->add_option("tags", a->tags, "Any number; none removes them");
    add("import", "Take in a run of another program", importRun)
        ->add_option("file", a->run,
                     "TensorBoard event file or transformers' trainer_state.json, or its folder")
        ->required();
    addFollowCommand(*runs);
    addRun(add("delete", "Forget a run; its folder stays", removeRun))
        ->add_flag("--yes", a->yes, "Do not ask");
    runs->footer(
        "Examples:\n  lvr runs list\n  lvr runs export 3 --format csv > run3.csv\n  lvr "
        "runs export 3 --format tensorboard --to logs/3\n  lvr runs import "
        "trainer_state.json\n  lvr runs follow out/grpo\n  lvr runs note 3 \"twice the learning "
        "rate of run 2\"");
}

}  // namespace lvr
