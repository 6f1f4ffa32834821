#include "app/ask/regions_file.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/atomic_file.h"

namespace lvr {
namespace {

constexpr int kRegionsVersion = 1;

Box regionFrom(const nlohmann::json& json) {
    const Box box{json.at(0), json.at(1), json.at(2), json.at(3), json.at(4)};
    const bool inside = box.x0 >= 0 && box.y0 >= 0 && box.x1 <= 1 && box.y1 <= 1;
    if (!inside || box.x0 >= box.x1 || box.y0 >= box.y1 || box.image < 0)
        throw Error("a region lies outside its picture");
    return box;
}

std::vector<Box> regionsFrom(const nlohmann::json& json) {
    if (json.at("version") > kRegionsVersion) throw Error("a newer version wrote it");
    std::vector<Box> boxes;
    for (const auto& region : json.at("regions")) boxes.push_back(regionFrom(region));
    return boxes;
}

}  // namespace

std::optional<std::vector<Box>> readRegions(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return std::nullopt;
    std::ifstream stream(file);
    try {
        return regionsFrom(nlohmann::json::parse(stream));
    } catch (const std::exception& error) {
        throw Error("the regions in " + file.string() + " can't be read (" + error.what() +
                    "); draw them again");
    }
}

void writeRegions(const std::vector<Box>& boxes, const std::filesystem::path& file) {
    auto regions = nlohmann::json::array();
    for (const Box& box : boxes) regions.push_back({box.x0, box.y0, box.x1, box.y1, box.image});
    const nlohmann::json json{{"version", kRegionsVersion}, {"regions", regions}};
    writeFileAtomically(file, json.dump() + "\n");
}

}  // namespace lvr
