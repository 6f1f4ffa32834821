#include <CLI/CLI.hpp>
#include <chrono>
#include <ctime>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/cli/command.h"
#include "app/cli/place_flags.h"
#include "app/cli/show_generated.h"
#include "app/training/run_log.h"
#include "core/checkpoint/atomic_file.h"
#include "core/error.h"
#include "core/runs_io/completions.h"
#include "core/runs_io/imported_run.h"
#include "core/runs_io/metrics_text.h"
#include "core/runs_io/tensorboard.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct RunsArguments {
    fs::path store, to;
    std::string run, format = "csv", text;
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

void list(const RunsArguments& a) {
    const auto runs = openStore(a).runs();
    if (a.json) {
        Json all = Json::array();
        for (const auto& run : runs) all.push_back(toJson(run));
        std::cout << all.dump(2) << "\n";
        return;
    }
    if (runs.empty()) {
        std::cout << "no runs yet; lvr sft --help says how to start one\n";
        return;
    }
    std::printf("%4s  %-8s  %-8s  %11s  %-19s  %s\n", "run", "kind", "status", "step", "started",
                "out");
    for (const auto& run : runs)
        std::printf("%4lld  %-8s  %-8s  %5d/%-5d  %-19s  %s\n", static_cast<long long>(run.id),
                    run.info.kind.c_str(), toText(run.status).c_str(), run.step, run.info.steps,
                    when(run.started).c_str(), run.info.out.c_str());
}

Json checkpointsOf(const RunStore& store, std::int64_t run) {
    Json all = Json::array();
    for (const auto& row : store.checkpoints(run))
        if (row.kept)
            all.push_back({{"step", row.step},
                           {"folder", row.folder},
                           {"loss", row.loss ? jsonNumber(*row.loss) : Json()}});
    return all;
}

Json probesOf(const RunStore& store, std::int64_t run) {
    Json all = Json::array();
    for (const auto& row : store.sampleSummaries(run))
        all.push_back({{"step", row.step},
                       {"count", row.count},
                       {"right", row.right},
                       {"loss", row.loss ? jsonNumber(*row.loss) : Json()}});
    return all;
}

Json alertsOf(const RunStore& store, std::int64_t run) {
    Json all = Json::array();
    for (const auto& alert : store.alerts(run))
        all.push_back({{"step", alert.step}, {"message", alert.message}});
    return all;
}

void print(const Run& run, const Json& more) {
    std::cout << "run         " << run.id << ", " << run.info.kind << ", " << toText(run.status)
              << (run.message.empty() ? "" : ": " + run.message) << "\ncommand     "
              << run.info.command << "\nout         " << run.info.out << "\nstarted     "
              << when(run.started) << ", ended " << when(run.ended) << "\nprocess     " << run.pid
              << " on " << run.host << "\nstep        " << run.step << " of at most "
              << run.info.steps << "\n";
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
    if (isAsked(a.generated)) return showGenerated(store, run, a.generated, a.json);
    std::map<std::string, double> last;
    for (const auto& metric : store.metrics(run.id)) last[metric.name] = metric.value;
    Json more{{"checkpoints", checkpointsOf(store, run.id)},
              {"probes", probesOf(store, run.id)},
              {"alerts", alertsOf(store, run.id)}};
    if (a.json) {
        auto json = toJson(run);
        json.update(more);
        json["metrics"] = Json::object();
        for (const auto& [name, value] : last) json["metrics"][name] = jsonNumber(value);
        std::cout << json.dump(2) << "\n";
        return;
    }
    print(run, more);
    for (const auto& [name, value] : last) std::printf("%-28s %g\n", name.c_str(), value);
}

using Exporter = void (*)(const RunsArguments&, const RunStore&, const Run&);

void exportText(const RunsArguments& a, const RunStore& store, const Run& run) {
    const auto metrics = store.metrics(run.id);
    const auto text =
        a.format == "csv" ? "step,name,value\n" + toCsv(metrics) : toJsonText(run, metrics);
    if (a.to.empty())
        std::cout << text;
    else
        writeFileAtomically(a.to, text);
}

// A folder, as TensorBoard's --logdir is one; or a file that is named like an event file.
void exportEvents(const RunsArguments& a, const RunStore& store, const Run& run) {
    if (a.to.empty()) throw Error("--format tensorboard needs --to, a folder for --logdir");
    const bool isFile = a.to.filename().string().find("tfevents") != std::string::npos;
    const auto file = isFile ? a.to : a.to / eventFileName(run);
    if (!isFile) fs::create_directories(a.to);
    writeFileAtomically(file, toEventFile(run, store.metrics(run.id)));
    std::cout << "wrote " << file.string() << "\n";
}

void exportCompletions(const RunsArguments& a, const RunStore& store, const Run& run) {
    if (a.to.empty())
        throw Error("--format completions needs --to, a .parquet, .jsonl, .json or .csv file");
    writeCompletions(store, run.id, a.to);
    std::cout << "wrote " << a.to.string() << "\n";
}

const std::map<std::string, Exporter> kExporters{{"csv", exportText},
                                                 {"json", exportText},
                                                 {"tensorboard", exportEvents},
                                                 {"completions", exportCompletions}};

void exportRun(const RunsArguments& a) {
    const auto store = openStore(a);
    kExporters.at(a.format)(a, store, findRun(store, a.run));
}

void importRun(const RunsArguments& a) {
    const auto imported = readRunFile(a.run);
    auto store = openStore(a, RunStore::Access::Write);
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

void removeRun(const RunsArguments& a) {
    auto store = openStore(a, RunStore::Access::Write);
    const auto run = findRun(store, a.run);
    if (!a.yes)
        throw Error("this forgets run " + std::to_string(run.id) + " (" + run.info.out +
                    ") with all its metrics; say --yes if you mean it. Its folder stays");
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
    add("list", "All runs, newest first", list)->add_flag("--json", a->json, "Print a JSON array");
    auto* shown = addRun(add("show", "One run and its newest metrics", show));
    shown->add_flag("--json", a->json, "Print JSON");
    addGeneratedOptions(*shown, a->generated);
    addRun(add("tail", "Print step,name,value rows as they come, until the run ends", tail));
    auto* out = addRun(add("export", "Metrics of one run", exportRun));
    out->add_option("--format", a->format,
                    "csv (step,name,value), json, tensorboard (an event file), or completions "
                    "(rollouts as TRL has them: --to a .parquet, .jsonl, .json or .csv file)")
        ->check(CLI::IsMember(kExporters))
        ->capture_default_str();
    out->add_option("--to", a->to, "Write to this file, or folder, instead of stdout");
    addRun(add("note", "Write down something about a run, in place of what was there", note))
        ->add_option("text", a->text, "What to write; \"\" removes it")
        ->required();
    add("import", "Take in a run of another program", importRun)
        ->add_option("file", a->run,
                     "TensorBoard event file or transformers' trainer_state.json, or its folder")
        ->required();
    addRun(add("delete", "Forget a run; its folder stays", removeRun))
        ->add_flag("--yes", a->yes, "Do not ask");
    runs->footer(
        "Examples:\n  lvr runs list\n  lvr runs export 3 --format csv > run3.csv\n  lvr "
        "runs export 3 --format tensorboard --to logs/3\n  lvr runs import "
        "trainer_state.json\n  lvr runs note 3 \"twice the learning rate of run 2\"");
}

}  // namespace lvr
