#include "core/train/training_set.h"

#include <torch/torch.h>

#include <algorithm>

#include "core/text/chat_template.h"
#include "core/vision/image_file.h"

namespace lvr {
namespace {

// Where the prompt's image ends: past its <|vision_end|>.
std::size_t imageEnd(const std::vector<std::int64_t>& ids, std::int64_t imageTokenId) {
    const auto last = std::find(ids.rbegin(), ids.rend(), imageTokenId);
    return static_cast<std::size_t>(ids.rend() - last) + 1;
}

int kindIndex(std::vector<std::string>& kinds, const std::string& kind) {
    const auto at = std::find(kinds.begin(), kinds.end(), kind);
    if (at != kinds.end()) return static_cast<int>(at - kinds.begin());
    kinds.push_back(kind);
    return static_cast<int>(kinds.size()) - 1;
}

EncodedRecord encodeRecord(const LvrCheckpoint& checkpoint, const TrainingRecord& record,
                           PatchGrid grid) {
    EncodedRecord encoded{.picture = record.picture, .fill = record.fill};
    const auto ids = chatPrompt(checkpoint.tokenizer, {grid}, record.question);
    encoded.question.assign(ids.begin() + static_cast<std::ptrdiff_t>(imageEnd(
                                              ids, checkpoint.model.config().imageTokenId)),
                            ids.end());
    encoded.response =
        encodeResponse(checkpoint.tokenizer, record.response, record.boxes, grid, record.name);
    return encoded;
}

}  // namespace

std::vector<std::int64_t> promptPrefix(const LvrCheckpoint& checkpoint, PatchGrid grid) {
    auto ids = chatPrompt(checkpoint.tokenizer, {grid}, "");
    ids.resize(imageEnd(ids, checkpoint.model.config().imageTokenId));
    return ids;
}

EncodedSet encodeTrainingSet(const LvrCheckpoint& checkpoint, const TrainingSet& set,
                             const std::function<void(int, int)>& onProgress) {
    const torch::NoGradGuard frozen;
    EncodedSet encoded;
    for (std::size_t i = 0; i < set.pictures.size(); ++i) {
        const auto pixels = preprocess({readImage(set.pictures[i])}, checkpoint.preprocess);
        encoded.pictures.push_back(
            {pixels.grids.front(), checkpoint.model.imageTokens(pixels), {}});
        if (onProgress) onProgress(static_cast<int>(i) + 1, static_cast<int>(set.pictures.size()));
    }
    for (const auto& record : set.records) {
        auto& picture = encoded.pictures.at(record.picture);
        encoded.records.push_back(encodeRecord(checkpoint, record, picture.grid));
        encoded.records.back().kind = kindIndex(encoded.kinds, record.kind);
        picture.records.push_back(static_cast<int>(encoded.records.size()) - 1);
    }
    return encoded;
}

}  // namespace lvr
