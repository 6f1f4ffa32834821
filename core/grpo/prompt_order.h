#pragma once

#include <cstdint>
#include <vector>

#include "core/grpo/grpo.h"

namespace lvr {

// Which question comes when: in random order, each once before any again, or so within each of
// several data, which take turns by their shares. It follows from the seed and from how many were
// drawn before, and from nothing else.
class PromptOrder {
public:
    // Throws Error: what has a share has no record.
    PromptOrder(const std::vector<GrpoRecord>& records, std::vector<double> shares,
                std::uint64_t seed);
    // Questions `first`, counted from the first one ever, and so on.
    std::vector<const GrpoRecord*> drawn(std::int64_t first, int count);

private:
    struct Pool {
        std::vector<const GrpoRecord*> records;
        std::vector<std::int64_t> order;
        std::int64_t epoch = -1;  // that `order` is of
    };
    const GrpoRecord* at(std::size_t pool, std::int64_t index);

    std::vector<Pool> pools_;
    std::vector<double> shares_;
    std::uint64_t seed_;
};

}  // namespace lvr
