#include "core/kernels/scratch.h"

#include <hwy/aligned_allocator.h>

#include <array>

namespace lvr {
namespace {

struct Piece {
    hwy::AlignedFreeUniquePtr<float[]> floats;
    std::int64_t count = 0;
};

void grow(Piece& piece, std::int64_t count) {
    piece.floats.reset();  // not both at once
    piece.floats = hwy::AllocateAligned<float>(static_cast<std::size_t>(count));
    piece.count = count;
}

}  // namespace

float* scratch(Scratch use, std::int64_t count) {
    thread_local std::array<Piece, 6> pieces;
    auto& piece = pieces[static_cast<std::size_t>(use)];
    if (piece.count < count) grow(piece, count);
    return piece.floats.get();
}

}  // namespace lvr
