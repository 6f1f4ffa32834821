#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/values/image.h"

namespace lvr {

// What is done to the latents of a question, or to what its answer can see, while it is decoded.
enum class InterventionKind {
    Own,              // nothing
    Zero,             // zeros are fed
    Mean,             // the mean latent of a set
    Noise,            // Gaussian of the latents' own mean and spread
    Shuffle,          // its own latents in another order
    Freeze,           // from the given step on the latent of that step
    RepeatFirst,      // its first latent in every slot
    OtherPicture,     // those of a question about another picture
    OtherQuestion,    // those of another question on the same picture
    RandomPatches,    // visual tokens of random places of the same picture
    Oracle,           // the visual tokens of the right regions
    Transplant,       // the first latent of another question on the same picture, then its own
    Snap,             // the picture's visual token nearest to each
    Regions,          // the visual tokens of regions that somebody drew
    MarkersOnly,      // lvr_start and lvr_end with nothing between
    SpanRemoved,      // not even the markers
    EvidenceRemoved,  // after the latents nobody sees the prompt and its pictures any more
    PictureBlack,     // the picture is black; the latents are those of the whole one
    TargetOccluded,   // the right region is covered, beside 32 covers of its size elsewhere
};

// One of them with its strength and its steps, as "noise:0.5@2-4" spells it.
struct Intervention {
    InterventionKind kind = InterventionKind::Own;
    // Share of what is fed instead: (1 - strength) own + strength given. Noise: its spread as a
    // multiple of the latents' own.
    double strength = 1;
    int first = 0, last = -1;  // latent steps, from 0 over all thoughts; -1: to the last one
    std::uint64_t seed = 0;
    std::vector<Box> regions;  // of Regions
    bool operator==(const Intervention&) const = default;
};

// What one intervention made of one question. Probabilities are of the answer's words after the
// same fixed words before them, so that two decodes can be compared; logarithms are natural.
struct InterventionOutcome {
    Intervention intervention;
    std::string impossible;  // why it could not be done here; empty: it was
    std::string answer;
    bool flipped = false;                 // another answer than the untouched one
    std::optional<bool> right;            // when the right answer is known
    double originalChange = 0;            // of log p(the untouched answer)
    std::optional<double> goldChange;     // of log p(the right answer)
    double divergence = 0;                // KL(untouched || changed) of the answer's first word
    double margin = 0;                    // log p(untouched answer) - log p(best other), after
    std::optional<double> towardsDonor;   // log p(donor's) - log p(untouched): its change
    std::optional<double> towardsRandom;  // the same towards a randomly paired donor's answer
    std::vector<float> heat;    // of the answer's state over the first picture's visual tokens
    std::vector<double> shams;  // TargetOccluded: originalChange of each cover elsewhere
    std::optional<double> p;    // TargetOccluded: of the target's among the shams
};

// What the answer would be if the thought ended after k latents.
struct EarlyAnswer {
    int latents = 0;
    std::string answer;                 // the likeliest
    std::vector<double> probabilities;  // of CausalPanel::candidates
    double entropy = 0;                 // nats, over the candidates
};

// What is near one latent.
struct LatentNeighbours {
    std::vector<std::string> words;     // nearest by the logit lens, best first
    std::vector<double> probabilities;  // theirs
    std::vector<int> patches;           // visual tokens nearest by cosine, best first
    std::optional<int> targetRank;      // of the best token of its target region, from 1
    std::vector<float> attention;       // over the first picture's visual tokens, heads and layers
                                        // averaged
};

// One question under many interventions.
struct CausalPanel {
    std::string question, expected;
    PatchGrid grid;  // of the first picture
    std::string answer;
    std::optional<bool> right;
    int latents = 0;                      // 0: it did not think, and nothing can be concluded
    double logProbability = 0;            // of its own answer
    double margin = 0;                    // to the best other candidate
    std::vector<std::string> candidates;  // answers that are held against each other
    std::vector<double> probabilities;    // theirs, untouched
    std::vector<float> answerHeat;        // attention of the answer's first word over the picture
    std::vector<InterventionOutcome> outcomes;
    std::vector<EarlyAnswer> early;       // k = 0 .. latents
    std::vector<LatentNeighbours> steps;  // one a latent
    std::vector<double> influence;        // [latents, latents]: what step i changes in step j
    std::vector<double> cosine;           // [latents, latents]
    std::vector<float> projection;        // [latents, 2] PCA together with the visual tokens
    std::vector<float> tokenProjection;   // [visual tokens, 2]
    double decodes = 0;                   // work done, as a multiple of one decode's
};

}  // namespace lvr
