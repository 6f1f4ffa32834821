#pragma once

namespace lvr {

// While one lives, this thread computes without gradients to the last bit what it computes with
// them: not by the kernels that have no gradients. For what is set beside numbers of a training,
// where a difference of rounding would be taken for one of the model: AdamW makes whole steps of
// it.
class TrainingNumbers {
public:
    TrainingNumbers();
    ~TrainingNumbers();
    TrainingNumbers(const TrainingNumbers&) = delete;
    TrainingNumbers& operator=(const TrainingNumbers&) = delete;

    static bool asked();  // by one that lives, or because gradients are on
};

}  // namespace lvr
