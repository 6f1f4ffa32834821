#include "core/decode/recent_visual_tokens.h"

#include <algorithm>

#include "core/files/fingerprint.h"
#include "core/torch.h"

namespace lvr {
namespace {

std::size_t bytesOf(const VisualTokens& visual) { return visual.tokens.nbytes(); }

std::string printOf(const std::vector<Image>& images, const PicturePlan& plan) {
    auto print = fingerprint(images);
    for (const auto& size : plan.sizes)
        print += " " + std::to_string(size.width) + "x" + std::to_string(size.height);
    return print;
}

}  // namespace

VisualTokens RecentVisualTokens::encode(const LvrCheckpoint& checkpoint,
                                        const std::vector<Image>& images, const PicturePlan& plan,
                                        Timings& timings, const PassWatch& watch) {
    if (images.empty()) return {};
    const auto print = printOf(images, plan);
    const auto known = std::find_if(recent_.begin(), recent_.end(), [&](const Recent& recent) {
        return recent.fingerprint == print;
    });
    if (known != recent_.end()) {
        recent_.splice(recent_.begin(), recent_, known);
        return recent_.front().visual;
    }
    auto visual = encodeImages(checkpoint, images, plan, timings, watch);
    if (visual.tokens.defined()) keep({print, visual});
    return visual;
}

void RecentVisualTokens::keep(Recent recent) {
    if (bytesOf(recent.visual) > mostBytes_) return;
    recent_.push_front(std::move(recent));
    std::size_t bytes = 0;
    const auto tooMuch = std::find_if(recent_.begin(), recent_.end(), [&](const Recent& each) {
        return (bytes += bytesOf(each.visual)) > mostBytes_;
    });
    recent_.erase(tooMuch, recent_.end());
}

}  // namespace lvr
