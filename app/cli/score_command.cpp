#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/place_flags.h"
#include "app/cli/score_records.h"
#include "app/training/pixel_limits.h"
#include "core/error.h"
#include "core/eval/score.h"
#include "datasets/data_mix.h"

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct ScoreArguments {
    ModelArguments model;
    PixelLimits pixels;
    DataMix source;
    bool appendLatentEndToken = false, json = false;
    std::string headPositions = "consistent";
};

OrderedJson toJson(const LatentDistance& distance) {
    return {{"mse", distance.mse}, {"mae", distance.mae}, {"cosine", distance.cosine}};
}

OrderedJson toJson(const Score& score) {
    return {{"ce", score.ce},
            {"latent", score.pairs ? toJson(score.latent) : OrderedJson()},
            {"latent_end", score.latentEnds ? toJson(score.latentEnd) : OrderedJson()},
            {"supervised", score.supervised},
            {"pairs", score.pairs}};
}

void printDistance(const char* name, const LatentDistance& distance, int count) {
    std::printf("%-10s mse %.6f  mae %.6f  cosine %.6f  (%d pairs)\n", name, distance.mse,
                distance.mae, distance.cosine, count);
}

// A score each, and what could not be scored.
struct Scored {
    std::vector<std::string> names;
    std::vector<Score> scores;
    std::vector<std::string> leftOut;  // record and reason
};

Scored scoreAll(const LvrCheckpoint& checkpoint, const std::vector<ScoreRecord>& records,
                LatentEndToken latentEnd) {
    Scored scored;
    for (const auto& record : records) {
        if (interruption().stop_requested()) throw Cancelled();
        try {
            scored.scores.push_back(scoreRecord(checkpoint, record, latentEnd));
            scored.names.push_back(record.name);
        } catch (const Error& error) {
            scored.leftOut.push_back(error.what());
        }
    }
    if (scored.scores.empty())
        throw Error("none of the " + std::to_string(records.size()) +
                    " records can be scored; the first reason: " + scored.leftOut.front());
    if (!scored.leftOut.empty())
        std::cerr << "lvr: left out " << scored.leftOut.size() << " of " << records.size()
                  << " records: " << scored.leftOut.front() << std::endl;
    return scored;
}

void print(const std::vector<Score>& scores) {
    const auto all = total(scores);
    std::printf("%-10s %.6f  (%d supervised tokens of %zu records)\n", "ce", all.ce, all.supervised,
                scores.size());
    if (all.pairs) printDistance("latent", all.latent, all.pairs);
    if (all.latentEnds) printDistance("latent_end", all.latentEnd, all.latentEnds);
}

void score(const ScoreArguments& a) {
    const NothingToKeep stopsAtOnce;
    const auto records = scoreRecords(a.source);
    const auto placement = placementOf(a.model);
    auto checkpoint = openCheckpoint(a.model, placement);
    apply(a.pixels, checkpoint.preprocess);
    const auto latentEnd =
        a.appendLatentEndToken ? LatentEndToken::Appended : LatentEndToken::LeftOut;
    const auto scored = scoreAll(checkpoint, records, latentEnd);
    if (!a.json) {
        print(scored.scores);
        std::printf("computed in %s\n", toText(placement).c_str());
        return;
    }
    OrderedJson out = toJson(total(scored.scores));
    out["computation"] = toText(placement);
    out["records"] = OrderedJson::array();
    for (std::size_t i = 0; i < scored.scores.size(); ++i) {
        out["records"].push_back(toJson(scored.scores[i]));
        out["records"].back()["record"] = scored.names[i];
    }
    out["left_out"] = scored.leftOut;
    std::cout << out.dump(2) << "\n";
}

}  // namespace

void addScoreCommand(CLI::App& app) {
    auto a = std::make_shared<ScoreArguments>();
    auto* command = app.add_subcommand("score", "Losses of a checkpoint on data, without training");
    addModelOptions(*command, a->model);
    addThreads(*command, a->model.threads);
    addDialect(*command, a->model.dialect);
    addDataFiles(*command, a->source)->required();
    addDataOptions(*command, a->source);
    addPixelLimits(*command, a->pixels);
    command->add_flag("--append-latent-end-token", a->appendLatentEndToken,
                      "Put <|lvr_latent_end|> after each thought, as the release does");
    command
        ->add_option("--head-positions", a->headPositions,
                     "Of an lvr_head. Training has one rule, so both score alike: the head sees "
                     "what predicts a latent, lm_head never sees its output at a supervised token")
        ->check(CLI::IsMember({"released", "consistent"}))
        ->capture_default_str();
    command->add_flag("--json", a->json, "Print one JSON object, each record in it");
    command->footer("Example: lvr score --model out/sft --data scenes/data.json --json");
    command->callback([a] { score(*a); });
}

}  // namespace lvr
