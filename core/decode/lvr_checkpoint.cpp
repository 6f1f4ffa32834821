#include "core/decode/lvr_checkpoint.h"

#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"

namespace lvr {
namespace {

// The token's id, from the config when it says one, checked against the tokenizer.
std::int64_t resolve(Tokenizer& tokenizer, const std::string& token,
                     std::optional<std::int64_t> configured, const std::filesystem::path& folder) {
    if (!tokenizer.id(token) && !configured) tokenizer = tokenizer.withSpecialToken(token);
    const auto known = tokenizer.id(token);
    if (configured && known && *configured != *known)
        throw Error(folder.string() + ": config.json says " + token + " is id " +
                    std::to_string(*configured) + ", the tokenizer says " + std::to_string(*known) +
                    "; the two files are from different checkpoints");
    return configured ? *configured : *known;
}

void checkInVocabulary(std::int64_t id, const ModelConfig& config,
                       const std::filesystem::path& folder) {
    if (id < 0 || id >= config.text.vocabSize)
        throw Error(folder.string() + ": the LVR tokens do not fit into vocab_size " +
                    std::to_string(config.text.vocabSize) +
                    "; use a checkpoint whose embedding has spare rows");
}

LvrTokens lvrTokens(Tokenizer& tokenizer, const ModelConfig& config,
                    const std::filesystem::path& folder) {
    LvrTokens tokens;
    tokens.start = resolve(tokenizer, "<|lvr_start|>", config.lvr.lvrStartId, folder);
    tokens.latent = resolve(tokenizer, "<|lvr|>", config.lvr.lvrId, folder);
    tokens.latentEnd = resolve(tokenizer, "<|lvr_latent_end|>", config.lvr.lvrLatentEndId, folder);
    tokens.end = resolve(tokenizer, "<|lvr_end|>", config.lvr.lvrEndId, folder);
    for (const auto id : {tokens.start, tokens.latent, *tokens.latentEnd, tokens.end})
        checkInVocabulary(id, config, folder);
    return tokens;
}

}  // namespace

LvrCheckpoint LvrCheckpoint::open(const std::string& folderOrRepoId, const LoadOptions& options) {
    const auto folder = findCheckpoint(folderOrRepoId);
    auto tokenizer = Tokenizer::open(folderWith(folder, "tokenizer_config.json"));
    auto model = LvrModel::open(folder, options);
    const auto& config = model.config();
    const auto generation = readGenerationConfig(folderWith(folder, "generation_config.json"));
    const RowRules rules{lvrTokens(tokenizer, config, folder), generation.eosTokenIds,
                         generation.padTokenId};
    return {
        folderOrRepoId, std::move(model),      std::move(tokenizer), PreprocessConfig::open(folder),
        rules,          readProvenance(folder)};
}

ExitRule LvrCheckpoint::defaultExit() const {
    return provenance && !provenance->defaultExit.empty() ? parseExitRule(provenance->defaultExit)
                                                          : ExitRule(FixedSteps{8});
}

RoiTokens LvrCheckpoint::trainedTargets() const {
    return provenance && !provenance->roiTokens.empty() ? parseRoiTokens(provenance->roiTokens)
                                                        : RoiTokens();
}

}  // namespace lvr
