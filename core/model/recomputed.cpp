#include "core/model/recomputed.h"

#include <torch/autograd.h>

#include "core/model/training_numbers.h"
#include "core/torch.h"

namespace lvr {
namespace {

using torch::autograd::AutogradContext;

struct Work : torch::CustomClassHolder {
    explicit Work(std::function<Tensors(const Tensors&)> given) : work(std::move(given)) {}
    std::function<Tensors(const Tensors&)> work;
};

struct Recomputed : torch::autograd::Function<Recomputed> {
    static Tensors forward(AutogradContext* context, const c10::intrusive_ptr<Work>& work,
                           std::int64_t inputs, at::TensorList inputsAndParameters) {
        const auto all = inputsAndParameters.vec();
        context->save_for_backward(all);
        context->saved_data["inputs"] = inputs;
        context->saved_data["work"] = c10::IValue::make_capsule(work);
        const TrainingNumbers same;
        return work->work({all.begin(), all.begin() + inputs});
    }

    static Tensors backward(AutogradContext* context, Tensors gradients) {
        const auto work =
            c10::static_intrusive_pointer_cast<Work>(context->saved_data["work"].toCapsule());
        const auto count = context->saved_data["inputs"].toInt();
        auto all = context->get_saved_variables();
        for (std::int64_t i = 0; i < count; ++i)
            all[i] = all[i].detach().requires_grad_(all[i].requires_grad());
        const torch::AutoGradMode on(true);
        const TrainingNumbers same;
        const auto outputs = work->work({all.begin(), all.begin() + count});
        Tensors wanted, reached, given;
        for (const auto& tensor : all)
            if (tensor.requires_grad()) wanted.push_back(tensor);
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            if (!outputs[i].requires_grad()) continue;
            reached.push_back(outputs[i]);
            given.push_back(gradients[i]);
        }
        auto found = torch::autograd::grad(reached, wanted, given, /*retain_graph=*/false,
                                           /*create_graph=*/false, /*allow_unused=*/true);
        Tensors back(2);  // of the work itself and the number: none
        std::size_t next = 0;
        for (const auto& tensor : all)
            back.push_back(tensor.requires_grad() ? found[next++] : torch::Tensor());
        return back;
    }
};

}  // namespace

Tensors recomputed(std::function<Tensors(const Tensors& inputs)> work, const Tensors& inputs,
                   const Tensors& parameters) {
    auto all = inputs;
    all.insert(all.end(), parameters.begin(), parameters.end());
    return Recomputed::apply(c10::make_intrusive<Work>(std::move(work)), std::ssize(inputs),
                             at::TensorList(all));
}

}  // namespace lvr
