#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/values/run.h"
#include "core/values/strategy.h"
#include "core/values/trace.h"

namespace lvr {

// The kind of run that a comparison is in the store.
inline constexpr const char* kComparisonKind = "compare";

// Which questions a set is made of.
struct SetChoice {
    std::string file;              // a data file, a folder that holds data.json, or a benchmark
                                   // ("vstar:DIR"); empty: scenes
    std::string imageRoot;         // of its relative image paths; empty: the file's folder
    std::string kind;              // of scenes
    int count = 100;               // at most
    std::uint64_t seed = 1000000;  // of scenes; as `lvr eval` has it, never one trained on
    bool operator==(const SetChoice&) const = default;
};

// Milliseconds. The picture is the same work for every strategy (and may be done for the first
// only), so it is counted apart.
struct AnswerTimes {
    double picture = 0;     // until the first position could be decoded
    double firstToken = 0;  // from there to the first word of the answer, latent steps included
    double total = 0;       // from there to the end
    bool operator==(const AnswerTimes&) const = default;
};

// What one strategy made of one question.
struct StrategyAnswer {
    Trace trace;
    AnswerTimes times;
    std::optional<bool> right;  // when the right answer is known
};

// The same, as it is kept for each question of a set.
struct Outcome {
    std::string answer;
    bool right = false;
    int latents = 0;
    AnswerTimes times;
    bool operator==(const Outcome&) const = default;
};

struct SetQuestion {
    int number = 0;  // its index in the set
    std::string id, kind, text, expected;
    std::vector<std::optional<Outcome>> outcomes;  // one a strategy; none: not (yet) answered
    std::vector<std::string> failures;  // one a strategy: why it is not answered; empty: no reason
    std::string unreadable;             // why there is no such question; empty: there is
    bool operator==(const SetQuestion&) const = default;
};

// Strategies on a set of questions; those that were not reached are not there.
struct SetResults {
    std::string set;    // "chain scenes, seed 1000000" or a file
    std::string model;  // that was open
    std::vector<Strategy> strategies;
    std::vector<SetQuestion> questions;   // by number
    std::vector<std::string> failures;    // one a strategy: the last sentence, empty without any
    std::vector<std::string> unreadable;  // a sentence for each question that could not be read
    bool operator==(const SetResults&) const = default;
};

// A set under strategies as the store keeps it.
struct Comparison {
    Run run;  // info.steps: questions of the set
    SetChoice choice;
    SetResults results;
};

// How many questions of a comparison a strategy answered, and how many of them rightly.
struct StrategyTally {
    int asked = 0, right = 0;
    bool operator==(const StrategyTally&) const = default;
};

// A comparison as a list of them shows it.
struct ComparisonSummary {
    Run run;
    std::vector<std::string> titles;     // of its strategies
    std::vector<StrategyTally> tallies;  // one a strategy
};

// One row of the table.
struct StrategyScore {
    std::string title;
    int colour = 0;                          // see colourOf
    int asked = 0, right = 0;                // answered questions
    double accuracy = 0, low = 0, high = 1;  // 95 % Wilson interval
    // Against the first strategy, over the questions that both answered; p: exact McNemar test.
    int gained = 0, lost = 0;
    double p = 1;
    double latents = 0, firstTokenMs = 0, totalMs = 0;  // means
    double triggered = 0;  // share of questions with at least one latent step
    std::string failure;
};

}  // namespace lvr
