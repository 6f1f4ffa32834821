#include "core/eval/published.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

namespace lvr {

extern const char* const kPublishedJson;  // resources/published.json, put in by the build

namespace {

std::optional<PublishedRange> publishedRange(const nlohmann::json& figures) {
    if (figures.empty()) return std::nullopt;
    PublishedRange range{.low = 100, .high = 0};
    std::set<std::string> sources;
    for (const auto& figure : figures) {
        const double percent = figure.at("percent");
        range.low = std::min(range.low, percent);
        range.high = std::max(range.high, percent);
        sources.insert(figure.at("source").get<std::string>());
    }
    range.sources = static_cast<int>(sources.size());
    return range;
}

}  // namespace

PublishedRanges publishedFor(const std::string& set, const std::string& part) {
    static const auto kAll = nlohmann::json::parse(kPublishedJson).at("figures");
    const auto found = kAll.find(part.empty() ? set : set + "/" + part);
    if (found == kAll.end()) return {};
    return {publishedRange(found->at("base")), publishedRange(found->at("lvr"))};
}

std::string toText(const PublishedRange& range) {
    char text[64];
    if (range.low == range.high)
        std::snprintf(text, sizeof text, "%.1f", range.low);
    else
        std::snprintf(text, sizeof text, "%.1f–%.1f", range.low, range.high);
    return text + (" (" + std::to_string(range.sources)) +
           (range.sources == 1 ? " source)" : " sources)");
}

}  // namespace lvr
