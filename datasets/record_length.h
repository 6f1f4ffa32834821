#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/text/chat_template.h"
#include "core/values/dialect.h"
#include "core/values/image.h"
#include "core/values/train_options.h"
#include "datasets/dataset.h"

namespace lvr {

struct PreprocessConfig;

// How texts become tokens for a checkpoint. The tokenizer stays the caller's.
struct Speech {
    Speech(const Tokenizer& words, ChatStyle style = {},  // NOLINT: a tokenizer alone is one
           Dialect way = {})
        : tokenizer(words), chat(std::move(style)), dialect(std::move(way)) {}
    const Tokenizer& tokenizer;
    ChatStyle chat;
    Dialect dialect;
};

// How long a record is for the language model.
struct RecordLength {
    int text = 0;    // tokens of question and response, what the chat template adds left out
    int prompt = 0;  // positions up to the answer, visual tokens included
    int all = 0;     // and the response with a slot for each target of its thoughts
};
// grids: of its images. Throws Error that begins with `name`: its boxes don't fit its <lvr>.
RecordLength lengthOf(const DataRecord& record, const std::vector<PatchGrid>& grids,
                      const Speech& speech, const RoiTokens& rule, const std::string& name);

// What may be trained on.
struct LengthLimit {
    int most = 0;  // positions; 0: any
    OverLength over = OverLength::Drop;
    enum class Of { Record, Prompt } of = Of::Record;
    RoiTokens rule = {};
};
struct LongRecords {
    std::size_t count = 0;
    std::string longest;  // its name
    int positions = 0;    // its length
};
// Takes the records beyond the limit out of the data, or with OverLength::Refuse throws Error that
// names the longest. Those whose images can't be read stay: they are found out when they are read.
LongRecords dropLongRecords(Dataset& data, const LengthLimit& limit, const Speech& speech,
                            const PreprocessConfig& preprocess);

}  // namespace lvr
