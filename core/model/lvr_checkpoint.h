#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/checkpoint/dialect_of.h"
#include "core/checkpoint/generation_config.h"
#include "core/checkpoint/provenance.h"
#include "core/model/lvr_model.h"
#include "core/text/chat_template.h"
#include "core/text/tokenizer.h"
#include "core/values/decoding_text.h"
#include "core/values/dialect.h"
#include "core/values/image.h"
#include "core/values/roi_tokens.h"

namespace lvr {

// Ids of the tokens around and in a thought, of whatever dialect. -1 each: the embedding of a plain
// model has no rows for them, so that it can't think.
struct LvrTokens {
    std::int64_t start = -1, latent = -1, end = -1;
    std::optional<std::int64_t> latentEnd;
    bool areThere() const { return start >= 0; }
    bool operator==(const LvrTokens&) const = default;
};

// What of a checkpoint's tokens decoding goes by.
struct RowRules {
    LvrTokens tokens;
    std::vector<std::int64_t> stopIds;
    std::int64_t padId = 0;
    // What a model says between the end of a thought and its answer, as it was trained to:
    // "\n<answer>".
    std::vector<std::int64_t> answerLead = {};
    Dialect dialect = {};
    std::optional<std::int64_t> afterForced = {};  // the id of Dialect::afterForced
    // Whether what a row has said, shadow tokens included, holds Dialect::stopText. Empty: it has
    // none.
    std::function<bool(const std::vector<std::int64_t>& generated)> saysStop = {};
};

// How to decode, and who said so: "generation_config.json" wins over the "sidecar", that over the
// "dialect"; what none says is the "default" (fixed:8 for LVR's exit, as in the release). A caller
// adds its "flag".
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
    ChatStyle chat = {};               // how its template puts a question
    DialectChoice dialectChoice = {};  // which dialect rules.dialect is, and why
    bool limitsPictures = true;        // its files say how large a picture may be

    // A Hugging Face folder or a repo id in the local hub cache. The tokens of its dialect come
    // from config.json, else from the tokenizer; LVR's, else, are appended to it (lvr-spec 1.1).
    // dialect: as dialectOf has it asked. Throws Error, Cancelled.
    static LvrCheckpoint open(const std::string& folderOrRepoId, const LoadOptions& options = {},
                              const std::string& dialect = {});
    // A question as its dialect puts it (core/text/chat_template.h). system: empty, as it is usual.
    std::vector<std::int64_t> prompt(const std::vector<PatchGrid>& grids,
                                     const std::string& question,
                                     const std::string& system = {}) const;
    // How it is decoded when nobody says otherwise.
    DecodeSettings decoding() const;
    ExitRule defaultExit() const { return decoding().options.exit; }
    // The sidecar of what is made from it by one more command.
    Provenance madeInto(const std::string& command) const;
    // Whether it is one of the tokens around and in a thought, which are no part of an answer.
    bool isMark(std::int64_t id) const;
    // The text of ids without those and without special tokens.
    std::string spoken(const std::vector<std::int64_t>& ids) const;
    // Throws Error where it has no tokens to think between.
    void checkThinks() const;
    RoiTokens trainedTargets() const;  // what regions became in training; each token, if unknown
};

// How the template of a checkpoint's folder puts a question, for who needs no model.
ChatStyle chatStyleOf(const std::filesystem::path& folder);
// Whether the files of a folder say how large a picture may be.
bool saysPictureLimits(const std::filesystem::path& folder);
// How the model in a folder thinks.
FoundDialect dialectIn(const std::filesystem::path& folder, const Tokenizer& tokenizer,
                       const std::string& asked = {});

}  // namespace lvr
