#pragma once

#include "datasets/scenes/scenes.h"

namespace lvr {

// Pictures of 2 to 14 objects whose shapes and colours may repeat, and questions that one look at
// the right objects answers. All of it follows from (seed, index) and the kind asked for alone,
// the same on every machine. One picture in eight is easy (2 to 4 objects), three in ten have 3 to
// 8, the rest 8 to 14; about half of the objects have a dot.

struct ClutterOptions {
    std::vector<std::string> kinds;  // empty = all
    SceneThought thought = SceneThought::Latents;
    int perPicture = 12;  // most questions to one picture (clutterPictures)
};
// Throws Error naming an unknown kind (and the nearest known one) or a number out of range.
void check(const ClutterOptions& options);

// attr-color, attr-shape, relpos, spatial, count, dot-pair, two-hop, jigsaw.
std::vector<std::string> clutterKinds();
// How often a kind's turn comes, relative to the others; a turn of dot-pair makes two records.
// Throws Error: unknown kind.
double clutterKindWeight(const std::string& kind);

// Every question of a kind that the scene allows, in a fixed order; a picture of a pair and a
// jigsaw have none of other kinds. Throws Error: unknown kind.
std::vector<SceneQuestion> clutterQuestionsAbout(const Scene& scene, const std::string& kind);

// One fresh scene with one question of the kind. Where a kind has a few answers (yes/no, four
// directions, one to five) each is equally likely. dot-pair: indices 2i and 2i + 1 have the same
// question and differ in one dot, and so in the answer.
ScenePicture clutterWithQuestion(std::uint64_t seed, std::uint64_t index, const std::string& kind);
// `count` of them, painted.
std::vector<Sample> clutterSamples(std::uint64_t seed, std::uint64_t firstIndex, int count,
                                   const std::string& kind);
// Pictures with up to options.perPicture different questions each, `questions` in all, kinds drawn
// by weight. The two pictures of a pair follow each other. Throws Cancelled.
std::vector<ScenePicture> clutterPictures(std::uint64_t seed, int questions,
                                          const ClutterOptions& options = {},
                                          const std::stop_token& stop = {});

// writeScenes for these pictures; the same folder, records and errors.
SceneFolder writeClutter(const std::filesystem::path& folder, int count, std::uint64_t seed,
                         const ClutterOptions& options, const SceneProgress& progress = {},
                         const std::stop_token& stop = {});

}  // namespace lvr
