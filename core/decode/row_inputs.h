#pragma once

#include <ATen/core/Generator.h>
#include <torch/types.h>

#include <optional>
#include <vector>

#include "core/decode/patch_projection.h"
#include "core/decode/row_state.h"

namespace lvr {

// What rows feed next: their newest ids, or latents as the options, a filter or a given thought
// have them.
class RowInputs {
public:
    RowInputs(const LvrModel& model, const std::vector<Prompt>& prompts, const RowSetting& setting,
              const LatentFilter& filter);

    // rows: of all, those that finished too; live: which of them are in the batch, ascending.
    // latents: [B, D], what each of those would feed as a latent. Rows that think remember what
    // they are fed. -> [B, D]
    torch::Tensor next(std::vector<RowState>& rows, const std::vector<std::int64_t>& live,
                       const torch::Tensor& latents);

private:
    torch::Tensor fed(const std::vector<RowState>& rows, torch::Tensor latents);
    torch::Tensor noise(const torch::Tensor& own);
    torch::Tensor borrowed(const std::vector<RowState>& rows, torch::Tensor latents) const;
    torch::Tensor snapped(const std::vector<RowState>& rows, torch::Tensor latents);
    torch::Tensor filtered(const std::vector<RowState>& rows, torch::Tensor latents) const;
    const Patches& patchesOf(std::int64_t prompt);

    const LvrModel& model_;
    const std::vector<Prompt>& prompts_;
    const RowSetting& setting_;
    const LatentFilter& filter_;
    torch::Tensor latentEnd_;  // [D] float32, CPU; undefined without one
    at::Generator noise_;
    std::vector<Patches> patches_;  // one a prompt; empty until they are asked for
};

}  // namespace lvr
