#pragma once

#include <torch/types.h>

#include <vector>

namespace lvr {

// Which of the positions read so far each row of a batch may look at. Nothing is kept while all
// rows see everything; else one table with room for all positions, of which each pass takes more.
class RowSight {
public:
    // real: [B, T] bool, false where the prompt is padding; undefined when nothing is. prompt: T.
    // room: positions there will be at most.
    RowSight(torch::Tensor real, std::int64_t prompt, std::int64_t rows, std::int64_t room);

    void select(const torch::Tensor& rows);  // as KvCache::select; [B'] int64, CPU
    // Positions [from, to) of a row are not seen from now on; to <= seen().
    void hide(std::int64_t row, std::int64_t from, std::int64_t to);
    void extend(std::int64_t positions);  // that were read or are about to be
    std::int64_t seen() const { return seen_; }
    // [B, 1, 1, seen] for the newest position; undefined when every row sees all.
    torch::Tensor mask(torch::Device device);
    torch::Tensor of(std::int64_t row) const;  // [seen] bool, CPU

private:
    void reserve();

    std::int64_t seen_, rows_, room_;
    torch::Tensor visible_;   // [B, room], CPU; undefined: everything is
    torch::Tensor onDevice_;  // the same where masks are asked for; undefined: not there yet
};

}  // namespace lvr
