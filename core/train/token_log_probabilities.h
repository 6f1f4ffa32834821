#pragma once

#include <torch/types.h>

namespace lvr {

// What a model says of given next tokens.
struct TokenLogProbabilities {
    torch::Tensor value;  // [L] log softmax(logits / temperature) at the labels, with gradient
    torch::Tensor isLikeliest;  // [L] bool: no id is likelier than the label
    torch::Tensor entropy;      // [L] of softmax(logits / temperature), without; where asked for
};

enum class TokenEntropy { LeftOut, Computed };

struct TokenLossOptions {
    double temperature = 1;
    TokenEntropy entropy = TokenEntropy::LeftOut;
    // [L] what the loss weighs each value by, up to one factor for all of them; undefined: not
    // known yet. Known weights spare computing logits again for the gradient of the head.
    torch::Tensor weights = {};
    std::int64_t chunk = 0;  // positions whose logits exist at a time; 0: what 64 MB hold
};

// hidden: [L, D], lmHead: [V, D], labels: [L]. Logits exist for a chunk of positions at a time
// only: at 152,000 ids a position they are what would fill the memory. With gradients on, what the
// backward pass needs of them is made of them at once, a [L, D] and for a head that learns a [V,
// D]. Float32 whatever the type of the inputs. Throws, in the backward pass, where weights were
// given and gradients are no multiple of them.
TokenLogProbabilities tokenLogProbabilities(const torch::Tensor& hidden,
                                            const torch::Tensor& lmHead,
                                            const torch::Tensor& labels,
                                            const TokenLossOptions& options = {});

}  // namespace lvr
