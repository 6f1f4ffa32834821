#include "core/causal/causal_set.h"

#include <algorithm>

#include "core/causal/causal_panel.h"
#include "core/causal/latent_looks.h"
#include "core/causal/untouched.h"
#include "core/error.h"
#include "core/torch.h"

namespace lvr {
namespace {

constexpr std::size_t kVisualSamples = 16;  // pictures whose visual tokens' norm is measured

// What is known of a question when it was asked once.
struct FirstLook {
    std::string id, answer, cluster;
    torch::Tensor latents, state;      // [n, D]; [D], of the answer; undefined where there is none
    std::optional<CausalDonor> other;  // another question on its picture
    std::size_t picture = 0;           // equal for equal pictures
};

std::size_t fingerprintOf(const std::vector<Image>& images) {
    std::size_t hash = images.size();
    for (const auto& image : images) {
        const std::string_view bytes(reinterpret_cast<const char*>(image.rgb.data()),
                                     image.rgb.size());
        hash = hash * 1000003 ^ std::hash<std::string_view>{}(bytes);
    }
    return hash;
}

LatentMoments momentsOf(const std::vector<torch::Tensor>& thoughts) {
    std::vector<torch::Tensor> all;
    for (const auto& thought : thoughts)
        if (thought.defined() && thought.size(0) > 0) all.push_back(thought);
    if (all.empty()) return {};
    const auto latents = torch::cat(all);
    return {floatsOf(latents.mean(0)), floatsOf(latents.std(0, /*unbiased=*/false))};
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
            if (look) thoughts.push_back(look->latents);
        moments_ = momentsOf(thoughts);
        for (std::size_t i = 0; i < set_.count; ++i) {
            if (hooks_.stop.stop_requested()) throw Cancelled();
            if (looks_[i]) askPanel(i);
            tell(i + 1, "panels");
        }
        result_.geometry =
            geometryOf(thoughts, visual_.empty() ? torch::Tensor() : torch::cat(visual_),
                       checkpoint_.model.lmHead());
        probeAll();
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
                                            options_, hooks_.stop);
            look = FirstLook{.id = item.sample.id,
                             .answer = answerOf(checkpoint_, asked.row),
                             .cluster = item.cluster.empty() ? item.sample.id : item.cluster,
                             .latents = asked.latents(),
                             .picture = fingerprintOf(item.sample.question.images)};
            if (asked.spoken) look->state = asked.scores.state;
            if (item.otherQuestion && look->latents.size(0) > 0)
                look->other = lentBy(item, *item.otherQuestion);
            if (visual_.size() < kVisualSamples && asked.encoded.prompt.imageTokens.defined())
                visual_.push_back(
                    asked.encoded.prompt.imageTokens.to(torch::kCPU, torch::kFloat32));
            collect(item, *look);
        } catch (const Error& error) {
            result_.skipped.push_back("item " + std::to_string(index + 1) + ": " + error.what());
        }
    }

    std::optional<CausalDonor> lentBy(const CausalSetItem& item, const std::string& text) const {
        auto question = item.sample.question;
        question.text = text;
        const auto asked = askUntouched(checkpoint_, {.question = question}, options_, hooks_.stop);
        if (asked.latents().size(0) == 0) return std::nullopt;
        return CausalDonor{.from = "\"" + text + "\"",
                           .answer = answerOf(checkpoint_, asked.row),
                           .latents = floatsOf(asked.latents()),
                           .width = static_cast<int>(asked.latents().size(1))};
    }

    // The next from the middle of the others on that has another picture, thought, and answered
    // otherwise if any did.
    const FirstLook* donorFor(std::size_t index) const {
        const auto& own = *looks_[index];
        const FirstLook* same = nullptr;
        for (std::size_t step = 0; step < looks_.size(); ++step) {
            const auto& other = looks_[(index + looks_.size() / 2 + step) % looks_.size()];
            if (!other || other->picture == own.picture || other->latents.size(0) == 0) continue;
            if (other->answer != own.answer) return &*other;
            if (!same) same = &*other;
        }
        return same;
    }

    // Of a question that lends nothing, apart from the donors' answers.
    std::string randomAnswer(std::size_t index, const CausalQuestion& question) const {
        const auto start = (index * 7919 + seed_ + 1) % looks_.size();
        for (std::size_t step = 0; step < looks_.size(); ++step) {
            const auto& other = looks_[(start + step) % looks_.size()];
            if (!other || other->answer.empty() || other->answer == looks_[index]->answer) continue;
            const auto lends = [&](const std::optional<CausalDonor>& donor) {
                return donor && donor->answer == other->answer;
            };
            if (!lends(question.otherPicture) && !lends(question.otherQuestion))
                return other->answer;
        }
        return {};
    }

    CausalQuestion questionFor(std::size_t index, const CausalSetItem& item) const {
        CausalQuestion question{.question = item.sample.question,
                                .expected = item.sample.answer,
                                .candidates = item.candidates,
                                .targets = item.sample.rois,
                                .otherQuestion = looks_[index]->other,
                                .chain = item.chain,
                                .moments = moments_};
        if (const auto* donor = donorFor(index))
            question.otherPicture = CausalDonor{.from = donor->id,
                                                .answer = donor->answer,
                                                .latents = floatsOf(donor->latents),
                                                .width = static_cast<int>(donor->latents.size(1))};
        question.randomAnswer = randomAnswer(index, question);
        return question;
    }

    void askPanel(std::size_t index) {
        if (hooks_.kept)
            if (auto known = hooks_.kept(looks_[index]->id)) {
                result_.items.push_back(std::move(*known));
                return;
            }
        const auto item = set_.item(index);
        CausalItem kept{.id = item.sample.id,
                        .kind = item.sample.kind,
                        .cluster = item.cluster,
                        .panel = causalPanel(checkpoint_, questionFor(index, item), options_,
                                             interventions_, {.stop = hooks_.stop})};
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

    // ---- Probes

    void collect(const CausalSetItem& item, const FirstLook& look) {
        const auto add = [&](const std::string& of, const char* at, const torch::Tensor& vector,
                             const std::string& label) {
            auto& data = probed_[{of, at}];
            data.vectors.push_back(vector);
            data.labels.push_back(label);
            data.clusters.push_back(look.cluster);
        };
        const auto n = look.latents.size(0);
        if (n > 0 && look.state.defined() && !look.answer.empty()) {
            add("answer", "last latent", look.latents[n - 1], look.answer);
            add("answer", "answer", look.state, look.answer);
        }
        for (std::int64_t i = 0; i < std::min<std::int64_t>(n, std::ssize(item.looked)); ++i)
            for (const auto& [name, value] : item.looked[i])
                add(name, "its latent", look.latents[i], value);
        if (look.state.defined() && !item.looked.empty())
            for (const auto& [name, value] : item.looked.back())
                add(name + " of the last", "answer", look.state, value);
    }

    void probeAll() {
        for (const auto& [name, data] : probed_)
            if (auto row = probe(name.first, name.second, data, seed_))
                result_.probes.push_back(std::move(*row));
    }

    const LvrCheckpoint& checkpoint_;
    const CausalSet& set_;
    const DecodeOptions& options_;
    const std::vector<Intervention>& interventions_;
    std::uint64_t seed_;
    const CausalSetHooks& hooks_;
    std::vector<std::optional<FirstLook>> looks_;
    std::vector<torch::Tensor> visual_;
    LatentMoments moments_;
    std::map<std::pair<std::string, std::string>, ProbeData> probed_;
    CausalSetResult result_;
};

}  // namespace

CausalSetResult runCausalSet(const LvrCheckpoint& checkpoint, const CausalSet& set,
                             const DecodeOptions& options,
                             const std::vector<Intervention>& interventions, std::uint64_t seed,
                             const CausalSetHooks& hooks) {
    const c10::InferenceMode inference;
    return SetRun(checkpoint, set, options, interventions, seed, hooks).run();
}

}  // namespace lvr
