#pragma once

#include <string>

#include "datasets/dataset.h"
#include "datasets/image_paths.h"
#include "datasets/json_entries.h"

namespace lvr {

// One object of a list as a record, without file and number. Each throws RecordProblem.

// lvr-spec 2.1 and 2.2. One box for each <lvr>, or one <lvr> for all boxes.
DataRecord readLvrRecord(const JsonEntry& entry, const ImagePaths& images,
                         const std::string& dataset);

// Visual-CoT's metadata: question, answer, image, width, height, bboxs [[x0, y0, x1, y1]] in
// pixels. All boxes belong to one thought.
DataRecord readVisualCotRecord(const JsonEntry& entry, const ImagePaths& images);
// Visual-CoT as LLaVA is trained on it: image [FILE, "FILE###[x0, y0, x1, y1]"], boxes in pixels of
// the picture; the gpt's own box is in fractions of the picture padded to a square, which serves
// when there is no other and is compared with it otherwise (note).
DataRecord readLlavaRecord(const JsonEntry& entry, const ImagePaths& images);
bool isLlavaRecord(const JsonEntry& entry);

// ViRL39K's fields, also as its re-uploads name them (problem, images, id): no boxes.
DataRecord readVirlRecord(const JsonEntry& entry, const ImagePaths& images);
bool isVirlRecord(const JsonEntry& entry);

// ---- Shared by them ----

std::string trimmed(const std::string& text);
// A human turn as DataRecord::question. Throws RecordProblem when its <image> are not as many.
std::string questionAbout(std::size_t images, const std::string& human);
// "<lvr>\n<answer> ANSWER </answer>" as published; without boxes no <lvr>.
std::string responseFor(const std::string& answer, bool hasBoxes);
// `width` and `height`, when both are pixels.
std::optional<PictureSize> statedSize(const JsonEntry& entry);
// The values of `image`, or of `images`: names, or pictures as the Hub's Parquet files hold them.
std::vector<Json> imagesOf(const JsonEntry& entry);

}  // namespace lvr
