#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "core/decode/lvr_checkpoint.h"
#include "core/sft/training_set.h"
#include "core/train/distributed.h"
#include "core/values/train_options.h"

namespace lvr {

// Teacher-forced losses of records that are not trained on: "ce", a mean over supervised tokens,
// and "latent", a mean over slots when there are any. As in training with these options, but for
// what is random there. A record that cannot be read is left out. Pictures are looked at anew,
// picture by picture, so that memory does not grow with the set. Pictures are shared out among the
// ranks, all of which must call it and get the same. Throws Cancelled.
std::map<std::string, double> validateSft(const LvrCheckpoint& checkpoint, const TrainingSet& set,
                                          SftOptions options, const Ranks& ranks = {},
                                          const std::stop_token& stop = {});

}  // namespace lvr
