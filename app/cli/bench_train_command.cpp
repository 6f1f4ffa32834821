#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/bench_measure.h"
#include "app/cli/bench_schedules.h"
#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/passes.h"
#include "app/engine/tiny_model.h"
#include "core/error.h"
#include "core/model/device.h"
#include "core/sft/pass.h"
#include "core/torch.h"
#include "core/train/token_log_probabilities.h"
#include "core/train/trainable.h"
#include "core/vision/image_file.h"
#include "datasets/dataset.h"
#include "datasets/scenes/scenes.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

struct BenchArguments {
    ModelArguments model;
    fs::path data;
    int pictures = 8, questions = 8, repeats = 7, threads = 1;
    int positions = 512, hiddenSize = 512, vocabSize = 151936;  // of the cross-entropy
    int visualTokens = 64, completions = 8, loraRank = 0, microTokens = 16384;
    bool mixed = false, official = false, json = false;
};

TrainingSet readSet(const BenchArguments& a, const fs::path& scratch) {
    if (a.data.empty()) writeScenes(scratch, 4 * a.pictures * a.questions, 1, {});
    std::vector<TrainingRecord> records;
    const auto dataset = readDataset({.data = a.data.empty() ? scratch : a.data});
    for (const auto& record : dataset.records)
        records.push_back({.name = dataset.name(record),
                           .kind = record.kind(),
                           .images = {record.images.begin(), record.images.end()},
                           .question = record.question,
                           .response = record.response,
                           .boxes = record.boxes});
    return TrainingSet(std::move(records));
}

using Pictures = std::vector<SftPicture>;

// The first pictures that have enough questions, with that many of them.
Pictures choose(const BenchArguments& a, const LvrCheckpoint& checkpoint, const TrainingSet& set,
                const SftOptions& options, std::vector<std::vector<fs::path>>& files) {
    Pictures chosen;
    for (const auto& records : set.pictures) {
        if (std::ssize(chosen) == a.pictures) break;
        if (std::ssize(records) < a.questions) continue;
        files.push_back(set.records[records.front()].images);
        const torch::NoGradGuard off;
        SftPicture picture{visualTokensOf(checkpoint, files.back()), {}};
        for (int q = 0; q < a.questions; ++q)
            picture.rows.push_back(
                planRow(checkpoint, set, records[q], picture.images.grids, options, 0));
        chosen.push_back(std::move(picture));
    }
    if (chosen.empty())
        throw Error("no picture of the data has " + std::to_string(a.questions) +
                    " questions; lower --questions");
    return chosen;
}

// Each question alone with its own reading of its picture.
Pictures oneByOne(const Pictures& pictures) {
    Pictures alone;
    for (const auto& picture : pictures)
        for (const auto& row : picture.rows) alone.push_back({picture.images, {row}});
    return alone;
}

class TrainBench {
public:
    TrainBench(const BenchArguments& a, LvrCheckpoint checkpoint)
        : a_(a),
          checkpoint_(std::move(checkpoint)),
          set_(readSet(a, scratch_.path / "scenes")),
          pictures_(choose(a, checkpoint_, set_, options_, files_)),
          trained_(trainable(checkpoint_.model)),
          optimizer_(trained_, 0.01) {}

    OrderedJson run() {
        OrderedJson out;
        out["pictures"] = pictures_.size();
        out["questions"] = pictures_.size() * a_.questions;
        phases(out);
        sharing(out);
        features(out);
        crossEntropy(out);
        return out;
    }

private:
    torch::Tensor forward(const SftBatch& batch, const SftTotals& totals) {
        const PackReading read(checkpoint_.model, batch.pack);
        const auto latents = batch.slotAt.numel() > 0 ? batch.slotTarget : torch::Tensor();
        const std::vector<double> open(set_.kinds.size(), 1.0);
        return sftPass(checkpoint_, batch, read, {latents, {}}, open, options_, totals).loss;
    }

    // Forward and backward of a step, in the parts a training would make of it.
    void learn(const Pictures& pictures, const std::function<void(const char*)>& lap = {}) {
        SftTotals totals;
        for (const auto& picture : pictures)
            for (const auto& row : picture.rows) totals.add(row);
        optimizer_.zeroGrad();
        for (const auto& part : split(pictures, options_.microTokens)) {
            const auto batch = layOut(checkpoint_, part);
            if (lap) lap("layout");
            const auto loss = forward(batch, totals);
            if (lap) lap("forward");
            loss.backward();
            if (lap) lap("backward");
        }
    }

    std::int64_t positions() const {
        std::int64_t all = 0;
        for (const auto& picture : pictures_) all += positionsOf(picture);
        return all;
    }

    void phases(OrderedJson& out) {
        out["positions"] = positions();
        std::map<std::string, std::vector<double>> laps;
        auto begun = std::chrono::steady_clock::now();
        const auto lap = [&](const char* phase) {
            laps[phase].back() += since(begun);
            begun = std::chrono::steady_clock::now();
        };
        for (int i = 0; i <= a_.repeats; ++i) {
            for (const auto* phase : kPhases) laps[phase].push_back(0);
            begun = std::chrono::steady_clock::now();
            for (const auto& files : files_) {
                std::vector<Image> images;
                for (const auto& file : files) images.push_back(readImage(file));
                const auto pixels = preprocess(images, checkpoint_.preprocess);
                lap("read");
                const torch::NoGradGuard off;
                checkpoint_.model.imageTokens(pixels);
                lap("vision");
            }
            learn(pictures_, lap);
            optimizer_.step(1e-9, 1);
            lap("optimizer");
        }
        double step = 0;
        std::map<std::string, double> seconds;
        for (auto& [phase, times] : laps) {
            times.erase(times.begin());  // warmed up
            std::nth_element(times.begin(), times.begin() + a_.repeats / 2, times.end());
            step += seconds[phase] = times[a_.repeats / 2];
        }
        out["tokens_per_second"] = out["positions"].get<double>() / step;
        out["step_seconds"] = step;
        for (const auto* phase : kPhases) out["phase_share"][phase] = seconds[phase] / step;
        out["peak_memory_mb"] = peakGrowth([&] { learn(pictures_); });
    }

    void sharing(OrderedJson& out) {
        const auto alone = oneByOne(pictures_);
        const auto time = [&](const Pictures& p) { return median(a_.repeats, [&] { learn(p); }); };
        const double shared = time(pictures_), repeated = time(alone);
        out["shared_prefix"] = {
            {"seconds", shared}, {"repeated_seconds", repeated}, {"ratio", repeated / shared}};
    }

    // Seconds to see every picture for the first time in a training.
    double seeAll(const fs::path& cache) {
        std::vector<double> times;
        for (int i = 0; i <= a_.repeats; ++i) {
            VisionFeatures features(checkpoint_, cache);
            const auto begun = std::chrono::steady_clock::now();
            for (const auto& files : files_) features.of(files);
            times.push_back(since(begun));
        }
        std::nth_element(times.begin() + 1, times.begin() + 1 + a_.repeats / 2, times.end());
        return times[1 + a_.repeats / 2];  // the first one filled the cache
    }

    void features(OrderedJson& out) {
        VisionFeatures kept(checkpoint_);
        const double inMemory = median(a_.repeats, [&] {
            for (const auto& files : files_) kept.of(files);
        });
        const double fresh = seeAll({}), onDisk = seeAll(scratch_.path / "cache");
        out["features"] = {{"uncached_seconds", fresh},
                           {"memory_ratio", fresh / inMemory},
                           {"disk_ratio", fresh / onDisk}};
    }

    void crossEntropy(OrderedJson& out) {
        const auto hidden = torch::randn({a_.positions, a_.hiddenSize}, torch::requires_grad());
        const auto head = torch::randn({a_.vocabSize, a_.hiddenSize}) * 0.02;
        const auto labels = torch::randint(a_.vocabSize, {a_.positions}, torch::kInt64);
        const auto chunked = [&] {
            tokenLogProbabilities(hidden, head, labels).value.mean().backward();
        };
        const auto full = [&] {
            const auto logits = torch::matmul(hidden, head.t());
            torch::log_softmax(logits, -1).gather(-1, labels.unsqueeze(-1)).mean().backward();
        };
        const int repeats = std::min(a_.repeats, 3);
        const double chunkedTime = median(repeats, chunked), fullTime = median(repeats, full);
        const double chunkedMemory = peakGrowth(chunked), fullMemory = peakGrowth(full);
        out["cross_entropy"] = {{"chunked_seconds", chunkedTime},
                                {"full_seconds", fullTime},
                                {"time_ratio", fullTime / chunkedTime},
                                {"chunked_peak_mb", chunkedMemory},
                                {"full_peak_mb", fullMemory},
                                {"memory_ratio", fullMemory / std::max(1.0, chunkedMemory)}};
    }

    static constexpr const char* kPhases[] = {"read",    "vision",   "layout",
                                              "forward", "backward", "optimizer"};
    const BenchArguments& a_;
    TemporaryFolder scratch_;
    LvrCheckpoint checkpoint_;
    SftOptions options_{.extraSlots = 0};
    TrainingSet set_;
    std::vector<std::vector<fs::path>> files_;
    Pictures pictures_;
    std::vector<Trained> trained_;
    AdamW optimizer_;
};

void print(const OrderedJson& r) {
    std::printf("step               %.1f ms, %.0f tokens/s, grows by %.0f MB (%lld positions)\n",
                1e3 * r["step_seconds"].get<double>(), r["tokens_per_second"].get<double>(),
                r["peak_memory_mb"].get<double>(),
                static_cast<long long>(r["positions"].get<std::int64_t>()));
    std::printf("phases            ");
    for (const auto& [phase, share] : r["phase_share"].items())
        std::printf(" %s %.0f %%", phase.c_str(), 100 * share.get<double>());
    const auto &p = r["shared_prefix"], &f = r["features"], &c = r["cross_entropy"];
    std::printf("\nshared prefix      %.2f x faster than a row of its own for each question\n",
                p["ratio"].get<double>());
    std::printf("vision features    %.0f x faster from memory, %.1f x from disk\n",
                f["memory_ratio"].get<double>(), f["disk_ratio"].get<double>());
    std::printf(
        "cross-entropy      chunked: %.2f x the speed, %.1f x less memory (%.0f MB, not %.0f)\n",
        c["time_ratio"].get<double>(), c["memory_ratio"].get<double>(),
        c["chunked_peak_mb"].get<double>(), c["full_peak_mb"].get<double>());
}

LvrCheckpoint openForTraining(const BenchArguments& a) {
    const auto placement = placementOf(a.model, Purpose::Training);
    if (!a.json) std::printf("computed in %s\n", toText(placement).c_str());
    const LoraOptions lora{.rank = a.loraRank};
    return LvrCheckpoint::open(modelNamed(a.model),
                               {.dtype = placement.dtype,
                                .device = placement.device,
                                .use = LoadOptions::Use::Training,
                                .lora = a.loraRank > 0 ? std::optional(lora) : std::nullopt,
                                .stop = interruption()});
}

// Beside other sizes and the published schedules.
OrderedJson compareSchedules(const BenchArguments& a) {
    const TemporaryFolder scratch;
    const auto checkpoint = openForTraining(a);
    const auto trained = trainable(checkpoint.model);
    const ScheduleBench bench{.checkpoint = checkpoint,
                              .pictures = a.pictures,
                              .questions = a.questions,
                              .completions = a.completions,
                              .visualTokens = a.visualTokens,
                              .microTokens = a.microTokens,
                              .repeats = a.repeats,
                              .scratch = scratch.path};
    OrderedJson out;
    if (a.mixed) out["mixed_sizes"] = benchMixedSizes(bench);
    if (a.official) out["official_sft"] = benchOfficialSft(bench);
    if (a.official) out["official_grpo"] = benchOfficialGrpo(bench);
    return out;
}

void printBeside(const char* what, const OrderedJson& r, const char* checked) {
    std::printf(
        "%-18s %.2f x faster than the published schedule (%.0f ms, not %.0f), %.2f of its "
        "memory (%.0f MB, not %.0f); numbers differ by %.1e\n",
        what, r["ratio"].get<double>(), 1e3 * r["seconds"].get<double>(),
        1e3 * r["official_seconds"].get<double>(), r["memory_share"].get<double>(),
        r["peak_mb"].get<double>(), r["official_peak_mb"].get<double>(), r[checked].get<double>());
}

void printSchedules(const OrderedJson& r) {
    if (r.contains("mixed_sizes")) {
        const auto& m = r["mixed_sizes"];
        std::printf("mixed sizes        %.0f positions/s, pictures of one size %.0f: ratio %.2f\n",
                    m["mixed_positions_per_second"].get<double>(),
                    m["equal_positions_per_second"].get<double>(), m["ratio"].get<double>());
    }
    if (!r.contains("official_sft")) return;
    printBeside("step of SFT", r["official_sft"], "loss_difference");
    printBeside("step of GRPO", r["official_grpo"], "log_probability_difference");
}

void benchTrain(const BenchArguments& a) {
    const NothingToKeep stopsAtOnce;
    at::set_num_threads(a.threads);
    const bool compares = a.mixed || a.official;
    const auto result = compares ? compareSchedules(a) : TrainBench(a, openForTraining(a)).run();
    if (a.json)
        std::cout << result.dump(2) << "\n";
    else
        compares ? printSchedules(result) : print(result);
}

}  // namespace

void addBenchCommand(CLI::App& app) {
    auto a = std::make_shared<BenchArguments>();
    auto* bench = app.add_subcommand("bench", "Measure speed and memory: medians and ratios");
    bench->require_subcommand(1);
    auto* train = bench->add_subcommand(
        "train", "A step of lvr sft: tokens/s, memory, phases, and what its tricks bring");
    addModelOptions(*train, a->model);
    train->add_option("--data", a->data, "As for lvr sft (default: generated scenes)");
    const auto number = [&](const char* flag, int& value, const char* help) {
        train->add_option(flag, value, help)->check(wholeFrom(1))->capture_default_str();
    };
    number("--pictures", a->pictures, "Of a step");
    number("--questions", a->questions, "To each picture");
    number("--repeats", a->repeats, "Medians are of so many");
    number("--threads", a->threads, "CPU threads");
    number("--positions", a->positions, "Supervised positions of the cross-entropy");
    number("--hidden-size", a->hiddenSize, "Of the cross-entropy");
    number("--vocab-size", a->vocabSize, "Of the cross-entropy");
    number("--visual-tokens", a->visualTokens, "Of a picture on average, with --mixed, --official");
    number("--completions", a->completions, "Of a question in GRPO, with --official");
    number("--micro-tokens", a->microTokens,
           "Positions at most of a pass, with --mixed, --official");
    train->add_option("--lora-rank", a->loraRank, "Train adapters of this rank; 0: all weights")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    train->add_flag("--mixed", a->mixed,
                    "Only: pictures of the sizes that photos have beside pictures of one size");
    train->add_flag("--official", a->official,
                    "Only: steps of SFT and GRPO beside the published schedules");
    train->add_flag("--json", a->json, "Print one JSON object");
    train->footer("Example: lvr bench train --mixed --official");
    train->callback([a] { benchTrain(*a); });
    addBenchMachineCommand(*bench);
    addBenchInferCommand(*bench);
    addBenchImageCommand(*bench);
    addBenchOpenCommand(*bench);
    addBenchUiCommand(*bench);
}

}  // namespace lvr
