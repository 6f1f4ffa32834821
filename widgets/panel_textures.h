#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace lvr {

// What an ImGui panel draws pictures with: ImTextureIDs, good for one frame.
struct PanelTextures {
    void* picture = nullptr;  // null: there is none
    // A texture of texels that are drawn as cells, without smoothing. rgba: [height][width], red in
    // the lowest byte as IM_COL32 has it. One at a time: the newest stands for the whole frame.
    std::function<void*(int width, int height, const std::vector<std::uint32_t>& rgba)> cells;
};

}  // namespace lvr
