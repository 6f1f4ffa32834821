#include "app/compare/right_answer.h"

#include "core/grpo/reward.h"

namespace lvr {

bool isRightAnswer(const std::string& answer, const std::string& expected) {
    // What a trace calls its answer has lost its tags, without which numbers would not be compared.
    return accuracyReward("<answer>" + answer + "</answer>", expected) > 0;
}

}  // namespace lvr
