#include "core/decode/exit_rule.h"

#include <cmath>

namespace lvr {
namespace {

bool leaves(const NoLatents&, const SpanState&) { return true; }

bool leaves(const FixedSteps& rule, const SpanState& s) { return s.fed >= rule.count; }

bool leaves(const NearLatentEnd& rule, const SpanState& s) {
    return s.fed >= rule.cap || (s.endDistance && *s.endDistance < rule.threshold);
}

bool leaves(const EndToken& rule, const SpanState& s) { return s.fed >= rule.cap || s.endSampled; }

bool leaves(const EndProbability& rule, const SpanState& s) {
    return s.fed >= rule.cap || s.endProbability >= rule.threshold;
}

bool leaves(const Settled& rule, const SpanState& s) {
    return s.fed >= rule.cap || (s.latentCosine && *s.latentCosine >= rule.threshold);
}

bool leaves(const AnswerSettled& rule, const SpanState& s) {
    return s.fed >= rule.cap || (s.fed > 0 && s.answerHeld >= rule.held);
}

bool leaves(const AnswerEntropy& rule, const SpanState& s) {
    return s.fed >= rule.cap || (s.answerEntropy && *s.answerEntropy < rule.threshold);
}

bool leaves(const LearnedProbe& rule, const SpanState& s) {
    return s.fed >= rule.cap || (s.probedRight && *s.probedRight >= rule.threshold);
}

bool leaves(const RepeatedToken& rule, const SpanState& s) {
    return s.fed >= rule.cap || s.endSampled || (s.fed > 0 && s.sameId >= rule.times);
}

}  // namespace

bool looksAhead(const ExitRule& rule) {
    return std::holds_alternative<AnswerSettled>(rule) ||
           std::holds_alternative<AnswerEntropy>(rule);
}

bool leavesLatentMode(const ExitRule& rule, const SpanState& state) {
    return std::visit([&](const auto& r) { return leaves(r, state); }, rule);
}

double latentEndDistance(LatentEndMetric metric, const float* a, const float* b,
                         std::int64_t size) {
    double squares = 0, absolutes = 0, dot = 0, aa = 0, bb = 0;
    for (std::int64_t i = 0; i < size; ++i) {
        const double d = static_cast<double>(a[i]) - b[i];
        squares += d * d;
        absolutes += std::abs(d);
        dot += static_cast<double>(a[i]) * b[i];
        aa += static_cast<double>(a[i]) * a[i];
        bb += static_cast<double>(b[i]) * b[i];
    }
    switch (metric) {
        case LatentEndMetric::Mse:
            return squares / static_cast<double>(size);
        case LatentEndMetric::Mae:
            return absolutes / static_cast<double>(size);
        case LatentEndMetric::Cosine:
            return 1.0 - dot / std::max(std::sqrt(aa * bb), 1e-8);
    }
    return 0;
}

}  // namespace lvr
