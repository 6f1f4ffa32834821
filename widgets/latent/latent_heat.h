#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/trace/heat_modes.h"
#include "core/trace/step_curves.h"

namespace lvr {

// The heat of a frame as the texels of one texture: a quad a map, however many patches it has.
struct HeatTexels {
    struct Part {
        int top = 0;  // row of the texture
        PatchGrid grid;
        bool isEmpty() const { return grid.count() == 0; }
    };
    int width = 0, height = 0;
    std::vector<std::uint32_t> rgba;  // [height][width], as heatPixels()
    Part selected;                    // empty: no step is selected, or it was not measured
    std::vector<Part> small;          // all steps, at most `side` rows and columns each
};

// selectedStep: -1 for none. side: 0 for no small ones.
HeatTexels heatTexels(const HeatMaps& maps, PatchGrid grid, int selectedStep, int side,
                      const HeatLook& look);

// What is shown of a trace's latent steps, computed once and not for each frame: anew only when
// the trace or what is wanted of it is another.
class LatentHeat {
public:
    struct Wish {
        int image = 0;
        HeatSettings shown;
        std::optional<HeatLimits> limits;
        bool operator==(const Wish&) const = default;
    };
    // revision: another number when the trace holds something else than before.
    void follow(const Trace& trace, std::uint64_t revision, const Wish& wish);
    // The texels of the last call, if it asked for the same.
    const HeatTexels& texels(int selectedStep, int side, const HeatLook& look);

    const std::vector<const DecodeStep*>& steps() const { return steps_; }  // in the trace
    const std::vector<HeatMode>& modes() const {
        return modes_;
    }                                                            // that the trace has on the image
    const HeatMaps& maps() const { return maps_; }               // its scale within the limits
    const HeatScale& wholeScale() const { return wholeScale_; }  // without limits
    const std::vector<StepCurve>& curves() const { return curves_; }
    int times() const { return times_; }  // how often anything was computed

private:
    struct Source {  // what tells one state of a trace from another
        std::uint64_t revision = 0;
        const DecodeStep* first = nullptr;
        std::size_t steps = 0, pictures = 0;
        bool operator==(const Source&) const = default;
    };
    struct TexelWish {
        int selectedStep, side;
        HeatLook look;
        bool operator==(const TexelWish&) const = default;
    };

    std::optional<Source> source_;
    Wish wish_;
    PatchGrid grid_;
    std::vector<const DecodeStep*> steps_;
    std::vector<HeatMode> modes_;
    HeatMaps maps_;
    HeatScale wholeScale_;
    std::vector<StepCurve> curves_;
    std::optional<TexelWish> texelWish_;
    HeatTexels texels_;
    int times_ = 0;
};

}  // namespace lvr
