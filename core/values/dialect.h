#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/values/answer_mark.h"
#include "core/values/options.h"

namespace lvr {

// How a published method thinks in latents: which tokens are around a thought, what opens and ends
// it, what stands at a latent's position. One value for the one loop (core/decode/decode_rows.h).
// The values here are LVR's.
struct Dialect {
    std::string name = "lvr";    // "monet"
    std::string method = "LVR";  // as its authors write it: "Monet"

    // Its added tokens; empty: none.
    std::string start = "<|lvr_start|>", latent = "<|lvr|>", end = "<|lvr_end|>";
    std::string latentEnd = "<|lvr_latent_end|>";
    // Consumed: a start that was read opens a thought, also as the prompt's last token. Sampled:
    // only one that was said does.
    enum class Opens { Consumed, Sampled } opens = Opens::Consumed;
    // AfterStart: start is fed by its embedding, and its hidden state is latent 1. InPlaceOfStart:
    // the hidden state that predicted start is latent 1 and is fed where start stands.
    enum class First { AfterStart, InPlaceOfStart } first = First::AfterStart;
    // What stands at a latent's position: its `latent` token, or the id that was sampled there.
    enum class Kept { Shadow, Latent } kept = Kept::Shadow;
    // A start that is sampled inside a thought. The other two feed it as a token again, after
    // which the thought goes on.
    enum class StartInside { Ignored, Restarts, GoesOn } startInside = StartInside::Ignored;
    // First: a later start is an ordinary token. Endless, as Mirage was released: after the first
    // thought the count ends none, and after one that a sampled end has ended neither does an end.
    enum class Spans { Many, First, Endless } spans = Spans::Many;
    // A stop token that is sampled inside a thought. Stops: it is said, and is the last.
    enum class StopInside { LivesOn, Overwritten, Stops } stopInside = StopInside::LivesOn;
    // The length limit inside a thought.
    enum class LimitInside { Waits, Stops } limitInside = LimitInside::Waits;
    // How a start is forced. FirstId: it is the first id that is generated.
    enum class ForcedStart { EndsPrompt, FirstId, FirstIdUnlessPrompted };
    ForcedStart forcedStart = ForcedStart::EndsPrompt;
    // An end that is sampled where it would have been forced counts as forced.
    bool forcedBeatsSampled = false;
    std::string afterForced;  // the first token of this text is put after an end that was forced
    std::string stopText;     // a row whose text, shadow tokens included, holds it is done

    // What the options of decoding are where nobody says otherwise.
    bool sampledEndLeaves = false;  // the thought; else only the count does
    bool forcesStart = false, forcesEnd = false;
    int repeats = 0;  // so many equal shadow ids in a row leave too; 0: off
    int count = 8;    // latents
    // Its count is countTimes x this field of config.json; empty: no field says it.
    std::string countField;
    int countTimes = 1;

    // How it was published to be asked.
    AnswerMark answer = AnswerMark::Tag;
    std::string system;               // empty: the chat template's own
    bool promptEndsInHeader = false;  // in "assistant", without the newline
    // Where the folder's own files say nothing.
    std::optional<SamplingOptions> sampling;
    std::optional<int> maxNewTokens;
    PixelLimits pixels;

    bool operator==(const Dialect&) const = default;
};

// Every one by its name. "plain" is a model without latents: it is asked, and trained, as LVR.
const std::vector<Dialect>& dialects();
// Throws Error that lists the names and says which is nearest.
const Dialect& dialectNamed(const std::string& name);
// Of a name as a file has it: LVR's where it is empty, or of a newer version of this program.
const Dialect& knownDialect(const std::string& name);
// Each token that one of them adds, once.
const std::vector<std::string>& dialectTokens();
// Of LVR and of plain models: what this program adds and trains is LVR's.
bool isLvr(const Dialect& dialect);

// Its own rule: fixed:N where a sampled end is ignored, else end-token:N or repeated:R:N.
ExitRule exitOf(const Dialect& dialect);
// "<abs_vis_token> where it is sampled; its state is the first latent; ..." for a person.
std::string ruleText(const Dialect& dialect);

// How it was published to sample and to see, where it says so: "temperature 0.1, top-k 50, ...".
std::string publishedText(const Dialect& dialect);

// What decided how a checkpoint thinks.
struct DialectChoice {
    std::string name = "plain";
    // "config.json has latent_token_id and latent_start_id and no latent_size"
    std::string reason;
    std::vector<std::string> warnings = {};  // one sentence each
    bool isAsked = false;                    // somebody said so
    bool operator==(const DialectChoice&) const = default;
};

}  // namespace lvr
