#include <CLI/CLI.hpp>

#include "app/cli/study.h"
#include "datasets/scenes/clutter_scenes.h"

namespace lvr {
namespace {

struct MiniArguments {
    std::filesystem::path out;
    int seeds = 3, steps = 1800, count = 500;
};

// The method and its controls first, then what the paper ablates, one thing changed at a time.
std::vector<StudyVariant> miniVariants(const MiniArguments& a) {
    const StudyArguments sft{
        "sft",        "--schedule", "cosine",      "--steps", std::to_string(a.steps),
        "--pictures", "8",          "--questions", "6",       "--save-every",
        "200"};
    const auto sftWith = [&](const StudyArguments& more) { return with(sft, more); };
    return {{.name = "LVR", .says = "own latents, stops by itself", .model = "lvr", .train = sft},
            {.name = "plain SFT",
             .says = "question and answer",
             .model = "plain",
             .train = sftWith({"--twin", "plain"})},
            {.name = "filler",
             .says = "the same slots and targets, a constant is fed",
             .model = "filler",
             .train = sftWith({"--twin", "filler"})},
            {.name = "aux",
             .says = "no slots, the region's mean token as an extra target",
             .model = "aux",
             .train = sftWith({"--twin", "aux"})},
            {.name = "LVR + GRPO",
             .says = "LVR refined by rewards, without boxes",
             .model = "grpo",
             .train = {"grpo", "--max-steps", std::to_string(a.steps / 2), "--lr", "2e-5", "--beta",
                       "0.001", "--temperature", "1", "--top-k", "0", "--max-new-tokens", "40"},
             .from = "lvr"},
            {.name = "teacher forcing",
             .says = "LVR without the own-latent pass, as published",
             .model = "teacher",
             .train = sftWith({"--own-latents", "off"})},
            {.name = "markers",
             .says = "lvr_start and lvr_end with nothing between",
             .model = "markers",
             .train = sftWith({"--twin", "markers"})},
            {.name = "fixed 4",
             .says = "targets cycled to 4, always 4 latents",
             .model = "fixed4",
             .train = sftWith({"--roi-tokens", "cycle:4", "--stop-weight", "0"})},
            {.name = "latent end",
             .says = "stops near a learnt vector instead of by P(end)",
             .model = "latent-end",
             .train = sftWith({"--latent-end", "vector", "--stop-weight", "0"}),
             .eval = {"--exit", "latent-end:mse:0.05:16"}},
            {.name = "head MLP",
             .says = "an lvr_head of two layers",
             .model = "mlp",
             .train = sftWith({"--head", "mlp"})},
            {.name = "head GLU",
             .says = "a gated lvr_head",
             .model = "glu",
             .train = sftWith({"--head", "glu"})},
            {.name = "lambda 0",
             .says = "no reconstruction loss",
             .model = "lambda-0",
             .train = sftWith({"--latent-weight", "0"})},
            {.name = "lambda 1",
             .says = "a tenth of ours",
             .model = "lambda-1",
             .train = sftWith({"--latent-weight", "1"})}};
}

Study miniStudy(const MiniArguments& a) {
    Study study{.name = "paper-mini",
                .out = a.out,
                .seeds = a.seeds,
                .steps = a.steps,
                .count = a.count,
                .corner = "right answers",
                .variants = miniVariants(a),
                .notes =
                    "dot pairs: both pictures of a pair right. Every row was trained for as "
                    "many steps; LVR's cost up to twice as much, for its second pass.",
                .mean = true};
    const StudyArguments shared{"--set", "clutter", "--count", std::to_string(a.count)};
    for (const auto& kind : clutterKinds()) {
        const auto eval = with(shared, {"--kinds", kind});
        study.columns.push_back({kind == "dot-pair" ? "dot" : kind, eval});
        if (kind == "dot-pair") study.columns.push_back({"dot pairs", eval, 1});
    }
    study.data = {{"make-data", "scenes", "--set", "clutter", "--count", recordsFor(a.steps),
                   "--seed", "1", "--out", (a.out / "data").string()}};
    return study;
}

}  // namespace

void addPaperMiniStudy(CLI::App& studies) {
    auto a = std::make_shared<MiniArguments>();
    auto* mini = studies.add_subcommand(
        "paper-mini",
        "The paper's tables in miniature, on cluttered scenes: LVR, plain, its controls, GRPO, and "
        "what the paper ablates");
    addStudyOptions(*mini, a->out, a->seeds, a->steps, a->count);
    mini->footer("Example: lvr study paper-mini --out build/paper-mini --seeds 1");
    mini->callback([a] { runStudy(miniStudy(*a)); });
}

}  // namespace lvr
