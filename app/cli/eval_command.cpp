#include <ATen/Parallel.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/passes.h"
#include "app/engine/tiny_model.h"
#include "core/error.h"
#include "core/eval/evaluate.h"
#include "core/files/atomic_file.h"
#include "core/model/lvr_checkpoint.h"
#include "core/statistics/statistics.h"
#include "datasets/scenes/clutter_scenes.h"
#include "datasets/scenes/scenes.h"

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct EvalArguments {
    std::vector<std::string> models;
    ModelArguments model;
    DecodeArguments decode;
    int count = 500, threads = 0;
    std::uint64_t seed = 1000000;
    std::string hops = "0:6", latents = "own";
    std::string set = "chains";
    SceneOptions options;
    bool json = false;
    std::filesystem::path to;
};

// One line of the table: a kind, or the chains of one length.
struct Score {
    std::string model, name;
    int count = 0, right = 0, exact = 0, latents = 0, hits = 0, targets = 0;
    double chance = 0;
};

Sample toSample(const SceneQuestion& question, const Image& picture) {
    return {"", question.kind, {{picture}, question.text}, question.answer, question.rois};
}

// The scenes that are asked about.
struct SceneSet {
    std::function<ScenePicture(std::uint64_t index, const std::string& kind)> draw;
    std::function<std::vector<SceneQuestion>(const Scene&, const std::string& kind)> questions;
    std::vector<std::string> kinds;
};

SceneSet sceneSet(const EvalArguments& a) {
    const auto chosen = [&](std::vector<std::string> all) {
        return a.options.kinds.empty() ? std::move(all) : a.options.kinds;
    };
    if (a.set == "clutter")
        return {[&a](std::uint64_t index, const std::string& kind) {
                    return clutterWithQuestion(a.seed, index, kind);
                },
                clutterQuestionsAbout, chosen(clutterKinds())};
    return {[&a](std::uint64_t index, const std::string& kind) {
                return sceneWithQuestion(a.seed, index, kind, a.options);
            },
            questionsAbout, chosen(sceneKinds())};
}

// Another question of the kind on the same picture, with another answer.
std::optional<SceneQuestion> donorOf(const SceneSet& set, const ScenePicture& picture,
                                     std::uint64_t index) {
    const auto& asked = picture.questions.front();
    std::vector<SceneQuestion> others;
    for (auto& other : set.questions(picture.scene, asked.kind))
        if (other.answer != asked.answer) others.push_back(std::move(other));
    if (others.empty()) return std::nullopt;
    return others[index % others.size()];
}

// Throws Error when so few pictures allow a transplant that they can't be found.
std::vector<EvalItem> makeItems(const EvalArguments& a, const SceneSet& set,
                                const std::string& kind, InterventionKind intervention) {
    constexpr std::uint64_t kTries = 100;
    std::vector<EvalItem> items;
    for (std::uint64_t index = 0; std::ssize(items) < a.count; ++index) {
        if (interruption().stop_requested()) throw Cancelled();
        if (index > kTries * a.count)
            throw Error("no picture has two " + kind +
                        " questions with different answers, which "
                        "a transplant needs; leave that kind out");
        const auto picture = set.draw(index, kind);
        const auto image = paint(picture.scene);
        EvalItem item{toSample(picture.questions.front(), image),
                      {},
                      kind == "chain" ? EvalItem::Chain::Yes : EvalItem::Chain::No};
        if (intervention == InterventionKind::Transplant) {
            const auto donor = donorOf(set, picture, index);
            if (!donor) continue;
            item.donor = toSample(*donor, image);
        }
        items.push_back(std::move(item));
    }
    return items;
}

// A blind guess among the answers that occur.
double chanceLevel(const std::vector<EvalItem>& items) {
    std::set<std::string> answers;
    for (const auto& item : items) answers.insert(item.sample.answer);
    return answers.empty() ? 0 : 1.0 / static_cast<double>(answers.size());
}

void add(Score& score, const EvalOutcome& outcome) {
    score.count += 1;
    score.right += outcome.right;
    score.exact += outcome.stoppedExactly();
    score.latents += outcome.latents;
    score.hits += outcome.hits;
    score.targets += outcome.targets;
}

// As MMVP counts: a pair is right when both of its pictures are.
Score pairScore(const std::string& model, double chance, const std::vector<EvalOutcome>& outcomes) {
    Score score{.model = model, .name = "dot-pair, pairs", .chance = chance * chance};
    for (std::size_t i = 0; i + 1 < outcomes.size(); i += 2) {
        const auto &one = outcomes[i], &other = outcomes[i + 1];
        score.count += 1;
        score.right += one.right && other.right;
        score.exact += one.stoppedExactly() && other.stoppedExactly();
        for (const auto* each : {&one, &other}) {
            score.hits += each->hits;
            score.targets += each->targets;
            score.latents += each->latents;
        }
    }
    score.latents /= 2;  // of one picture, as in the rows above
    return score;
}

std::vector<Score> scores(const std::string& model, const std::string& kind,
                          const std::vector<EvalItem>& items,
                          const std::vector<EvalOutcome>& outcomes) {
    std::vector<Score> all{{.model = model, .name = kind, .chance = chanceLevel(items)}};
    std::map<int, Score> byHops;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        add(all.front(), outcomes[i]);
        const int hops = static_cast<int>(items[i].sample.rois.size()) - 1;
        if (kind == "chain") add(byHops[hops], outcomes[i]);
    }
    if (kind == "dot-pair") all.push_back(pairScore(model, all.front().chance, outcomes));
    for (auto& [hops, score] : byHops) {
        score.model = model;
        score.name = "chain, " + std::to_string(hops) + (hops == 1 ? " hop" : " hops");
        score.chance = all.front().chance;
        all.push_back(score);
    }
    return all;
}

OrderedJson toJson(const Score& s) {
    const auto interval = wilson95(s.right, s.count);
    return {{"model", s.model},
            {"kind", s.name},
            {"count", s.count},
            {"accuracy", static_cast<double>(s.right) / s.count},
            {"low95", interval.low},
            {"high95", interval.high},
            {"chance", s.chance},
            {"mean_latents", static_cast<double>(s.latents) / s.count},
            {"stop_exact", static_cast<double>(s.exact) / s.count},
            {"hit_rate", s.targets ? static_cast<double>(s.hits) / s.targets : 0.0}};
}

void printRow(const Score& s, std::size_t width) {
    const auto interval = wilson95(s.right, s.count);
    std::printf("%-*s  %-16s %6d  %.3f  %.3f-%.3f  %.3f  %6.2f  %.3f  %.3f\n",
                static_cast<int>(width), s.model.c_str(), s.name.c_str(), s.count,
                static_cast<double>(s.right) / s.count, interval.low, interval.high, s.chance,
                static_cast<double>(s.latents) / s.count, static_cast<double>(s.exact) / s.count,
                s.targets ? static_cast<double>(s.hits) / s.targets : 0.0);
    std::fflush(stdout);
}

std::string shortName(const std::string& model) {
    const auto name = std::filesystem::path(model).filename().string();
    return name.empty() ? std::filesystem::path(model).parent_path().filename().string() : name;
}

void evaluateModel(const EvalArguments& a, const std::string& model, std::size_t width,
                   OrderedJson& models, OrderedJson& rows) {
    const ModelArguments opened{.model = model,
                                .dtype = a.model.dtype,
                                .device = a.model.device,
                                .dialect = a.model.dialect};
    const auto placement = placementOf(opened);
    const auto checkpoint = openCheckpoint(opened, placement);
    if (a.threads > 0) at::set_num_threads(a.threads);
    const auto [options, origins] = decodeSettings(a.decode, checkpoint);
    const auto decoding = decodingText(options, origins), computation = toText(placement);
    const auto name = shortName(model);
    if (!a.json)
        std::printf("%s is decoded with %s, computed in %s\n", name.c_str(), decoding.c_str(),
                    computation.c_str());
    models.push_back({{"model", name}, {"decoding", decoding}, {"computation", computation}});
    const auto intervention = parseIntervention(a.latents).kind;
    const auto set = sceneSet(a);
    const bool isWatched = !a.json && isatty(STDERR_FILENO);
    for (const auto& kind : set.kinds) {
        const auto items = makeItems(a, set, kind, intervention);
        const auto report = [&](EvalProgress p) {
            if (isWatched)
                std::cerr << "\r" << kind << " " << p.done << "/" << p.total
                          << (p.done == p.total ? "\r\033[K" : "") << std::flush;
        };
        for (const auto& score :
             scores(shortName(checkpoint.name), kind, items,
                    evaluate(checkpoint, items, options, intervention, report, interruption()))) {
            rows.push_back(toJson(score));
            if (!a.json) printRow(score, width);
        }
    }
}

void evalScenes(EvalArguments& a) {
    const NothingToKeep stopsAtOnce;
    parseHops(a.hops, a.options);
    if (a.set == "clutter")
        check(ClutterOptions{.kinds = a.options.kinds});
    else
        check(a.options);
    // Before anything is printed.
    const auto intervention = parseIntervention(a.latents);
    if (!isEvaluated(intervention.kind) || intervention != Intervention{.kind = intervention.kind})
        throw UsageError("a set can't be asked with latents \"" + a.latents +
                         "\"; valid are own, other-picture, zero, noise, oracle, snap and "
                         "transplant; lvr diagnose asks each question with the others");
    if (intervention.kind == InterventionKind::OtherPicture && a.count < 2)
        throw UsageError("a swap needs a question on another picture; ask for --count 2 or more");
    if (a.models.empty()) a.models.push_back(tinyModelFolder());
    std::size_t width = 5;
    for (const auto& model : a.models) width = std::max(width, shortName(model).size());
    if (!a.json)
        std::printf(
            "scenes of seed %llu, latents %s\n%-*s  %-16s %6s  %-5s  %-11s  %-6s %6s  %-5s  %s\n",
            static_cast<unsigned long long>(a.seed), a.latents.c_str(), static_cast<int>(width),
            "model", "kind", "count", "right", "95 %", "chance", "steps", "exact", "hit");
    OrderedJson models = OrderedJson::array(), rows = OrderedJson::array();
    for (const auto& model : a.models) evaluateModel(a, model, width, models, rows);
    const OrderedJson all{
        {"seed", a.seed}, {"latents", a.latents}, {"models", models}, {"rows", rows}};
    if (!a.to.empty())
        writeFileAtomically(a.to, all.dump(2) + "\n");
    else if (a.json)
        std::cout << all.dump(2) << "\n";
}

}  // namespace

void addEvalCommand(CLI::App& app) {
    auto a = std::make_shared<EvalArguments>();
    auto* command = app.add_subcommand("eval", "Measure accuracy, with intervals");
    command->require_subcommand(1);
    addEvalDataCommand(*command);
    addEvalImportCommand(*command);
    addRescoreCommand(*command);
    auto* scenes = command->add_subcommand("scenes", "On fresh generated scenes");
    scenes->add_option("--model", a->models,
                       "Checkpoint; give it again to compare several in one table (default: the "
                       "shipped tiny model)");
    addPlacementOptions(*scenes, a->model.dtype, a->model.device);
    addDialect(*scenes, a->model.dialect);
    scenes->add_option("--count", a->count, "Questions a kind, each on a picture of its own")
        ->check(wholeFrom(1))
        ->capture_default_str();
    scenes->add_option("--seed", a->seed, "Of the scenes; never one that was trained on")
        ->capture_default_str();
    scenes->add_option("--set", a->set, "chains, or clutter: cluttered scenes, one look")
        ->check(CLI::IsMember({"chains", "clutter"}))
        ->capture_default_str();
    scenes->add_option("--kinds", a->options.kinds, "Question kinds, a,b,... (default: all)")
        ->delimiter(',');
    scenes->add_option("--hops", a->hops, "Length of chains, LO:HI")->capture_default_str();
    scenes
        ->add_option(
            "--latents", a->latents,
            "own, or what is fed instead: other-picture (swap), zero, noise, oracle, snap, "
            "transplant")
        ->capture_default_str();
    scenes
        ->add_option("--threads", a->threads,
                     "CPU threads (default: one for a tiny model, otherwise all)")
        ->check(wholeFrom(1));
    scenes->add_flag("--json", a->json, "Print one JSON object");
    scenes->add_option("--to", a->to, "Write the JSON object to this .json file too")
        ->check(endsIn(".json"));
    addDecodeOptions(*scenes, a->decode);
    scenes->footer(
        "chance is a blind guess among the answers that occur; steps counts latents; exact is the "
        "share that\n"
        "stopped after as many latents as the question has regions; hit is the share of regions "
        "that were\n"
        "nearest to their latent.\nExample: lvr eval scenes --count 500 --latents swap");
    scenes->callback([a] { evalScenes(*a); });
}

}  // namespace lvr
