#include "core/train/training_set.h"

#include <torch/torch.h>

#include <algorithm>

#include "core/error.h"
#include "core/text/chat_template.h"
#include "core/vision/image_file.h"
#include "core/vision/patch_grid.h"

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

// The response is encoded piecewise so that its answer's ids are known: before, inside, after.
void encodeResponse(const Tokenizer& tokenizer, const std::string& text, EncodedRecord& record) {
    const std::string open = "<answer>", close = " </answer>";
    const auto begin = text.find(open), end = text.rfind(close);
    const bool tagged =
        begin != std::string::npos && end != std::string::npos && end >= begin + open.size();
    const auto whole = tokenizer.encode(text + "<|im_end|>\n");
    record.response = whole;
    record.answerEnd = whole.size() - 2;  // without <|im_end|> and the newline
    if (!tagged) return;
    record.answerBegin = tokenizer.encode(text.substr(0, begin + open.size())).size();
    record.answerEnd = tokenizer.encode(text.substr(0, end)).size();
}

std::vector<int> targetsOf(const TrainingRecord& record, PatchGrid grid) {
    std::vector<int> targets;
    for (const auto& box : record.boxes)
        for (const int token : boxTokens(box, grid)) targets.push_back(token);
    return targets;
}

EncodedRecord encodeRecord(const LvrCheckpoint& checkpoint, const TrainingRecord& record,
                           PatchGrid grid) {
    EncodedRecord encoded{
        .picture = record.picture, .targets = targetsOf(record, grid), .fill = record.fill};
    const auto ids = chatPrompt(checkpoint.tokenizer, {grid}, record.question);
    encoded.question.assign(ids.begin() + static_cast<std::ptrdiff_t>(imageEnd(
                                              ids, checkpoint.model.config().imageTokenId)),
                            ids.end());
    encodeResponse(checkpoint.tokenizer, record.response, encoded);
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
