#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/place_flags.h"
#include "app/training/given_data.h"
#include "core/error.h"
#include "core/train/score.h"

namespace lvr {
namespace {

using Json = nlohmann::ordered_json;

struct ScoreArguments {
    ModelArguments model;
    PixelLimits pixels;
    DataSource source;
    bool appendLatentEndToken = false, json = false;
    std::string headPositions = "consistent";
};

Json toJson(const LatentDistance& distance) {
    return {{"mse", distance.mse}, {"mae", distance.mae}, {"cosine", distance.cosine}};
}

Json toJson(const Score& score) {
    return {{"ce", score.ce},
            {"latent", score.pairs ? toJson(score.latent) : Json()},
            {"latent_end", score.latentEnds ? toJson(score.latentEnd) : Json()},
            {"supervised", score.supervised},
            {"pairs", score.pairs}};
}

std::vector<ScoreRecord> readRecords(const ScoreArguments& a) {
    std::vector<ScoreRecord> records;
    const auto dataset = readGiven(a.source, interruption());
    for (const auto& record : dataset.records)
        records.push_back({dataset.name(record),
                           {record.images.begin(), record.images.end()},
                           record.question,
                           record.response,
                           record.boxes});
    return records;
}

void printDistance(const char* name, const LatentDistance& distance, int count) {
    std::printf("%-10s mse %.6f  mae %.6f  cosine %.6f  (%d pairs)\n", name, distance.mse,
                distance.mae, distance.cosine, count);
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
    const auto records = readRecords(a);
    const auto placement = placementOf(a.model);
    auto checkpoint = openCheckpoint(a.model, placement);
    apply(a.pixels, checkpoint.preprocess);
    const auto latentEnd =
        a.appendLatentEndToken ? LatentEndToken::Appended : LatentEndToken::LeftOut;
    std::vector<Score> scores;
    for (const auto& record : records) {
        if (interruption().stop_requested()) throw Cancelled();
        scores.push_back(scoreRecord(checkpoint, record, latentEnd));
    }
    if (!a.json) {
        print(scores);
        std::printf("computed in %s\n", toText(placement).c_str());
        return;
    }
    Json out = toJson(total(scores));
    out["computation"] = toText(placement);
    out["records"] = Json::array();
    for (const auto& one : scores) out["records"].push_back(toJson(one));
    std::cout << out.dump(2) << "\n";
}

}  // namespace

void addScoreCommand(CLI::App& app) {
    auto a = std::make_shared<ScoreArguments>();
    auto* command = app.add_subcommand("score", "Losses of a checkpoint on data, without training");
    addModelOptions(*command, a->model);
    command
        ->add_option("data,--data", a->source.data,
                     "LVR JSON, Visual-CoT or ViRL39K file, or a folder with data.json")
        ->required();
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
