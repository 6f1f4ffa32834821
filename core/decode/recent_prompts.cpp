#include "core/decode/recent_prompts.h"

#include <ATen/DeviceAccelerator.h>
#include <unistd.h>

#include <algorithm>

#include "core/files/fingerprint.h"
#include "core/torch.h"

namespace lvr {
namespace {

std::string printOf(const std::vector<Image>& images, const PicturePlan& plan) {
    auto print = fingerprint(images);
    for (const auto& size : plan.sizes)
        print += " " + std::to_string(size.width) + "x" + std::to_string(size.height);
    return print;
}

// How many of the first n vectors of two prompts are the same. [1, T, D], [3, 1, T]
std::int64_t equalVectors(const torch::Tensor& a, const torch::Tensor& b, std::int64_t n) {
    const auto same = a[0].narrow(0, 0, n).eq(b[0].narrow(0, 0, n)).all(1);  // [n]
    return same.to(torch::kInt64).cumprod(0).sum().item<std::int64_t>();
}
std::int64_t equalPositions(const torch::Tensor& a, const torch::Tensor& b, std::int64_t n) {
    const auto same = a.narrow(2, 0, n).eq(b.narrow(2, 0, n)).all(0)[0];  // [n]
    return same.to(torch::kInt64).cumprod(0).sum().item<std::int64_t>();
}

// Past the last position of a picture; 0 without one.
std::int64_t endOfPictures(const Prompt& prompt, std::int64_t imageTokenId) {
    const auto last = std::find(prompt.ids.rbegin(), prompt.ids.rend(), imageTokenId);
    return prompt.ids.rend() - last;
}

KvCache readBeginning(const LvrModel& model, const Prompt& prompt, std::int64_t count,
                      const PassWatch& watch) {
    KvCache cache(count);
    if (count > 0)
        model.hidden(prompt.sequence.narrow(0, count), {.cache = &cache, .watch = &watch});
    return cache;
}

std::size_t memoryHere() {
    return static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) *
           static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// Of what nobody has taken: weights lie there already.
std::size_t memoryOf(torch::Device gpu) {
    const auto index = std::max<c10::DeviceIndex>(0, gpu.index());
    return at::accelerator::getMemoryInfo(index).first;
}

}  // namespace

std::size_t roomForRecentPrompts(std::size_t memory) {
    return std::min(memory / 8, std::size_t{2} << 30);
}

std::size_t roomForRecentPrompts(torch::Device device) {
    return roomForRecentPrompts(device.is_cpu() ? memoryHere() : memoryOf(device));
}

VisualTokens RecentPrompts::encode(const LvrCheckpoint& checkpoint,
                                   const std::vector<Image>& images, const PicturePlan& plan,
                                   Timings& timings, const PassWatch& watch) {
    if (images.empty()) return {};
    const auto print = printOf(images, plan);
    const auto known = std::ranges::find_if(recent_, [&](const Recent& recent) {
        const auto* pictures = std::get_if<Pictures>(&recent);
        return pictures && pictures->fingerprint == print;
    });
    if (known != recent_.end()) return std::get<Pictures>(used(known)).visual;
    auto visual = encodeImages(checkpoint, images, plan, timings, watch);
    if (visual.tokens.defined()) keep(Pictures{print, visual});
    return visual;
}

PromptReading RecentPrompts::read(const LvrModel& model, const Prompt& prompt,
                                  const PassWatch& watch) {
    const c10::InferenceMode inference;
    const auto length = std::ssize(prompt.ids);
    const auto beginning = longestBeginning(prompt);
    if (beginning.positions == length)
        if (const auto& known = std::get<Read>(used(beginning.of)); std::ssize(known.ids) == length)
            return {known.prompt, 0};
    // The states of the last two positions are asked for, which only a pass gives.
    auto shared = endOfPictures(prompt, model.config().imageTokenId);
    if (shared > length - 2) shared = 0;
    const bool isKnown = shared > 0 && beginning.positions >= shared;
    auto first = isKnown ? std::get<Read>(*beginning.of).prompt->cache.upTo(shared)
                         : readBeginning(model, prompt, shared, watch);
    const auto rest = shared > 0 && !isKnown ? PassWatch{{}, watch.stop} : watch;
    const auto read = readPrompt(model, prompt, rest, first);
    if (!read) return {};
    keep(Read{prompt.ids, prompt.sequence.embeddings, prompt.sequence.positions, read});
    return {read, isKnown ? length - shared : length};
}

std::int64_t RecentPrompts::sharedBy(const Read& known, const Prompt& prompt) {
    const auto [end, other] = std::ranges::mismatch(known.ids, prompt.ids);
    auto shared = end - known.ids.begin();
    shared = equalPositions(known.positions, prompt.sequence.positions, shared);
    return equalVectors(known.embeddings, prompt.sequence.embeddings, shared);
}

RecentPrompts::Beginning RecentPrompts::longestBeginning(const Prompt& prompt) {
    Beginning longest{recent_.end()};
    for (auto at = recent_.begin(); at != recent_.end(); ++at)
        if (const auto* known = std::get_if<Read>(&*at))
            if (const auto shared = sharedBy(*known, prompt);
                shared > longest.positions ||
                (shared > 0 && known->ids == prompt.ids && shared == std::ssize(prompt.ids)))
                longest = {at, shared};
    return longest;
}

const RecentPrompts::Recent& RecentPrompts::used(Place place) {
    recent_.splice(recent_.begin(), recent_, place);
    return recent_.front();
}

std::size_t RecentPrompts::bytesOf(const Recent& recent) {
    if (const auto* pictures = std::get_if<Pictures>(&recent)) return pictures->visual.bytes();
    const auto& read = std::get<Read>(recent);
    return read.prompt->cache.bytes() + read.embeddings.nbytes() + read.positions.nbytes();
}

torch::Device RecentPrompts::deviceOf(const Recent& recent) {
    if (const auto* pictures = std::get_if<Pictures>(&recent))
        return pictures->visual.tokens.device();
    return std::get<Read>(recent).embeddings.device();
}

void RecentPrompts::keep(Recent recent) {
    if (!mostBytes_) mostBytes_ = roomForRecentPrompts(deviceOf(recent));
    if (bytesOf(recent) > *mostBytes_) return;
    recent_.push_front(std::move(recent));
    std::size_t bytes = 0;
    const auto tooMuch = std::ranges::find_if(
        recent_, [&](const Recent& each) { return (bytes += bytesOf(each)) > *mostBytes_; });
    recent_.erase(tooMuch, recent_.end());
}

std::size_t RecentPrompts::pictures() const {
    return std::ranges::count_if(
        recent_, [](const Recent& each) { return std::holds_alternative<Pictures>(each); });
}

std::size_t RecentPrompts::prompts() const { return recent_.size() - pictures(); }

std::size_t RecentPrompts::bytes() const {
    std::size_t bytes = 0;
    for (const auto& each : recent_) bytes += bytesOf(each);
    return bytes;
}

}  // namespace lvr
