#pragma once

#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

namespace lvr {

// A running mean of an optimiser: float32, or 8 bits an element.
//
// 8 bits: blocks of 256 elements share a scale, their largest magnitude; a code is a logarithm, 8
// or 6 levels an octave (positive means, signed means). What lies between two levels is rounded to
// one of them at random, so that a change smaller than a level counts on average: rounded to the
// nearest, a mean that moves by a thousandth a step would never move. What lies below the lowest
// level is nothing in a signed mean, and the lowest level in a positive one: AdamW divides by its
// root, and where that were nothing a first mean that is still something would be a jump.
class Moment {
public:
    enum class Kind { Signed, Positive };
    enum class Bits { Float32, Eight };
    Moment() = default;
    // Zeros. Few elements are float32 whatever is asked for.
    Moment(const torch::Tensor& like, Kind kind, Bits bits);

    torch::Tensor read()
        const;  // float32; without 8 bits the tensor itself, to be updated in place
    // Keeps what read() gave and the optimiser has updated. random: on the same device.
    void write(const torch::Tensor& value, at::Generator& random);
    bool isEmpty() const { return !float_.defined() && !codes_.defined(); }
    // What a state holds of it: a suffix each.
    std::vector<std::pair<std::string, torch::Tensor>> parts() const;

private:
    int levels() const { return kind_ == Kind::Positive ? 8 : 6; }  // an octave
    int largest() const { return kind_ == Kind::Positive ? 255 : 127; }
    int lowest() const { return kind_ == Kind::Positive ? 1 : 0; }  // of what is not 0

    Kind kind_ = Kind::Signed;
    std::vector<std::int64_t> shape_;
    torch::Tensor float_;   // [shape], or undefined
    torch::Tensor codes_;   // [blocks, 256] uint8; signed: 128 + code or 128 - code
    torch::Tensor scales_;  // [blocks, 1] float32
};

}  // namespace lvr
