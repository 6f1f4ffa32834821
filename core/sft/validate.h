#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "core/model/lvr_checkpoint.h"
#include "core/sft/training_set.h"
#include "core/train/distributed.h"
#include "core/values/train_options.h"

namespace lvr {

struct SftValidation {
    std::map<std::string, double> losses;
    int unread = 0;      // records that could not be read and are not in the means, on all ranks
    std::string reason;  // of the first
};

// Teacher-forced losses of records that are not trained on: "ce", a mean over supervised tokens,
// and "latent", a mean over slots when there are any. As in training with these options, but for
// what is random there. Pictures are looked at anew, as many at a time as SftOptions::microTokens
// allows, so that memory does not grow with the set. Pictures are shared out among the
// ranks, all of which must call it and get the same. Throws Cancelled.
SftValidation validateSft(const LvrCheckpoint& checkpoint, const TrainingSet& set,
                          SftOptions options, const Ranks& ranks = {},
                          const std::stop_token& stop = {});

}  // namespace lvr
