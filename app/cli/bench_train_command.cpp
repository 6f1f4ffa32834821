#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/bench_figure.h"
#include "app/cli/bench_measure.h"
#include "app/cli/bench_schedules.h"
#include "app/cli/bench_train.h"
#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/passes.h"
#include "core/kernels/threads.h"
#include "core/torch.h"
#include "core/train/trainable.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

struct BenchArguments {
    ModelArguments model;
    fs::path data;
    TrainBenchSizes sizes{.pictures = 0, .questions = 0, .repeats = 0};  // 0: not said
    int threads = 1, visualTokens = 64, completions = 8, loraRank = 0, microTokens = 16384;
    bool mixed = false, official = false, json = false;
    bool compares() const { return mixed || official; }
};

// What was not said is smaller where slow schedules are measured too: a minute in all.
TrainBenchSizes sizesOf(const BenchArguments& a) {
    const TrainBenchSizes usual = a.compares()
                                      ? TrainBenchSizes{.pictures = 4, .questions = 4, .repeats = 3}
                                      : TrainBenchSizes{};
    auto sizes = a.sizes;
    const auto settle = [](int& said, int other) { said = said > 0 ? said : other; };
    settle(sizes.pictures, usual.pictures);
    settle(sizes.questions, usual.questions);
    settle(sizes.repeats, usual.repeats);
    return sizes;
}

void print(const OrderedJson& r) {
    std::printf("step               %.1f ms, %.0f tokens/s, grows by %.0f MB (%lld positions)",
                1e3 * r["step_seconds"].get<double>(), r["tokens_per_second"].get<double>(),
                r["peak_memory_mb"].get<double>(),
                static_cast<long long>(r["positions"].get<std::int64_t>()));
    if (r.contains("share"))
        std::printf(", %.0f %% of %s", 100 * r["share"].get<double>(),
                    r["ceiling"].get<std::string>().c_str());
    std::printf("\n");
    std::printf("phases            ");
    for (const auto& [phase, share] : r["phase_share"].items())
        std::printf(" %s %.0f %%", phase.c_str(), 100 * share.get<double>());
    const auto &p = r["shared_prefix"], &f = r["features"], &c = r["cross_entropy"];
    std::printf(
        "\nshared prefix      %.2f x the speed of a row of its own for each question; losses "
        "differ "
        "by %.1e\n",
        p["ratio"].get<double>(), p["loss_difference"].get<double>());
    std::printf("vision features    %.0f x faster from memory, %.1f x from disk; %s\n",
                f["memory_ratio"].get<double>(), f["disk_ratio"].get<double>(),
                f["equal"].get<bool>() ? "the same bits" : "NOT the same bits");
    std::printf(
        "cross-entropy      chunked: %.2f x the speed, %.2f of the memory (%.0f MB, not %.0f); "
        "gradients differ by %.1e of their norm\n",
        c["time_ratio"].get<double>(),
        std::max(1.0, c["chunked_peak_mb"].get<double>()) /
            std::max(1.0, c["full_peak_mb"].get<double>()),
        c["chunked_peak_mb"].get<double>(), c["full_peak_mb"].get<double>(),
        c["gradient_difference"].get<double>());
}

LvrCheckpoint openForTraining(const BenchArguments& a, const Placement& placement) {
    const LoraOptions lora{.rank = a.loraRank};
    return LvrCheckpoint::open(modelNamed(a.model),
                               {.dtype = placement.dtype,
                                .device = placement.device,
                                .use = LoadOptions::Use::Training,
                                .lora = a.loraRank > 0 ? std::optional(lora) : std::nullopt,
                                .stop = interruption()},
                               a.model.dialect);
}

// Beside other sizes and the published schedules.
OrderedJson compareSchedules(const BenchArguments& a, const LvrCheckpoint& checkpoint) {
    const TemporaryFolder scratch;
    const auto trained = trainable(checkpoint.model);
    const auto sizes = sizesOf(a);
    const ScheduleBench bench{.checkpoint = checkpoint,
                              .pictures = sizes.pictures,
                              .questions = sizes.questions,
                              .completions = a.completions,
                              .visualTokens = a.visualTokens,
                              .microTokens = a.microTokens,
                              .repeats = sizes.repeats,
                              .scratch = scratch.path,
                              .ceilings = measureCeilings(onThreads)};
    auto out = toJson(bench.ceilings);
    if (a.mixed) out["mixed_sizes"] = benchMixedSizes(bench);
    if (a.official) out["official_sft"] = benchOfficialSft(bench);
    if (a.official) out["official_grpo"] = benchOfficialGrpo(bench);
    return out;
}

void printBeside(const char* what, const OrderedJson& r, const char* checked) {
    std::printf(
        "%-18s %.2f x the speed of the published schedule (%.1f ms, not %.1f), %.2f of its "
        "memory (%.0f MB, not %.0f); numbers differ by %.1e\n",
        what, r["ratio"].get<double>(), 1e3 * r["seconds"].get<double>(),
        1e3 * r["official_seconds"].get<double>(), r["memory_share"].get<double>(),
        r["peak_mb"].get<double>(), r["official_peak_mb"].get<double>(), r[checked].get<double>());
}

void printSchedules(const OrderedJson& r) {
    if (r.contains("mixed_sizes")) {
        const auto& m = r["mixed_sizes"];
        std::printf(
            "mixed sizes        %.0f positions/s, pictures of one size %.0f: ratio %.2f; losses "
            "differ by %.1e from those one by one\n",
            m["mixed_positions_per_second"].get<double>(),
            m["equal_positions_per_second"].get<double>(), m["ratio"].get<double>(),
            m["loss_difference"].get<double>());
    }
    if (!r.contains("official_sft")) return;
    printBeside("step of SFT", r["official_sft"], "loss_difference");
    printBeside("step of GRPO", r["official_grpo"], "log_probability_difference");
}

void benchTrain(const BenchArguments& a) {
    const NothingToKeep stopsAtOnce;
    at::set_num_threads(a.threads);
    const auto placement = placementOf(a.model, Purpose::Training);
    auto checkpoint = openForTraining(a, placement);
    auto result = a.compares() ? compareSchedules(a, checkpoint)
                               : benchTrainingStep(sizesOf(a), a.data, std::move(checkpoint));
    result["computation"] = toText(placement);
    if (a.json) {
        std::cout << result.dump(2) << "\n";
        return;
    }
    std::printf("computed in %s\n", toText(placement).c_str());
    a.compares() ? printSchedules(result) : print(result);
}

}  // namespace

void addBenchTrainCommand(CLI::App& bench) {
    auto a = std::make_shared<BenchArguments>();
    auto* train = bench.add_subcommand(
        "train", "A step of lvr sft: tokens/s, memory, phases, and what its tricks bring");
    addModelOptions(*train, a->model);
    addDialect(*train, a->model.dialect);
    auto* mixed =
        train->add_flag("--mixed", a->mixed,
                        "Only: pictures of the sizes that photos have beside pictures of one size");
    auto* official = train->add_flag("--official", a->official,
                                     "Only: steps of SFT and GRPO beside the published schedules");
    const auto ofOneStep = [&](CLI::Option* option) {
        option->excludes(mixed)->excludes(official);
    };
    ofOneStep(train->add_option("--data", a->data, "As for lvr sft (default: generated scenes)"));
    const auto number = [&](const char* flag, int& value, const char* help) {
        return train->add_option(flag, value, help)->check(wholeFrom(1));
    };
    const auto usual = [&](const char* flag, int& value, const char* help) {
        return number(flag, value, help)->capture_default_str();
    };
    number("--pictures", a->sizes.pictures, "Of a step (default: 8; 4 with --mixed, --official)");
    number("--questions", a->sizes.questions,
           "To each picture (default: 8; 4 with --mixed, --official)");
    number("--repeats", a->sizes.repeats,
           "Medians are of so many (default: 7; 3 with --mixed, --official)");
    usual("--threads", a->threads, "CPU threads");
    ofOneStep(
        usual("--positions", a->sizes.positions, "Supervised positions of the cross-entropy"));
    ofOneStep(usual("--hidden-size", a->sizes.hiddenSize, "Of the cross-entropy"));
    ofOneStep(usual("--vocab-size", a->sizes.vocabSize, "Of the cross-entropy"));
    usual("--completions", a->completions, "Of a question in GRPO, with --official")
        ->needs(official);
    const std::vector ofSchedules{usual("--visual-tokens", a->visualTokens,
                                        "Of a picture on average, with --mixed, --official"),
                                  usual("--micro-tokens", a->microTokens,
                                        "Positions at most of a pass, with --mixed, --official")};
    train->add_option("--lora-rank", a->loraRank, "Train adapters of this rank; 0: all weights")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    train->add_flag("--json", a->json, "Print one JSON object");
    train->footer(
        "In about a minute, on the shipped model: lvr bench train --mixed --official\n"
        "In the shape of a 3B cut to 6 layers, which takes long and much memory:\n"
        "  lvr model random --shape qwen2.5-vl-3b --layers 6 --vision-layers 8 --out /tmp/3b\n"
        "  lvr bench train --official --model /tmp/3b --lora-rank 32 --threads 2 --repeats 1 "
        "--pictures 2");
    train->callback([a, ofSchedules] {
        for (const auto* option : ofSchedules)
            if (option->count() > 0 && !a->compares())
                throw CLI::RequiresError(option->get_name(), "--mixed or --official");
        benchTrain(*a);
    });
}

}  // namespace lvr
