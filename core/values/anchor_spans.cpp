#include "core/values/anchor_spans.h"

#include <algorithm>
#include <string_view>

namespace lvr {
namespace {

constexpr std::string_view kAnchorStart = "<|anchor_start|>", kAnchorEnd = "<|anchor_end|>";

// "<lvr1>"
bool isLavitToken(std::string_view token) {
    constexpr std::string_view kBegin = "<lvr";
    if (!token.starts_with(kBegin) || !token.ends_with('>')) return false;
    const auto number = token.substr(kBegin.size(), token.size() - kBegin.size() - 1);
    return !number.empty() &&
           std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
}

bool isWord(const DecodeStep& step) { return std::holds_alternative<TextStep>(step.what); }

// To its end, or to that of the answer.
std::size_t endOfAnchors(const std::vector<DecodeStep>& steps, std::size_t first) {
    auto last = first;
    while (last + 1 < steps.size() && steps[last].text != kAnchorEnd) ++last;
    return last;
}

std::size_t endOfLavit(const std::vector<DecodeStep>& steps, std::size_t first) {
    auto last = first;
    while (last + 1 < steps.size() && isWord(steps[last + 1]) && isLavitToken(steps[last + 1].text))
        ++last;
    return last;
}

}  // namespace

std::optional<std::string> anchorMethodOf(const std::string& token) {
    constexpr std::string_view kPads[] = {"<|sam_pad|>",    "<|dino_pad|>",    "<|depth_pad|>",
                                          "<|sd_pad|>",     "<|intern_pad|>",  "<|pidinet_pad|>",
                                          "<|siglip_pad|>", "<|metaclip_pad|>"};
    if (token == kAnchorStart || token == kAnchorEnd ||
        std::ranges::find(kPads, token) != std::end(kPads))
        return "CoVT";
    return isLavitToken(token) ? std::optional<std::string>("LaViT") : std::nullopt;
}

std::vector<AnchorSpan> anchorSpansOf(const std::vector<DecodeStep>& steps) {
    std::vector<AnchorSpan> spans;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (!isWord(steps[i])) continue;
        if (steps[i].text == kAnchorStart)
            spans.push_back({"CoVT", i, endOfAnchors(steps, i)});
        else if (isLavitToken(steps[i].text))
            spans.push_back({"LaViT", i, endOfLavit(steps, i)});
        else
            continue;
        i = spans.back().last;
    }
    return spans;
}

std::string anchorText(const std::vector<AnchorSpan>& spans) {
    if (spans.empty()) return {};
    std::string places;
    for (const auto& span : spans)
        places += (places.empty() ? "" : ", ") + std::to_string(span.first) + " to " +
                  std::to_string(span.last);
    return std::to_string(spans.size()) + " anchor span" + (spans.size() == 1 ? "" : "s") + " of " +
           spans.front().method + " at positions " + places + ", read as tokens";
}

}  // namespace lvr
