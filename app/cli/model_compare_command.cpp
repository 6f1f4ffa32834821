#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/bench_measure.h"
#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/passes.h"
#include "app/cli/place_flags.h"
#include "app/cli/score_records.h"
#include "core/error.h"
#include "core/eval/agreement.h"
#include "core/eval/evaluate.h"
#include "core/statistics/statistics.h"
#include "datasets/data_mix.h"
#include "datasets/scenes/scenes.h"

namespace lvr {
namespace {

struct CompareArguments {
    std::string first, second, firstDialect, secondDialect;
    DataMix data;
    int records = 100, questions = 200;
    std::uint64_t seed = 2000000;
    bool json = false;
};

void tick(const char* what, int done, int total) {
    if (isatty(STDERR_FILENO))
        std::cerr << "\r" << what << " " << done << "/" << total
                  << (done == total ? "\r\033[K" : "") << std::flush;
}

Agreement agreementOn(const LvrCheckpoint& first, const LvrCheckpoint& second,
                      const std::vector<ScoreRecord>& records) {
    Agreement agreement;
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (interruption().stop_requested()) throw Cancelled();
        addRecord(first, second, records[i], agreement);
        tick("records", static_cast<int>(i) + 1, static_cast<int>(records.size()));
    }
    if (agreement.tokens == 0) throw Error("the records have no answers to compare on");
    return agreement;
}

// Answers of its own to questions about fresh scenes, by greedy decoding.
int rightAnswers(const LvrCheckpoint& checkpoint, const CompareArguments& a) {
    std::vector<EvalItem> items;
    for (auto& sample : sceneSamples(a.seed + 1, 0, a.questions))
        items.push_back({.sample = std::move(sample)});
    int right = 0;
    for (const auto& outcome : evaluate(
             checkpoint, items, checkpoint.decoding().options, InterventionKind::Own,
             [](EvalProgress p) { tick("questions", p.done, p.total); }, interruption()))
        right += outcome.right;
    return right;
}

struct Compared {
    Agreement agreement;
    int rightFirst = 0, rightSecond = 0;
};

nlohmann::ordered_json toJson(const Compared& c, const CompareArguments& a) {
    nlohmann::ordered_json json{{"first", a.first},
                                {"second", a.second},
                                {"tokens", c.agreement.tokens},
                                {"kl", c.agreement.meanDivergence()},
                                {"kl_most", c.agreement.most},
                                {"same_top", c.agreement.topShare()}};
    if (a.questions > 0)
        json["scenes"] = {{"questions", a.questions},
                          {"first_right", c.rightFirst},
                          {"second_right", c.rightSecond}};
    return json;
}

void printRight(const char* which, int right, int questions) {
    const auto interval = wilson95(right, questions);
    std::printf("right, %-8s %.3f (95 %% %.3f-%.3f), %d of %d scenes\n", which,
                static_cast<double>(right) / questions, interval.low, interval.high, right,
                questions);
}

void print(const Compared& c, const CompareArguments& a) {
    std::printf("tokens          %d, teacher-forced\n", c.agreement.tokens);
    std::printf("KL(first||second) %.6f nats a token, at most %.4f\n", c.agreement.meanDivergence(),
                c.agreement.most);
    std::printf("same likeliest  %.4f of the tokens\n", c.agreement.topShare());
    if (a.questions == 0) return;
    printRight("first", c.rightFirst, a.questions);
    printRight("second", c.rightSecond, a.questions);
}

void compareModels(CompareArguments& a) {
    const NothingToKeep stopsAtOnce;
    const ModelArguments one{.model = a.first, .dialect = a.firstDialect};
    const ModelArguments other{
        .model = a.second, .dialect = a.secondDialect.empty() ? a.firstDialect : a.secondDialect};
    const auto first = openCheckpoint(one, placementOf(one));
    const auto second = openCheckpoint(other, placementOf(other));
    const TemporaryFolder scratch;
    if (a.data.data.empty()) {
        writeScenes(scratch.path / "scenes", a.records, a.seed, {}, {}, interruption());
        a.data.data = {scratch.path / "scenes"};
    }
    Compared compared{agreementOn(first, second, scoreRecords(a.data, a.records))};
    if (a.questions > 0) {
        compared.rightFirst = rightAnswers(first, a);
        compared.rightSecond = rightAnswers(second, a);
    }
    if (a.json)
        std::cout << toJson(compared, a).dump(2) << "\n";
    else
        print(compared, a);
}

}  // namespace

void addModelCompareCommand(CLI::App& model) {
    auto a = std::make_shared<CompareArguments>();
    auto* command = model.add_subcommand(
        "compare", "How far a checkpoint predicts what another predicts: what quantising cost");
    command->add_option("first", a->first, "Checkpoint, the one to measure against")->required();
    command->add_option("second", a->second, "Checkpoint made from it")->required();
    addDialect(*command, a->firstDialect);
    addDialect(*command, a->secondDialect, "--second-dialect");
    addDataFiles(*command, a->data)
        ->description("Records whose answers both read, as for lvr score (default: scenes)");
    addDataOptions(*command, a->data);
    command->add_option("--records", a->records, "Read at most so many records")
        ->check(wholeFrom(1))
        ->capture_default_str();
    command
        ->add_option("--questions", a->questions,
                     "Questions about fresh scenes that both answer; 0: none")
        ->check(wholeFrom(0))
        ->capture_default_str();
    command->add_option("--seed", a->seed, "Of the scenes")->capture_default_str();
    command->add_flag("--json", a->json, "Print one JSON object");
    command->footer(
        "KL: how many nats of the first one's predictions the second one loses, a token of the "
        "given answers.\nExample: lvr model compare out/sft out/sft-int4 --data scenes/data.json");
    command->callback([a] { compareModels(*a); });
}

}  // namespace lvr
