#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace lvr {

// Our sidecar lvr_workbench.json: what config.json has no place for (lvr-spec 1.3).
struct Provenance {
    std::string defaultExit;      // exit rule the model was trained for, e.g. "end-prob:0.5:16"
    std::string latentFeed;       // what it was trained to be fed: "own" or "filler"; empty = own
    std::string latentAttention;  // who attended to the latents: "thought", or "all"; empty = all
    std::string roiTokens;        // which tokens of a region were targets (RoiTokens); empty = all
    std::string headPositions;    // of an lvr_head: "consistent" or "released"; empty = consistent
    std::string dialect;          // how it thinks, where its own files do not say so; else empty
    std::string command;          // every command since the first, one a line
    std::uint64_t seed = 0;
    std::string data;
    std::string notes;
    std::string others;  // a JSON object of what another version of this program wrote; or empty
    bool operator==(const Provenance&) const = default;
};
std::optional<Provenance> readProvenance(const std::filesystem::path& folder);
// What is made from a checkpoint by one more command: all that is known of the checkpoint still
// holds until the maker says otherwise.
Provenance madeFrom(const std::optional<Provenance>& parent, const std::string& command);
void writeProvenance(const Provenance& provenance, const std::filesystem::path& folder);

}  // namespace lvr
