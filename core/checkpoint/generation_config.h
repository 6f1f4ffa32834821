#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/values/options.h"

namespace lvr {

// generation_config.json, or config.json when the folder has none, as transformers' generate() and
// the published LVR code take it (lvr-spec 4). Without a pad id, rows are padded with the first eos
// id.
struct GenerationConfig {
    std::vector<std::int64_t> eosTokenIds;
    std::int64_t padTokenId = 0;
    // Greedy, whatever the temperature, unless `do_sample`; then top_k is 50 where it is not given.
    SamplingOptions sampling;
    std::optional<int> maxNewTokens;
    std::optional<bool> forceStart;  // `force_lvr_start`
    std::optional<ExitRule> exit;    // `decoding_strategy` with its `lvr_steps` and thresholds
    std::set<std::string> said;      // fields that are there
    // Fields that would change what is generated and that this program does not have.
    std::vector<std::string> notBuiltIn;
    bool operator==(const GenerationConfig&) const = default;
};
GenerationConfig readGenerationConfig(const std::filesystem::path& folder);
void writeGenerationConfig(const GenerationConfig& config, const std::filesystem::path& folder);
// Where a folder's generation_config.json has an exit rule, it is to be this one. Other fields
// stay.
void writeGenerationExit(const ExitRule& exit, const std::filesystem::path& folder);

}  // namespace lvr
