#pragma once

#include <string>

#include "tests/support/decoding.h"

// Cases of tests/goldens/dialects (README there).
namespace dialects {

using Json = nlohmann::json;

// One method's folder of cases.
class Cases {
public:
    explicit Cases(const std::string& name)
        : name_(name),
          json_(golden::json("dialects/" + name + "/cases.json")),
          tensors_("dialects/" + name + "/cases.safetensors") {}

    const Json& all() const { return json_["cases"]; }
    const Json& named(const std::string& key) const {
        for (const auto& c : all())
            if (c["key"] == key) return c;
        throw std::out_of_range(name_ + " has no case " + key);
    }
    torch::Tensor tensor(const Json& c, const std::string& of) const {
        return tensors_[c["key"].get<std::string>() + "/" + of];
    }
    std::filesystem::path folder() const {
        return golden::path("dialects/" + name_ + "/" + json_["model"].get<std::string>());
    }

    // As the case has it: its rows of the head, its stop tokens.
    lvr::LvrCheckpoint checkpoint(const Json& c) const {
        const bool steps = c["call"].value("strategy", "") == "steps";
        const bool isLaser = name_ == "laser";
        auto checkpoint =
            lvr::LvrCheckpoint::open(folder().string(), {.use = lvr::LoadOptions::Use::Training},
                                     name_ == "mirage" ? "mirage"
                                     : steps           ? "laser-steps"
                                                       : "");
        const torch::NoGradGuard off;
        for (const auto& row : c["replaced_rows"])
            decoding::parameter(checkpoint.model, row["tensor"])[row["row"].get<std::int64_t>()]
                .copy_(tensors_[row["values"]]);
        checkpoint.rules.stopIds = c["eos"].get<std::vector<std::int64_t>>();
        if (isLaser && !c["call"].contains("answer_start")) checkpoint.rules.afterForced = {};
        return checkpoint;
    }

    lvr::Prompt prompt(const lvr::LvrCheckpoint& checkpoint, const Json& c) const {
        const auto& picture = c["picture"];
        const golden::Tensors pictures(
            ("dialects/" + name_ + "/" + picture["file"].get<std::string>()));
        const auto values = pictures[picture["tensor"]].contiguous();
        const auto thw = picture["grid_thw"].get<std::array<std::int64_t, 3>>();
        lvr::Pixels pixels;
        pixels.values.insert(pixels.values.end(), values.data_ptr<float>(),
                             values.data_ptr<float>() + values.numel());
        pixels.gridThw.push_back(thw);
        pixels.grids.push_back({static_cast<int>(thw[1] / 2), static_cast<int>(thw[2] / 2)});
        return decoding::makePrompt(checkpoint, c["prompt"], pixels);
    }

    // The checkpoint's own options with what the case says beside the folder.
    static lvr::DecodeOptions options(const lvr::LvrCheckpoint& checkpoint, const Json& c) {
        const auto& call = c["call"];
        auto options = checkpoint.decoding().options;
        options.sampling = {.repetitionPenalty = call.value("repetition_penalty", 1.0)};
        options.maxNewTokens = c["max_new_tokens"];
        for (const auto* count : {"latent_size", "laser_steps", "lvr_steps"})
            if (call.contains(count)) setCount(options.exit, call[count]);
        if (call.value("repetition_exit", false))
            options.exit = lvr::RepeatedToken{3, std::get<lvr::EndToken>(options.exit).cap};
        if (call.contains("force_lvr_start"))
            options.spanStart =
                call["force_lvr_start"] ? lvr::SpanStart::Forced : lvr::SpanStart::Sampled;
        return options;
    }

private:
    static void setCount(lvr::ExitRule& exit, int count) {
        if (auto* fixed = std::get_if<lvr::FixedSteps>(&exit)) fixed->count = count;
        if (auto* end = std::get_if<lvr::EndToken>(&exit)) end->cap = count;
    }

    std::string name_;
    Json json_;
    golden::Tensors tensors_;
};

// Every folder of them.
inline std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(golden::path("dialects")))
        if (entry.is_directory()) all.push_back(entry.path().filename().string());
    std::sort(all.begin(), all.end());
    return all;
}

}  // namespace dialects
