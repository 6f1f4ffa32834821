#include "app/causal/panel_text.h"

#include <array>
#include <charconv>

#include "core/values/csv_text.h"
#include "widgets/causal/effects.h"

namespace lvr {
namespace {

// With a point whatever the country, as short as it can be read back.
std::string numberOf(double value) {
    std::array<char, 32> digits{};
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

std::string numberOf(const std::optional<double>& value) {
    return value ? numberOf(*value) : std::string();
}

std::string yesOrNo(const std::optional<bool>& value) {
    return !value ? std::string() : *value ? "1" : "0";
}

std::string outcomeLine(const InterventionOutcome& o, const std::string& command) {
    if (!o.impossible.empty())
        return csvLine({toText(o.intervention), "", "", "", "", "", "", "", "", "", "", "",
                        o.impossible, command});
    return csvLine({toText(o.intervention), o.answer, o.flipped ? "1" : "0", yesOrNo(o.right),
                    std::to_string(o.latents), numberOf(o.originalChange), numberOf(o.goldChange),
                    numberOf(o.divergence), numberOf(o.margin), numberOf(o.towardsDonor),
                    numberOf(o.towardsRandom), numberOf(o.p), "", command});
}

// Where nothing is paired there is no shift.
std::string pairedNumber(const InterventionSummary& s, double value) {
    return s.paired > 0 ? numberOf(value) : std::string();
}

}  // namespace

std::string panelToCsv(const CausalPanel& panel, const std::string& command) {
    std::string csv = csvLine({"intervention", "answer", "flipped", "right", "latents",
                               "original_change", "gold_change", "divergence", "margin",
                               "towards_donor", "towards_random", "p", "impossible", "command"});
    csv += csvLine({"own", panel.answer, "0", yesOrNo(panel.right), std::to_string(panel.latents),
                    "0", panel.expected.empty() ? "" : "0", "0", numberOf(panel.margin), "", "", "",
                    "", command});
    for (const auto& outcome : panel.outcomes) csv += outcomeLine(outcome, command);
    return csv;
}

std::string effectsToCsv(const std::vector<InterventionSummary>& effects,
                         const std::string& command) {
    std::string csv = csvLine({"intervention",
                               "n",
                               "flips",
                               "judged",
                               "cc",
                               "cw",
                               "wc",
                               "ww",
                               "mcnemar_p",
                               "mcnemar_holm",
                               "power",
                               "smallest_difference",
                               "original_change",
                               "low95",
                               "high95",
                               "paired",
                               "towards_donor",
                               "towards_random",
                               "beyond_random",
                               "shift_holm",
                               "saying",
                               "command"});
    for (const auto& s : effects)
        csv += csvLine({toText(s.intervention),
                        std::to_string(s.count),
                        std::to_string(s.flips),
                        std::to_string(s.judged),
                        std::to_string(s.rightRight),
                        std::to_string(s.rightWrong),
                        std::to_string(s.wrongRight),
                        std::to_string(s.wrongWrong),
                        numberOf(s.mcnemar),
                        numberOf(s.mcnemarHolm),
                        numberOf(s.power),
                        numberOf(s.smallestDifference),
                        numberOf(s.originalChange.value),
                        numberOf(s.originalChange.low),
                        numberOf(s.originalChange.high),
                        std::to_string(s.paired),
                        pairedNumber(s, s.towardsDonor.value),
                        pairedNumber(s, s.towardsRandom.value),
                        pairedNumber(s, s.beyondRandom.value),
                        pairedNumber(s, s.shiftHolm),
                        sayingOf(s).toStdString(),
                        command});
    return csv;
}

}  // namespace lvr
