#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "core/model/kv_cache.h"
#include "core/model/lvr_model.h"
#include "core/model/positions.h"
#include "core/model/segments.h"
#include "core/model/visual_tokens.h"

namespace lvr {

// What is read once for all rows that go on from it: text with images in it.
struct PackedPrefix {
    std::vector<std::int64_t> ids;  // one at least
    VisualTokens images;
    PromptPositions positions;
};

// What is read after a prefix, alone with it.
struct PackedRow {
    std::size_t prefix = 0;  // the newest or one before it
    std::vector<std::int64_t> ids;
    std::size_t gapFrom = 0;  // index of ids from which on positions are `gap` further
    std::int64_t gap = 0;
    std::vector<PositionSpan> masked;  // nothing after such a span attends to it
};

// Vectors that are fed in the place of ids: latents, latent ends.
struct PackedVectors {
    torch::Tensor at;       // [M] int64: among the rows' positions
    torch::Tensor vectors;  // [M, D], or [1, D] for all
};

// Texts that are teacher-forced together: prefixes back to back, then rows back to back. Nothing is
// padded, pictures may have any sizes, and a prefix is read once however many rows continue it.
class Pack {
public:
    std::size_t add(PackedPrefix prefix);  // its number
    // Where the row's first id is among the rows' positions. Rows of one prefix come one after
    // another.
    std::int64_t add(PackedRow row);

    const std::vector<PackedPrefix>& prefixes() const { return prefixes_; }
    const std::vector<PackedRow>& rows() const { return rows_; }
    std::int64_t prefixPositions() const { return prefixPositions_; }  // of all
    std::int64_t rowPositions() const { return rowPositions_; }

private:
    std::vector<PackedPrefix> prefixes_;
    std::vector<PackedRow> rows_;
    std::int64_t prefixPositions_ = 0, rowPositions_ = 0;
};

// A pack that a model reads: its prefixes once, when it is made, its rows as often as is asked,
// each time with other vectors. Gradients flow through all of it. The pack and the model outlive
// it.
class PackReading {
public:
    PackReading(const LvrModel& model, const Pack& pack);

    // Hidden states of the rows' positions, after the final norm. [T, D]
    torch::Tensor hidden(const std::vector<PackedVectors>& vectors) const;
    // Of the prefixes, back to back in one row.
    const KvCache& prefixes() const { return prefixes_; }
    // Position ids of the rows. [3, T]
    const torch::Tensor& positions() const { return positions_; }

private:
    const LvrModel& model_;
    torch::Tensor ids_;        // [T]
    torch::Tensor positions_;  // [3, T]
    Segments rows_;
    KvCache prefixes_;
};

}  // namespace lvr
