#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/values/lora_options.h"
#include "core/values/option_field.h"
#include "core/values/options.h"
#include "core/values/roi_tokens.h"

namespace lvr {

// Where the options' defaults come from (core/values/recipe.h). Paper: the published trainings.
// Tiny: what trains the shipped model from nothing.
enum class Recipe { Paper, Tiny };
enum class Switch { Off, On };

// What is trained. Lvr: the method. The others are its controls. Filler: the same slots and
// targets, but the <|lvr|> embedding is fed instead of the latent. Masked: latents as in the
// method, but what is said after a thought can't attend to them. Markers: <|lvr_start|> and
// <|lvr_end|> with nothing between. Aux: no slots; the state before the answer is to be the mean of
// the region's visual tokens. Plain: questions and answers, nothing else.
enum class Twin { Lvr, Filler, Markers, Aux, Plain, Masked };
inline bool feedsLatents(Twin twin) { return twin == Twin::Lvr || twin == Twin::Masked; }
inline bool hasThoughts(Twin twin) { return feedsLatents(twin) || twin == Twin::Filler; }
// Ramp: once teacher-forced latents hit, a second pass is fed with the model's own outputs of the
// first, gradient through both. Off: teacher forcing alone, as published.
enum class OwnLatents { Off, Ramp };
// How far a latent is from its target (lvr-spec 3.3).
enum class LatentLoss { Mse, Mae, Cosine };
// Over channels: their mean (the release) or their sum (the paper's equation 1).
enum class MseReduction { ElementMean, ChannelSum };
// What stands between the last latent and <|lvr_end|> (lvr-spec 3.4). Token: <|lvr_latent_end|>, as
// text. Vector: lvr_latent_end_emb, which the last latent's successor is trained to be.
enum class LatentEnd { Off, Token, Vector };
// Keep: as the checkpoint has it. Otherwise a fresh lvr_head is added (lvr-spec 1.4).
enum class AddedHead { Keep, Mlp, Glu };
// A box so thin that it covers no token: its one nearest token, or none (`box_min_one_token`).
enum class ThinBox { None, One };
// What AdamW's two running means are kept in.
enum class AdamStates { Float32, EightBit };
// What weight decay acts on. Matrices: not on norms, biases and lvr_latent_end_emb, whose distance
// to a hidden state depends on its norm.
enum class DecayOf { All, Matrices };
// What a step asks. Records: each once before any again. Lagging: of picture after picture some
// records, of a kind by its weight * (.5 + 3 (1 - accuracy)): what is learnt makes room for what
// lags.
enum class Sampling { Records, Lagging };
// What cross-entropy is a mean over. Tokens: all that are supervised. Parts: the answers', and all
// others apart.
enum class CeReduction { Tokens, Parts };
// The learning rate after warm-up. Goal: held until the goal, then a cosine (see
// SftOptions::steps). The others run over `steps`: a cosine to `minRate`, a line to 0, no change.
enum class Schedule { Goal, Cosine, Linear, Constant };
// Of a record that is longer than allowed. Its text is never cut.
enum class OverLength { Drop, Refuse };

// The defaults are the tiny recipe's.
struct SftOptions {
    Recipe recipe = Recipe::Tiny;
    Twin twin = Twin::Lvr;
    OwnLatents ownLatents = OwnLatents::Ramp;
    LatentLoss latentLoss = LatentLoss::Mse;
    MseReduction mseReduction = MseReduction::ElementMean;
    AddedHead head = AddedHead::Keep;
    LatentEnd latentEnd = LatentEnd::Off;
    std::string roiTokens = "all";  // RoiTokens, as text
    ThinBox thinBox = ThinBox::One;
    Schedule schedule = Schedule::Goal;
    int steps = 1850;   // in all; with a goal at most
    double epochs = 0;  // so many steps instead that each record is seen so often; 0: `steps`
    // With a goal the learning rate is held until the running accuracy of every kind reaches it, at
    // the latest until so many steps are left; then it falls to `minRate` along a cosine of them.
    double coolDown = 0.135;  // steps; below 1: a share of `steps`
    double goal = 0.95;
    double learningRate = 2e-3;
    double minRate = 0.05;  // of learningRate, where a cosine ends
    double warmup = 30;     // steps; below 1: a share of all steps
    Sampling sampling = Sampling::Lagging;
    int picturesPerStep = 8;
    int questionsPerPicture = 8;
    int batch = 0;  // records a step, of as many pictures as it takes; 0: of picturesPerStep
    CeReduction ceReduction = CeReduction::Parts;
    Switch answerGate = Switch::On;  // beside own latents: answers weigh as much as latents hit
    // lambda on the mean over slots and channels, as the release's. Equation 1 of the paper sums
    // the squared error over channels: its lambda is this one / hidden_size.
    double latentWeight = 10;
    double shortThoughtWeight = 2;   // of a slot of a thought of one or two
    Switch cycleSlots = Switch::On;  // extra slots of drawn scenes' pairs repeat both targets
    double latentEndWeight = 1;      // lambda on the distance to lvr_latent_end_emb
    double markerWeight = 1;         // cross-entropy of everything but the answer
    double stopWeight = 0.3;         // binary cross-entropy of the raw lvr_end logit at every slot
    int maxLength = 0;               // positions of a record, text and images; 0: any
    OverLength overLength = OverLength::Drop;
    double extraSlots = 0.25;  // share of records with more slots than targets
    int positionGap = 6;       // largest random gap in the positions before the first slot
    double mergerRate = 0, visionRate = 0;  // as multiples of learningRate; 0: frozen
    double weightDecay = 0.01;
    DecayOf decayOf = DecayOf::All;
    double beta2 = 0.98;
    AdamStates adamStates = AdamStates::Float32;
    double maxGradNorm = 1;
    int microTokens = 16384;  // positions at most that are in memory together
    int maxNonFinite = 5;     // steps in a row without a finite gradient before it gives up
    std::map<std::string, double> kindWeights;  // how often a kind is drawn; absent = 1
    LoraOptions lora;
    std::uint64_t seed = 0;
};

// How the loss of a completion's tokens is averaged (lvr-spec 5.4). Bnpo: over all tokens of the
// step. Grpo: per completion first. DrGrpo: over completions times the longest one allowed.
enum class GrpoLoss { Bnpo, Grpo, DrGrpo };
// What a rollout is compared with: its group's mean, also divided by its standard deviation or not.
enum class AdvantageScale { Std, None };
// Of groups whose rewards are all alike. Keep: their tokens count in the mean, and the KL acts on
// them (lvr-spec 5.4). Drop: as if they had not been sampled.
enum class ZeroVariance { Keep, Drop };
// Recorded: the vectors that were fed in the rollout, as constants (the paper). Recomputed: the
// policy's own hidden states under its present weights, gradient through them.
enum class ReplayLatents { Recorded, Recomputed };
// How a reward command of the options' list is told: NAME=COMMAND.
struct RewardCommand {
    std::string name;
    std::string command;  // for /bin/sh
};
// name: of letters, digits, "_", "-" and ".". Throws Error.
RewardCommand parseRewardCommand(const std::string& text);

struct GrpoOptions {
    Recipe recipe = Recipe::Tiny;
    int steps = 200;
    double epochs = 0;  // as SftOptions::epochs, of prompts
    int maxLength = 0;  // positions of a prompt, text and images; 0: any
    OverLength overLength = OverLength::Drop;
    int promptsPerStep = 8;
    int groupSize = 8;   // rollouts a prompt: the paper's G
    int iterations = 1;  // updates a batch of rollouts
    double learningRate = 1e-5;
    double warmup = 6;  // steps; below 1: a share of all steps
    double weightDecay = 0.1;
    DecayOf decayOf = DecayOf::All;
    double beta2 = 0.999;
    AdamStates adamStates = AdamStates::Float32;
    double beta = 0.04;      // of the KL to the model it starts from, which sees the image too
    double epsilon = 0.2;    // of the clipping: how far the ratio may fall below 1
    double epsilonHigh = 0;  // how far it may rise above; 0: as far
    GrpoLoss loss = GrpoLoss::Bnpo;
    AdvantageScale advantageScale = AdvantageScale::Std;
    ZeroVariance zeroVariance = ZeroVariance::Keep;
    double temperature = 0.9;
    int topK = 50;
    double topP = 1, minP = 0;  // as in SamplingOptions
    int maxNewTokens = 512;     // a completion, latents included
    // On: a completion that was cut there teaches nothing; its reward counts in its group.
    Switch maskTruncated = Switch::Off;
    std::string exit;  // exit rule (parseExitRule); empty: the checkpoint's own
    std::vector<std::string> rewards = {"accuracy", "format"};  // summed, by weight
    // NAME=COMMAND each; a name that is not among `rewards` comes after them.
    std::vector<std::string> rewardCommands;
    std::vector<double> rewardWeights;  // of all these in order; empty: 1 each
    int rewardTimeout = 300;            // seconds a command may take for a step
    int logCompletions = 0;             // printed with every step that is printed
    ReplayLatents latents = ReplayLatents::Recorded;
    double latentNoise = 0;   // standard deviation of what is added to a latent, in its own RMS
    int microTokens = 16384;  // positions at most that are in memory together
    int maxNonFinite = 5;     // steps in a row without a finite gradient before it gives up
    LoraOptions lora;
    std::uint64_t seed = 0;
};

// A part of other options.
template <class Visit>
void forEachField(LoraOptions& o, const Visit& visit) {
    heading(visit, "LoRA");
    visit("lora-rank", o.rank, NumberRange{0, 65536},
          "Train low-rank adapters of the language model instead of itself (LoRA's r); 0: none");
    visit("lora-alpha", o.alpha, NumberRange{1e-6, 1e6},
          "LoRA's scale is alpha / rank, or as --lora-scaling says");
    visit("lora-scaling", o.scaling, EnumNames{"standard", "rslora"},
          "LoRA's scale: alpha / rank, or alpha / sqrt(rank), which suits high ranks (rsLoRA)");
    visit("lora-dropout", o.dropout, NumberRange{0, 0.99},
          "Share of an adapter's inputs that are left out at random in training");
    visit("lora-targets", o.targets, TextCheck{checkLoraTarget}, "Linears that are adapted");
    visit(
        "lora-embeddings", o.embeddings, EnumNames{"off", "on"},
        "Train the embeddings beside the adapters; needed once for a plain Qwen2.5-VL, whose rows "
        "for the LVR tokens are empty");
}

inline const EnumNames kRecipes{"paper", "tiny"};
inline constexpr const char* kRecipeHelp =
    "Where the defaults come from: paper, the published trainings; tiny, what trains the shipped "
    "model";
inline constexpr const char* kWarmupHelp =
    "Steps to the full learning rate; below 1: a share of all steps";

inline constexpr const char* kEpochsHelp =
    "How often each record is seen, in the place of a number of steps; 0: the steps are said";
inline constexpr const char* kMicroTokensHelp =
    "Positions at most that a forward pass holds; a step adds up as many passes as it needs";
inline const EnumNames kOverLength{"drop", "refuse"};
inline constexpr const char* kOverLengthHelp =
    "Records beyond --max-length are left out and counted, or none is trained on; text is never "
    "cut";

template <class Options, class Visit>
void visitAdamW(Options& o, const Visit& visit) {
    heading(visit, "Optimizer");
    visit("weight-decay", o.weightDecay, NumberRange{0, 1}, "Of AdamW");
    visit("decay-of", o.decayOf, EnumNames{"all", "matrices"},
          "What decays: everything, or neither norms, biases nor the latent end vector");
    visit("adam-beta2", o.beta2, NumberRange{0, 0.999999},
          "How long AdamW remembers squared gradients");
    visit("adam-states", o.adamStates, EnumNames{"float32", "8bit"},
          "AdamW's running means: float32, or a quarter of that memory");
}

// Every option once: visit(name, field, NumberRange | EnumNames | TextCheck, help). The command
// line and the JSON that runs keep walk this list.
template <class Visit>
void forEachField(SftOptions& o, const Visit& visit) {
    constexpr double kMany = 1e9;
    heading(visit, "Method");
    visit("recipe", o.recipe, kRecipes, kRecipeHelp);
    visit(
        "twin", o.twin, EnumNames{"lvr", "filler", "markers", "aux", "plain", "masked"},
        "lvr, or a control: filler (a constant in the slots), markers (no slots between them), "
        "aux (no slots, the region as an extra target), plain, masked (answers can't attend to the "
        "latents)");
    visit("own-latents", o.ownLatents, EnumNames{"off", "ramp"},
          "ramp: also train on the model's own latents; off: teacher forcing alone");
    visit("loss", o.latentLoss, EnumNames{"mse", "mae", "cosine"},
          "Between a latent and the visual token it should be");
    visit("mse-reduction", o.mseReduction, EnumNames{"element_mean", "channel_sum"},
          "Of mse and mae over channels: the release's mean, or the paper's sum");
    visit("head", o.head, EnumNames{"keep", "mlp", "glu"},
          "Add an lvr_head to a checkpoint that has none");
    visit("latent-end", o.latentEnd, EnumNames{"off", "token", "vector"},
          "Between the last latent and lvr_end: nothing, the lvr_latent_end token, or a learnt "
          "vector that tells when to stop");
    visit("roi-tokens", o.roiTokens, TextCheck{[](const std::string& t) { parseRoiTokens(t); }},
          "Targets of a thought: all, truncate:N, cycle:N or pool:N of its boxes' tokens");
    visit("box-min-one-token", o.thinBox, EnumNames{"off", "on"},
          "A box too thin to cover a token gets the nearest one");
    heading(visit, "Schedule");
    visit("schedule", o.schedule, EnumNames{"goal", "cosine", "linear", "constant"},
          "Of the learning rate: held until the goal and then cooled down, or over all steps");
    visit("steps", o.steps, NumberRange{1, kMany},
          "Steps in all; with schedule goal fewer when it is reached before");
    visit("epochs", o.epochs, NumberRange{0, 1e6}, kEpochsHelp);
    visit("cool-down", o.coolDown, NumberRange{0, kMany},
          "With schedule goal, the last of these steps, along which the learning rate falls; below "
          "1: a share of them");
    visit("goal", o.goal, NumberRange{0, 1},
          "With schedule goal, the running accuracy every kind must reach");
    visit("lr", o.learningRate, NumberRange{1e-12, 1}, "Full learning rate");
    visit("min-lr-rate", o.minRate, NumberRange{0, 1}, "Share of --lr at which a cosine ends");
    visit("warm-up", o.warmup, NumberRange{0, kMany}, kWarmupHelp);
    heading(visit, "Batches");
    visit("sampling", o.sampling, EnumNames{"records", "lagging"},
          "records: each once before any again; lagging: of picture after picture some records, "
          "of the kinds that are still answered wrong");
    visit("pictures", o.picturesPerStep, NumberRange{1, 1e6}, "Pictures a step");
    visit("questions", o.questionsPerPicture, NumberRange{1, 1e6},
          "Questions a picture, fewer where it has fewer");
    visit("batch", o.batch, NumberRange{0, 1e6},
          "Records a step, of as many pictures as that takes; 0: --pictures decides");
    visit("max-length", o.maxLength, NumberRange{0, kMany},
          "Positions a record may have, text and images together; 0: any");
    visit("over-length", o.overLength, kOverLength, kOverLengthHelp);
    heading(visit, "Loss");
    visit("ce-reduction", o.ceReduction, EnumNames{"tokens", "parts"},
          "Cross-entropy is a mean over all supervised tokens, or the sum of a mean over the "
          "answers' and one over all others");
    visit("answer-gate", o.answerGate, EnumNames{"off", "on"},
          "Beside own latents: a kind's answers weigh the less, the fewer of its latents are "
          "nearest to their target");
    visit("latent-weight", o.latentWeight, NumberRange{0, 1e6},
          "Lambda of the reconstruction loss, a mean over slots and channels (the paper's "
          "equation 1 has a sum over channels: its lambda times hidden_size is this one)");
    visit("short-thought-weight", o.shortThoughtWeight, NumberRange{0, 1e6},
          "In the reconstruction loss, of a slot of a thought of one or two");
    visit("cycle-slots", o.cycleSlots, EnumNames{"off", "on"},
          "Extra slots of data named spatial, relpos, left-right and above-below repeat all "
          "targets in turn instead of the last");
    visit("latent-end-weight", o.latentEndWeight, NumberRange{0, 1e6},
          "Of the distance to the latent end vector");
    visit("marker-weight", o.markerWeight, NumberRange{0, 1e6},
          "Of the cross-entropy of what is not the answer");
    visit("stop-weight", o.stopWeight, NumberRange{0, 1e6},
          "Of the mode-switching loss: binary cross-entropy of the lvr_end logit, which is to be "
          "high where a thought ends");
    visit("extra-slots", o.extraSlots, NumberRange{0, 1},
          "Share of records with more slots than targets");
    visit("position-gap", o.positionGap, NumberRange{0, 1e6},
          "Largest random gap in the positions before the first slot");
    heading(visit, "Optimizer");
    visit("merger-lr", o.mergerRate, NumberRange{0, 1e6},
          "Of the vision tower's merger (the projector), as a multiple of --lr; 0: frozen");
    visit("vision-lr", o.visionRate, NumberRange{0, 1e6},
          "Of the rest of the vision tower, likewise");
    visitAdamW(o, visit);
    visit("max-grad-norm", o.maxGradNorm, NumberRange{0, 1e9},
          "Gradients are scaled down to it; 0: never");
    visit("micro-tokens", o.microTokens, NumberRange{1, kMany}, kMicroTokensHelp);
    visit("max-nonfinite", o.maxNonFinite, NumberRange{1, kMany},
          "Steps in a row without finite gradients after which to give up");
    forEachField(o.lora, visit);
    heading(visit, "Batches");
    visit("seed", o.seed, NumberRange{0, 9007199254740992}, "Of the data order");
}

template <class Visit>
void forEachField(GrpoOptions& o, const Visit& visit) {
    constexpr double kMany = 1e9;
    heading(visit, "Schedule");
    visit("recipe", o.recipe, kRecipes, kRecipeHelp);
    visit("max-steps", o.steps, NumberRange{1, kMany}, "Steps of rollouts and updates");
    visit("epochs", o.epochs, NumberRange{0, 1e6}, kEpochsHelp);
    heading(visit, "Rollouts");
    visit("prompts", o.promptsPerStep, NumberRange{1, 1e6}, "Questions a step");
    visit("max-length", o.maxLength, NumberRange{0, kMany},
          "Positions a prompt may have, text and images together; 0: any");
    visit("over-length", o.overLength, kOverLength, kOverLengthHelp);
    visit("group-size", o.groupSize, NumberRange{2, 1e4}, "Rollouts a question (the paper's G)");
    heading(visit, "Schedule");
    visit("iterations", o.iterations, NumberRange{1, 1e4}, "Updates a step's rollouts serve for");
    visit("lr", o.learningRate, NumberRange{1e-12, 1}, "Largest learning rate");
    visit("warm-up", o.warmup, NumberRange{0, kMany}, kWarmupHelp);
    visitAdamW(o, visit);
    heading(visit, "Loss");
    visit("beta", o.beta, NumberRange{0, 1e6}, "Of the KL to the model it starts from; 0: none");
    visit("epsilon", o.epsilon, NumberRange{0, 1},
          "Of the clipping: how far the ratio to the policy that sampled may fall below 1");
    visit("epsilon-high", o.epsilonHigh, NumberRange{0, 1e6},
          "How far it may rise above 1 (DAPO: 0.28); 0: as far as --epsilon");
    visit("loss", o.loss, EnumNames{"bnpo", "grpo", "dr_grpo"},
          "Mean over all tokens, over each completion's first, or over the longest allowed");
    visit("scale-rewards", o.advantageScale, EnumNames{"std", "none"},
          "Divide advantages by the group's standard deviation, or not");
    visit("zero-variance-groups", o.zeroVariance, EnumNames{"keep", "drop"},
          "Groups whose rewards are all alike: their tokens count and the KL acts on them, or they "
          "are left out");
    heading(visit, "Rollouts");
    visit("temperature", o.temperature, NumberRange{1e-3, 100},
          "Of rollouts and log-probabilities");
    visit("top-k", o.topK, NumberRange{0, kMany},
          "Rollouts sample among so many ids; 0: all. Log-probabilities are of all ids, as TRL's, "
          "whatever this and the next two leave out");
    visit("top-p", o.topP, NumberRange{1e-6, 1},
          "Rollouts sample among the likeliest ids that make up this share; 1: all");
    visit("min-p", o.minP, NumberRange{0, 1},
          "Rollouts sample among ids at least this share as likely as the likeliest; 0: all");
    visit("max-new-tokens", o.maxNewTokens, NumberRange{1, 1e6},
          "Of a completion, latents included");
    visit("mask-truncated", o.maskTruncated, EnumNames{"off", "on"},
          "Completions cut at --max-new-tokens don't count in the loss");
    visit("exit", o.exit, TextCheck{[](const std::string& text) { parseExitRule(text); }},
          "Exit rule of rollouts (default: the checkpoint's own)");
    heading(visit, "Rewards");
    visit("rewards", o.rewards, TextCheck{},
          "Rewards to sum: accuracy (1 if the last <answer> is right; case, a final dot and how a "
          "number is written don't matter), format (1 if "
          "it is <|lvr_start|>...<|lvr_end|><answer>...</answer>), and names of --reward-command");
    visit("reward-command", o.rewardCommands,
          RepeatedText{[](const std::string& text) { parseRewardCommand(text); }},
          "NAME=COMMAND, a reward of one's own: it reads a step's completions as JSON lines and a "
          "blank line, and prints a number for each (app/training/README.md: Rewards); may be said "
          "again");
    visit("reward-weights", o.rewardWeights, NumberRange{-1e6, 1e6},
          "One for each of --rewards, then for each command that isn't among them (default: 1)");
    visit("reward-timeout", o.rewardTimeout, NumberRange{1, kMany},
          "Seconds that a reward command may take for a step");
    visit("log-completions", o.logCompletions, NumberRange{0, 1e6},
          "Print so many completions with their rewards whenever a step is printed");
    heading(visit, "Rollouts");
    visit("latents", o.latents, EnumNames{"recorded", "recomputed"},
          "recorded: replay the rollout's latents as constants (the paper); recomputed: the "
          "policy's own, gradient through them");
    visit("latent-noise", o.latentNoise, NumberRange{0, 100},
          "Standard deviation of noise on rollouts' latents, in their own RMS");
    heading(visit, "Optimizer");
    visit("micro-tokens", o.microTokens, NumberRange{1, kMany}, kMicroTokensHelp);
    visit("max-nonfinite", o.maxNonFinite, NumberRange{1, kMany},
          "Steps in a row without finite gradients after which to give up");
    forEachField(o.lora, visit);
    heading(visit, "Rollouts");
    visit("seed", o.seed, NumberRange{0, 9007199254740992}, "Of data order and sampling");
}

struct TrainReport {
    int step = 0, steps = 0;
    double learningRate = 0;
    double samplesPerSecond = 0;
    double secondsLeft = 0;
    std::map<std::string, double> metrics;  // "loss/latent", "accuracy/chain", ...
    std::string alert = {};                 // what a person should know of this step; mostly empty
};
using OnTrainReport = std::function<void(const TrainReport&)>;  // after every step

}  // namespace lvr
