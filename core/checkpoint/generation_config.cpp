#include "core/checkpoint/generation_config.h"

#include <map>

#include "core/checkpoint/config_ids.h"
#include "core/files/atomic_file.h"
#include "core/files/json_file.h"
#include "core/values/option_field.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr const char* kGeneration = "generation_config.json";

using Ints = std::vector<std::int64_t>;
using OrderedJson = nlohmann::ordered_json;

double within(const JsonFields& fields, const std::string& key, double fallback, double lowest,
              double highest) {
    const double value = fields.get<double>(key, fallback);
    if (!(value >= lowest && value <= highest))
        fields.fail(key, "must be from " + numberText(lowest) + " to " + numberText(highest));
    return value;
}

SamplingOptions readSampling(const JsonFields& fields) {
    const bool samples = fields.get<bool>("do_sample", false);
    const auto topK = fields.get<std::int64_t>("top_k", samples ? 50 : 0);
    if (topK < 0 || topK > 1'000'000) fields.fail("top_k", "must be from 0 to 1000000");
    const double temperature = within(fields, "temperature", 1, 0, 100);
    return {.temperature = samples ? temperature : 0,
            .topP = within(fields, "top_p", 1, 1e-6, 1),
            .topK = static_cast<int>(topK),
            .minP = within(fields, "min_p", 0, 0, 1),
            .repetitionPenalty = within(fields, "repetition_penalty", 1, 0.01, 100)};
}

std::optional<int> readMaxNewTokens(const JsonFields& fields) {
    constexpr std::int64_t kMost = 1'000'000;
    const auto most = fields.find<std::int64_t>("max_new_tokens");
    if (!most) return std::nullopt;
    if (*most < 1 || *most > kMost)
        fields.fail("max_new_tokens", "is " + std::to_string(*most) + " and must be from 1 to " +
                                          std::to_string(kMost));
    return static_cast<int>(*most);
}

constexpr const char* kExitFields[] = {"decoding_strategy", "lvr_steps", "criterion",
                                       "lvr_end_threshold"};

// A number or a list of one (lvr-spec 4.2).
std::optional<int> readLvrSteps(const JsonFields& fields) {
    const char* key = "lvr_steps";
    if (!fields.has(key)) return std::nullopt;
    const auto steps =
        fields.isArray(key) ? fields.get<Ints>(key) : Ints{fields.get<std::int64_t>(key)};
    if (steps.size() != 1 || steps[0] < 0 || steps[0] > 1'000'000)
        fields.fail(key, "must be one number from 0 to 1000000");
    return static_cast<int>(steps[0]);
}

LatentEndMetric readCriterion(const JsonFields& fields) {
    const auto name = fields.get<std::string>("criterion", "mse");
    if (name == "mse") return LatentEndMetric::Mse;
    if (name == "mae") return LatentEndMetric::Mae;
    if (name == "cosine") return LatentEndMetric::Cosine;
    fields.fail("criterion", "is '" + name + "' and must be mse, mae or cosine");
}

// The release's three loops (lvr-spec 4.2 to 4.4); steps alone are the first one's.
std::optional<ExitRule> readExit(const JsonFields& fields) {
    const auto steps = readLvrSteps(fields);
    const auto strategy = fields.get<std::string>("decoding_strategy", "steps");
    if (strategy == "steps")
        return steps ? std::optional<ExitRule>(FixedSteps{*steps}) : std::nullopt;
    if (strategy == "latent") {
        const NearLatentEnd usual;
        return NearLatentEnd{
            .metric = readCriterion(fields),
            .threshold = within(fields, "lvr_end_threshold", usual.threshold, 0, 1e9),
            .cap = steps.value_or(usual.cap)};
    }
    return EndToken{.cap = steps.value_or(EndToken().cap)};
}

// Names of fields whose value is not the one that changes nothing.
std::vector<std::string> notBuiltIn(const Json& generation) {
    static const std::map<std::string, Json> kWithoutEffect{
        {"num_beams", 1},
        {"num_beam_groups", 1},
        {"typical_p", 1.0},
        {"top_h", nullptr},
        {"epsilon_cutoff", 0.0},
        {"eta_cutoff", 0.0},
        {"no_repeat_ngram_size", 0},
        {"encoder_no_repeat_ngram_size", 0},
        {"encoder_repetition_penalty", 1.0},
        {"min_length", 0},
        {"min_new_tokens", 0},
        {"bad_words_ids", nullptr},
        {"force_words_ids", nullptr},
        {"constraints", nullptr},
        {"forced_bos_token_id", nullptr},
        {"forced_eos_token_id", nullptr},
        {"suppress_tokens", nullptr},
        {"begin_suppress_tokens", nullptr},
        {"sequence_bias", nullptr},
        {"exponential_decay_length_penalty", nullptr},
        {"guidance_scale", 1.0},
        {"penalty_alpha", 0.0},
        {"dola_layers", nullptr},
        {"stop_strings", nullptr},
        {"watermarking_config", nullptr},
        {"max_time", nullptr},
        {"token_healing", false}};
    std::vector<std::string> names;
    for (const auto& [name, without] : kWithoutEffect)
        if (generation.contains(name) && !generation[name].is_null() &&
            generation[name] != without && generation[name] != Json::array())
            names.push_back(name);
    return names;
}

}  // namespace

GenerationConfig readGenerationConfig(const fs::path& folder) {
    const auto file = folder / kGeneration;
    std::error_code ignored;
    const bool isThere = fs::exists(file, ignored);
    const auto fields = JsonFields::read(isThere ? file : folder / "config.json");
    GenerationConfig config;
    config.eosTokenIds =
        isThere ? idsIn(fields, "eos_token_id") : idsAnywhere(fields, "eos_token_id");
    const auto pad = isThere ? idsIn(fields, "pad_token_id") : idsAnywhere(fields, "pad_token_id");
    if (!pad.empty())
        config.padTokenId = pad.front();
    else if (!config.eosTokenIds.empty())
        config.padTokenId = config.eosTokenIds.front();
    if (!isThere) return config;
    config.sampling = readSampling(fields);
    config.maxNewTokens = readMaxNewTokens(fields);
    config.forceStart = fields.find<bool>("force_lvr_start");
    config.exit = readExit(fields);
    for (const auto& key : fields.keys())
        if (fields.has(key)) config.said.insert(key);
    config.notBuiltIn = notBuiltIn(parseJson(readTextFile(file), file.string()));
    return config;
}

void writeGenerationConfig(const GenerationConfig& config, const fs::path& folder) {
    Json json{{"do_sample", false}, {"pad_token_id", config.padTokenId}};
    if (!config.eosTokenIds.empty()) json["eos_token_id"] = config.eosTokenIds;
    writeJson(json, folder / kGeneration);
}

void writeGenerationExit(const ExitRule& exit, const fs::path& folder) {
    const auto file = folder / kGeneration;
    if (!fs::exists(file)) return;
    const auto said = readGenerationConfig(folder).exit;
    if (!said || *said == exit) return;
    auto json = OrderedJson::parse(readTextFile(file));
    const bool namesStrategy = json.contains("decoding_strategy");
    for (const auto* field : kExitFields) json.erase(field);
    if (const auto* fixed = std::get_if<FixedSteps>(&exit)) {
        json["lvr_steps"] = fixed->count;
        // Steps without it are what ReaLVR writes.
        if (namesStrategy) json["decoding_strategy"] = "steps";
    }
    writeFileAtomically(file, json.dump(2) + "\n");
}

}  // namespace lvr
