#pragma once

#include <string>
#include <vector>

#include "core/values/anchor_spans.h"
#include "core/values/trace.h"

namespace lvr {

// One span of latents: from its first slot to the token after its last.
struct Thought {
    enum class End {
        Rule,        // the exit rule fired
        Cap,         // the rule never fired, and its longest span was reached
        TokenLimit,  // no room for more positions
        CutOff,      // nothing follows: stopped, or still going on
        Given        // it was not the model's: all its latents were given (GivenThought)
    };
    int latents = 0;
    End end = End::CutOff;
    // Its dialect's end is the token that followed; of a loop that isn't ours: any token.
    bool closed = false;
    bool operator==(const Thought&) const = default;
};

// Whether a trace's answer came from latents that were really fed back.
struct Liveness {
    enum class State {
        Plain,     // no latent at all: the rule allows none, or the model opened no thought
        Doubtful,  // something else was fed, or a thought did not end by itself
        Alive      // own hidden states, every thought ended by its rule and closed
    };
    State state = State::Plain;
    std::vector<Thought> thoughts;
    LatentFeed feed = LatentFeed::Own;
    ExitRule rule;
    std::string method;    // of a loop that isn't ours: it knows itself when to stop
    bool stopped = false;  // by the person
    bool given = false;    // the first thought
    std::string dialect = "lvr";
    std::vector<AnchorSpan> anchors;  // tokens for visual thoughts that nothing is fed back for
    bool operator==(const Liveness&) const = default;
};

Liveness livenessOf(const Trace& trace);
int latentCount(const Liveness& liveness);

// "12 latents fed back, ended by P(end) >= 0.5, closed"; of several thoughts the one in most doubt.
std::string toText(const Liveness& liveness);

}  // namespace lvr
