#pragma once

#include <QString>

#include "core/values/trace.h"

namespace lvr {

struct PicturePlan;
struct ReadingProgress;

// One line for the status bar: times by part, latent steps, positions, why it ended.
QString summary(const Trace& trace);
// The same while a question is read: what its picture is scaled to, and how far it is.
QString readingText(const ReadingProgress& progress);
// "1344×896, 1,536 visual tokens"; of several pictures their number.
QString sizeText(const PicturePlan& plan);

// How it was asked: "Asked: What shape? · fixed 4, T 0.7, seed 3 · tiny model".
QString askedText(const Trace& trace);

}  // namespace lvr
