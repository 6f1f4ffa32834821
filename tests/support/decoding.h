#pragma once

#include <map>
#include <string>

#include "core/decode/decoder.h"
#include "core/model/positions.h"
#include "core/text/chat_template.h"
#include "core/torch.h"
#include "core/vision/image_file.h"
#include "tests/support/golden.h"

// Prompts and models for tests of decoding.
namespace decoding {

inline std::string folder(const std::string& model) {
    return golden::own("models/" + model).string();
}

inline lvr::Prompt makePrompt(const lvr::LvrCheckpoint& checkpoint, const std::string& text,
                              const lvr::Pixels& pixels) {
    const torch::NoGradGuard off;
    lvr::Prompt prompt;
    prompt.ids = lvr::rawPrompt(checkpoint.tokenizer, pixels.grids, text);
    if (!pixels.grids.empty()) prompt.images = checkpoint.model.visualTokens(pixels);
    const auto positions = lvr::ropeIndex(prompt.ids, pixels.grids, checkpoint.model.config());
    prompt.sequence = checkpoint.model.sequence(prompt.ids, prompt.images, positions.ids);
    prompt.next = positions.next;
    return prompt;
}

inline lvr::Prompt forced(const lvr::LvrCheckpoint& checkpoint,
                          const std::string& question = "Where is it?") {
    return makePrompt(
        checkpoint,
        "<|im_start|>user\n" + question + "<|im_end|>\n<|im_start|>assistant\n<|lvr_start|>", {});
}

inline lvr::Prompt pictured(const lvr::LvrCheckpoint& checkpoint) {
    return makePrompt(
        checkpoint,
        "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>Where?<|im_end|>\n"
        "<|im_start|>assistant\n<|lvr_start|>",
        lvr::preprocess({lvr::readImage(golden::own("images/landscape.png"))}, {}));
}

inline lvr::Image plainPicture(int width, int height, int grey) {
    return {width, height,
            std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * 3),
                                      static_cast<std::uint8_t>(grey))};
}

// A model whose tensors may be overwritten, as the golden cases ask.
inline lvr::LvrCheckpoint writableFrom(const std::string& folder, const nlohmann::json& c) {
    auto checkpoint = lvr::LvrCheckpoint::open(folder);
    auto config = checkpoint.model.config();
    if (c.contains("config_override"))
        for (const auto& [key, value] : c["config_override"].items()) {
            if (key == "lvr_head" && value == false) config.lvr.head = lvr::LvrHead::None;
            if (key == "latent_end_token") config.lvr.latentEndToken = value;
        }
    std::map<std::string, torch::Tensor> tensors;
    const auto loaded = lvr::LvrModel::open(folder, {.use = lvr::LoadOptions::Use::Training});
    for (const auto& [name, tensor] : loaded.parameters()) tensors[name] = tensor;
    checkpoint.model =
        lvr::LvrModel(config, lvr::Parameters([&](const std::string& name, at::IntArrayRef shape) {
                          return tensors.count(name) ? tensors.at(name) : torch::zeros(shape);
                      }));
    return checkpoint;
}

inline lvr::LvrCheckpoint writable(const std::string& model, const nlohmann::json& c) {
    return writableFrom(golden::modelFolder(model).string(), c);
}

inline torch::Tensor parameter(const lvr::LvrModel& model, const std::string& name) {
    for (const auto& [known, tensor] : model.parameters())
        if (known == name) return tensor;
    return {};
}

}  // namespace decoding
