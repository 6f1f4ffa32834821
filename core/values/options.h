#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/values/image.h"
#include "core/values/option_field.h"

namespace lvr {

// When to leave the latent span. One struct each; core/decode/exit_rule.cpp says when each leaves.
struct NoLatents {  // <|lvr_start|> is an ordinary token: decode as plain Qwen2.5-VL does
    bool operator==(const NoLatents&) const = default;
};
struct FixedSteps {  // the paper's "Fixed Token"
    int count = 8;
    bool operator==(const FixedSteps&) const = default;
};
enum class LatentEndMetric { Mse, Mae, Cosine };
struct NearLatentEnd {  // the latent just fed is closer than threshold to lvr_latent_end_emb
    LatentEndMetric metric = LatentEndMetric::Mse;
    double threshold = 0.02;
    int cap = 16;
    bool operator==(const NearLatentEnd&) const = default;
};
struct EndToken {  // mode switching: <|lvr_end|> is sampled
    int cap = 32;
    bool operator==(const EndToken&) const = default;
};
struct EndProbability {  // sigmoid of the raw <|lvr_end|> logit reaches threshold
    double threshold = 0.5;
    int cap = 16;
    bool operator==(const EndProbability&) const = default;
};
struct Settled {  // cosine between the latent just fed and the one before reaches threshold
    double threshold = 0.98;
    int cap = 16;
    bool operator==(const Settled&) const = default;
};
// The next two look ahead at what the answer would be if the thought ended now. AnswerSettled: its
// likeliest first word has not changed over so many latents.
struct AnswerSettled {
    int held = 2;
    int cap = 16;
    bool operator==(const AnswerSettled&) const = default;
};
struct AnswerEntropy {  // that word's distribution has fewer nats than threshold
    double threshold = 0.5;
    int cap = 16;
    bool operator==(const AnswerEntropy&) const = default;
};
struct LearnedProbe {  // a linear probe on the latent says that the answer is right already
    std::string file = "probe.json";  // core/decode/latent_probe.h
    double threshold = 0.5;
    int cap = 16;
    bool operator==(const LearnedProbe&) const = default;
};
struct RepeatedToken {  // <|lvr_end|> is sampled, or the same id so many times in a row
    int times = 3;
    int cap = 16;
    bool operator==(const RepeatedToken&) const = default;
};
using ExitRule = std::variant<NoLatents, FixedSteps, NearLatentEnd, EndToken, EndProbability,
                              Settled, AnswerSettled, AnswerEntropy, LearnedProbe, RepeatedToken>;

// "none", "fixed:8", "latent-end:mse:0.02:16", "end-token:32", "end-prob:0.5:16",
// "settled:0.98:16", "answer-settled:2:16", "entropy:0.5:16", "probe:FILE:0.5:16",
// "repeated:3:16"; trailing parts may be left out. Throws Error that names the nearest valid rule.
ExitRule parseExitRule(const std::string& text);
std::string toText(const ExitRule& rule);

enum class SpanStart { Sampled, Forced };  // Forced: <|lvr_start|> is appended to the prompt
enum class SpanEnd { Sampled, Forced };    // Forced: <|lvr_end|> follows the last latent
// Which hidden states an lvr_head is applied to (lvr-spec 4.5). Consistent: those that are fed as
// latents. Released: those whose input was a latent, before the lm_head too.
enum class HeadPositions { Released, Consistent };
// What is fed in the slots: the model's own hidden state (the method), the picture's visual token
// nearest to it (by cosine), or the <|lvr|> embedding, which is what a filler twin was trained
// with. To see whether the answer needs the latents: nothing at all between the markers (None),
// zeros, noise as large as each latent, or those of another answer (BorrowedLatents).
enum class LatentFeed { Own, Snap, Filler, None, Zero, Noise, Swap };

// Who attends to the latents: all that follows, or the thought only, so that the answer can't see
// them (how a masked twin was trained).
enum class LatentAttention { All, Thought };

// The latents of another answer, fed from the first of each thought on; past the last one, that.
struct BorrowedLatents {
    std::string from;                                  // whose, for a person
    std::shared_ptr<const std::vector<float>> values;  // [n, width]; a file does not hold them
    int width = 0;
    bool operator==(const BorrowedLatents& other) const { return from == other.from; }
};

struct SamplingOptions {
    double temperature = 0;  // 0 = greedy
    double topP = 1;         // 1 = off
    int topK = 0;            // 0 = off
    double minP = 0;         // share of the likeliest id's probability; 0 = off
    double repetitionPenalty = 1;
    std::uint64_t seed = 0;
    bool operator==(const SamplingOptions&) const = default;
};

// Regions of the pictures, whose visual tokens are fed as the first thought in place of the
// model's own latents, between <|lvr_start|> and <|lvr_end|>. No boxes: the thought is its own.
struct GivenThought {
    std::vector<Box> boxes;  // in the order they are fed
    // AsTrained: the targets that training makes of them (RoiTokens); each token where it is not
    // known. OnePerBox: the mean of each box's tokens.
    enum class Slots { AsTrained, OnePerBox } slotRule = Slots::AsTrained;
    bool operator==(const GivenThought&) const = default;
};
// Throws Error naming the first box that no region can be: corners in the wrong order, outside
// 0..1.
void check(const GivenThought& thought);

// How large a picture may be when it is read, as areas in pixels; what is absent is the model's
// own. More detail costs visual tokens.
struct PixelLimits {
    std::optional<std::int64_t> min, max;
    bool operator==(const PixelLimits&) const = default;
};

struct DecodeOptions {
    ExitRule exit = EndProbability{};
    SpanStart spanStart = SpanStart::Sampled;
    SpanEnd spanEnd = SpanEnd::Sampled;
    HeadPositions headPositions = HeadPositions::Consistent;
    LatentFeed latentFeed = LatentFeed::Own;
    LatentAttention latentAttention = LatentAttention::All;
    int maxNewTokens = 256;  // counts shadow tokens too, but not those of a given thought
    SamplingOptions sampling;
    GivenThought thought;
    BorrowedLatents borrowed;  // of LatentFeed::Swap
    PixelLimits pixels;
    std::string system;  // what the model is told before the question; empty: as it was trained
    bool operator==(const DecodeOptions&) const = default;
};
// Whether the slots hold something else than what the model thought, to see what the answer owes to
// it; not how a model was trained.
bool isWithoutLatents(const DecodeOptions& options);

// How an option of decoding is called wherever it is met.
struct DecodeField {
    std::string name;  // of its flag, and in texts: "top-p"
    std::string key;   // in files: "top_p"
    // What a title says of it. Of an enum: one for each value; of others: one, with % for the
    // value.
    std::vector<std::string> words;
};
inline const EnumNames kThoughtSlots{"as_trained", "one_per_box"};  // of GivenThought::Slots

// Every option but the given thought once: visit(DecodeField, field, NumberRange | EnumNames |
// FlagNames | TextCheck, help). Flags, forms, files, tables and titles walk this list.
template <class Visit>
void forEachField(DecodeOptions& o, const Visit& visit) {
    constexpr double kMany = 2147483647;
    visit(DecodeField{"exit", "exit", {"%"}}, o.exit,
          TextCheck{[](const std::string& text) { parseExitRule(text); }},
          "When to stop thinking: none, fixed:8, latent-end:mse:0.02:16, end-token:32, "
          "end-prob:0.5:16");
    visit(DecodeField{"latent-feed",
                      "latent_feed",
                      {"", "snapped to patches", "filler fed", "markers only", "zeros fed",
                       "noise fed", ""}},
          o.latentFeed, EnumNames{"own", "snap", "filler", "none", "zero", "noise", "swap"},
          "What is fed back: own, snap (nearest visual token) or filler; or, to see whether the "
          "answer needs the latents, none (markers only), zero or noise");
    visit(DecodeField{"latent-attention", "latent_attention", {"", "latents masked"}},
          o.latentAttention, EnumNames{"all", "thought"},
          "Who attends to the latents: all that follows, or the thought only");
    visit(DecodeField{"force-start", "span_start", {"", "start forced"}}, o.spanStart,
          FlagNames{{"sampled", "forced"}}, "Put <|lvr_start|> at the end of the prompt, or don't");
    visit(DecodeField{"force-end", "span_end", {"", "end forced"}}, o.spanEnd,
          FlagNames{{"sampled", "forced"}}, "Put <|lvr_end|> after the last latent");
    visit(DecodeField{"head-positions", "head_positions", {"head as released", ""}},
          o.headPositions, EnumNames{"released", "consistent"},
          "Where an lvr_head applies: consistent or released");
    visit(DecodeField{"temperature", "temperature", {"T %"}}, o.sampling.temperature,
          NumberRange{0, 100}, "0 is greedy");
    visit(DecodeField{"seed", "seed", {"seed %"}}, o.sampling.seed,
          NumberRange{0, 18446744073709551615.0}, "Of the sampling");
    visit(DecodeField{"top-p", "top_p", {"top-p %"}}, o.sampling.topP, NumberRange{1e-6, 1},
          "Sample among the likeliest tokens that make up this share; 1 is off");
    visit(DecodeField{"top-k", "top_k", {"top-k %"}}, o.sampling.topK, NumberRange{0, 1000000},
          "Sample among so many tokens; 0 is off");
    visit(DecodeField{"min-p", "min_p", {"min-p %"}}, o.sampling.minP, NumberRange{0, 1},
          "Least probability, as a share of the likeliest's; 0 is off");
    visit(DecodeField{"repetition-penalty", "repetition_penalty", {"repetition penalty %"}},
          o.sampling.repetitionPenalty, NumberRange{0.01, 100},
          "Tokens that occurred are so much less likely; 1 is off");
    visit(DecodeField{"max-new-tokens", "max_new_tokens", {"at most % tokens"}}, o.maxNewTokens,
          NumberRange{1, kMany}, "Shadow tokens count too");
    visit(DecodeField{"min-pixels", "min_pixels", {"pictures of % pixels or more"}}, o.pixels.min,
          NumberRange{1, kMany}, "Smallest picture area after resizing");
    visit(DecodeField{"max-pixels", "max_pixels", {"pictures of % pixels or less"}}, o.pixels.max,
          NumberRange{1, kMany}, "Largest picture area after resizing");
}

// Positions that thoughts and answer may take. A thought may overrun the length limit, by no more
// than its cap; a given one comes on top.
std::int64_t answerRoom(const DecodeOptions& options);

}  // namespace lvr
