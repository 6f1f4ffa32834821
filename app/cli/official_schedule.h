#pragma once

#include <torch/types.h>

#include <vector>

#include "core/decode/decode_rows.h"
#include "core/sft/pass.h"
#include "core/vision/preprocess.h"

namespace lvr {

// The published training schedules (lvr-spec 3 and 5) computed with this program's own layers: what
// is done there and spared here, to be measured beside it. The numbers are the same.

// A step of SFT, forward and backward, in passes of at most `most` positions: the vision tower runs
// for each question, prompt and response are read whole for each, rows are padded to the longest of
// their pass, and logits of all positions exist in float32. pixels: of each picture. Returns the
// loss.
double officialSftStep(const LvrCheckpoint& checkpoint, const std::vector<Pixels>& pixels,
                       const std::vector<SftPicture>& pictures, const SftOptions& options,
                       int most);

// One question, encoded anew for each of its completions.
std::vector<Prompt> officialPrompts(const LvrCheckpoint& checkpoint, const Pixels& pixels,
                                    const std::string& question, int copies);

// [G, C] log-probabilities of completions, padded with 0: the prompt is read for each of them, and
// then token by token, latents put in as recorded.
torch::Tensor officialTokenByToken(const LvrModel& model, const std::vector<Prompt>& prompts,
                                   const std::vector<RowResult>& rows, double temperature);

// The same in one pass over prompts and completions, padded, with logits of all positions.
torch::Tensor officialPadded(const LvrModel& model, const std::vector<Prompt>& prompts,
                             const std::vector<RowResult>& rows, double temperature);

}  // namespace lvr
