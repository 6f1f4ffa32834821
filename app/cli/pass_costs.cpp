#include "app/cli/pass_costs.h"

#include <algorithm>

#include "core/torch.h"

namespace lvr {

double PassCosts::bytesUnder(const std::string& prefix) const {
    double bytes = 0;
    for (const auto& [name, tensor] : model_.parameters())
        if (name.starts_with(prefix)) bytes += static_cast<double>(tensor.nbytes());
    return bytes;
}

// Of matrices alone; their inputs are `rows` vectors.
double PassCosts::operationsUnder(const std::string& prefix, double rows) const {
    double operations = 0;
    for (const auto& [name, shape] : tensorShapes(model_.config()))
        if (name.starts_with(prefix) && shape.size() >= 2)
            operations += 2 * rows * static_cast<double>(c10::multiply_integers(shape));
    return operations;
}

double PassCosts::ofPrompt(std::int64_t positions) const {
    const auto& text = model_.config().text;
    const auto count = static_cast<double>(positions);
    const double attention =
        2.0 * text.numHiddenLayers * text.numAttentionHeads * text.headSize() * count * count;
    return operationsUnder("model.layers.", count) + attention;
}

double PassCosts::ofVision(double patches) const {
    const auto& v = model_.config().vision;
    const double merged = patches / (v.spatialMergeSize * v.spatialMergeSize);
    const double full =
        v.traits.windows ? static_cast<double>(v.fullattBlockIndexes.size()) : v.depth;
    return operationsUnder("visual.patch_embed.", patches) +
           operationsUnder("visual.blocks.", patches) + operationsUnder("visual.merger.", merged) +
           operationsUnder("visual.deepstack_merger_list.", merged) +
           4 * full * patches * patches * v.hiddenSize;
}

double PassCosts::ofHead(double rows) const {
    const auto& text = model_.config().text;
    return 2 * rows * static_cast<double>(text.vocabSize) * static_cast<double>(text.hiddenSize);
}

// The backward pass multiplies as often as the forward pass for what comes in, and once more for
// weights that are trained.
double PassCosts::ofTraining(std::int64_t positions, std::int64_t said) const {
    const double passes = model_.adapter().empty() ? 3 : 2;
    return passes * (operationsUnder("model.layers.", static_cast<double>(positions)) +
                     ofHead(static_cast<double>(said)));
}

double PassCosts::bytesOf(Step step) const {
    const auto layers = bytesUnder("model.layers.");
    if (step == Step::Latent) return layers + bytesUnder("lvr_head.");
    const auto head = bytesUnder("lm_head.");
    return layers + (head > 0 ? head : bytesUnder("model.embed_tokens."));
}

double PassCosts::slower(double bytes, double operations) const {
    return std::max(bytes / ceilings_.readBandwidth, operations / ceilings_.multiplyAdds) / 1e9;
}

double PassCosts::bestOfPrompt(std::int64_t positions) const {
    return slower(bytesUnder("model.layers."), ofPrompt(positions));
}

double PassCosts::bestOfVision(double patches) const {
    return slower(bytesUnder("visual."), ofVision(patches));
}

double PassCosts::bestOf(Step step, int rows) const {
    const double head = step == Step::Token ? ofHead(rows) : 0;
    return slower(bytesOf(step), operationsUnder("model.layers.", rows) + head);
}

}  // namespace lvr
