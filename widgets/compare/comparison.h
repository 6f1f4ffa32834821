#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/values/trace.h"
#include "widgets/compare/strategy.h"

namespace lvr {

// Milliseconds. The picture is the same work for every strategy (and may be done for the first
// only), so it is counted apart.
struct AnswerTimes {
    double picture = 0;     // until the first position could be decoded
    double firstToken = 0;  // from there to the first word of the answer, latent steps included
    double total = 0;       // from there to the end
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
};

struct SetQuestion {
    int number = 0;  // its index in the set
    std::string id, kind, text, expected;
    std::vector<std::optional<Outcome>> outcomes;  // one a strategy; none: not (yet) answered
};

// Strategies on a set of questions; those that were not reached are not there.
struct SetResults {
    std::string set;    // "chain scenes, seed 1000000" or a file
    std::string model;  // that was open
    std::vector<Strategy> strategies;
    std::vector<SetQuestion> questions;
    std::vector<std::string> failures;    // one a strategy: the last sentence, empty without any
    std::vector<std::string> unreadable;  // a sentence for each question that could not be read
};

// One row of the table.
struct StrategyScore {
    QString title;
    int asked = 0, right = 0;                // answered questions
    double accuracy = 0, low = 0, high = 1;  // 95 % Wilson interval
    // Against the first strategy, over the questions that both answered; p: exact McNemar test.
    int gained = 0, lost = 0;
    double p = 1;
    double latents = 0, firstTokenMs = 0, totalMs = 0;  // means
    double triggered = 0;  // share of questions with at least one latent step
    QString failure;
};

}  // namespace lvr
