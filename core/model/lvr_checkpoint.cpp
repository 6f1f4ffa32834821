#include "core/model/lvr_checkpoint.h"

#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/text/chat_template.h"

namespace lvr {
namespace {

// The token's id, from the config when it says one, checked against the tokenizer.
std::int64_t resolve(Tokenizer& tokenizer, const std::string& token,
                     std::optional<std::int64_t> configured, const std::filesystem::path& folder) {
    tokenizer = tokenizer.withSpecialToken(token, configured);
    const auto known = tokenizer.id(token).value();
    if (configured && *configured != known)
        throw Error(folder.string() + ": config.json says " + token + " is id " +
                    std::to_string(*configured) + ", the tokenizer says " + std::to_string(known) +
                    "; the two files are from different checkpoints");
    return known;
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

// Patches of another size would not fit the encoder, or would fit it and mean nothing.
void checkCutAlike(const PreprocessConfig& pictures, const VisionConfig& vision,
                   const std::filesystem::path& folder) {
    const auto check = [&](const char* field, int said, int built) {
        if (said != built)
            throw Error(folder.string() + ": the preprocessor's " + field + " is " +
                        std::to_string(said) + ", and config.json has " + std::to_string(built) +
                        "; the two files are from different checkpoints");
    };
    check("patch_size", pictures.patchSize, vision.patchSize);
    check("temporal_patch_size", pictures.temporalPatchSize, vision.temporalPatchSize);
    check("merge_size", pictures.mergeSize, vision.spatialMergeSize);
}

FolderTemplate templateOf(const std::filesystem::path& folder, const Backbone& backbone) {
    return lookAtTemplate(folderWith(folder, "tokenizer_config.json"), {backbone.defaultSystem});
}

std::vector<std::string> warningsOf(const LvrModel& model, const GenerationConfig& generation,
                                    const std::filesystem::path& folder) {
    auto sentences = model.warnings();
    const auto ofPictures = PreprocessConfig::warnings(folder);
    sentences.insert(sentences.end(), ofPictures.begin(), ofPictures.end());
    for (const auto& field : generation.notBuiltIn)
        sentences.push_back(folder.string() + ": " + field +
                            " of generation_config.json is passed over: it is not built in");
    const auto& backbone = *model.config().backbone;
    if (const auto foreign = templateOf(folder, backbone).foreign)
        sentences.push_back(folder.string() + ": " + foreign->file +
                            " is not read: questions are put as " + backbone.title +
                            "'s own template puts them, which differs from this one at \"" +
                            foreign->word + "\"");
    return sentences;
}

void addSidecar(const Provenance& sidecar, DecodeSettings& settings) {
    const auto say = [&](const std::string& name, const std::string& text) {
        if (text.empty()) return;
        setOption(settings.options, name, text);
        settings.origins[name] = "sidecar";
    };
    say("exit", sidecar.defaultExit);
    say("latent-feed", sidecar.latentFeed);
    say("latent-attention", sidecar.latentAttention);
    say("head-positions", sidecar.headPositions);
}

void addGeneration(const GenerationConfig& generation, DecodeSettings& settings) {
    auto& options = settings.options;
    const auto say = [&](const char* name) { settings.origins[name] = "generation_config.json"; };
    options.sampling = generation.sampling;
    static constexpr std::pair<const char*, const char*> kFields[] = {
        {"do_sample", "temperature"}, {"temperature", "temperature"},
        {"top_p", "top-p"},           {"top_k", "top-k"},
        {"min_p", "min-p"},           {"repetition_penalty", "repetition-penalty"}};
    for (const auto& [field, name] : kFields)
        if (generation.said.contains(field)) say(name);
    if (generation.maxNewTokens)
        options.maxNewTokens = *generation.maxNewTokens, say("max-new-tokens");
    if (generation.exit) options.exit = *generation.exit, say("exit");
    if (!generation.forceStart) return;
    options.spanStart = *generation.forceStart ? SpanStart::Forced : SpanStart::Sampled;
    say("force-start");
}

}  // namespace

LvrCheckpoint LvrCheckpoint::open(const std::string& folderOrRepoId, const LoadOptions& options) {
    const auto folder = findCheckpoint(folderOrRepoId);
    auto tokenizer = Tokenizer::open(folderWith(folder, "tokenizer_config.json"));
    auto model = LvrModel::open(folder, options);
    const auto& config = model.config();
    const auto generation = readGenerationConfig(folderWith(folder, "generation_config.json"));
    const RowRules rules{lvrTokens(tokenizer, config, folder), generation.eosTokenIds,
                         generation.padTokenId, tokenizer.encode("\n<answer>")};
    const auto pictures = PreprocessConfig::open(folder);
    checkCutAlike(pictures, config.vision, folder);
    auto warnings = warningsOf(model, generation, folder);
    const auto chat = templateOf(folder, *config.backbone).style;
    return {folderOrRepoId,
            std::move(model),
            std::move(tokenizer),
            pictures,
            rules,
            readProvenance(folderWith(folder, "lvr_workbench.json")),
            generation,
            std::move(warnings),
            chat};
}

ChatStyle chatStyleOf(const std::filesystem::path& folder) {
    const auto* backbone = readModelConfig(folderWith(folder, "config.json")).backbone;
    return templateOf(folder, *backbone).style;
}

DecodeSettings LvrCheckpoint::decoding() const {
    DecodeSettings settings{.options = {.exit = FixedSteps{8}}};
    for (const auto& [name, value] : optionTexts(settings.options))
        settings.origins[name] = "default";
    if (provenance) addSidecar(*provenance, settings);
    addGeneration(generation, settings);
    return settings;
}

Provenance LvrCheckpoint::madeInto(const std::string& command) const {
    auto made = madeFrom(provenance, command);
    if (generation.exit) made.defaultExit = toText(*generation.exit);
    return made;
}

RoiTokens LvrCheckpoint::trainedTargets() const {
    return provenance && !provenance->roiTokens.empty() ? parseRoiTokens(provenance->roiTokens)
                                                        : RoiTokens();
}

}  // namespace lvr
