#include "datasets/record_length.h"

#include <optional>

#include "core/error.h"
#include "core/text/chat_template.h"
#include "core/text/response.h"
#include "core/vision/image_file.h"
#include "core/vision/patch_grid.h"
#include "core/vision/preprocess.h"

namespace lvr {
namespace {

// Grids of image files by their sizes, each looked at once.
class GridsOfFiles {
public:
    explicit GridsOfFiles(const PreprocessConfig& config) : config_(config) {}

    // Nothing when one can't be read.
    std::optional<std::vector<PatchGrid>> of(const std::vector<std::string>& files) {
        std::vector<PatchGrid> grids;
        for (const auto& file : files) {
            const auto [at, fresh] = known_.try_emplace(file);
            if (fresh) at->second = look(file);
            if (!at->second) return std::nullopt;
            grids.push_back(*at->second);
        }
        return grids;
    }

private:
    std::optional<PatchGrid> look(const std::string& file) const {
        try {
            const auto size = readPictureSize(file);
            return tokenGrid({size.height, size.width}, config_);
        } catch (const Error&) {
            return std::nullopt;
        }
    }

    const PreprocessConfig& config_;
    std::map<std::string, std::optional<PatchGrid>> known_;
};

}  // namespace

RecordLength lengthOf(const DataRecord& record, const std::vector<PatchGrid>& grids,
                      const Speech& speech, const RoiTokens& rule, const std::string& name) {
    const auto& tokenizer = speech.tokenizer;
    RecordLength length;
    length.prompt = static_cast<int>(
        chatPrompt(tokenizer, grids, record.question, speech.dialect, {}, speech.chat).size());
    length.text = static_cast<int>(tokenizer.encode(record.question, SpecialTokens::AsText).size());
    length.all = length.prompt;
    for (const auto& piece : encodeResponse(tokenizer, record.response,
                                            tokensOfBoxes(record.boxes, grids, name), name)) {
        // Start and end; where the first latent stands in place of start, it is one of the slots.
        const int marks = speech.dialect.first == Dialect::First::InPlaceOfStart ? 1 : 2;
        const auto text = static_cast<int>(piece.text.size());
        length.text += text;
        length.all += text;
        if (!piece.targets.empty())
            length.all += marks + static_cast<int>(roiTargets(piece.targets, rule).size());
    }
    return length;
}

LongRecords dropLongRecords(Dataset& data, const LengthLimit& limit, const Speech& speech,
                            const PreprocessConfig& preprocess) {
    LongRecords dropped;
    if (limit.most == 0) return dropped;
    GridsOfFiles grids(preprocess);
    std::erase_if(data.records, [&](const DataRecord& record) {
        const auto seen = grids.of(record.images);
        if (!seen) return false;
        const auto name = data.name(record);
        const auto length = lengthOf(record, *seen, speech, limit.rule, name);
        const int positions = limit.of == LengthLimit::Of::Prompt ? length.prompt : length.all;
        if (positions <= limit.most) return false;
        ++dropped.count;
        if (positions > dropped.positions) {
            dropped.longest = name;
            dropped.positions = positions;
        }
        return true;
    });
    if (dropped.count > 0 && limit.over == OverLength::Refuse)
        throw Error(
            std::to_string(dropped.count) + (dropped.count == 1 ? " record is" : " records are") +
            " longer than --max-length " + std::to_string(limit.most) + "; the longest is " +
            dropped.longest + " with " + std::to_string(dropped.positions) +
            " positions; --over-length drop leaves them out");
    return dropped;
}

}  // namespace lvr
