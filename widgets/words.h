#pragma once

#include <QString>

#include "core/values/run.h"

namespace lvr {

// How numbers, times and states are said to a person, everywhere alike.
QString runTitle(const Run& run);                          // its name, or "3 sft"
QString statusText(RunStatus status);                      // "Running"
QString durationText(double seconds);                      // "42 s", "3 min 05 s", "2 h 07 min"
QString millisecondsText(double ms);                       // "8.2 ms", "340 ms", "12.5 s"
QString startedText(double secondsSince1970, double now);  // the time, with the day unless today
QString shortNumber(double value);                         // 4 digits; "NaN", "∞"

}  // namespace lvr
