#pragma once

#include <QColor>
#include <QString>
#include <string>
#include <vector>

#include "core/values/options.h"

namespace lvr {

// One way to decode, to be held against others.
struct Strategy {
    std::string name;  // empty: what its options say
    DecodeOptions options;
    std::string model;  // folder or repo id; empty: the model that is open
    bool operator==(const Strategy&) const = default;
};

// What the options say in a few words: "fixed 8", "P(end) ≥ 0.5, at most 16, snapped, T 0.7".
QString describe(const DecodeOptions& options);
QString titleOf(const Strategy& strategy);  // its name, else its description

struct StrategyPreset {
    QString name;
    std::vector<Strategy> strategies;
};
// Families that are compared again and again, such as the paper's fixed budgets.
std::vector<StrategyPreset> strategyPresets();
// What is in the list before anybody has chosen; the first is what the others are held against.
std::vector<Strategy> firstStrategies();

// Eight colours that stay apart for colour-blind eyes, then the same again.
QColor strategyColour(std::size_t index);

}  // namespace lvr
