#include "core/causal/causal_set.h"

#include <algorithm>
#include <map>

#include "core/causal/causal_panel.h"
#include "core/causal/latent_looks.h"
#include "core/causal/probes.h"
#include "core/causal/set_looks.h"
#include "core/causal/untouched.h"
#include "core/decode/recent_prompts.h"
#include "core/error.h"
#include "core/torch.h"

namespace lvr {
namespace {

constexpr std::size_t kVisualSamples = 16;  // pictures whose visual tokens' norm is measured

// Of one that did not think: no latents.
CausalDonor lentBy(const LvrCheckpoint& checkpoint, const Untouched& asked,
                   const std::string& from) {
    return {.from = from,
            .answer = answerOf(checkpoint, asked.row),
            .latents = floatsOf(asked.latents()),
            .width = static_cast<int>(asked.latents().size(-1))};
}

std::optional<CausalDonor> otherOn(const LvrCheckpoint& checkpoint, const CausalSetItem& item,
                                   const DecodeOptions& options, const std::stop_token& stop,
                                   RecentPrompts* recent) {
    auto question = item.sample.question;
    question.text = *item.otherQuestion;
    const auto asked = askUntouched(checkpoint, {.question = question}, options, stop, recent);
    if (asked.latents().size(0) == 0) return std::nullopt;
    return lentBy(checkpoint, asked, "\"" + question.text + "\"");
}

SetLook lookOf(const LvrCheckpoint& checkpoint, const CausalSetItem& item, const Untouched& asked,
               const DecodeOptions& options, const std::stop_token& stop, RecentPrompts* recent) {
    const auto& sample = item.sample;
    SetLook look{.cluster = item.cluster.empty() ? sample.id : item.cluster,
                 .thought = lentBy(checkpoint, asked, sample.id),
                 .picture = pictureMark(sample.question.images),
                 .looked = item.looked};
    if (asked.spoken) look.state = floatsOf(asked.scores.state);
    if (item.otherQuestion && !look.thought.latents.empty())
        look.other = otherOn(checkpoint, item, options, stop, recent);
    return look;
}

torch::Tensor latentsOf(const CausalDonor& donor) {  // [n, D]
    return torch::tensor(donor.latents).reshape({-1, std::max(donor.width, 1)});
}

// ---- Probes

using ProbedVectors = std::map<std::pair<std::string, std::string>, ProbeData>;

void collect(const SetLook& look, ProbedVectors& probed) {
    const auto add = [&](const std::string& of, const char* at, const torch::Tensor& vector,
                         const std::string& label) {
        auto& data = probed[{of, at}];
        data.vectors.push_back(vector);
        data.labels.push_back(label);
        data.clusters.push_back(look.cluster);
    };
    const auto latents = latentsOf(look.thought);
    const auto state = torch::tensor(look.state);
    const auto& answer = look.thought.answer;
    const auto n = latents.size(0);
    if (n > 0 && !look.state.empty() && !answer.empty()) {
        add("answer", "last latent", latents[n - 1], answer);
        add("answer", "answer", state, answer);
    }
    for (std::int64_t i = 0; i < std::min<std::int64_t>(n, std::ssize(look.looked)); ++i)
        for (const auto& [name, value] : look.looked[i]) add(name, "its latent", latents[i], value);
    if (!look.state.empty() && !look.looked.empty())
        for (const auto& [name, value] : look.looked.back())
            add(name + " of the last", "answer", state, value);
}

class SetRun {
public:
    SetRun(const LvrCheckpoint& checkpoint, const CausalSet& set, const DecodeOptions& options,
           const std::vector<Intervention>& interventions, std::uint64_t seed,
           const CausalSetHooks& hooks)
        : checkpoint_(checkpoint),
          set_(set),
          options_(options),
          interventions_(interventions),
          seed_(seed),
          hooks_(hooks) {}

    CausalSetResult run() {
        for (std::size_t i = 0; i < set_.count; ++i) {
            if (hooks_.stop.stop_requested()) throw Cancelled();
            lookAt(i);
            tell(i + 1, "asked once");
        }
        std::vector<torch::Tensor> thoughts;
        for (const auto& look : looks_)
            if (look && !look->thought.latents.empty())
                thoughts.push_back(latentsOf(look->thought));
        moments_ = momentsOf(looks_);
        for (std::size_t i = 0; i < set_.count; ++i) {
            if (hooks_.stop.stop_requested()) throw Cancelled();
            if (looks_[i]) askPanel(i);
            tell(i + 1, "panels");
        }
        result_.geometry =
            geometryOf(thoughts, visual_.empty() ? torch::Tensor() : torch::cat(visual_),
                       checkpoint_.model.lmHead());
        result_.probes = probesOf(looks_, seed_);
        return std::move(result_);
    }

private:
    void tell(std::size_t done, const char* what) const {
        if (hooks_.onProgress)
            hooks_.onProgress(static_cast<int>(done), static_cast<int>(set_.count), what);
    }

    // Reads and asks a question once; one that can't be read is named and passed over.
    void lookAt(std::size_t index) {
        auto& look = looks_.emplace_back();
        try {
            const auto item = set_.item(index);
            const auto asked = askUntouched(checkpoint_, {.question = item.sample.question},
                                            options_, hooks_.stop, &recent_);
            look = lookOf(checkpoint_, item, asked, options_, hooks_.stop, &recent_);
            if (visual_.size() < kVisualSamples && asked.encoded.prompt.images.tokens.defined())
                visual_.push_back(
                    asked.encoded.prompt.images.tokens.to(torch::kCPU, torch::kFloat32));
        } catch (const Error& error) {
            result_.skipped.push_back("item " + std::to_string(index + 1) + ": " + error.what());
        }
    }

    void askPanel(std::size_t index) {
        if (hooks_.kept)
            if (auto known = hooks_.kept(looks_[index]->thought.from)) {
                result_.items.push_back(std::move(*known));
                return;
            }
        const auto item = set_.item(index);
        CausalItem kept{.id = item.sample.id,
                        .kind = item.sample.kind,
                        .cluster = item.cluster,
                        .panel = causalPanel(
                            checkpoint_, questionInSet(looks_, index, item, moments_, seed_),
                            options_, interventions_, {.stop = hooks_.stop, .recent = &recent_})};
        forgetPictures(kept.panel);
        if (hooks_.onItem) hooks_.onItem(kept);
        result_.items.push_back(std::move(kept));
    }

    // What is as long as the picture is of no use in a set.
    static void forgetPictures(CausalPanel& panel) {
        panel.heat.clear();
        panel.answerAttention.clear();
        panel.tokenProjection.clear();
        for (auto& outcome : panel.outcomes) outcome.heat.clear();
        for (auto& step : panel.steps) step.attention.clear();
    }

    const LvrCheckpoint& checkpoint_;
    const CausalSet& set_;
    const DecodeOptions& options_;
    const std::vector<Intervention>& interventions_;
    std::uint64_t seed_;
    const CausalSetHooks& hooks_;
    RecentPrompts recent_;
    SetLooks looks_;
    std::vector<torch::Tensor> visual_;
    LatentMoments moments_;
    CausalSetResult result_;
};

}  // namespace

SetLook lookAt(const LvrCheckpoint& checkpoint, const CausalSetItem& item,
               const DecodeOptions& options, std::stop_token stop, RecentPrompts* recent) {
    const c10::InferenceMode inference;
    const auto asked =
        askUntouched(checkpoint, {.question = item.sample.question}, options, stop, recent);
    return lookOf(checkpoint, item, asked, options, stop, recent);
}

std::vector<ProbeRow> probesOf(const SetLooks& looks, std::uint64_t seed) {
    const c10::InferenceMode inference;
    ProbedVectors probed;
    for (const auto& look : looks)
        if (look) collect(*look, probed);
    std::vector<ProbeRow> rows;
    for (const auto& [name, data] : probed)
        if (auto row = probe(name.first, name.second, data, seed)) rows.push_back(std::move(*row));
    return rows;
}

CausalSetResult runCausalSet(const LvrCheckpoint& checkpoint, const CausalSet& set,
                             const DecodeOptions& options,
                             const std::vector<Intervention>& interventions, std::uint64_t seed,
                             const CausalSetHooks& hooks) {
    const c10::InferenceMode inference;
    return SetRun(checkpoint, set, options, interventions, seed, hooks).run();
}

}  // namespace lvr
