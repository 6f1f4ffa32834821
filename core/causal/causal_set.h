#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/model/lvr_checkpoint.h"
#include "core/values/causal_report.h"
#include "core/values/causal_set.h"
#include "core/values/options.h"

namespace lvr {

class RecentPrompts;

struct CausalSetHooks {
    std::function<void(int done, int total, const std::string& what)> onProgress = {};
    std::function<void(const CausalItem&)> onItem = {};  // as it comes, to be kept
    // What was kept of an item earlier; asked no more.
    std::function<std::optional<CausalItem>(const std::string& id)> kept = {};
    std::stop_token stop = {};
};

struct CausalSetResult {
    std::vector<CausalItem> items;
    std::vector<std::string> skipped;  // a sentence each
    CausalGeometry geometry;
    std::vector<ProbeRow> probes;
};

// Asks a question, and the other one on its picture, to know what they lend. Throws Error as
// encodeQuestion does, and Cancelled.
SetLook lookAt(const LvrCheckpoint& checkpoint, const CausalSetItem& item,
               const DecodeOptions& options, std::stop_token stop, RecentPrompts* recent = nullptr);

// What linear probes read from latents and answers of a set.
std::vector<ProbeRow> probesOf(const SetLooks& looks, std::uint64_t seed);

// Asks all questions twice: once to know the latents that are lent and the moments of all, then
// each under its panel, as questionInSet has it. Throws Cancelled.
CausalSetResult runCausalSet(const LvrCheckpoint& checkpoint, const CausalSet& set,
                             const DecodeOptions& options,
                             const std::vector<Intervention>& interventions, std::uint64_t seed,
                             const CausalSetHooks& hooks = {});

}  // namespace lvr
