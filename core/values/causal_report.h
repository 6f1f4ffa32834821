#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/values/causal.h"

namespace lvr {

// The kind of run that a set under interventions is in the store.
inline constexpr const char* kCausalKind = "causal";

// One question of a set and what its panel found.
struct CausalItem {
    std::string id, kind;
    std::string cluster;  // items that share it are not independent; empty: its id
    CausalPanel panel;
    bool operator==(const CausalItem&) const = default;
};

struct Estimate {
    double value = 0, low = 0, high = 0;  // 95 % interval
    bool operator==(const Estimate&) const = default;
};

// The mean of a change over questions that a model was more or less sure of.
struct MarginBin {
    double low = 0, high = 0;  // untouched margin, nats
    int count = 0, flips = 0;
    double shift = 0;  // towards the donor's answer where there is one, else away from its own
    bool operator==(const MarginBin&) const = default;
};

// One intervention over all questions that emitted a span and where it could be done.
struct InterventionSummary {
    Intervention intervention;
    int count = 0;  // N
    int flips = 0;
    Estimate flipRate;
    int judged = 0;  // those with a known right answer; the four are of these
    int rightRight = 0, rightWrong = 0, wrongRight = 0, wrongWrong = 0;
    double mcnemar = 1, mcnemarMidP = 1, mcnemarHolm = 1;  // p; Holm over the panel
    double power = 0;                                      // of the difference that was found
    std::optional<double> smallestDifference;              // of accuracy, found in 4 of 5 such sets
    Estimate originalChange;  // mean log p change of the own answer; bootstrap over clusters
    double goldChange = 0, divergence = 0;
    int paired = 0;  // those with a donor's and a random answer apart from its own
    Estimate towardsDonor, towardsRandom, beyondRandom;  // shifts of the margin; the last: paired
    double shiftP = 1, shiftHolm = 1;                    // of beyondRandom, sign flips by cluster
    std::vector<MarginBin> bins;
    bool operator==(const InterventionSummary&) const = default;
};

// What the untouched answers of a set say.
struct RetrievalRow {
    std::string name;  // "own", "oracle"
    int count = 0;     // latents with a target
    double at1 = 0, at5 = 0, chance1 = 0, chance5 = 0;
    bool operator==(const RetrievalRow&) const = default;
};

enum class LatentUse { Used, SlotsOnly, NotUsed, TooFew };
std::string toText(LatentUse use);  // "used", "slots, no feedback", "not used", "too few to tell"

// A conclusion with the rule that led to it.
struct LatentVerdict {
    LatentUse use = LatentUse::TooFew;
    std::string sentence;               // for a person
    std::vector<std::string> evidence;  // what the rule looked at, a sentence each
    bool operator==(const LatentVerdict&) const = default;
};

// Accuracy of a linear probe on questions that it was not fitted to.
struct ProbeRow {
    std::string of, at;  // "colour", "latent" or "answer"
    int trained = 0, tested = 0, classes = 0;
    Estimate accuracy;
    double chance = 0;  // of the commonest answer among the tested
    bool operator==(const ProbeRow&) const = default;
};

struct StepGeometry {
    int step = 0, count = 0;  // pictures
    double norm = 0;
    double cosineToNext = 0;   // mean
    double cosineBetween = 0;  // between pictures at this step: near 1 is collapse
    double effectiveRank = 0;
    bool operator==(const StepGeometry&) const = default;
};

struct CausalGeometry {
    std::vector<StepGeometry> steps;
    double effectiveRank = 0;  // of all latents
    double latentNorm = 0, visualNorm = 0, textNorm = 0;
    std::vector<double> explained;  // shares of the variance of the main directions
    bool operator==(const CausalGeometry&) const = default;
};

struct CausalReport {
    std::string model, modelHash, data, dataHash, decoding, command;
    std::uint64_t seed = 0;
    int asked = 0, thought = 0;        // thought: emitted a span; only they are counted
    int right = 0;                     // of those that thought, untouched
    std::vector<std::string> skipped;  // items that could not be asked, a sentence each
    LatentVerdict verdict;
    std::vector<InterventionSummary> interventions;
    // Latents, and the share right (the mean entropy) when thoughts end after at most so many.
    std::vector<std::pair<int, double>> earlyRight, earlyEntropy;
    std::vector<RetrievalRow> retrieval;
    std::vector<ProbeRow> probes;
    CausalGeometry geometry;
    double decodes = 0;  // of a panel, median
    bool operator==(const CausalReport&) const = default;
};

}  // namespace lvr
