#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/values/intervention.h"
#include "core/values/sample.h"

namespace lvr {

// Another question whose latents are lent.
struct CausalDonor {
    std::string from;            // whose, for a person
    std::string answer;          // what it answered
    std::vector<float> latents;  // [n, width], as they were fed
    int width = 0;
    bool operator==(const CausalDonor&) const = default;
};

// What of a set's latents stands for all of them: the replacement of Mean, the moments of Noise.
struct LatentMoments {
    std::vector<float> mean, spread;  // [width] each; spread: the standard deviation
    bool operator==(const LatentMoments&) const = default;
};

// A question and what its interventions need besides; what is absent makes those that need it
// impossible, which is said in their outcomes.
struct CausalQuestion {
    Question question;
    std::string expected;                 // the right answer; empty: not known
    std::vector<std::string> candidates;  // answers to hold against each other: the options of the
                                          // question or the answers of its set; may be empty
    std::vector<Box> targets;             // regions the answer depends on, in thinking order
    std::optional<CausalDonor> otherPicture, otherQuestion;
    bool chain = false;  // a thought follows from its first latent: Transplant gives that only
    std::string randomAnswer;  // of a randomly paired question, which lends nothing: the control
    LatentMoments moments;     // of the set; empty: each latent's own over its numbers
    bool operator==(const CausalQuestion&) const = default;
};

// What one intervention made of one question. Probabilities are of the answer's words after the
// same fixed words before them, so that two decodes can be compared; logarithms are natural.
struct InterventionOutcome {
    Intervention intervention;
    std::string impossible;  // why it could not be done here; empty: it was
    std::string answer;
    int latents = 0;                      // slots that were fed
    bool flipped = false;                 // another answer than the untouched one
    std::optional<bool> right;            // when the right answer is known
    double originalChange = 0;            // of log p(the untouched answer)
    std::optional<double> goldChange;     // of log p(the right answer)
    double divergence = 0;                // KL(untouched || changed) of the answer's first word
    double margin = 0;                    // log p(untouched answer) - log p(best other), after
    std::optional<double> towardsDonor;   // log p(donor's) - log p(untouched): its change
    std::optional<double> towardsRandom;  // the same towards the randomly paired answer
    std::vector<double> probabilities;    // of CausalPanel::candidates, summing to 1
    std::vector<float> heat;  // cosine of the answer's state to the first picture's visual tokens
    std::vector<int> targetRanks;  // of what was fed, as LatentNeighbours::targetRank
    std::vector<double> shams;     // TargetOccluded: originalChange of each cover elsewhere
    std::optional<double> p;       // TargetOccluded: of the target's among the shams
    bool operator==(const InterventionOutcome&) const = default;
};

// What the answer would be if the thought ended after k latents.
struct EarlyAnswer {
    int latents = 0;
    std::string answer;                 // the likeliest candidate
    std::vector<double> probabilities;  // of CausalPanel::candidates, summing to 1
    double entropy = 0;                 // nats, over the candidates
    bool operator==(const EarlyAnswer&) const = default;
};

// What is near one latent.
struct LatentNeighbours {
    std::vector<std::string> words;     // nearest by the logit lens, best first
    std::vector<double> probabilities;  // theirs
    std::vector<int> patches;           // visual tokens nearest by cosine, best first
    std::optional<int> targetRank;      // of the best token of its target region, from 1
    int targetTokens = 0;               // of that region
    std::vector<float> attention;       // over the first picture's visual tokens, heads and layers
                                        // averaged
    bool operator==(const LatentNeighbours&) const = default;
};

// One question under many interventions.
struct CausalPanel {
    std::string question, expected;
    PatchGrid grid;    // of the first picture
    std::string text;  // as it answered, special tokens kept
    std::string answer;
    std::optional<bool> right;
    int latents = 0;                      // 0: it did not think, and nothing can be concluded
    double logProbability = 0;            // of its own answer
    double margin = 0;                    // to the best other candidate
    std::vector<std::string> candidates;  // its own answer first
    std::vector<double> probabilities;    // theirs, untouched, summing to 1
    std::vector<float> heat;              // as in an outcome
    std::vector<float> answerAttention;   // of the answer's first word over the picture
    std::vector<InterventionOutcome> outcomes;
    std::vector<EarlyAnswer> early;       // k = 0 .. latents
    std::vector<LatentNeighbours> steps;  // one a latent
    std::vector<double> influence;        // [latents, latents]: what step i changes in step j,
                                          // relative to what was done to i; 0 for j <= i
    std::vector<double> cosine;           // [latents, latents]
    std::vector<float> projection;        // [latents, 2] PCA together with the visual tokens
    std::vector<float> tokenProjection;   // [visual tokens, 2]
    // Positions that went through the model (patches, prompt, generated, looked ahead) for the
    // untouched answer and outcomes, other pictures excepted, as a multiple of what one answer
    // takes.
    double decodes = 0;
    bool operator==(const CausalPanel&) const = default;
};

}  // namespace lvr
