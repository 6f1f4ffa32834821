#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/values/decoding_text.h"
#include "core/values/options.h"
#include "core/values/sample.h"

namespace lvr {

// A sampled token that is (or would be) fed by its own embedding.
struct TextStep {
    // Of the token under the sampling distribution's logits, temperature 1; NaN: not recorded.
    float probability = 0;
    // To each visual token, images one after the other, of the state that the token was sampled
    // from: what would have been fed had it been a latent. Empty where it was not measured.
    std::vector<float> cosine = {};
    bool operator==(const TextStep&) const = default;
};

// A position at which a hidden state was fed instead of a token. Reported after it was consumed.
struct LatentStep {
    int index = 0;   // 0-based within its thought
    float norm = 0;  // L2 norm of the vector that was fed
    // Sigmoid of the raw lvr_end logit after consuming it; NaN: not recorded.
    float endProbability = 0;
    std::optional<float> endDistance;  // to lvr_latent_end_emb, when the model has one
    std::vector<float> cosine;         // one per visual token, images one after the other
    std::vector<float> l2;             // same order
    bool operator==(const LatentStep&) const = default;
};

// One generated position. For a latent step `token` is the shadow token: sampled, never fed.
struct DecodeStep {
    int position = 0;  // 0-based among the generated positions
    int token = 0;     // -1: a latent whose shadow token was not recorded
    std::string text;  // the token alone, special tokens spelled out
    std::variant<TextStep, LatentStep> what;
    bool operator==(const DecodeStep&) const = default;
};

enum class StopReason { EndOfText, MaxNewTokens, Cancelled };
std::string toText(StopReason reason);  // "end_of_text", "max_new_tokens", "cancelled"

struct Timings {  // milliseconds
    double preprocess = 0;
    double encodeImages = 0;
    double prefill = 0;
    double decode = 0;
    bool operator==(const Timings&) const = default;
};
// From asking to the first generated position.
double timeToFirstToken(const Timings& timings);

// Everything one question left behind; enough to draw it again without a model.
struct Trace {
    std::string model;   // folder or repo id
    std::string method;  // of a loop that isn't ours, in its own words; empty: decode() made it
    Question question;
    std::vector<PatchGrid> grids;  // one per image
    DecodeOptions options;
    OptionOrigins origins;  // who said the options; empty where it is not known
    std::vector<DecodeStep> steps;
    std::string
        answer;  // inside <answer> when there is one, otherwise the text; special tokens left out
    std::string text;  // as generated, special tokens kept
    StopReason stopped = StopReason::EndOfText;
    Timings timings;
    int hiddenSize = 0;
    std::vector<float> latents;      // [number of latent steps, hiddenSize], in feeding order
    std::vector<float> imageTokens;  // [sum of grids, hiddenSize]
    std::vector<Box> rois;           // when known, in target order
    std::optional<std::string> expectedAnswer;
    std::string dialect = "lvr";  // how the model thinks (core/values/dialect.h), by name
    bool operator==(const Trace&) const = default;
};
// Generated positions a second, latents included, after the first one; absent when there is no
// second one.
std::optional<double> tokensPerSecond(const Trace& trace);
// The pictures had been encoded for a question before this one.
bool reusedEncoding(const Trace& trace);

}  // namespace lvr
