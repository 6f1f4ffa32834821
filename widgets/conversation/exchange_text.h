#pragma once

#include <QString>
#include <optional>

#include "core/values/exchange.h"

namespace lvr {

// What is said of an answer, the same in the list, in the window and in copies.
QString answerText(const Trace& trace);  // "moon"; what was said so far of one that was stopped
QString wayText(const Trace& trace);     // "P(end) ≥ 0.5, at most 16"; or another loop's method
QString howText(const Trace& trace);     // "P(end) ≥ 0.5, at most 16 · tiny model"
// "5 latents · first token 18 ms · 412 tokens/s"; of what is not known nothing is said.
QString speedText(const Trace& trace);
QString whenText(std::int64_t askedAt);  // local: "22:45" today, else with its date

// Whether the answer is the known one; absent when none is known or the answer is cut short.
std::optional<bool> isRight(const Trace& trace);

}  // namespace lvr
