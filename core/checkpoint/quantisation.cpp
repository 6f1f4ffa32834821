#include "core/checkpoint/quantisation.h"

#include <nlohmann/json.hpp>

#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/files/json_file.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

constexpr const char* kField = "quantization_config";
constexpr const char* kOurs = "lvr";
constexpr std::int64_t kBlock = 32;  // of weights that are read together

bool isGroup(std::int64_t group) { return group > 0 && group % kBlock == 0; }

}  // namespace

int bitsOf(const Quantisation& quantisation, const std::string& name, std::int64_t in) {
    if (in % quantisation.group != 0) return 0;
    if (name == "lm_head.weight" || name == "model.embed_tokens.weight") return 8;
    return name.starts_with("model.layers.") ? quantisation.bits : 0;
}

void check(const Quantisation& quantisation) {
    if (quantisation.bits != 8 && quantisation.bits != 4)
        throw Error("weights can't be kept in " + std::to_string(quantisation.bits) +
                    " bits; choose 8 or 4");
    if (!isGroup(quantisation.group))
        throw Error("a group of " + std::to_string(quantisation.group) +
                    " weights can't share a scale; choose 32 or a multiple of it");
}

std::optional<Quantisation> readQuantisation(const fs::path& folder) {
    if (quantisationOf(folder) != kOurs) return std::nullopt;
    const auto top = JsonFields::read(folder / "config.json");
    const auto said = top.object(kField);
    if (!said) top.failMissing(kField);
    said->allowOnly({"quant_method", "bits", "group_size"});
    const auto bits = said->get<std::int64_t>("bits"),
               group = said->get<std::int64_t>("group_size");
    if (bits != 8 && bits != 4)
        said->fail("bits", "is " + std::to_string(bits) + "; weights are read in 8 or 4");
    if (!isGroup(group))
        said->fail("group_size",
                   "is " + std::to_string(group) + "; it must be 32 or a multiple of it");
    return Quantisation{static_cast<int>(bits), group};
}

void writeQuantisation(const Quantisation& quantisation, const fs::path& folder) {
    const auto file = folder / "config.json";
    auto json = nlohmann::ordered_json::parse(readTextFile(file));
    json[kField] = {
        {"quant_method", kOurs}, {"bits", quantisation.bits}, {"group_size", quantisation.group}};
    writeFileAtomically(file, json.dump(2) + "\n");
}

std::string toText(const Quantisation& quantisation) {
    return "int" + std::to_string(quantisation.bits) + ", groups of " +
           std::to_string(quantisation.group);
}

}  // namespace lvr
