#include "core/values/liveness.h"

#include <algorithm>

#include "core/values/dialect.h"
#include "core/values/option_field.h"

namespace lvr {
namespace {

// Whether the rule said stop after the span's last latent; nothing else is known of the others.
bool fired(const NoLatents&, const LatentStep&, int, bool) { return false; }
bool fired(const FixedSteps& rule, const LatentStep&, int latents, bool) {
    return latents >= rule.count;
}
bool fired(const NearLatentEnd& rule, const LatentStep& last, int, bool) {
    return last.endDistance && *last.endDistance < rule.threshold;
}
bool fired(const EndToken&, const LatentStep&, int, bool closed) { return closed; }
bool fired(const EndProbability& rule, const LatentStep& last, int, bool) {
    return last.endProbability >= rule.threshold;
}
// What these went by is not in the trace; what else ends a thought is its cap.
bool fired(const Settled& rule, const LatentStep&, int latents, bool) { return latents < rule.cap; }
bool fired(const AnswerSettled& rule, const LatentStep&, int latents, bool) {
    return latents < rule.cap;
}
bool fired(const AnswerEntropy& rule, const LatentStep&, int latents, bool) {
    return latents < rule.cap;
}
bool fired(const LearnedProbe& rule, const LatentStep&, int latents, bool) {
    return latents < rule.cap;
}

bool fired(const RepeatedToken& rule, const LatentStep&, int latents, bool) {
    return latents < rule.cap;
}

bool reachedCap(const ExitRule& rule, int latents) {
    return std::visit(
        [&](const auto& r) {
            if constexpr (requires { r.cap; })
                return latents >= r.cap;
            else
                return false;
        },
        rule);
}

// number: of the thought, from 0
Thought::End endOf(const Trace& trace, const LatentStep& last, int latents, const DecodeStep* next,
                   std::size_t number) {
    if (!next) return Thought::End::CutOff;
    if (!trace.method.empty()) return Thought::End::Rule;
    const auto& rule = trace.options.exit;
    const auto& dialect = knownDialect(trace.dialect);
    // As Mirage was released, the count ends the first thought only.
    const bool countIsOver = dialect.spans == Dialect::Spans::Endless && number > 0 &&
                             std::holds_alternative<EndToken>(rule);
    const bool capped = !countIsOver && reachedCap(rule, latents);
    const bool closed = next->text == dialect.end;
    // A forced <|lvr_end|> does not tell whether it was also sampled.
    const bool unknown = std::holds_alternative<EndToken>(rule) && capped &&
                         trace.options.spanEnd == SpanEnd::Forced;
    const bool ruleFired =
        std::visit([&](const auto& r) { return fired(r, last, latents, closed); }, rule);
    // A stop token inside the thought ended the row.
    const bool stopsInside = dialect.stopInside == Dialect::StopInside::Stops && !closed &&
                             next == &trace.steps.back() && trace.stopped == StopReason::EndOfText;
    if (stopsInside) return Thought::End::CutOff;
    if (ruleFired && !unknown) return Thought::End::Rule;
    return capped ? Thought::End::Cap : Thought::End::TokenLimit;
}

bool isGiven(const Trace& trace) { return !trace.options.thought.boxes.empty(); }

bool inDoubt(const Thought& thought) {
    return thought.end != Thought::End::Rule || !thought.closed;
}

bool isLatent(const DecodeStep& step) { return std::holds_alternative<LatentStep>(step.what); }

std::vector<Thought> thoughtsOf(const Trace& trace) {
    std::vector<Thought> thoughts;
    const auto& steps = trace.steps;
    const auto& dialect = knownDialect(trace.dialect);
    // A start that is fed as a token inside a thought, which goes on behind it.
    const auto isFedAgain = [&](std::size_t at) {
        return dialect.startInside != Dialect::StartInside::Ignored && at + 1 < steps.size() &&
               steps[at].text == dialect.start && isLatent(steps[at + 1]);
    };
    for (std::size_t i = 0; i < steps.size();) {
        std::size_t after = i;
        int latents = 0, counted = 0;
        for (; after < steps.size(); ++after)
            if (isLatent(steps[after]))
                ++latents, ++counted;
            else if (latents > 0 && isFedAgain(after))
                counted = dialect.startInside == Dialect::StartInside::Restarts ? 0 : counted;
            else
                break;
        if (latents > 0) {
            const auto* next = after < steps.size() ? &steps[after] : nullptr;
            const auto& last = std::get<LatentStep>(steps[after - 1].what);
            const bool given = thoughts.empty() && isGiven(trace);
            thoughts.push_back(
                {.latents = latents,
                 .end = given ? Thought::End::Given
                              : endOf(trace, last, counted, next, thoughts.size()),
                 .closed = next && (next->text == dialect.end || !trace.method.empty())});
        }
        i = after + 1;
    }
    return thoughts;
}

std::string count(int n, const std::string& what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::string fedText(const Liveness& liveness) {
    const int latents = latentCount(liveness);
    if (liveness.given) return count(latents, "latent") + " fed, not the model's own";
    switch (liveness.feed) {
        case LatentFeed::Own:
            return count(latents, "latent") + " fed back";
        case LatentFeed::Snap:
            return count(latents, "latent") + " replaced by the nearest visual token";
        case LatentFeed::Filler:
            return count(latents, "slot") + " fed with " + knownDialect(liveness.dialect).latent +
                   ", no latent";
        case LatentFeed::Zero:
            return count(latents, "slot") + " fed with zeros, no latent";
        case LatentFeed::Noise:
            return count(latents, "slot") + " fed with noise, no latent";
        case LatentFeed::Swap:
            return count(latents, "latent") + " of another answer fed";
        case LatentFeed::None:
            break;
    }
    return {};
}

std::string conditionText(const NoLatents&, const Dialect&) { return "no rule"; }
std::string conditionText(const FixedSteps& rule, const Dialect&) {
    return "its fixed number of " + std::to_string(rule.count);
}
std::string conditionText(const NearLatentEnd& rule, const Dialect&) {
    return "distance to the end vector < " + numberText(rule.threshold);
}
std::string conditionText(const EndToken&, const Dialect& dialect) {
    return "sampling " + dialect.end;
}
std::string conditionText(const EndProbability& rule, const Dialect&) {
    return "P(end) ≥ " + numberText(rule.threshold);
}
std::string conditionText(const Settled& rule, const Dialect&) {
    return "cosine to the latent before ≥ " + numberText(rule.threshold);
}
std::string conditionText(const AnswerSettled& rule, const Dialect&) {
    return "the same early answer over " + count(rule.held, "latent");
}
std::string conditionText(const AnswerEntropy& rule, const Dialect&) {
    return "entropy of the early answer < " + numberText(rule.threshold);
}
std::string conditionText(const LearnedProbe& rule, const Dialect&) {
    return "the probe's P(right) ≥ " + numberText(rule.threshold);
}
std::string conditionText(const RepeatedToken& rule, const Dialect& dialect) {
    return "sampling " + dialect.end + " or one token " + count(rule.times, "time");
}

std::string capText(const ExitRule& rule) {
    return std::visit(
        [](const auto& r) -> std::string {
            if constexpr (requires { r.cap; })
                return "cut at the cap of " + std::to_string(r.cap);
            else
                return "cut";
        },
        rule);
}

std::string endText(const Liveness& liveness, const Thought& thought) {
    switch (thought.end) {
        case Thought::End::Rule:
            if (!liveness.method.empty()) return "ended by " + liveness.method;
            return "ended by " + std::visit(
                                     [&](const auto& r) {
                                         return conditionText(r, knownDialect(liveness.dialect));
                                     },
                                     liveness.rule);
        case Thought::End::Cap:
            return capText(liveness.rule);
        case Thought::End::TokenLimit:
            return "cut at the token limit";
        case Thought::End::CutOff:
            return liveness.stopped ? "stopped by you" : "not ended";
        case Thought::End::Given:
            return "given by you";
    }
    return {};
}

// Plain decoding is a choice; that a model which may think does not is a finding.
std::string noLatentsText(const Liveness& liveness) {
    if (!liveness.method.empty()) return "no latents by " + liveness.method;
    if (std::holds_alternative<NoLatents>(liveness.rule))
        return "no latents: plain decoding" +
               (liveness.anchors.empty() ? "" : "; " + anchorText(liveness.anchors));
    if (liveness.stopped) return "no latents yet: stopped by you";
    if (liveness.feed == LatentFeed::None) return "no latents: the markers only, as you asked";
    if (!liveness.anchors.empty()) return "no latents: " + anchorText(liveness.anchors);
    return "no latents: the model opened no thought";
}

}  // namespace

Liveness livenessOf(const Trace& trace) {
    Liveness liveness{.thoughts = thoughtsOf(trace),
                      .feed = trace.options.latentFeed,
                      .rule = trace.options.exit,
                      .method = trace.method,
                      .stopped = trace.stopped == StopReason::Cancelled,
                      .given = isGiven(trace),
                      .dialect = trace.dialect,
                      .anchors = anchorSpansOf(trace.steps)};
    if (liveness.thoughts.empty()) return liveness;
    const bool doubtful =
        liveness.feed != LatentFeed::Own || std::ranges::any_of(liveness.thoughts, inDoubt);
    liveness.state = doubtful ? Liveness::State::Doubtful : Liveness::State::Alive;
    return liveness;
}

int latentCount(const Liveness& liveness) {
    int all = 0;
    for (const auto& thought : liveness.thoughts) all += thought.latents;
    return all;
}

std::string toText(const Liveness& liveness) {
    const auto& thoughts = liveness.thoughts;
    if (thoughts.empty()) return noLatentsText(liveness);
    auto told = std::ranges::find_if(thoughts, inDoubt);
    if (told == thoughts.end()) told = std::prev(thoughts.end());
    std::string text = fedText(liveness);
    if (thoughts.size() > 1)
        text += " in " + std::to_string(thoughts.size()) + " thoughts; thought " +
                std::to_string(told - thoughts.begin() + 1) + ": " + endText(liveness, *told);
    else
        text += ", " + endText(liveness, *told);
    return text + (told->closed ? ", closed" : ", not closed");
}

}  // namespace lvr
