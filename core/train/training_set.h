#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/decode/lvr_checkpoint.h"
#include "core/train/response.h"
#include "core/values/image.h"

namespace lvr {

// How a record's targets fill more slots than it has.
enum class FillSlots { RepeatLast, Cycle };

struct TrainingRecord {
    int picture = 0;   // index into TrainingSet::pictures
    std::string name;  // for errors
    std::string kind;
    std::string question;
    std::string response;    // gpt turn, e.g. "<lvr>\n<answer> red </answer>"
    std::vector<Box> boxes;  // of its <lvr>, in order
    FillSlots fill = FillSlots::RepeatLast;
};

struct TrainingSet {
    std::vector<std::filesystem::path> pictures;
    std::vector<TrainingRecord> records;
};

// A record in token ids.
struct EncodedRecord {
    int picture = 0;
    int kind = 0;                        // index into EncodedSet::kinds
    std::vector<std::int64_t> question;  // all after the image up to the response
    std::vector<ResponsePiece> response;
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
// boxes do not fit is an Error that names it.
EncodedSet encodeTrainingSet(const LvrCheckpoint& checkpoint, const TrainingSet& set,
                             const std::function<void(int done, int total)>& onProgress = {});

}  // namespace lvr
