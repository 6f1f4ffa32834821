#include "core/values/decoding_text.h"

#include <algorithm>
#include <array>

#include "core/values/option_field.h"

namespace lvr {

std::vector<std::pair<std::string, std::string>> optionTexts(const DecodeOptions& options) {
    static constexpr std::array kFeeds = {"own", "snap", "filler", "none", "zero", "noise", "swap"};
    const auto& sampling = options.sampling;
    const auto forced = [](bool is) { return is ? "yes" : "no"; };
    std::vector<std::pair<std::string, std::string>> texts{
        {"exit", toText(options.exit)},
        {"force-start", forced(options.spanStart == SpanStart::Forced)},
        {"force-end", forced(options.spanEnd == SpanEnd::Forced)},
        {"latent-feed", kFeeds.at(static_cast<std::size_t>(options.latentFeed))},
        {"head-positions",
         options.headPositions == HeadPositions::Released ? "released" : "consistent"},
        {"temperature", numberText(sampling.temperature)},
        {"top-p", numberText(sampling.topP)},
        {"top-k", std::to_string(sampling.topK)},
        {"min-p", numberText(sampling.minP)},
        {"repetition-penalty", numberText(sampling.repetitionPenalty)},
        {"seed", std::to_string(sampling.seed)},
        {"max-new-tokens", std::to_string(options.maxNewTokens)}};
    if (options.pixels.min) texts.emplace_back("min-pixels", std::to_string(*options.pixels.min));
    if (options.pixels.max) texts.emplace_back("max-pixels", std::to_string(*options.pixels.max));
    return texts;
}

std::string decodingText(const DecodeOptions& options, const OptionOrigins& origins) {
    std::vector<std::pair<std::string, std::string>> groups;  // origin, its options
    for (const auto& [name, value] : optionTexts(options)) {
        const auto said = origins.find(name);
        const auto origin = said == origins.end() ? "" : said->second;
        auto group = std::find_if(groups.begin(), groups.end(),
                                  [&](const auto& one) { return one.first == origin; });
        if (group == groups.end()) group = groups.insert(groups.end(), {origin, ""});
        group->second += (group->second.empty() ? "" : ", ") + name + " " + value;
    }
    std::string text;
    for (const auto& [origin, named] : groups)
        text += (text.empty() ? "" : "; ") + named + (origin.empty() ? "" : " (" + origin + ")");
    return text;
}

}  // namespace lvr
