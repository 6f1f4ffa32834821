#pragma once

#include <map>
#include <string>
#include <vector>

namespace lvr {

// What one exit rule made of the questions of a set, in their order.
struct ExitOutcome {
    std::vector<bool> right;
    std::vector<int> latents;
};

// A model on a set: rules in the order of the table, and what each made of all questions.
struct ExitSet {
    std::string model, set, says;
    std::vector<std::string> rules;
    std::map<std::string, ExitOutcome> outcomes;
};

// An adaptive rule beside the best fixed budget, which is the one with the most right answers, of
// equals the one with the fewest latents.
struct ExitComparison {
    std::string rule, best;
    double share = 0, bestShare = 0;      // right answers
    double latents = 0, bestLatents = 0;  // mean
    int gained = 0, lost = 0;             // questions that only it, or only the budget, got right
    double low = 0, high = 0;             // 95 % interval of the difference (Newcombe)
    double p = 1, adjusted = 1;           // exact McNemar; Holm over the adaptive rules of the set
    double saved() const { return 1 - latents / bestLatents; }
    // At least as many right answers with 30 % fewer latents.
    bool reachesGoal() const { return share >= bestShare && saved() >= 0.3; }
};
std::vector<ExitComparison> compareWithBestFixed(const ExitSet& set);

// The table of a set and what follows from it, as Markdown.
std::string exitTable(const ExitSet& set, const std::string& plot);
// Accuracy against mean latents with 95 % bars: fixed budgets as a line, the others as points.
std::string exitPlot(const ExitSet& set);

}  // namespace lvr
