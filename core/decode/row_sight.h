#pragma once

#include <torch/types.h>

#include <vector>

namespace lvr {

// Which of the positions read so far each row of a batch may look at. Nothing is kept while all
// rows see everything.
class RowSight {
public:
    // real: [B, T] bool, false where the prompt is padding; undefined when nothing is. prompt: T.
    RowSight(torch::Tensor real, std::int64_t prompt, std::int64_t rows)
        : prompt_(prompt), rows_(rows), visible_(std::move(real)) {}

    void select(const torch::Tensor& rows);  // as KvCache::select; [B'] int64, CPU
    // Positions [from, to) of a row are not seen from now on; to <= seen().
    void hide(std::int64_t row, std::int64_t from, std::int64_t to);
    void extend(std::int64_t positions);  // that were read or are about to be
    std::int64_t seen() const { return prompt_ + generated_; }
    // [B, 1, 1, seen] for the newest position; undefined when every row sees all.
    torch::Tensor mask(torch::Device device) const;
    torch::Tensor of(std::int64_t row) const;  // [seen] bool, CPU

private:
    torch::Tensor all() const;  // [B, seen]

    std::int64_t prompt_, rows_, generated_ = 0;
    torch::Tensor visible_;  // [B, up to seen], what is beyond is visible; undefined: everything is
};

}  // namespace lvr
