#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/trace/heat.h"
#include "core/trace/heat_modes.h"
#include "core/values/trace.h"
#include "widgets/latent/latent_heat.h"

class QJsonObject;

namespace lvr {

// A rectangle of the view in its own pixels.
struct ViewRect {
    float x = 0, y = 0, width = 0, height = 0;
};

// The visual tokens of a region, in the order of the targets.
using TokensOf = std::function<std::vector<int>(const Box&, PatchGrid)>;

// What the mouse does on the shown image while regions are drawn there.
struct RegionPointer {
    enum class Phase { Hover, Press, Drag, Release } phase = Phase::Hover;
    double x = 0, y = 0;            // in fractions of the picture; a drag may leave it
    double reachX = 0, reachY = 0;  // how near an edge counts as on it, in the same measure
    bool fresh = false;             // Shift: a new box, whatever lies there
    bool token = false;             // Ctrl: it is about the visual token
};

// What the person has chosen to see; the panel's whole memory.
struct LatentViewState {
    int selectedStep = -1;  // index into latentSteps(); -1: none
    int image = 0;          // which of the question's images
    HeatSettings shown;
    std::optional<HeatMode> waitingMode;  // chosen, but this trace does not hold enough for it
    std::optional<HeatLimits> limits;     // of `shown`; absent: the least and the greatest value
    HeatLook look;
    bool heat = true;
    bool peeks = false;  // the heat is hidden for as long as a key is held
    bool grid = false;
    bool rois = false;  // the targets; not what the model looked at, and therefore asked for
    bool path = false;  // through the targets, else the person's regions, in their order
    bool nearest = true;
    int nearestCount = 3;
    bool multiples = false;  // all steps beside each other instead of the picture
    bool thumbnails = true;
    bool curves = true;
    float zoom = 1;                        // 1: the whole picture fits
    float centreX = 0.5f, centreY = 0.5f;  // fraction of the picture in the middle of the view
    bool playing = false;
    bool loop = false;
    float speed = 1;           // of playing, times the usual
    std::optional<int> asked;  // a patch: which steps and tokens are near it?

    // ---- Set by the panel ----
    std::optional<Patch> hovered;  // while the cursor is on a patch
    ViewRect picture;              // where the picture lies, also what is out of sight
    bool menuIsOpen = false;
    bool dragsHot = false;  // of the limits, the hot end and not the cold one
    LatentHeat heatOf;      // what was computed of the trace

    // ---- Set by its owner ----
    std::uint64_t revision = 0;         // another number whenever the trace holds something else
    bool closesMenu = false;            // once
    std::vector<Box> targets;           // regions that the question's author knows, on all images
    TokensOf tokensOf;                  // for `path`; none is drawn without
    std::vector<Box> boxes;             // drawn by the person, on all images
    int chosenBox = -1;                 // the one with handles
    std::vector<std::string> boxNames;  // beside their numbers; may be fewer
    std::vector<int> hiddenBoxes;       // not to be seen now
    PatchGrid boxGrid;     // of the shown image, whose touched tokens are shown; empty: not
    bool drawing = false;  // boxes are being edited
    bool hand = false;     // while drawing: the mouse moves the picture all the same
    std::vector<int> pickedTokens;                        // of boxGrid, marked to become a box
    std::function<void(const RegionPointer&)> onPointer;  // while drawing
};

// Chooses what the heat shows; limits are of the mode that they were set for.
void chooseMode(HeatMode mode, LatentViewState& state);
bool showsHeat(const LatentViewState& state);  // of the selected step
// Computes what the shown step needs; what was chosen for another trace may not be in this one.
void followTrace(const Trace& trace, LatentViewState& state);

inline constexpr float kSpeeds[] = {0.25f, 0.5f, 1, 2, 4};

// How a person likes to look at latent steps, whatever is looked at: heat, marks, what is shown
// below. Not the step, the place in the picture or what is drawn.
QJsonObject viewChoices(const LatentViewState& state);
// What is missing or no choice stays as it is.
void applyViewChoices(const QJsonObject& choices, LatentViewState& state);

}  // namespace lvr
