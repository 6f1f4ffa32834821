#pragma once

#include <QString>

#include "core/values/trace.h"

namespace lvr {

// One line for the status bar: times by part, latent steps, positions, why it ended.
QString summary(const Trace& trace);

}  // namespace lvr
