#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "core/decode/row_sight.h"
#include "core/model/lvr_checkpoint.h"
#include "core/model/sequence.h"
#include "core/model/visual_tokens.h"
#include "core/values/options.h"
#include "core/values/trace.h"

namespace lvr {

struct PassWatch;
class RecentPrompts;

// Prompts that went through the model, for rows to go on from.
struct ReadPrompt {
    KvCache cache = KvCache();  // a row each
    torch::Tensor newest;       // [P, 2, D] hidden states of their last two positions
};

// A prompt, ready for the language model.
struct Prompt {
    std::vector<std::int64_t> ids;  // [T]
    Sequence sequence;              // one row, visual tokens put in
    std::int64_t next = 0;          // position of the first generated token, on all three axes
    VisualTokens images;
    // [n, D], n > 0: the first thought. <|lvr_start|> opens it, sampled or not, and after exactly
    // these vectors <|lvr_end|> ends it. Undefined: the model thinks by itself.
    torch::Tensor thought = {};
    int copies = 1;  // rows that answer it; it is read once for all of them
    // One a copy: when it stops thinking, in place of what the options say. Empty: as they say.
    std::vector<ExitRule> exits = {};
    // It was read already (readPrompt); where several prompts are asked at once, none may be.
    std::shared_ptr<const ReadPrompt> read = {};
};

// A generated position. Text: reported when it is sampled. Latent: once the vector was read, so
// that the pass' own lvr_end logit is known.
struct RowStep {
    int row = 0;
    int position = 0;        // among the row's generated positions
    std::int64_t token = 0;  // for a latent: the shadow token
    int latentIndex = -1;    // within its thought; -1 for text
    // [D] float32, CPU. Latent: what was fed. Text: what would have been fed in the token's place.
    torch::Tensor vector;
    double endProbability = 0;
    std::optional<double> endDistance;
    double probability = 0;  // of a text token, softmax of the raw logits
};

struct RowResult {
    std::vector<std::int64_t> ids;  // generated, shadow tokens included, the stop token too
    std::vector<bool> isLatent;     // per generated position: a vector was fed there
    // Likewise: its id was sampled as what is said. Not so where a latent was fed, but for a start
    // in whose place one is, nor where an id was forced.
    std::vector<bool> isSaid;
    // Where they are wanted, per generated position: of its id under softmax(logits / temperature)
    // (temperature 1 when greedy), before penalty, top-k, top-p and min-p.
    std::vector<float> logProbabilities;
    torch::Tensor latents;       // [n, D] float32, as fed
    std::vector<int> thoughtOf;  // [n] number of the thought that each is of, from 0
    StopReason stopped = StopReason::EndOfText;
};

// Where a latent that is about to be fed stands, both counted from 0.
struct LatentPlace {
    int thought = -1;  // within its row; -1: the row feeds a token
    int index = 0;     // within its thought
};
// May replace the vectors about to be fed. own: [B, D]; places: [B], of all rows: those that feed
// a token or are done have no place, and what is given for them is not fed.
using LatentFilter =
    std::function<torch::Tensor(const torch::Tensor& own, const std::vector<LatentPlace>& places)>;

// What a row does otherwise than the options say.
struct RowPlan {
    // MarkersOnly: no latent between <|lvr_start|> and <|lvr_end|>. Removed: not even those, a
    // forced start included.
    enum class Span { AsDecoded, MarkersOnly, Removed } span = Span::AsDecoded;
    // Exactly so many in its first thought, which <|lvr_end|> ends; -1: the exit rule says.
    std::int64_t latents = -1;
    // What its text may not look at once a thought is over; its latents still see all.
    bool hidesPrompt = false, hidesLatents = false;
};

// Rows when the last of them was done: what was read, to go on from. A row's generated position i
// is number sight.seen() - passes + i there and has the position id next + i.
struct RowsEnd {
    KvCache cache = KvCache();
    RowSight sight = RowSight({}, 0, 0, 0);
    std::int64_t passes = 0;         // positions read after the prompt, of each row
    std::vector<std::int64_t> next;  // [B]
};

struct RowHooks {
    std::function<void(const RowStep&)> onStep = {};
    // [A, V] float32, CPU, of each pass: the rows that are not finished
    std::function<void(const torch::Tensor& logits)> onLogits = {};
    // [prompts, T, D], of the pass that reads them; not called where one was read before
    std::function<void(const torch::Tensor& hidden)> onPrompt = {};
    std::function<void(std::int64_t positions)> onRead = {};  // of the prompts, in that pass
    std::function<void(std::int64_t rows)> onPass = {};       // in each after that
    // What the prompts became is left there, for them to be asked again, or is there already.
    std::shared_ptr<const ReadPrompt>* read = nullptr;
    // Where a single prompt is asked: what is known of it is not read again, and it is kept there.
    RecentPrompts* recent = nullptr;
    LatentFilter filter = {};
    std::function<void(double fraction)> onReading = {};  // of the prompts, after each layer
    std::stop_token stop = {};                            // looked at between two layers
    std::vector<RowPlan> plans = {};                      // one a row; empty: none has one
    std::function<void(RowsEnd)> onEnd = {};              // every row stays in the cache until then
    std::int64_t spare = 0;  // room in the cache for what is read after the end
    enum class Scores { No, Yes } scores = Scores::No;  // fill in RowResult::logProbabilities
    // Unread: nobody looks at the ids of latent positions. Where nothing else goes by their logits
    // either, these are not computed, and the id there is <|lvr|>; all else is as it would be.
    enum class Shadows { Read, Unread } shadows = Shadows::Read;
};

// Reads a prompt for rows to go on from, as often as wanted. nullptr when a stop came first.
// beginning: what its first positions became, which are not read again; all but two of them at
// most.
std::shared_ptr<const ReadPrompt> readPrompt(const LvrModel& model, const Prompt& prompt,
                                             const PassWatch& watch,
                                             const KvCache& beginning = KvCache());

// The latents of each of its thoughts, in order: [n, D] each.
std::vector<torch::Tensor> thoughtsOf(const RowResult& row);

// The one decoding loop (lvr-spec 4). Each thought of a row ends by the same exit rule, which
// counts from that thought's <|lvr_start|>, also after a given thought. Rows may have prompts of
// different lengths and enter and leave thoughts at different times; each gives what it would give
// alone. Results are in the order of the prompts, copies of one beside each other; row i samples
// with seed + i.
std::vector<RowResult> decodeRows(const LvrModel& model, const std::vector<Prompt>& prompts,
                                  const RowRules& rules, const DecodeOptions& options,
                                  const RowHooks& hooks = {});

}  // namespace lvr
