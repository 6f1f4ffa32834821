#include "core/checkpoint/dialect_of.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/error.h"

namespace lvr {
namespace {

// Names of the ids in config.json.
struct IdFields {
    const char *start, *latent, *end;
};

IdFields idFieldsOf(const std::string& dialect) {
    if (dialect == "lantern") return {"lvr_start_id", "lvr_sep_id", "lvr_end_id"};
    if (dialect == "monet" || dialect == "mirage" || dialect == "ilvr")
        return {"latent_start_id", "latent_token_id", "latent_end_id"};
    if (dialect == "skila") return {"sketch_start_id", "skila_id", "sketch_end_id"};
    if (dialect == "hylar") return {"canvas_start_id", "canvas_id", "canvas_end_id"};
    if (dialect == "swimbird") return {"latent_start_id", "latent_id", "latent_end_id"};
    if (dialect == "laser" || dialect == "laser-steps")
        return {"laser_start_id", "laser_id", "laser_end_id"};
    return {"lvr_start_id", "lvr_id", "lvr_end_id"};
}

// Whether a method adds its latent token before its start.
bool addsLatentFirst(const std::string& dialect) {
    constexpr std::array kOnes{"monet", "mirage", "ilvr", "skila", "hylar", "swimbird"};
    return std::ranges::any_of(kOnes, [&](const char* one) { return dialect == one; });
}

// Fields of config.json: at its top level, else in text_config.
class ConfigFields {
public:
    explicit ConfigFields(const JsonFields& top) : top_(top), nested_(top.object("text_config")) {}
    bool has(const std::string& key) const {
        return top_.has(key) || (nested_ && nested_->has(key));
    }
    template <class T>
    std::optional<T> find(const std::string& key) const {
        return top_.has(key) || !nested_ ? top_.find<T>(key) : nested_->find<T>(key);
    }
    const JsonFields& holding(const std::string& key) const {
        return top_.has(key) || !nested_ ? top_ : *nested_;
    }

private:
    const JsonFields& top_;
    std::optional<JsonFields> nested_;
};

constexpr const char* kMirageToo =
    "Mirage and ILVR write the same fields and tokens, so that this may also be a Mirage model; it "
    "is decoded as ILVR unless you say --dialect mirage";

std::optional<DialectChoice> byFields(const ConfigFields& config, const JsonFields& generation) {
    const auto chosen = [](const char* name, const std::string& fields) {
        return DialectChoice{.name = name, .reason = "config.json has " + fields};
    };
    if (config.has("lvr_sep_id")) return chosen("lantern", "lvr_sep_id");
    if (config.has("skila_id")) return chosen("skila", "skila_id");
    if (config.has("canvas_id")) return chosen("hylar", "canvas_id");
    if (config.has("laser_start_id")) return chosen("laser", "laser_start_id");
    if (config.has("latent_id") && config.has("max_latent_token"))
        return chosen("swimbird", "latent_id and max_latent_token");
    if (config.has("latent_token_id") && config.has("latent_start_id")) {
        const std::string both = "latent_token_id and latent_start_id";
        for (const auto* size : {"latent_size", "compress_strategy"})
            if (config.has(size)) {
                auto choice = chosen("ilvr", both + " with " + size);
                choice.warnings.emplace_back(kMirageToo);
                return choice;
            }
        return chosen("monet", both + " without latent_size");
    }
    if (!config.has("lvr_start_id") || !config.has("lvr_id")) return std::nullopt;
    for (const auto* field : {"lvr_steps", "force_lvr_start"})
        if (generation.has(field) && !generation.has("decoding_strategy"))
            return DialectChoice{
                .name = "realvr",
                .reason = std::string("config.json has lvr_start_id and lvr_id, and "
                                      "generation_config.json has ") +
                          field};
    if (!config.has("lvr_latent_end_id"))
        return chosen("realvr", "lvr_start_id and lvr_id without lvr_latent_end_id");
    return chosen("lvr", "lvr_start_id and lvr_id");
}

// In the order that tells those apart that share tokens.
std::optional<DialectChoice> byTokens(const DialectEvidence& evidence) {
    for (const auto* name :
         {"lantern", "skila", "hylar", "laser", "swimbird", "ilvr", "monet", "lvr", "realvr"}) {
        const auto& dialect = dialectNamed(name);
        const bool has = std::ranges::all_of(
            std::array{dialect.start, dialect.latent, dialect.end, dialect.latentEnd},
            [&](const std::string& token) { return token.empty() || evidence.idOf(token); });
        if (!has) continue;
        DialectChoice choice{.name = name,
                             .reason = "its tokenizer has " + dialect.start + ", " +
                                       dialect.latent + " and " + dialect.end};
        if (choice.name == "ilvr") choice.warnings.emplace_back(kMirageToo);
        return choice;
    }
    return std::nullopt;
}

// Methods whose tokens stand for something else than a state that is fed back.
std::vector<std::string> anchorWarnings(const DialectEvidence& evidence,
                                        const ConfigFields& config) {
    std::vector<std::string> sentences;
    if (evidence.idOf("<|anchor_start|>") && evidence.idOf("<|anchor_end|>"))
        sentences.emplace_back(
            "its anchor tokens from <|anchor_start|> to <|anchor_end|> are CoVT's: they are said "
            "and read as tokens, and nothing is fed back, so that there are no latents to look at; "
            "answers say where such spans are");
    const bool hasTokens = evidence.idOf("<lvr1>") && evidence.idOf("<lvr2>");
    if (config.has("v_top_dim") || hasTokens)
        sentences.emplace_back(
            std::string(config.has("v_top_dim") ? "config.json has v_top_dim"
                                                : "its tokenizer has <lvr1> and <lvr2>") +
            ", which is LaViT's: its tokens for visual thoughts are said and read as tokens, and "
            "nothing is fed back, so that there are no latents to look at; answers say where such "
            "spans are");
    return sentences;
}

// They write no field of their own into config.json, but the name of their class.
void refuseOtherClasses(const JsonFields& config) {
    if (!config.isArray("architectures")) return;
    const auto names = config.get<std::vector<std::string>>("architectures");
    for (const auto& name : names)
        if (name.starts_with("UniQwen") || name.starts_with("GemmaGen"))
            config.fail("architectures",
                        "has " + name +
                            ", which is Latent Sketchpad's: its thoughts are pictures' visual "
                            "tokens that a head of its own makes from many states at once, and no "
                            "state is fed back; that head and its decoder are not built in");
}

void refuseOtherLoops(const ConfigFields& config, const DialectEvidence& evidence) {
    const auto refuse = [&](const char* field, const std::string& what) {
        config.holding(field).fail(field, what);
    };
    refuseOtherClasses(evidence.config);
    if (evidence.idOf("<|start-latent|>") && evidence.idOf("<|end-latent|>"))
        throw Error(
            "its tokenizer has <|start-latent|> and <|end-latent|>, as IVT-LR's has: after each "
            "latent that method puts visual tokens of the picture into the sequence, those that "
            "its attention picks; a decoding that feeds one vector a position can't do that, and "
            "it is not built in");
    if (config.has("ell_star") && config.has("num_recurrent_steps"))
        refuse("num_recurrent_steps",
               "says that this is a CVRR model, which runs one of its layers several times instead "
               "of feeding a state back; that loop is not built in");
    const auto type = config.find<std::string>("model_type").value_or("");
    if (type.starts_with("cvrr"))
        refuse("model_type",
               "is " + type +
                   ", a CVRR model, which runs one of its layers several times instead of feeding "
                   "a state back; that loop is not built in");
}

// "monet:151665" -> the name, and the id
std::pair<std::string, std::optional<std::int64_t>> splitAsked(const std::string& asked) {
    const auto colon = asked.find(':');
    if (colon == asked.npos) return {asked, std::nullopt};
    constexpr std::int64_t kMost = 1'000'000'000;  // beyond any vocabulary
    std::int64_t first = -1;
    const auto* end = asked.data() + asked.size();
    const auto [stop, failed] = std::from_chars(asked.data() + colon + 1, end, first);
    if (failed != std::errc() || stop != end || first < 0 || first > kMost)
        throw Error("dialect \"" + asked +
                    "\": behind the colon stands the id of the method's first token, as in "
                    "\"monet:151665\"");
    return {asked.substr(0, colon), first};
}

void checkHasTokens(const FoundDialect& found, const DialectEvidence& evidence) {
    std::string missing;
    for (const auto* token : {&found.start, &found.latent, &found.end})
        if (!token->configured && !evidence.idOf(token->text))
            missing += (missing.empty() ? "" : ", ") + token->text;
    if (missing.empty()) return;
    throw Error("the tokenizer lacks " + missing + ", which a model of " + found.dialect.method +
                " has; choose another dialect, or say the id of its first token, as in \"" +
                found.dialect.name + ":151665\"");
}

void readCount(const ConfigFields& config, Dialect& dialect) {
    const auto& field = dialect.countField;
    if (field.empty() || !config.has(field)) return;
    constexpr std::int64_t kMost = 10'000;
    const auto count = config.find<std::int64_t>(field).value_or(0);
    if (count < 1 || count > kMost)
        config.holding(field).fail(field, "is " + std::to_string(count) +
                                              " and must be from 1 to " + std::to_string(kMost));
    dialect.count = static_cast<int>(count) * dialect.countTimes;
}

std::string dialectInSidecar(const DialectEvidence& evidence) {
    try {
        return dialectNamed(evidence.sidecar).name;
    } catch (const Error& error) {
        throw Error(evidence.sidecarFile + ": dialect: " + error.what());
    }
}

// The ids that somebody says: from `first` on, in the order in which the method adds its tokens.
void giveIds(std::int64_t first, const DialectEvidence& evidence, FoundDialect& found) {
    std::vector<NamedToken*> order{&found.start, &found.latent};
    if (addsLatentFirst(found.dialect.name)) std::swap(order[0], order[1]);
    if (found.latentEnd) order.push_back(&*found.latentEnd);
    order.push_back(&found.end);
    for (auto* token : order) {
        const auto known = evidence.idOf(token->text);
        if (known && *known != first)
            throw Error("the tokenizer has " + token->text + " as id " + std::to_string(*known) +
                        ", and by what you say it is " + std::to_string(first) +
                        "; leave out the id");
        token->configured = first++;
    }
}

DialectChoice chosenBy(const DialectEvidence& evidence, const ConfigFields& config,
                       const std::string& asked) {
    if (!asked.empty())
        return {.name = dialectNamed(asked).name, .reason = "you said so", .isAsked = true};
    if (!evidence.sidecar.empty())
        return {.name = dialectInSidecar(evidence), .reason = "lvr_workbench.json says so"};
    if (auto choice = byFields(config, evidence.generation)) return *std::move(choice);
    if (auto choice = byTokens(evidence)) return *std::move(choice);
    return {.name = "plain", .reason = "neither config.json nor the tokenizer names a method"};
}

}  // namespace

FoundDialect dialectOf(const DialectEvidence& evidence, const std::string& asked) {
    const ConfigFields config(evidence.config);
    refuseOtherLoops(config, evidence);
    const auto [name, first] = splitAsked(asked);
    FoundDialect found;
    found.choice = chosenBy(evidence, config, name);
    found.dialect = dialectNamed(found.choice.name);
    auto& dialect = found.dialect;
    readCount(config, dialect);
    const auto fields = idFieldsOf(dialect.name);
    const auto idIn = [&](const char* field) { return config.find<std::int64_t>(field); };
    found.start = {dialect.start, idIn(fields.start)};
    found.latent = {dialect.latent, idIn(fields.latent)};
    found.end = {dialect.end, idIn(fields.end)};
    if (!dialect.latentEnd.empty())
        found.latentEnd = {dialect.latentEnd, idIn("lvr_latent_end_id")};
    if (first) giveIds(*first, evidence, found);
    if (!isLvr(dialect)) checkHasTokens(found, evidence);
    const auto anchors = anchorWarnings(evidence, config);
    auto& warnings = found.choice.warnings;
    warnings.insert(warnings.end(), anchors.begin(), anchors.end());
    return found;
}

}  // namespace lvr
