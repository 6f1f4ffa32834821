#include "core/eval/agreement.h"

#include "core/error.h"
#include "core/torch.h"

namespace lvr {

void Agreement::add(const torch::Tensor& first, const torch::Tensor& second) {
    TORCH_CHECK(first.dim() == 2 && first.sizes() == second.sizes(), "logits ", first.sizes(),
                " and ", second.sizes());
    const auto one = first.to(torch::kFloat32).log_softmax(-1),
               other = second.to(torch::kFloat32).log_softmax(-1);       // [T, V]
    const auto each = (one.exp() * (one - other)).sum(-1).clamp_min(0);  // [T]
    tokens += static_cast<int>(each.size(0));
    divergence += each.sum().item<double>();
    most = std::max(most, each.max().item<double>());
    sameTop += (one.argmax(-1) == other.argmax(-1)).sum().item<int>();
}

void addRecord(const LvrCheckpoint& first, const LvrCheckpoint& second, const ScoreRecord& record,
               Agreement& agreement) {
    const torch::NoGradGuard frozen;
    const auto one = teacherForce(first, record, LatentEndToken::LeftOut),
               other = teacherForce(second, record, LatentEndToken::LeftOut);
    if (!torch::equal(one.labels, other.labels) || one.logits.size(1) != other.logits.size(1))
        throw Error(record.name + ": the two models read it as different tokens, so their " +
                    "predictions can't be compared; give a checkpoint and what was made from it");
    agreement.add(one.logits, other.logits);
}

}  // namespace lvr
