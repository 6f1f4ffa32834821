#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/decode/recent_prompts.h"
#include "core/values/evaluation.h"

namespace lvr {

// What is said to the model about an item.
struct ItemTexts {
    std::string plain;  // question, options and instruction
    std::string chain;  // the same, but to think step by step in words
};

struct ItemHooks {
    std::function<void(const std::string& picture)> onPicture = {};  // about to be read
    std::function<void(std::int64_t positions)> onRead = {};  // of a prompt, that were not known
    std::stop_token stop = {};
};

// Asks an item in each of these ways: [columns]. Its pictures are read now and let go of at the
// end; those of one picture are encoded once, and each prompt is read once for all the columns that
// share it. What one way fails of is in its answer. Throws Error: a picture can't be read;
// Cancelled.
std::vector<ItemAnswer> askItem(const LvrCheckpoint& checkpoint, const BenchmarkItem& item,
                                const ItemTexts& texts, const std::vector<EvalColumn>& columns,
                                const DecodeOptions& options, RecentPrompts& recent,
                                const ItemHooks& hooks = {});

// "Think step by step ..." in place of the instruction to say nothing but the answer.
std::string chainText(const BenchmarkItem& item);

}  // namespace lvr
