#pragma once

#include <torch/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

#include "core/checkpoint/model_config.h"
#include "core/checkpoint/quantisation.h"
#include "core/model/language_model.h"
#include "core/model/layers.h"
#include "core/model/sequence.h"
#include "core/model/vision_encoder.h"
#include "core/model/visual_tokens.h"
#include "core/values/lora_options.h"
#include "core/vision/preprocess.h"

namespace lvr {

class LvrModel;

struct LoadOptions {
    torch::Dtype dtype = torch::kFloat32;
    torch::Device device = torch::kCPU;
    // Training: weights may be written. Reference: they are only read, but all is computed as in
    // training, so that numbers can be set beside those of a model that learns.
    enum class Use { Inference, Reference, Training } use = Use::Inference;
    // A low-rank adapter that is kept apart, to be trained while the rest is frozen: the folder's
    // own, or a fresh one that changes nothing yet. Without: the folder's adapter is merged.
    std::optional<LoraOptions> lora = {};
    std::uint64_t loraSeed = 0;  // of a fresh one
    // A model of the same weights in the same type on the same device that learns: what it may not
    // train (mayTrain) is not read again but shared with it.
    const LvrModel* beside = nullptr;
    // Training in less memory: activations of the language model's layers are computed again in the
    // backward pass (activation checkpointing). The numbers stay the same.
    bool recompute = false;
    std::function<void(double fraction)> onProgress = {};
    std::stop_token stop = {};
};

// The network and nothing else. Const methods may run concurrently.
class LvrModel {
public:
    // The checkpoint's tensors, memory-mapped and not copied where dtype and device allow, and else
    // converted one by one; layers compute in float32 where weights are integers. Throws Error
    // (with every missing and mis-shaped tensor at once; integers that would be trained, or not be
    // on the CPU) or Cancelled. An adapter folder is opened with the model it adapts.
    static LvrModel open(const std::filesystem::path& folder, const LoadOptions& options = {});
    LvrModel(const ModelConfig& config, const Parameters& parameters);

    const ModelConfig& config() const { return config_; }
    // What the folder holds and was not used, a sentence each.
    const std::vector<std::string>& warnings() const { return warnings_; }
    const std::vector<NamedTensor>& parameters() const { return parameters_; }  // canonical names
    std::int64_t parameterCount() const;  // of its configuration, however they are kept
    // lora_A and lora_B under canonical names, when an adapter is kept apart; else empty.
    const std::vector<NamedTensor>& adapter() const { return adapter_; }
    // Whether a tensor of parameters() may be trained: with an adapter only what is saved with it.
    bool mayTrain(const std::string& name) const;
    // The same weights with more parts: what the new config has and this model lacks is `fresh`.
    LvrModel extended(const ModelConfig& config, const Parameters::Provider& fresh) const;
    torch::Device device() const { return parameters_.front().second.device(); }
    // In which the weights are kept, and in which the layers compute.
    torch::Dtype dtype() const { return parameters_.front().second.scalar_type(); }
    torch::Dtype activations() const { return activations_.value_or(dtype()); }

    // Without tokens when the watch was told to stop.
    VisualTokens visualTokens(const Pixels& pixels, VisionProbe* probe = nullptr,
                              const PassWatch* watch = nullptr) const;
    torch::Tensor embed(const torch::Tensor& ids) const { return text_.embed(ids); }
    // One row of text with images in it. ids: [T], whose image_token_ids become the images' visual
    // tokens, in order; positions: [3, T]
    Sequence sequence(const std::vector<std::int64_t>& ids, const VisualTokens& images,
                      const torch::Tensor& positions) const;
    // [B, T, D] after the final norm
    torch::Tensor hidden(const Sequence& sequence, Context context = {}) const {
        context.recompute |= recompute_;
        context.dropout = dropout_.get();
        return text_.hidden(sequence, context);
    }
    // What passes with gradients leave out of an adapter's inputs follows from this number, until
    // the next one; nothing does without. LoraOptions::dropout says how much.
    void seedDropout(std::uint64_t seed) const {
        if (dropout_) dropout_->seed(seed);
    }
    torch::Tensor logits(const torch::Tensor& hidden) const { return text_.logits(hidden); }
    // [V, D], what logits multiply; a float32 copy where it is kept as integers
    torch::Tensor lmHead() const { return text_.lmHead(); }
    // What is fed back in place of a token: the hidden state, through the lvr_head if there is one.
    torch::Tensor latent(const torch::Tensor& hidden) const { return head_(hidden); }
    const torch::Tensor& latentEnd() const { return latentEnd_; }  // [D], undefined without one

    // A complete Hugging Face folder's config.json and model.safetensors, or with an adapter kept
    // apart PEFT's adapter_config.json and adapter_model.safetensors; each atomically. One tensor
    // at a time is copied to the CPU.
    void save(const std::filesystem::path& folder) const;

private:
    void saveAdapter(const std::filesystem::path& folder) const;
    std::vector<std::string> adaptedModules() const;

    ModelConfig config_;
    VisionEncoder vision_;
    LanguageModel text_;
    LatentHead head_;
    torch::Tensor latentEnd_;
    std::vector<NamedTensor> parameters_, adapter_;
    std::optional<torch::Dtype> activations_;
    std::optional<LoraOptions> lora_;
    std::shared_ptr<LoraDropout> dropout_;  // of all adapters; nullptr: none
    std::string base_;                      // what the adapter adapts
    std::set<std::string> fromAdapter_;     // of parameters(): held in full by the opened adapter
    std::vector<std::string> warnings_;
    bool recompute_ = false;
};

// Names and shapes of every tensor a model of this configuration has, its weights as integers where
// it is quantised.
std::vector<std::pair<std::string, std::vector<std::int64_t>>> tensorShapes(
    const ModelConfig& config, const std::optional<Quantisation>& quantised = {});

}  // namespace lvr
