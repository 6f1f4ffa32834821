#include "core/model/training_numbers.h"

#include "core/torch.h"

namespace lvr {
namespace {

thread_local int alive = 0;

}  // namespace

TrainingNumbers::TrainingNumbers() { ++alive; }

TrainingNumbers::~TrainingNumbers() { --alive; }

bool TrainingNumbers::asked() { return alive > 0 || torch::GradMode::is_enabled(); }

}  // namespace lvr
