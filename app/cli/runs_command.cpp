#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/cli/command.h"
#include "app/cli/run_log.h"
#include "core/checkpoint/atomic_file.h"
#include "core/error.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct RunsArguments {
    fs::path store, to;
    std::string run, format = "csv";
    bool json = false, yes = false;
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

Json toJson(const Run& run) {
    return {{"id", run.id},
            {"kind", run.info.kind},
            {"status", toText(run.status)},
            {"message", run.message},
            {"step", run.step},
            {"steps", run.info.steps},
            {"out", run.info.out},
            {"parent", run.info.parent},
            {"parent_hash", run.info.parentHash},
            {"data", run.info.data},
            {"data_hash", run.info.dataHash},
            {"seed", run.info.seed},
            {"command", run.info.command},
            {"options", run.info.options.empty() ? Json() : Json::parse(run.info.options)},
            {"code_version", run.info.codeVersion},
            {"host", run.host},
            {"pid", run.pid},
            {"started", run.started},
            {"heartbeat", run.heartbeat},
            {"ended", run.ended == 0 ? Json() : Json(run.ended)}};
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

void show(const RunsArguments& a) {
    const auto store = openStore(a);
    const auto run = findRun(store, a.run);
    std::map<std::string, double> last;
    for (const auto& metric : store.metrics(run.id)) last[metric.name] = metric.value;
    if (a.json) {
        auto json = toJson(run);
        json["metrics"] = last;
        std::cout << json.dump(2) << "\n";
        return;
    }
    std::cout << "run         " << run.id << ", " << run.info.kind << ", " << toText(run.status)
              << (run.message.empty() ? "" : ": " + run.message) << "\ncommand     "
              << run.info.command << "\nout         " << run.info.out << "\nstarted     "
              << when(run.started) << ", ended " << when(run.ended) << "\nprocess     " << run.pid
              << " on " << run.host << "\nstep        " << run.step << " of at most "
              << run.info.steps << "\n";
    for (const auto& [name, value] : last) std::printf("%-28s %g\n", name.c_str(), value);
}

std::string csvOf(const std::vector<Metric>& metrics) {
    std::string text;
    char line[160];
    for (const auto& metric : metrics) {
        std::snprintf(line, sizeof line, "%d,%s,%.17g\n", metric.step, metric.name.c_str(),
                      metric.value);
        text += line;
    }
    return text;
}

// NaN and infinities have no number in JSON: they are strings.
Json valueOf(double value) {
    return std::isfinite(value) ? Json(value) : Json(std::to_string(value));
}

std::string jsonOf(const Run& run, const std::vector<Metric>& metrics) {
    auto json = toJson(run);
    json["metrics"] = Json::array();
    for (const auto& metric : metrics)
        json["metrics"].push_back(
            {{"step", metric.step}, {"name", metric.name}, {"value", valueOf(metric.value)}});
    return json.dump(1) + "\n";
}

void exportRun(const RunsArguments& a) {
    const auto store = openStore(a);
    const auto run = findRun(store, a.run);
    const auto metrics = store.metrics(run.id);
    const auto text =
        a.format == "csv" ? "step,name,value\n" + csvOf(metrics) : jsonOf(run, metrics);
    if (a.to.empty())
        std::cout << text;
    else
        writeFileAtomically(a.to, text);
}

// Follows a run until it ends.
void tail(const RunsArguments& a) {
    const auto store = openStore(a);
    const auto id = findRun(store, a.run).id;
    std::int64_t cursor = 0;
    for (;;) {
        const auto run = store.find(id);
        std::cout << csvOf(store.readNew(id, cursor)) << std::flush;
        if (!run || run->status != RunStatus::Running) {
            if (run)
                std::cerr << "run " << id << " " << toText(run->status)
                          << (run->message.empty() ? "" : ": " + run->message) << "\n";
            return;
        }
        if (interruption().stop_requested()) throw Cancelled();
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
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
    addRun(add("show", "One run and its newest metrics", show))
        ->add_flag("--json", a->json, "Print one JSON object");
    addRun(add("tail", "Print step,name,value rows as they come, until the run ends", tail));
    auto* out = addRun(add("export", "Metrics of one run", exportRun));
    out->add_option("--format", a->format, "csv (step,name,value) or json")
        ->check(CLI::IsMember({"csv", "json"}))
        ->capture_default_str();
    out->add_option("--to", a->to, "Write to this file instead of stdout");
    addRun(add("delete", "Forget a run; its folder stays", removeRun))
        ->add_flag("--yes", a->yes, "Do not ask");
    runs->footer("Examples:\n  lvr runs list\n  lvr runs export 3 --format csv > run3.csv");
}

}  // namespace lvr
