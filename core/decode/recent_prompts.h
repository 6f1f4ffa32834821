#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/decode/decoder.h"

namespace lvr {

// How much of a memory of so many bytes is given to it when nobody says otherwise: an eighth, and
// at most 2 GB.
std::size_t roomForRecentPrompts(std::size_t memory);
// Of the memory of that device: this machine's, or what is free of the GPU's own.
std::size_t roomForRecentPrompts(torch::Device device);

// A prompt that is ready to be answered, and what that took.
struct PromptReading {
    std::shared_ptr<const ReadPrompt> prompt;  // nullptr when a stop came first
    std::int64_t positions = 0;                // that went through the language model
};

// What pictures and prompts became for one checkpoint, so that a second question about a picture
// does not run the vision encoder again and reads only what is new to it. Keeps what was asked
// about last. What is larger than the limit alone is not kept, nor what a stop broke off.
class RecentPrompts {
public:
    // mostBytes: nothing: as much as there is room on the device that keeps it.
    explicit RecentPrompts(std::optional<std::size_t> mostBytes = {}) : mostBytes_(mostBytes) {}

    // As encodeImages; timings are left alone when nothing had to be done.
    VisualTokens encode(const LvrCheckpoint& checkpoint, const std::vector<Image>& images,
                        const PicturePlan& plan, Timings& timings, const PassWatch& watch = {});
    // As readPrompt, but the pictures and what stands before them are not read again when an
    // earlier prompt begins with them, and a prompt that was read before takes no pass at all. What
    // stands after the pictures is always a pass of its own, so that an answer does not depend, not
    // in its last bit, on what was asked before.
    PromptReading read(const LvrModel& model, const Prompt& prompt, const PassWatch& watch = {});

    std::size_t pictures() const;  // sets of them, as questions had them
    std::size_t prompts() const;
    std::size_t bytes() const;

private:
    struct Pictures {
        std::string fingerprint;  // of pixels and of what they are scaled to
        VisualTokens visual;
    };
    struct Read {
        std::vector<std::int64_t> ids;
        torch::Tensor embeddings;  // [1, T, D]
        torch::Tensor positions;   // [3, 1, T]
        std::shared_ptr<const ReadPrompt> prompt;
    };
    using Recent = std::variant<Pictures, Read>;
    using Place = std::list<Recent>::iterator;
    struct Beginning {
        Place of;                    // a prompt
        std::int64_t positions = 0;  // that it shares
    };

    static std::size_t bytesOf(const Recent& recent);
    static torch::Device deviceOf(const Recent& recent);
    static std::int64_t sharedBy(const Read& known, const Prompt& prompt);
    Beginning longestBeginning(const Prompt& prompt);
    const Recent& used(Place place);  // now the newest
    void keep(Recent recent);

    std::optional<std::size_t> mostBytes_;
    std::list<Recent> recent_;  // newest first
};

}  // namespace lvr
