#include "core/eval/evaluate_items.h"

#include "core/error.h"

namespace lvr {
namespace {

void askInto(EvaluatedItem& item, const LvrCheckpoint& checkpoint, const EvalPlan& plan,
             RecentPrompts& recent, const ItemHooks& hooks) {
    const ItemTexts texts{item.prompt, chainText(item.item)};
    try {
        const auto answers =
            askItem(checkpoint, item.item, texts, plan.columns, plan.decoding, recent, hooks);
        for (std::size_t c = 0; c < answers.size(); ++c)
            item.answers[toText(plan.columns[c])] = answers[c];
    } catch (const Error& error) {
        item.unreadable = error.what();
    }
}

}  // namespace

void evaluateItems(const LvrCheckpoint& checkpoint, const EvalPlan& plan,
                   const std::vector<EvaluatedItem>& items, const EvaluationHooks& hooks) {
    RecentPrompts recent;
    for (auto item : items) {
        if (hooks.ask.stop.stop_requested()) throw Cancelled();
        askInto(item, checkpoint, plan, recent, hooks.ask);
        if (hooks.onItem) hooks.onItem(item);
    }
}

}  // namespace lvr
