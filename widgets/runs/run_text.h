#pragma once

#include <QString>

#include "core/values/run.h"

namespace lvr {

QString statusText(RunStatus status);
QString durationText(double seconds);  // "42 s", "3 min 05 s", "2 h 07 min", "3 d 4 h"
QString startedText(double secondsSince1970, double now);  // the time, with the day unless today
QString shortNumber(double value);                         // 4 digits; "NaN", "∞"

// The metric a run is judged by at a glance: its reward, otherwise its loss. Null when it has none.
const std::pair<const std::string, double>* headline(const RunSummary& run);

// Seconds until a running run is through, from the steps between `before` and now. Below 0: not
// known yet.
double secondsLeft(const Run& before, const Run& now);

}  // namespace lvr
