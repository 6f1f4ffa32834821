#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/passes.h"
#include "app/cli/show_tested_set.h"
#include "core/causal/causal_html.h"
#include "core/causal/causal_json.h"
#include "core/causal/causal_panel.h"
#include "core/causal/causal_report.h"
#include "core/causal/causal_set.h"
#include "core/causal/untouched.h"
#include "core/checkpoint/hf_folder.h"
#include "core/decode/recent_prompts.h"
#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/files/fingerprint.h"
#include "core/values/box_text.h"
#include "core/values/decoding_text.h"
#include "core/vision/image_file.h"
#include "datasets/diagnosis/diagnose_sets.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

struct DiagnoseArguments {
    ModelArguments model;
    DecodeArguments decode;
    std::string data, question, expected, otherQuestion, suite = "standard";
    std::vector<fs::path> images, out;
    fs::path otherPicture;
    std::vector<std::string> interventions, targets, regions, candidates;
    int count = 0, bench = 0;
    std::uint64_t seed = 20260;
    bool resume = false, json = false;
};

// ---- Before anything is asked

void checkOut(const fs::path& file) {
    const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    if (!fs::is_directory(folder))
        throw Error("there is no folder " + folder.string() + " to write " +
                    file.filename().string() + " to");
    if (fs::exists(file) && !fs::is_regular_file(file))
        throw Error(file.string() + " is no file that a report can be written to");
    if (access(folder.c_str(), W_OK) != 0)
        throw Error("the folder " + folder.string() + " can't be written to; name another --out");
}

std::vector<Box> boxesIn(const std::vector<std::string>& texts) {
    std::vector<Box> boxes;
    for (const auto& text : texts) boxes.push_back(parseBox(text));
    return boxes;
}

std::vector<Intervention> interventionsOf(const DiagnoseArguments& a) {
    auto panel = a.interventions.empty() ? standardPanel() : std::vector<Intervention>();
    for (const auto& text : a.interventions) panel.push_back(parseIntervention(text));
    for (auto& each : panel)
        if (each.kind == InterventionKind::Regions) each.regions = boxesIn(a.regions);
    return panel;
}

std::string listOf(const std::vector<Intervention>& interventions) {
    std::string text;
    for (const auto& each : interventions) text += (text.empty() ? "" : ",") + toText(each);
    return text;
}

// What all of its numbers rest on.
struct Origin {
    std::string model, modelHash, decoding;
};

Origin originOf(const DiagnoseArguments& a, const LvrCheckpoint& checkpoint,
                const DecodeSettings& settings) {
    return {checkpoint.name, checkpointFingerprint(findCheckpoint(modelNamed(a.model))),
            decodingText(settings.options, settings.origins)};
}

// ---- Items are kept as they come, beside the report

class KeptItems {
public:
    KeptItems(fs::path file, OrderedJson header, bool resume) : file_(std::move(file)) {
        if (fs::exists(file_) && resume) read(header);
        // Anew, so that a line which was cut off while it was written is gone.
        std::string text = header.dump() + "\n";
        for (const auto& [id, item] : items_) text += toJsonLine(item) + "\n";
        writeFileAtomically(file_, text);
    }
    std::optional<CausalItem> find(const std::string& id) const {
        const auto at = items_.find(id);
        return at == items_.end() ? std::nullopt : std::optional(at->second);
    }
    void add(const CausalItem& item) const {
        std::ofstream file(file_, std::ios::app);
        file << toJsonLine(item) << std::endl;
        if (!file) throw Error("cannot write " + file_.string() + "; is the disk full?");
    }

private:
    void read(const OrderedJson& header) {
        std::ifstream file(file_);
        std::string line;
        if (!std::getline(file, line)) return;
        const auto before = OrderedJson::parse(line, nullptr, /*allow_exceptions=*/false);
        for (const auto& [name, value] : header.items())
            if (!before.is_object() || !before.contains(name) || before[name] != value)
                throw Error(file_.string() + " is of another diagnosis: its " + name +
                            " differs; say what was said then, or leave --resume out to begin "
                            "anew");
        while (std::getline(file, line)) {
            if (file.eof()) break;  // cut off while it was written
            auto item = causalItemFrom(line);
            items_.emplace(item.id, std::move(item));
        }
    }

    fs::path file_;
    std::map<std::string, CausalItem> items_;
};

fs::path itemsFile(const fs::path& report) {
    auto file = report;
    return file.replace_extension(".items.jsonl");
}

void refuseToLose(const fs::path& items, const fs::path& report) {
    if (fs::exists(items) && !fs::exists(report))
        throw Error(items.string() +
                    " holds what an interrupted diagnosis found; --resume goes on with it, or "
                    "delete it");
}

// ---- Saying how it goes

class SetProgress {
public:
    void operator()(int done, int total, const std::string& what) {
        if (what != what_) begun_ = std::chrono::steady_clock::now();
        what_ = what;
        if (!isatty(STDERR_FILENO)) return;
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun_;
        const auto left = static_cast<int>(taken.count() / done * (total - done));
        std::cerr << "\r" << what << " " << done << "/" << total << ", " << left / 60 << " min "
                  << left % 60 << " s left" << (done == total ? "\r\033[K" : "   ") << std::flush;
    }

private:
    std::string what_;
    std::chrono::steady_clock::time_point begun_;
};

void write(const fs::path& file, const std::string& html, const std::string& json) {
    writeFileAtomically(file, file.extension() == ".html" ? html : json + "\n");
    std::cerr << "lvr: wrote " << file.string() << "\n";
}

// ---- A set

CausalSetResult askAll(const LvrCheckpoint& checkpoint, const CausalSet& set,
                       const DecodeOptions& options, const std::vector<Intervention>& interventions,
                       std::uint64_t seed, const CausalSetHooks& hooks, const fs::path& items) try {
    return runCausalSet(checkpoint, set, options, interventions, seed, hooks);
} catch (const Cancelled&) {
    std::cerr << "\nlvr: what was found is kept in " << items.string()
              << "; --resume goes on with it\n";
    throw;
}

void diagnoseData(const DiagnoseArguments& a) {
    const auto interventions = interventionsOf(a);
    const auto items = itemsFile(a.out.front());
    if (!a.resume) refuseToLose(items, a.out.front());
    const auto data = diagnoseSet(a.data, a.count, a.seed, interruption());
    const auto checkpoint = openCheckpoint(a.model, placementOf(a.model));
    const auto settings = decodeSettings(a.decode, checkpoint);
    if (std::holds_alternative<NoLatents>(settings.options.exit))
        throw UsageError(
            "exit none lets the model think nothing, and a diagnosis is about latents; name "
            "another --exit");
    const auto origin = originOf(a, checkpoint, settings);
    KeptItems kept(items,
                   {{"model_hash", origin.modelHash},
                    {"decoding", origin.decoding},
                    {"data", data.name},
                    {"data_hash", data.hash},
                    {"questions", data.set.count},
                    {"interventions", listOf(interventions)},
                    {"seed", a.seed}},
                   a.resume);
    SetProgress progress;
    const CausalSetHooks hooks{.onProgress = std::ref(progress),
                               .onItem = [&](const CausalItem& item) { kept.add(item); },
                               .kept = [&](const std::string& id) { return kept.find(id); },
                               .stop = interruption()};
    std::cerr << "lvr: " << data.set.count << " questions under " << interventions.size()
              << " interventions; kept in " << items.string() << " as they come\n";
    auto result =
        askAll(checkpoint, data.set, settings.options, interventions, a.seed, hooks, items);
    auto report = summarise(result.items, a.seed);
    report.model = origin.model;
    report.modelHash = origin.modelHash;
    report.decoding = origin.decoding;
    report.data = data.name;
    report.dataHash = data.hash;
    report.command = commandLine();
    report.skipped = data.leftOut;
    report.skipped.insert(report.skipped.end(), result.skipped.begin(), result.skipped.end());
    report.probes = std::move(result.probes);
    report.geometry = std::move(result.geometry);
    for (const auto& sentence : report.skipped) std::cerr << "lvr: left out: " << sentence << "\n";
    if (a.json)
        std::cout << toJson(report) << "\n";
    else
        printVerdict(report);
    for (const auto& file : a.out) write(file, toHtml(report), toJson(report));
}

// ---- One question

CausalQuestion questionOf(const DiagnoseArguments& a, const LvrCheckpoint& checkpoint,
                          const DecodeOptions& options, RecentPrompts& recent) {
    CausalQuestion question{.question = {{}, questionText(a.question)},
                            .expected = a.expected,
                            .candidates = a.candidates,
                            .targets = boxesIn(a.targets)};
    for (const auto& file : a.images) question.question.images.push_back(readImage(file));
    if (!a.otherPicture.empty()) {
        auto other = question.question;
        other.images = {readImage(a.otherPicture)};
        question.otherPicture =
            donorFrom(checkpoint, other, options, a.otherPicture.string(), interruption(), &recent);
    }
    if (!a.otherQuestion.empty()) {
        auto other = question.question;
        other.text = questionText(a.otherQuestion);
        question.otherQuestion = donorFrom(checkpoint, other, options, "\"" + other.text + "\"",
                                           interruption(), &recent);
    }
    return question;
}

void printPanel(const CausalPanel& panel) {
    std::cout << "answer: " << panel.answer << " (log p " << panel.logProbability << ", margin "
              << panel.margin << ", " << panel.latents << " latents)\n";
    for (const auto& o : panel.outcomes) {
        if (o.impossible.empty())
            std::printf("%-18s %-14s %-7s d log p %8.3f  KL %7.3f\n",
                        toText(o.intervention).c_str(), o.answer.c_str(),
                        o.flipped ? "flipped" : "", o.originalChange, o.divergence);
        else
            std::printf("%-18s not done: %s\n", toText(o.intervention).c_str(),
                        o.impossible.c_str());
    }
    for (const auto& early : panel.early)
        std::printf("after %2d latents    %-14s entropy %.3f\n", early.latents,
                    early.answer.c_str(), early.entropy);
    std::printf("all of it took %.2f times the work of the answer alone\n", panel.decodes);
}

double cpuSecondsOf(const std::function<void()>& work) {
    const auto begun = std::clock();
    work();
    return static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
}

// Medians of CPU time: the answer alone, encoding included, and with its panel.
void benchPanel(const LvrCheckpoint& checkpoint, const CausalQuestion& question,
                const DecodeOptions& options, const std::vector<Intervention>& interventions,
                int times) {
    std::vector<double> alone, panel;
    for (int i = 0; i < times && !interruption().stop_requested(); ++i) {
        alone.push_back(cpuSecondsOf([&] { decode(checkpoint, question.question, options); }));
        panel.push_back(cpuSecondsOf([&] {
            causalPanel(checkpoint, question, options, interventions,
                        {.stop = interruption(), .looks = false});
        }));
    }
    std::ranges::sort(alone);
    std::ranges::sort(panel);
    const auto one = alone[alone.size() / 2], all = panel[panel.size() / 2];
    std::printf(
        "median of %d: the answer alone %.3f CPU-s, with %zu interventions %.3f CPU-s: "
        "%.2f decodes\n",
        times, one, interventions.size(), all, all / one);
}

void diagnoseQuestion(const DiagnoseArguments& a) {
    const auto interventions = interventionsOf(a);
    const auto checkpoint = openCheckpoint(a.model, placementOf(a.model));
    const auto settings = decodeSettings(a.decode, checkpoint);
    RecentPrompts recent;
    const auto question = questionOf(a, checkpoint, settings.options, recent);
    const auto panel = causalPanel(checkpoint, question, settings.options, interventions,
                                   {.stop = interruption(), .recent = &recent});
    const auto origin = originOf(a, checkpoint, settings);
    auto json = OrderedJson::parse(toJson(panel));
    json["model"] = origin.model;
    json["model_hash"] = origin.modelHash;
    json["decoding"] = origin.decoding;
    json["command"] = commandLine();
    if (a.json)
        std::cout << json.dump(2) << "\n";
    else
        printPanel(panel);
    for (const auto& file : a.out) write(file, toHtml(panel, commandLine()), json.dump(2));
    if (a.bench > 0) benchPanel(checkpoint, question, settings.options, interventions, a.bench);
}

void diagnose(const DiagnoseArguments& a) {
    for (const auto& file : a.out) checkOut(file);
    if (a.data.empty() == a.question.empty())
        throw UsageError("say either --data, for a set, or --image and --question, for one");
    if (!a.data.empty() && a.out.empty())
        throw UsageError("say where the report goes: --out report.html");
    a.data.empty() ? diagnoseQuestion(a) : diagnoseData(a);
}

}  // namespace

void addDiagnoseCommand(CLI::App& app) {
    auto a = std::make_shared<DiagnoseArguments>();
    auto* command = app.add_subcommand("diagnose", "Are the latents used, and for what?");
    addModelOptions(*command, a->model);
    addThreads(*command, a->model.threads);
    addDialect(*command, a->model.dialect);
    command->add_option("--data", a->data,
                        "scenes, scenes:chain,color-to-shape, a benchmark (vstar:DIR, mmvp:DIR, "
                        "...) or a data file");
    command->add_option("--count", a->count, "So many questions of it (default: all)")
        ->check(wholeFrom(1));
    command->add_option("--seed", a->seed, "Of scenes, pairs, resampling")->capture_default_str();
    command->add_option("--image", a->images, "One question: its picture")->allow_extra_args(false);
    command->add_option("--question", a->question, "One question: its text, or @FILE");
    command->add_option("--expect", a->expected, "Its right answer");
    command
        ->add_option("--candidates", a->candidates, "Answers to hold against each other, a,b,...")
        ->delimiter(',');
    command->add_option("--target", a->targets, "Region it depends on: x0,y0,x1,y1 as fractions")
        ->allow_extra_args(false);
    command->add_option("--region", a->regions, "Region that `regions` feeds, likewise")
        ->allow_extra_args(false);
    command->add_option("--other-picture", a->otherPicture,
                        "Picture about which the same is asked, to lend its latents");
    command->add_option("--other-question", a->otherQuestion,
                        "Question about the same picture, to lend its latents");
    command->add_option("--suite", a->suite, "Interventions: standard")
        ->check(CLI::IsMember({"standard"}))
        ->capture_default_str();
    command
        ->add_option("--interventions", a->interventions,
                     "Instead of the suite: zero,noise:0.5,freeze@3,other-picture@2-4,...")
        ->delimiter(',')
        ->check(passes([](const std::string& text) { parseIntervention(text); }));
    command->add_option("--out", a->out, "Report: F.html or F.json; give it again for both")
        ->allow_extra_args(false)
        ->check(CLI::Validator(
            [](const std::string& text) {
                return text.ends_with(".html") || text.ends_with(".json")
                           ? std::string()
                           : "a report is .html or .json, and not " + text;
            },
            ""));
    command->add_flag("--resume", a->resume, "Go on with what an interrupted diagnosis kept");
    command->add_flag("--json", a->json, "Print the report as JSON");
    command->add_option("--bench", a->bench, "One question: measure so often what a panel costs")
        ->check(wholeFrom(1));
    addDecodeOptions(*command, a->decode);
    command->footer(
        "Examples:\n  lvr diagnose --data scenes:chain --count 100 --out report.html\n"
        "  lvr diagnose --data vstar:DIR --model M --out report.html --out report.json\n"
        "  lvr diagnose --image scene.png --question \"What shape is the red object?\" "
        "--interventions zero,noise:0.5,markers-only");
    command->callback([a] { diagnose(*a); });
}

}  // namespace lvr
