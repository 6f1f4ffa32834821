#pragma once

#include <optional>
#include <string>

#include "core/decode/decode_rows.h"
#include "core/model/lvr_model.h"
#include "core/text/tokenizer.h"
#include "core/values/roi_tokens.h"

namespace lvr {

// A model with everything needed to talk to it.
struct LvrCheckpoint {
    std::string name;  // the folder or repo id it was opened by
    LvrModel model;
    Tokenizer tokenizer;
    PreprocessConfig preprocess;
    RowRules rules;
    std::optional<Provenance> provenance;

    // A Hugging Face folder or a repo id in the local hub cache. LVR tokens come from config.json,
    // else from the tokenizer, else they are appended to it (lvr-spec 1.1). Throws Error,
    // Cancelled.
    static LvrCheckpoint open(const std::string& folderOrRepoId, const LoadOptions& options = {});
    // The exit rule the model was trained for; fixed:8, the release's default, when nobody said.
    ExitRule defaultExit() const;
    RoiTokens trainedTargets() const;  // what regions became in training; each token, if unknown
};

}  // namespace lvr
