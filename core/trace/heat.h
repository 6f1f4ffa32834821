#pragma once

#include <span>
#include <vector>

#include "core/trace/heat_look.h"
#include "core/values/trace.h"

namespace lvr {

// The latent steps of a trace in feeding order, over all its thoughts. A "latent step" in the
// widgets is an index into this list.
std::vector<const DecodeStep*> latentSteps(const Trace& trace);
const LatentStep& latentOf(const DecodeStep& step);

// The part of a step's values that belongs to one image, [rows * cols]; empty when the trace has
// no such image or the step was not measured on it.
std::span<const float> cosineOn(const Trace& trace, const LatentStep& step, int image);
std::span<const float> cosineOn(const Trace& trace, const TextStep& step, int image);
std::span<const float> l2On(const Trace& trace, const LatentStep& step, int image);

// From the smallest to the largest cosine over all steps of the trace, so that colours compare
// between steps.
HeatScale cosineScale(const Trace& trace, int image);

struct Patch {  // one visual token under one step
    int row = 0, col = 0;
    float cosine = 0, l2 = 0;
    bool operator==(const Patch&) const = default;
};
// At most `count` patches of highest cosine, best first; ties by index.
std::vector<Patch> nearestPatches(const Trace& trace, const LatentStep& step, int image, int count);
// Of a text token's state; l2 was not measured.
std::vector<Patch> nearestPatches(const Trace& trace, const TextStep& step, int image, int count);

}  // namespace lvr
