#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace lvr {

// Positions begin .. end - 1.
struct PositionSpan {
    std::int64_t begin = 0, end = 0;
    std::int64_t length() const { return end - begin; }
    bool operator==(const PositionSpan&) const = default;
};

// A text among others in one pass. Each of its positions sees those before it, itself, and what an
// earlier pass read of `past`.
struct Segment {
    std::int64_t length = 0;
    PositionSpan past = {};
    std::vector<PositionSpan> masked = {};  // of its own positions: seen from within only
};

// Texts back to back in one pass of one row; none sees another (block-diagonal attention). Cheap to
// copy.
class Segments {
public:
    Segments(const std::vector<Segment>& all, torch::Device device);

    std::int64_t length() const { return length_; }  // T, of all of them
    const std::vector<Segment>& all() const { return plan_->all; }

    // Neighbours that continue the same past: their queries read its keys together.
    struct Run {
        std::int64_t begin = 0, length = 0;
        PositionSpan past;
    };
    // Segments of nearly one length side by side, so that one product serves all of them.
    struct Block {
        std::int64_t rows = 0, width = 0;
        torch::Tensor at;    // [rows * width] positions; a shorter segment's last one is repeated
        torch::Tensor real;  // those of them that are no repetition; undefined: all
        torch::Tensor mask;  // [rows, width, width] float32, added to scores; undefined: causal
    };
    const std::vector<Run>& runs() const { return plan_->runs; }
    const std::vector<Block>& blocks() const { return plan_->blocks; }

private:
    struct Plan {
        std::vector<Segment> all;
        std::vector<Run> runs;
        std::vector<Block> blocks;
    };
    std::shared_ptr<const Plan> plan_;
    std::int64_t length_ = 0;
};

// What an earlier pass left, [1, KV, S, d] each; undefined: there was none.
struct PastKeys {
    torch::Tensor keys, values;
};

// Grouped-query attention within segments. q: [1, H, T, d]; k, v: [1, KV, T, d] -> [1, H, T, d],
// with gradients to all of them and to the past. Keys are neither repeated for the heads nor copied
// for the segments that share them.
torch::Tensor attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                     const PastKeys& past, const Segments& segments);

// The same, run by run with a mask over all keys of a run: what devices without the other compute.
torch::Tensor attendMasked(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                           const PastKeys& past, const Segments& segments);

}  // namespace lvr
