#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/cli/command.h"
#include "app/cli/passes.h"
#include "core/error.h"
#include "core/store/run_store.h"

extern char** environ;

namespace lvr {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

constexpr int kStepsPerSecond = 200;  // of the run that is written meanwhile
constexpr int kMetricsPerStep = 12;
constexpr double kFrameTarget = 16, kOpenTarget = 500;  // ms

struct BenchUiArguments {
    int runs = 10, steps = 100000, seconds = 6, repeats = 5;
    bool json = false;
    fs::path store;  // of the writer
};

RunInfo infoOf(int steps) {
    return {.kind = "sft",
            .command = "lvr bench ui",
            .options = "{}",
            .out = "/nowhere",
            .codeVersion = LVR_VERSION,
            .steps = steps};
}

// A loss that falls, with noise and a spike now and then.
double lossAt(int run, int step) {
    const double noise = std::sin(step * 12.9898 + run) * 43758.5453;
    const double share = noise - std::floor(noise);
    return 3 * std::exp(-step / 3e4) + 0.3 * share + (step % 9973 == 0 ? 4 : 0) + 0.1 * run;
}

void fill(RunStore& store, const BenchUiArguments& a) {
    for (int run = 0; run < a.runs; ++run) {
        std::vector<Metric> metrics;
        for (int step = 1; step <= a.steps; ++step)
            metrics.push_back({.step = step, .name = "loss/total", .value = lossAt(run, step)});
        store.add({.info = infoOf(a.steps),
                   .status = RunStatus::Finished,
                   .step = a.steps,
                   .started = 1e9,
                   .heartbeat = 1e9,
                   .ended = 1e9},
                  metrics);
        if (interruption().stop_requested()) throw Cancelled();
    }
}

// Writes as a training does, until it is stopped.
void writeSteps(const BenchUiArguments& a) {
    RunStore store(a.store);
    const auto run = store.start(infoOf(1 << 20));
    auto due = std::chrono::steady_clock::now();
    for (int step = 1; !interruption().stop_requested(); ++step) {
        std::map<std::string, double> metrics{{"loss/total", lossAt(a.runs, step)}};
        for (int i = 1; i < kMetricsPerStep; ++i)
            metrics["bench/" + std::to_string(i)] = lossAt(i, step);
        store.append(run, step, metrics);
        due += std::chrono::milliseconds(1000 / kStepsPerSecond);
        std::this_thread::sleep_until(due);
    }
    store.end(run, RunStatus::Stopped, "interrupted");
}

// Another program, and what it prints.
class Child {
public:
    Child(const fs::path& program, std::vector<std::string> arguments, const fs::path& output) {
        arguments.insert(arguments.begin(), program.string());
        std::vector<char*> words;
        for (auto& argument : arguments) words.push_back(argument.data());
        words.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(),
                                         O_WRONLY | O_CREAT | O_TRUNC, 0600);
        const int failed =
            posix_spawn(&pid_, program.c_str(), &actions, nullptr, words.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        if (failed) throw Error("can't start " + program.string());
    }
    ~Child() { end(); }
    void end() {
        if (pid_ == 0) return;
        kill(pid_, SIGTERM);
        wait();
    }
    int wait() {
        int status = 0;
        waitpid(std::exchange(pid_, 0), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t pid_ = 0;
};

class UiBench {
public:
    explicit UiBench(const BenchUiArguments& a) : a_(a) {}

    OrderedJson run() {
        fs::create_directories(folder_);
        RunStore store(store_);
        fill(store, a_);
        OrderedJson opening = OrderedJson::array(), frames = OrderedJson::array();
        for (int i = 0; i < a_.repeats; ++i) opening.push_back(window({}, a_.runs));
        for (int i = 0; i < a_.repeats; ++i) {
            Child writer(self(), {"bench", "write-steps", store_.string()}, folder_ / "writer");
            frames.push_back(window({"--seconds", std::to_string(a_.seconds)}, a_.runs + 1));
            writer.end();
            store.remove(store.runs().front().id);
        }
        return {{"rows", static_cast<std::int64_t>(a_.runs) * a_.steps},
                {"repeats", a_.repeats},
                {"open_ms",
                 {{"runs", median(opening, "/runs_ms")},
                  {"newest_curves", median(opening, "/newest_curves_ms")},
                  {"all_curves", median(opening, "/all_curves_ms")}}},
                {"frame_ms", summary(frames, "/frame_ms")},
                {"gap_ms", summary(frames, "/gap_ms")},
                {"renderer", frames.back()["renderer"]}};
    }

    ~UiBench() {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }

private:
    static fs::path self() { return fs::read_symlink("/proc/self/exe"); }

    // What the window measured.
    OrderedJson window(std::vector<std::string> more, int runs) {
        if (interruption().stop_requested()) throw Cancelled();
        const auto program = self().parent_path() / "lvr-ui-bench";
        if (!fs::exists(program))
            throw Error("there is no " + program.string() +
                        " to measure; build the window, too (LVR_GUI)");
        more.insert(more.end(), {"--store", store_.string(), "--runs", std::to_string(runs),
                                 "--steps", std::to_string(a_.steps)});
        const auto printed = folder_ / "measured";
        Child child(program, more, printed);
        if (child.wait() != 0)
            throw Error("the window can't be measured: " + program.string() +
                        " ended with an error; is the display DISPLAY reachable, with OpenGL?");
        return OrderedJson::parse(std::ifstream(printed));
    }

    static double median(const OrderedJson& all, const char* place) {
        std::vector<double> values;
        for (const auto& one : all) values.push_back(one.at(OrderedJson::json_pointer(place)));
        std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
        return values[values.size() / 2];
    }
    static OrderedJson summary(const OrderedJson& all, const std::string& place) {
        OrderedJson out;
        for (const std::string what : {"count", "median", "p99", "max"})
            out[what] = median(all, (place + "/" + what).c_str());
        return out;
    }

    const BenchUiArguments& a_;
    fs::path folder_ = fs::temp_directory_path() / ("lvr-bench-ui-" + std::to_string(::getpid()));
    fs::path store_ = folder_ / "runs.db";
};

void printWindow(const OrderedJson& r) {
    const auto &open = r["open_ms"], &frame = r["frame_ms"], &gap = r["gap_ms"];
    std::printf(
        "open %lld rows    runs after %.0f ms, curves of the newest after %.0f ms "
        "(target %.0f), of all after %.0f ms\n",
        static_cast<long long>(r["rows"].get<std::int64_t>()), open["runs"].get<double>(),
        open["newest_curves"].get<double>(), kOpenTarget, open["all_curves"].get<double>());
    std::printf(
        "frames              median %.1f ms, p99 %.1f ms (target %.0f), longest %.0f ms; "
        "%.0f of them; %s\n",
        frame["median"].get<double>(), frame["p99"].get<double>(), kFrameTarget,
        frame["max"].get<double>(), frame["count"].get<double>(),
        r["renderer"].get<std::string>().c_str());
    std::printf("event loop          a click waits %.1f ms, p99 %.1f ms, at worst %.0f ms\n",
                gap["median"].get<double>(), gap["p99"].get<double>(), gap["max"].get<double>());
    std::printf("medians of %d windows each\n", r["repeats"].get<int>());
}

bool hasDisplay() {
    for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY"})
        if (const char* value = std::getenv(name); value && *value) return true;
    return false;
}

void benchUi(const BenchUiArguments& a) {
    if (!hasDisplay())
        throw Error(
            "there is no display to measure a window on; run it on a desktop, or with "
            "xvfb-run -a");
    setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
    const auto result = UiBench(a).run();
    if (a.json)
        std::cout << result.dump(2) << "\n";
    else
        printWindow(result);
}

}  // namespace

void addBenchUiCommand(CLI::App& bench) {
    auto a = std::make_shared<BenchUiArguments>();
    auto* ui = bench.add_subcommand(
        "ui",
        "The window with software OpenGL: its frames while a run writes 200 steps/s and all "
        "curves and a long thought are on screen, and how soon a store of 10^6 rows shows");
    const auto number = [&](const char* flag, int& value, const char* help) {
        ui->add_option(flag, value, help)->check(wholeFrom(1))->capture_default_str();
    };
    number("--runs", a->runs, "In the store");
    number("--steps", a->steps, "Of each run, a row each");
    number("--seconds", a->seconds, "Of frames");
    number("--repeats", a->repeats, "Windows; medians are of so many");
    ui->add_flag("--json", a->json, "Print one JSON object");
    ui->footer("Example: xvfb-run -a lvr bench ui");
    ui->callback([a] { benchUi(*a); });
    auto* writer = bench.add_subcommand("write-steps", "")->group("");  // for bench ui
    writer->add_option("store", a->store)->required();
    writer->callback([a] { writeSteps(*a); });
}

}  // namespace lvr
