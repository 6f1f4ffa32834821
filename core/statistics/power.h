#pragma once

#include <optional>

namespace lvr {

// What a comparison of two runs over the same items can show at all, before it is made: McNemar's
// test, two-sided at 5 %.

enum class McNemar { Exact, MidP };

// Probability that the test rejects. discordant: share of items on which the runs differ;
// difference: share(second) - share(first), at most discordant in size.
double mcnemarPower(int items, double discordant, double difference, McNemar test = McNemar::Exact);

// The smallest difference that is found with that power; nothing when none is, even if all
// discordant items were gains.
std::optional<double> detectableDifference(int items, double discordant,
                                           McNemar test = McNemar::Exact, double power = 0.8);
// The same by the normal approximation (Connor 1987).
std::optional<double> detectableDifferenceNormal(int items, double discordant, double power = 0.8);

// As lmms-eval plans a paired comparison of scores of a known spread.
struct PairedPlan {
    int items = 0;          // that the effect needs at 80 %
    double power = 0;       // with the items there are
    double detectable = 0;  // with them, at 80 %
};
PairedPlan pairedPlan(double effect, int items, double deviation, double correlation);

}  // namespace lvr
