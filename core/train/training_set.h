#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/decode/lvr_checkpoint.h"
#include "core/values/image.h"

namespace lvr {

// How a record's targets fill more slots than it has.
enum class FillSlots { RepeatLast, Cycle };

struct TrainingRecord {
    int picture = 0;  // index into TrainingSet::pictures
    std::string kind;
    std::string question;
    std::string response;    // after the thought, e.g. "\n<answer> red </answer>"
    std::vector<Box> boxes;  // latent targets in order; each gives the visual tokens it touches
    FillSlots fill = FillSlots::RepeatLast;
};

struct TrainingSet {
    std::vector<std::filesystem::path> pictures;
    std::vector<TrainingRecord> records;
};

// A record in token ids. answerBegin..answerEnd are the response's ids between the answer tags.
struct EncodedRecord {
    int picture = 0;
    int kind = 0;                        // index into EncodedSet::kinds
    std::vector<std::int64_t> question;  // all after the image up to the response
    std::vector<std::int64_t> response;  // with <|im_end|> and the final newline
    std::size_t answerBegin = 0, answerEnd = 0;
    std::vector<int> targets;  // visual tokens, one per natural slot
    FillSlots fill = FillSlots::RepeatLast;
};

struct EncodedPicture {
    PatchGrid grid;
    torch::Tensor tokens;  // [N, D], frozen features
    std::vector<int> records;
};

struct EncodedSet {
    std::vector<std::string> kinds;
    std::vector<EncodedRecord> records;
    std::vector<EncodedPicture> pictures;
};

// Prompt ids up to the end of the image, which all questions to a picture share.
std::vector<std::int64_t> promptPrefix(const LvrCheckpoint& checkpoint, PatchGrid grid);

// Reads every picture once and keeps its visual tokens (the vision tower is frozen). A record whose
// boxes touch no token is an Error that names it.
EncodedSet encodeTrainingSet(const LvrCheckpoint& checkpoint, const TrainingSet& set,
                             const std::function<void(int done, int total)>& onProgress = {});

}  // namespace lvr
