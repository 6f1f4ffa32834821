#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/values/run.h"

namespace lvr {

class RunStore;

// A step that is done while the store can't be written, of a training that is stopped before it
// can: its row lies beside the checkpoint, in OUT.unrecorded.db, until the run goes on. What can't
// be written there either is lost, which is said.
void keepUnrecorded(const RunInfo& info, int step, const std::map<std::string, double>& metrics,
                    const std::vector<Rollout>& rollouts, const std::string& alert);
// Puts it into the store when it is of the step that the run goes on from; it is gone afterwards.
void recordUnrecorded(RunStore& store, std::int64_t run, int step);

}  // namespace lvr
