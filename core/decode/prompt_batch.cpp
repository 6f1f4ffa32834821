#include "core/decode/prompt_batch.h"

#include <algorithm>

#include "core/torch.h"

namespace lvr {

PromptBatch padLeft(const std::vector<Prompt>& prompts) {
    std::int64_t longest = 0;
    for (const auto& prompt : prompts) longest = std::max(longest, prompt.embeddings.size(1));
    std::vector<torch::Tensor> embeddings, positions, real;
    std::vector<std::int64_t> next;
    bool padded = false;
    for (const auto& prompt : prompts) {
        const auto length = prompt.embeddings.size(1), pad = longest - length;
        padded |= pad > 0;
        embeddings.push_back(torch::constant_pad_nd(prompt.embeddings[0], {0, 0, pad, 0}));
        positions.push_back(torch::constant_pad_nd(prompt.positions.ids, {pad, 0}));
        real.push_back(torch::constant_pad_nd(torch::ones({length}, torch::kBool), {pad, 0}));
        next.push_back(prompt.positions.next);
    }
    return {torch::stack(embeddings), torch::stack(positions, 1),
            padded ? torch::stack(real) : torch::Tensor(), torch::tensor(next)};
}

torch::Tensor promptMask(const torch::Tensor& real, torch::Device device) {
    if (!real.defined()) return {};
    const auto length = real.size(1);
    const auto causal = torch::ones({length, length}, torch::kBool).tril();
    const auto self = torch::eye(length, torch::kBool);
    return ((causal & real.unsqueeze(1)) | self).unsqueeze(1).to(device);
}

}  // namespace lvr
