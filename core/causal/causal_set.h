#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/causal/probes.h"
#include "core/model/lvr_checkpoint.h"
#include "core/values/causal_report.h"
#include "core/values/options.h"
#include "core/values/sample.h"

namespace lvr {

// One question of a set.
struct CausalSetItem {
    std::string cluster;  // as CausalItem
    Sample sample;        // with its id; answer empty: not known
    // Another question on the same picture, whose latents may be lent.
    std::optional<std::string> otherQuestion;
    bool chain = false;                   // as CausalQuestion
    std::vector<std::string> candidates;  // as CausalQuestion
    // Of each target, what it is: {"colour", "red"}, ...
    std::vector<std::vector<std::pair<std::string, std::string>>> looked;
};

// A set of questions; each is made when it is its turn, and twice: pictures are not kept. Throws
// Error for a question that can't be read, which is then passed over and named.
struct CausalSet {
    std::size_t count = 0;
    std::function<CausalSetItem(std::size_t)> item;
};

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

// Asks all questions twice: once to know the latents that are lent and the moments of all, then
// each under its panel. A question lends to one in the middle of the others that has another
// picture and, where there is one, another answer. Throws Cancelled.
CausalSetResult runCausalSet(const LvrCheckpoint& checkpoint, const CausalSet& set,
                             const DecodeOptions& options,
                             const std::vector<Intervention>& interventions, std::uint64_t seed,
                             const CausalSetHooks& hooks = {});

}  // namespace lvr
