#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/eval/score.h"
#include "core/model/lvr_checkpoint.h"
#include "tests/support/golden.h"

// The cases of sft.json, as what scores and trains takes them.
namespace golden {

inline nlohmann::json& sftCases() {
    static nlohmann::json all = json("sft.json")["cases"];
    return all;
}

// The case's model with the configuration it was run with. Its tensors are nobody else's.
inline lvr::LvrCheckpoint checkpointOf(const nlohmann::json& c) {
    const auto folder = modelFolder(c["model"]).string();
    auto checkpoint = lvr::LvrCheckpoint::open(folder);
    auto config = checkpoint.model.config();
    const auto& override = c["config_override"];
    if (!c["forward"].value("lvr_head", false)) config.lvr.head = lvr::LvrHead::None;
    config.lvr.latentEndToken = override.value("latent_end_token", config.lvr.latentEndToken);
    std::map<std::string, torch::Tensor> tensors;
    for (const auto& [name, tensor] : checkpoint.model.parameters()) tensors[name] = tensor.clone();
    checkpoint.model =
        lvr::LvrModel(config, lvr::Parameters([&](const std::string& name, at::IntArrayRef) {
                          return tensors.at(name);
                      }));
    checkpoint.preprocess.minPixels = c["min_pixels"];
    checkpoint.preprocess.maxPixels = c["max_pixels"];
    return checkpoint;
}

inline std::vector<lvr::ScoreRecord> recordsOf(const nlohmann::json& c) {
    std::vector<lvr::ScoreRecord> records;
    for (const auto& given : c["records"]) {
        std::string question = given["conversations"][0]["value"];
        lvr::ScoreRecord record{.name = c["key"],
                                .images = {path(given["image"])},
                                .question = question.substr(std::string("<image>\n").size()),
                                .response = given["conversations"][1]["value"]};
        for (const auto& b : given["bboxes"]) record.boxes.push_back({b[0], b[1], b[2], b[3]});
        records.push_back(record);
    }
    return records;
}

}  // namespace golden
