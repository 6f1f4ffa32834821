#include "core/model/lvr_checkpoint.h"

#include <algorithm>
#include <iterator>

#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/files/json_file.h"
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

void checkInVocabulary(std::int64_t id, const ModelConfig& config, const Dialect& dialect,
                       const std::filesystem::path& folder) {
    if (id < 0 || id >= config.text.vocabSize)
        throw Error(folder.string() + ": the " + (isLvr(dialect) ? "LVR" : dialect.method) +
                    " tokens do not fit into vocab_size " + std::to_string(config.text.vocabSize) +
                    "; use a checkpoint whose embedding has spare rows");
}

// Whether the embedding has a row for each of its tokens, those included that are to be added.
bool hasRowsForAll(const Tokenizer& tokenizer, const FoundDialect& found,
                   const ModelConfig& config) {
    std::vector<NamedToken> all{found.start, found.latent, found.end};
    if (found.latentEnd) all.push_back(*found.latentEnd);
    auto next = tokenizer.size();
    return std::ranges::all_of(all, [&](const NamedToken& token) {
        const auto known = tokenizer.id(token.text);
        if (known) return *known < config.text.vocabSize;
        return (token.configured ? *token.configured : next++) < config.text.vocabSize;
    });
}

LvrTokens tokensOf(Tokenizer& tokenizer, const FoundDialect& found, const ModelConfig& config,
                   const std::filesystem::path& folder) {
    const auto id = [&](const NamedToken& token) {
        const auto known = resolve(tokenizer, token.text, token.configured, folder);
        checkInVocabulary(known, config, found.dialect, folder);
        return known;
    };
    LvrTokens tokens;
    // A plain model is asked in words; only who wants it to think is told that it can't.
    if (found.dialect.name == "plain" && !hasRowsForAll(tokenizer, found, config)) return tokens;
    tokens.start = id(found.start);
    tokens.latent = id(found.latent);
    if (found.latentEnd) tokens.latentEnd = id(*found.latentEnd);
    tokens.end = id(found.end);
    return tokens;
}

std::string answerLeadOf(const Dialect& dialect) {
    switch (dialect.answer) {
        case AnswerMark::Tag:  // behind an end that is forced, some put it at once
            return dialect.afterForced.empty() ? "\n<answer>" : "<answer>";
        case AnswerMark::Boxed:
            return "\n\\boxed{";
        case AnswerMark::Phrase:
            return "\nfinal answer is:";
    }
    return {};
}

// A text that is said within the newest few ids. Each adds a byte at least.
bool endsIn(const std::string& text, const Tokenizer& tokenizer,
            const std::vector<std::int64_t>& generated) {
    const auto few = std::min(generated.size(), text.size() + 1);
    const std::vector<std::int64_t> newest(generated.end() - static_cast<std::ptrdiff_t>(few),
                                           generated.end());
    return tokenizer.decode(newest).find(text) != std::string::npos;
}

void addDialectRules(const Dialect& dialect, const Tokenizer& tokenizer, RowRules& rules) {
    rules.dialect = dialect;
    rules.answerLead = tokenizer.encode(answerLeadOf(dialect));
    if (!dialect.afterForced.empty())
        rules.afterForced = tokenizer.encode(dialect.afterForced).front();
    if (!dialect.stopText.empty())
        rules.saysStop = [tokenizer, text = dialect.stopText](const auto& generated) {
            return endsIn(text, tokenizer, generated);
        };
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
                                    const DialectChoice& choice,
                                    const std::filesystem::path& folder) {
    auto sentences = model.warnings();
    for (const auto& sentence : choice.warnings)
        sentences.push_back(folder.string() + ": " + sentence);
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

// A method's own defaults; LVR's are this program's.
void addDialect(const LvrCheckpoint& checkpoint, DecodeSettings& settings) {
    const auto& dialect = checkpoint.rules.dialect;
    settings.origins["dialect"] = dialect.name + ": " + checkpoint.dialectChoice.reason;
    if (isLvr(dialect)) return;
    auto& options = settings.options;
    const auto say = [&](const char* name) { settings.origins[name] = "dialect"; };
    options.exit = exitOf(dialect), say("exit");
    if (dialect.forcesStart) options.spanStart = SpanStart::Forced, say("force-start");
    if (dialect.forcesEnd) options.spanEnd = SpanEnd::Forced, say("force-end");
    if (dialect.maxNewTokens) options.maxNewTokens = *dialect.maxNewTokens, say("max-new-tokens");
    if (dialect.sampling) {
        options.sampling = *dialect.sampling;
        for (const auto* name : {"temperature", "top-p", "top-k", "repetition-penalty"}) say(name);
    }
    if (checkpoint.limitsPictures || !dialect.pixels.max) return;
    options.pixels = dialect.pixels;
    for (const auto* name : {"min-pixels", "max-pixels"}) say(name);
}

void addGeneration(const GenerationConfig& generation, DecodeSettings& settings) {
    auto& options = settings.options;
    const auto say = [&](const char* name) { settings.origins[name] = "generation_config.json"; };
    static constexpr std::pair<const char*, const char*> kFields[] = {
        {"do_sample", "temperature"}, {"temperature", "temperature"},
        {"top_p", "top-p"},           {"top_k", "top-k"},
        {"min_p", "min-p"},           {"repetition_penalty", "repetition-penalty"}};
    const bool saysHow = std::ranges::any_of(
        kFields, [&](const auto& field) { return generation.said.contains(field.first); });
    if (saysHow) options.sampling = generation.sampling;
    for (const auto& [field, name] : kFields) {
        if (saysHow && settings.origins[name] == "dialect") settings.origins[name] = "default";
        if (generation.said.contains(field)) say(name);
    }
    if (generation.maxNewTokens)
        options.maxNewTokens = *generation.maxNewTokens, say("max-new-tokens");
    if (generation.exit) options.exit = *generation.exit, say("exit");
    if (!generation.forceStart) return;
    options.spanStart = *generation.forceStart ? SpanStart::Forced : SpanStart::Sampled;
    say("force-start");
}

}  // namespace

FoundDialect dialectIn(const std::filesystem::path& folder, const Tokenizer& tokenizer,
                       const std::string& asked) {
    const auto generationFile =
        folderWith(folder, "generation_config.json") / "generation_config.json";
    const auto config = JsonFields::read(folderWith(folder, "config.json") / "config.json");
    const auto generation = std::filesystem::exists(generationFile)
                                ? JsonFields::read(generationFile)
                                : JsonFields(Json::object(), generationFile.string());
    const auto sidecarFolder = folderWith(folder, "lvr_workbench.json");
    const auto sidecar = readProvenance(sidecarFolder);
    try {
        return dialectOf({.config = config,
                          .generation = generation,
                          .idOf = [&](const std::string& token) { return tokenizer.id(token); },
                          .sidecar = sidecar ? sidecar->dialect : "",
                          .sidecarFile = (sidecarFolder / "lvr_workbench.json").string()},
                         asked);
    } catch (const Error& error) {
        const std::string what = error.what();
        if (what.find(folder.string()) == 0) throw;  // it names its file
        throw Error(folder.string() + ": " + what);
    }
}

LvrCheckpoint LvrCheckpoint::open(const std::string& folderOrRepoId, const LoadOptions& options,
                                  const std::string& dialect) {
    const auto folder = findCheckpoint(folderOrRepoId);
    auto tokenizer = Tokenizer::open(folderWith(folder, "tokenizer_config.json"));
    const auto found = dialectIn(folder, tokenizer, dialect);
    auto model = LvrModel::open(folder, options);
    const auto& config = model.config();
    const auto generation = readGenerationConfig(folderWith(folder, "generation_config.json"));
    const auto tokens = tokensOf(tokenizer, found, config, folder);
    RowRules rules{
        .tokens = tokens, .stopIds = generation.eosTokenIds, .padId = generation.padTokenId};
    addDialectRules(found.dialect, tokenizer, rules);
    const auto pictures = PreprocessConfig::open(folder);
    checkCutAlike(pictures, config.vision, folder);
    auto provenance = readProvenance(folderWith(folder, "lvr_workbench.json"));
    auto warnings = warningsOf(model, generation, found.choice, folder);
    const auto chat = templateOf(folder, *config.backbone).style;
    return {.name = folderOrRepoId,
            .model = std::move(model),
            .tokenizer = std::move(tokenizer),
            .preprocess = pictures,
            .rules = std::move(rules),
            .provenance = std::move(provenance),
            .generation = generation,
            .warnings = std::move(warnings),
            .chat = chat,
            .dialectChoice = found.choice,
            .limitsPictures = saysPictureLimits(folderWith(folder, "preprocessor_config.json"))};
}

std::vector<std::int64_t> LvrCheckpoint::prompt(const std::vector<PatchGrid>& grids,
                                                const std::string& question,
                                                const std::string& system) const {
    return chatPrompt(tokenizer, grids, question, rules.dialect, system, chat);
}

bool saysPictureLimits(const std::filesystem::path& folder) {
    const auto says = [](const Json& json) {
        return json.is_object() && (json.contains("size") || json.contains("min_pixels") ||
                                    json.contains("max_pixels"));
    };
    const auto processor = readJsonOrNull(folder / "processor_config.json");
    return says(readJsonOrNull(folder / "preprocessor_config.json")) ||
           (processor.is_object() && processor.contains("image_processor") &&
            says(processor["image_processor"]));
}

ChatStyle chatStyleOf(const std::filesystem::path& folder) {
    const auto* backbone = readModelConfig(folderWith(folder, "config.json")).backbone;
    return templateOf(folder, *backbone).style;
}

bool LvrCheckpoint::isMark(std::int64_t id) const {
    const auto& tokens = rules.tokens;
    if (id < 0) return false;
    return id == tokens.start || id == tokens.latent || id == tokens.end || id == tokens.latentEnd;
}

std::string LvrCheckpoint::spoken(const std::vector<std::int64_t>& ids) const {
    std::vector<std::int64_t> words;
    std::ranges::copy_if(ids, std::back_inserter(words), [&](auto id) { return !isMark(id); });
    return tokenizer.decode(words, SkipSpecial::Yes);
}

void LvrCheckpoint::checkThinks() const {
    if (rules.tokens.areThere()) return;
    throw Error(name + ": its vocab_size " + std::to_string(model.config().text.vocabSize) +
                " leaves no rows of the embedding for " + rules.dialect.start +
                " and the other LVR tokens, so that it can't think in latents; ask it with "
                "--exit none, or take a checkpoint whose embedding has spare rows");
}

DecodeSettings LvrCheckpoint::decoding() const {
    DecodeSettings settings{.options = {.exit = FixedSteps{8}}};
    for (const auto& [name, value] : optionTexts(settings.options))
        settings.origins[name] = "default";
    addDialect(*this, settings);
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
