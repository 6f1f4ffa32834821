#pragma once

#include <imgui.h>

#include <algorithm>
#include <vector>

#include "core/trace/step_curves.h"
#include "widgets/latent/latent_state.h"

namespace lvr {

// One column of the screen for each latent step.
struct StepColumns {
    float left = 0, width = 1;
    int count = 0;
    float right() const { return left + width * static_cast<float>(count); }
    float middle(int step) const { return left + width * (static_cast<float>(step) + 0.5f); }
    int under(float x) const {
        return std::clamp(static_cast<int>((x - left) / width), 0, count - 1);
    }
};

float laneHeight();
// The curves one below the other, `at` being the upper left corner of the first one's name.
void drawLanes(const std::vector<StepCurve>& curves, const StepColumns& columns, ImVec2 at,
               const LatentViewState& state);

}  // namespace lvr
