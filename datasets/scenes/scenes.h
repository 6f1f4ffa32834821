#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "core/values/sample.h"

namespace lvr {

class SceneRandom;

// Generated pictures of coloured shapes whose dots lead from one to the next, and questions about
// them. (Those that one look answers are in clutter_scenes.h.) All of it follows from (seed, index)
// alone, the same on every machine.

inline constexpr int kSceneSide = 224;  // pixels
inline constexpr int kSceneCell = 28;   // pixels: one visual token
inline constexpr int kSceneGrid = kSceneSide / kSceneCell;
inline constexpr int kSceneObjects = 12;
inline constexpr int kMaxTrainedHops = 6;  // an ordinary scene has no longer chain
inline constexpr int kMaxHops = 9;         // a test scene may force one chain this long

const std::vector<std::string>&
shapeWords();  // 8; SceneObject::shape and CellLabel::shape index it
const std::vector<std::string>& colorWords();  // 12; the same for colours

using Rgb = std::array<std::uint8_t, 3>;

struct SceneObject {
    int shape = 0;
    int color = 0;
    int dot = -1;           // colour of the dot, -1 = none
    int row = 0, col = 0;   // of its cell in the 8x8 grid
    double x = 0, y = 0;    // centre, in pixels of the picture; multiples of 1/16
    double radius = 0;      // pixels, 11..13, a multiple of 1/16
    Rgb body{}, dotBody{};  // colours as painted
    bool operator==(const SceneObject&) const = default;
};

// An object across the border of its cell and the next, whose right half is missing: that cell is
// a hole. Two cells of the bottom row show pieces, of which one fits.
struct Jigsaw {
    int cut = 0;                  // index into Scene::objects, as the rest
    std::array<int, 2> pieces{};  // from left to right; each has its centre on its cell's left edge
    int fitting = 0;              // index into `pieces`
    bool operator==(const Jigsaw&) const = default;
};

struct Scene {
    std::uint64_t seed = 0, index = 0;  // of the texture
    std::vector<SceneObject> objects;   // makeScene: 12, of 12 colours, in 12 cells
    // Disjoint chains of indices into `objects`, each following the dots; the last has no dot.
    std::vector<std::vector<int>> chains;
    std::optional<int> pairedObject;  // its dot is all that tells this picture from another one
    std::optional<Jigsaw> jigsaw;
    bool operator==(const Scene&) const = default;
};

// 3 or 4 chains of at most 6 hops, the longest of at least `longest`; for `longest` = 7..9 one
// chain of exactly that many. Four shapes occur once, the others twice; chains end in different
// shapes. Throws Error when `longest` is outside 0..9.
Scene makeScene(std::uint64_t seed, std::uint64_t index, int longest = 0);
Image paint(const Scene& scene);  // 224x224

// ---- Questions ----

// What a record's response says before its answer. Latents: <lvr>, with the boxes. Words: the
// colours of the objects to look at, in order, as text (a chain of thought); no boxes. Or both.
enum class SceneThought { Latents, Words, LatentsAndWords };

struct SceneOptions {
    std::vector<std::string> kinds;  // empty = all
    SceneThought thought = SceneThought::Latents;
    int minHops = 0;                // of chain questions, uniform minHops..maxHops
    int maxHops = kMaxTrainedHops;  // at most 9
    int perPicture = 12;            // most questions to one picture (scenePictures)
};
// Throws Error naming an unknown kind (and the nearest known one) or a number out of range.
void check(const SceneOptions& options);

// chain, color-to-shape, dot-to-shape, shape-to-color, color-to-dot, has-dot, left-right,
// above-below.
std::vector<std::string> sceneKinds();
// How often the shipped recipe asks a kind, relative to the others. Throws Error: unknown kind.
double sceneKindWeight(const std::string& kind);

struct SceneQuestion {
    std::string kind;
    std::string text;
    std::string answer;        // one word
    std::vector<int> targets;  // objects to look at, in order; chain: start ... end
    std::vector<Box> rois;     // their cells, slightly inset: one visual token each
    bool operator==(const SceneQuestion&) const = default;
};

// Every question of a kind that the scene allows, in a fixed order. Throws Error: unknown kind.
std::vector<SceneQuestion> questionsAbout(const Scene& scene, const std::string& kind);

// What is drawn before the scene is known, so that hops are uniform and two-way answers balanced.
struct QuestionWish {
    std::string kind;
    int hops = 0;        // of a chain
    std::string answer;  // of the kinds with balanced answers; empty = any
};
QuestionWish drawWish(SceneRandom& random, const SceneOptions& options);

// A question as wished that is not in `asked` (texts); none when the scene has none left.
std::optional<SceneQuestion> ask(const Scene& scene, const QuestionWish& wish, SceneRandom& random,
                                 const std::set<std::string>& asked = {});

struct ScenePicture {
    Scene scene;
    std::vector<SceneQuestion> questions;
};
// One fresh scene with one question of the kind.
ScenePicture sceneWithQuestion(std::uint64_t seed, std::uint64_t index, const std::string& kind,
                               const SceneOptions& options = {});
// The same, painted.
Sample sceneSample(std::uint64_t seed, std::uint64_t index, const std::string& kind,
                   const SceneOptions& options = {});
// `count` samples on a fresh picture each, kinds drawn by weight.
std::vector<Sample> sceneSamples(std::uint64_t seed, std::uint64_t firstIndex, int count,
                                 const SceneOptions& options = {});
// Pictures with up to options.perPicture different questions each, `questions` in all, kinds drawn
// by weight. Throws Cancelled.
std::vector<ScenePicture> scenePictures(std::uint64_t seed, int questions,
                                        const SceneOptions& options = {},
                                        const std::stop_token& stop = {});

// ---- On disk ----

enum class SceneFolder { Written, AlreadyThere };
using SceneProgress = std::function<void(int done, int total)>;  // records

// Writes `count` records in the LVR JSON format: images/000001.png ... and, last and atomically,
// data.json. A folder that holds just this data is left alone. When stopped or failing, what was
// written is removed. Throws Cancelled, and Error: options, count < 1, a folder that holds anything
// else, or that can't be written.
SceneFolder writeScenes(const std::filesystem::path& folder, int count, std::uint64_t seed,
                        const SceneOptions& options, const SceneProgress& progress = {},
                        const std::stop_token& stop = {});

// ---- Pictures that align the vision tower with words ----

struct CellLabel {
    int shape = -1;  // -1 = nothing in the cell
    int color = -1;
    int dot = -1;  // -1 = none
    bool operator==(const CellLabel&) const = default;
};
struct AlignPicture {
    Image image;                   // 224x224
    std::vector<CellLabel> cells;  // 64, row-major
};
// 8 to 50 objects of any shape and colour; one in ten has no dot.
AlignPicture alignPicture(std::uint64_t seed, std::uint64_t index);

}  // namespace lvr
