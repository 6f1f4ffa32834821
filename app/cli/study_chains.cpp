#include <CLI/CLI.hpp>

#include "app/cli/study.h"

namespace lvr {
namespace {

struct ChainArguments {
    std::filesystem::path out;
    int seeds = 3, steps = 700, count = 200;
};

constexpr int kMostHops = 9, kMostTrainedHops = 6;

std::vector<StudyVariant> chainVariants(const ChainArguments& a) {
    const auto steps = std::to_string(a.steps);
    const StudyArguments sft{"sft", "--schedule",  "cosine", "--steps",      steps, "--pictures",
                             "8",   "--questions", "6",      "--save-every", "200"};
    const auto ramp = with(sft, {"--own-latents", "ramp"}),
               off = with(sft, {"--own-latents", "off"}), plain = with(sft, {"--twin", "plain"}),
               filler = with(sft, {"--twin", "filler"});
    const StudyArguments grpo{"grpo", "--max-steps", steps,   "--lr",
                              "2e-5", "--beta",      "0.001", "--temperature",
                              "1",    "--top-k",     "0",     "--max-new-tokens",
                              "40"};
    const std::string words = "data-words";
    return {{.name = "LVR",
             .says = "own latents, own-latent pass in training",
             .model = "lvr",
             .train = ramp},
            {.name = "teacher forcing",
             .says = "own latents, trained on the right ones only, as published",
             .model = "teacher",
             .train = off},
            {.name = "teacher forcing, snap",
             .says = "the same, each latent replaced by the nearest visual token",
             .model = "teacher",
             .train = off,
             .eval = {"--latent-feed", "snap"}},
            {.name = "teacher forcing + GRPO",
             .says = "the teacher-forced model refined by rewards, without boxes",
             .model = "grpo",
             .train = grpo,
             .from = "teacher"},
            {.name = "filler",
             .says = "the same slots and targets, a constant is fed",
             .model = "filler",
             .train = filler},
            {.name = "plain", .says = "question and answer", .model = "plain", .train = plain},
            {.name = "words, cold",
             .says = "the colours on the way as text, then the answer",
             .model = "words",
             .train = plain,
             .data = words},
            {.name = "words, warm",
             .says = "the same, trained as long again from there",
             .model = "words-warm",
             .train = plain,
             .from = "words",
             .data = words}};
}

Study chainStudy(const ChainArguments& a) {
    Study study{.name = "chains",
                .out = a.out,
                .seeds = a.seeds,
                .steps = a.steps,
                .count = a.count,
                .corner = "right answers by hops",
                .variants = chainVariants(a),
                .notes = "\\* longer than any chain in training.",
                .plotTitle = "Right answers by number of hops"};
    for (int hops = 0; hops <= kMostHops; ++hops) {
        const auto number = std::to_string(hops);
        study.columns.push_back({number + (hops > kMostTrainedHops ? "*" : ""),
                                 {"--kinds", "chain", "--hops", number + ":" + number, "--count",
                                  std::to_string(a.count)}});
    }
    const StudyArguments make{"make-data", "scenes", "--count", recordsFor(a.steps),
                              "--seed",    "1",      "--kinds", "chain"};
    study.data = {with(make, {"--out", (a.out / "data").string()}),
                  with(make, {"--words", "--out", (a.out / "data-words").string()})};
    return study;
}

}  // namespace

void addChainStudy(CLI::App& studies) {
    auto a = std::make_shared<ChainArguments>();
    auto* chains = studies.add_subcommand(
        "chains",
        "Does feedback do the work? Chains of 0 to 9 hops, trained on 6 at most: LVR, teacher "
        "forcing, snap, filler, plain, words, GRPO");
    addStudyOptions(*chains, a->out, a->seeds, a->steps, a->count);
    chains->footer("Example: lvr study chains --out build/chains --seeds 1");
    chains->callback([a] { runStudy(chainStudy(*a)); });
}

}  // namespace lvr
