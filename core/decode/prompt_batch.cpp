#include "core/decode/prompt_batch.h"

#include <algorithm>

#include "core/torch.h"

namespace lvr {

namespace {

// Of rows that each have `pads` positions more on the left now, `length` in all.
DeepStack padded(const std::vector<Prompt>& prompts, const std::vector<std::int64_t>& pads,
                 std::int64_t length) {
    std::vector<torch::Tensor> at, values;
    for (std::size_t p = 0; p < prompts.size(); ++p) {
        const auto& deepstack = prompts[p].sequence.deepstack;
        if (!deepstack.values.defined()) continue;
        at.push_back(deepstack.at + static_cast<std::int64_t>(p) * length + pads[p]);
        values.push_back(deepstack.values);
    }
    return at.empty() ? DeepStack() : DeepStack{torch::cat(at), torch::cat(values, 1)};
}

}  // namespace

PromptBatch padLeft(const std::vector<Prompt>& prompts) {
    std::int64_t longest = 0;
    for (const auto& prompt : prompts)
        longest = std::max(longest, prompt.sequence.embeddings.size(1));
    std::vector<torch::Tensor> embeddings, positions, real;
    std::vector<std::int64_t> next, pads;
    for (const auto& prompt : prompts) {
        const auto length = prompt.sequence.embeddings.size(1), pad = longest - length;
        pads.push_back(pad);
        embeddings.push_back(torch::constant_pad_nd(prompt.sequence.embeddings[0], {0, 0, pad, 0}));
        positions.push_back(torch::constant_pad_nd(prompt.sequence.positions, {pad, 0}));
        real.push_back(torch::constant_pad_nd(torch::ones({length}, torch::kBool), {pad, 0}));
        next.push_back(prompt.next);
    }
    const bool isPadded = std::ranges::any_of(pads, [](std::int64_t pad) { return pad > 0; });
    return {{torch::stack(embeddings), torch::cat(positions, 1), padded(prompts, pads, longest)},
            isPadded ? torch::stack(real) : torch::Tensor(),
            torch::tensor(next)};
}

torch::Tensor promptMask(const torch::Tensor& real, torch::Device device) {
    if (!real.defined()) return {};
    const auto length = real.size(1);
    const auto causal = torch::ones({length, length}, torch::kBool).tril();
    const auto self = torch::eye(length, torch::kBool);
    return ((causal & real.unsqueeze(1)) | self).unsqueeze(1).to(device);
}

}  // namespace lvr
