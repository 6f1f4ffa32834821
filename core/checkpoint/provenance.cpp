#include "core/checkpoint/provenance.h"

#include "core/files/atomic_file.h"
#include "core/files/json_file.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr const char* kProvenance = "lvr_workbench.json";

// Of a sidecar: the fields that are not ours.
std::string othersIn(const std::string& sidecar) {
    auto json = Json::parse(sidecar);
    for (const auto* ours : {"default_exit", "latent_feed", "latent_attention", "roi_tokens",
                             "head_positions", "dialect", "command", "seed", "data", "notes"})
        json.erase(ours);
    return json.empty() ? "" : json.dump();
}

}  // namespace

std::optional<Provenance> readProvenance(const fs::path& folder) {
    const auto file = folder / kProvenance;
    std::error_code ignored;
    if (!fs::exists(file, ignored)) return std::nullopt;
    const auto fields = JsonFields::read(file);
    return Provenance{.defaultExit = fields.get<std::string>("default_exit", ""),
                      .latentFeed = fields.get<std::string>("latent_feed", ""),
                      .latentAttention = fields.get<std::string>("latent_attention", ""),
                      .roiTokens = fields.get<std::string>("roi_tokens", ""),
                      .headPositions = fields.get<std::string>("head_positions", ""),
                      .dialect = fields.get<std::string>("dialect", ""),
                      .command = fields.get<std::string>("command", ""),
                      .seed = fields.get<std::uint64_t>("seed", 0),
                      .data = fields.get<std::string>("data", ""),
                      .notes = fields.get<std::string>("notes", ""),
                      .others = othersIn(readTextFile(file))};
}

Provenance madeFrom(const std::optional<Provenance>& parent, const std::string& command) {
    auto made = parent.value_or(Provenance());
    made.command += (made.command.empty() ? "" : "\n") + command;
    return made;
}

void writeProvenance(const Provenance& provenance, const fs::path& folder) {
    Json json = provenance.others.empty() ? Json::object() : Json::parse(provenance.others);
    json.update({{"default_exit", provenance.defaultExit},
                 {"latent_feed", provenance.latentFeed},
                 {"command", provenance.command},
                 {"seed", provenance.seed},
                 {"data", provenance.data},
                 {"notes", provenance.notes}});
    if (!provenance.latentAttention.empty()) json["latent_attention"] = provenance.latentAttention;
    if (!provenance.roiTokens.empty()) json["roi_tokens"] = provenance.roiTokens;
    if (!provenance.headPositions.empty()) json["head_positions"] = provenance.headPositions;
    if (!provenance.dialect.empty()) json["dialect"] = provenance.dialect;
    writeJson(json, folder / kProvenance);
}

}  // namespace lvr
