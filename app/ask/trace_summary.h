#pragma once

#include <QString>

#include "core/values/trace.h"

namespace lvr {

// One line for the status bar: times by part, latent steps, positions, why it ended.
QString summary(const Trace& trace);

// How it was asked: "Asked: What shape? · fixed 4, T 0.7, seed 3 · tiny model".
QString askedText(const Trace& trace);

}  // namespace lvr
