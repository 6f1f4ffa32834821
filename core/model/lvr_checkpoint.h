#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/checkpoint/generation_config.h"
#include "core/checkpoint/provenance.h"
#include "core/model/lvr_model.h"
#include "core/text/chat_template.h"
#include "core/text/tokenizer.h"
#include "core/values/decoding_text.h"
#include "core/values/roi_tokens.h"

namespace lvr {

// Ids of the LVR tokens.
struct LvrTokens {
    std::int64_t start = -1, latent = -1, end = -1;
    std::optional<std::int64_t> latentEnd;
    bool operator==(const LvrTokens&) const = default;
};

// What of a checkpoint's tokens decoding goes by.
struct RowRules {
    LvrTokens tokens;
    std::vector<std::int64_t> stopIds;
    std::int64_t padId = 0;
    // What a model says between <|lvr_end|> and its answer, as it was trained to: "\n<answer>".
    std::vector<std::int64_t> answerLead = {};
};

// How to decode, and who said so: "generation_config.json" wins over the "sidecar", what neither
// says is the "default" (fixed:8 for the exit, as in the release). A caller adds its "flag".
struct DecodeSettings {
    DecodeOptions options;
    OptionOrigins origins;
};

// A model with everything needed to talk to it.
struct LvrCheckpoint {
    std::string name;  // the folder or repo id it was opened by
    LvrModel model;
    Tokenizer tokenizer;
    PreprocessConfig preprocess;
    RowRules rules;
    std::optional<Provenance> provenance;
    GenerationConfig generation = {};
    // What its files hold or say and this program passes over, one sentence each.
    std::vector<std::string> warnings = {};
    ChatStyle chat = {};  // how its template puts a question

    // A Hugging Face folder or a repo id in the local hub cache. LVR tokens come from config.json,
    // else from the tokenizer, else they are appended to it (lvr-spec 1.1). Throws Error,
    // Cancelled.
    static LvrCheckpoint open(const std::string& folderOrRepoId, const LoadOptions& options = {});
    // How it is decoded when nobody says otherwise.
    DecodeSettings decoding() const;
    ExitRule defaultExit() const { return decoding().options.exit; }
    // The sidecar of what is made from it by one more command.
    Provenance madeInto(const std::string& command) const;
    RoiTokens trainedTargets() const;  // what regions became in training; each token, if unknown
};

// How the template of a checkpoint's folder puts a question, for who needs no model.
ChatStyle chatStyleOf(const std::filesystem::path& folder);

}  // namespace lvr
