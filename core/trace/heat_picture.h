#pragma once

#include "core/trace/heat_modes.h"
#include "core/values/trace.h"
#include "core/vision/image_file.h"

namespace lvr {

// What is drawn of a step, and how.
struct HeatPictureChoice {
    int image = 0;  // which of the question's images
    HeatSettings shown;
    std::optional<HeatLimits> limits;  // absent: of the values of all steps
    HeatLook look;
    bool heat = true;
    bool rois = true;  // outlines, numbered in target order
    bool operator==(const HeatPictureChoice&) const = default;
};

// Small pictures are enlarged by a whole number until their longer side has at least `least`
// pixels, large ones made smaller until it has at most `most`.
PictureSize sizeWithin(const Image& image, int least, int most);

// The steps of one trace as pictures under one scale of colours. Keeps a reference to the trace.
class HeatPictures {
public:
    HeatPictures(const Trace& trace,
                 const HeatPictureChoice& choice);  // throws Error: no such image
    int count() const;                              // of latent steps
    const HeatMaps& maps() const { return maps_; }
    const Image& picture() const;
    // step: 0-based; -1 draws the picture without heat.
    Image draw(int step, PictureSize size) const;
    // All steps beside each other, in rows as near to a square as whole pictures allow.
    Image drawAll(PictureSize each) const;

private:
    const Trace& trace_;
    HeatPictureChoice choice_;
    HeatMaps maps_;
};

// Columns that arrange `count` pictures of that size in a block as near to `shape` (width / height)
// as can be.
int columnsFor(int count, PictureSize each, double shape);

}  // namespace lvr
