#include "core/decode/decoder.h"

#include <algorithm>
#include <chrono>

#include "core/decode/given_thought.h"
#include "core/decode/patch_projection.h"
#include "core/decode/recent_prompts.h"
#include "core/error.h"
#include "core/eval/answer.h"
#include "core/model/positions.h"
#include "core/text/chat_template.h"
#include "core/torch.h"

namespace lvr {
namespace {

using Clock = std::chrono::steady_clock;

double millisecondsSince(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::vector<float> toVector(const torch::Tensor& tensor) {
    const auto flat = tensor.to(torch::kCPU, torch::kFloat32).contiguous();
    return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

LatentStep latentStep(const RowStep& step, const Patches& patches) {
    LatentStep latent{.index = step.latentIndex,
                      .norm = step.vector.norm().item<float>(),
                      .endProbability = static_cast<float>(step.endProbability)};
    if (step.endDistance) latent.endDistance = static_cast<float>(*step.endDistance);
    if (patches.empty()) return latent;
    latent.cosine = toVector(patches.cosine(step.vector.unsqueeze(0))[0]);
    latent.l2 = toVector(patches.distance(step.vector.unsqueeze(0))[0]);
    return latent;
}

DecodeStep stepOf(const RowStep& step, const Tokenizer& tokenizer, const Patches& patches) {
    DecodeStep out{.position = step.position,
                   .token = static_cast<int>(step.token),
                   .text = tokenizer.decode({step.token})};
    if (step.latentIndex >= 0)
        out.what = latentStep(step, patches);
    else
        out.what = TextStep{static_cast<float>(step.probability)};
    return out;
}

// How near the state of each text token was to each visual token. states: one per text token.
void measureText(std::vector<DecodeStep>& steps, const std::vector<torch::Tensor>& states,
                 const Patches& patches) {
    if (states.empty() || patches.empty()) return;
    const auto cosine = patches.cosine(torch::stack(states));
    std::int64_t next = 0;
    for (auto& step : steps)
        if (auto* text = std::get_if<TextStep>(&step.what)) text->cosine = toVector(cosine[next++]);
}

void checkLength(std::int64_t tokens, int most) {
    if (tokens > most)
        throw Error("the prompt has " + std::to_string(tokens) +
                    " tokens and this model reads at most " + std::to_string(most) +
                    "; shorten the question or scale its pictures down");
}

std::int64_t textLength(const LvrCheckpoint& checkpoint, const Question& question,
                        const DecodeOptions& options, PromptKind kind) {
    const std::int64_t start = options.spanStart == SpanStart::Forced;
    if (kind == PromptKind::Raw) return start + rawTextLength(checkpoint.tokenizer, question.text);
    const std::vector<PatchGrid> none(question.images.size());
    return start + std::ssize(checkpoint.prompt(none, question.text, options.system));
}

// The boxes' slots, the two markers, and the end that the model was trained to see after them.
std::function<std::int64_t(const std::vector<PatchGrid>&)> thoughtRoom(
    const LvrCheckpoint& checkpoint, const DecodeOptions& options) {
    if (options.thought.boxes.empty()) return {};
    const auto around = 2 + (checkpoint.model.latentEnd().defined() ? 1 : 0);
    return [&options, around, rule = checkpoint.trainedTargets()](const auto& grids) {
        return thoughtLength(options.thought, grids, rule) + around;
    };
}

// 1536 -> "1,536"
std::string grouped(std::int64_t count) {
    auto text = std::to_string(count);
    for (auto at = std::ssize(text) - 3; at > 0; at -= 3) text.insert(at, 1, ',');
    return text;
}

std::string beginningOf(const std::string& text) {
    constexpr std::size_t kShown = 40;
    if (text.size() <= kShown) return text;
    auto end = kShown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // UTF-8
    return text.substr(0, end) + "…";
}

[[noreturn]] void throwTooLong(const Question& question, const ReadingRoom& room) {
    const auto pictures = question.images.size();
    throw Error("the question \"" + beginningOf(question.text) + "\" has " + grouped(room.text) +
                " tokens with what is put around it, and this model reads at most " +
                grouped(room.positions) +
                (pictures == 0   ? "; shorten it"
                 : pictures == 1 ? ", its picture included; shorten it"
                                 : ", its " + std::to_string(pictures) +
                                       " pictures included; shorten it or ask about fewer"));
}

// With what the options say to think, and the end that the model was trained to see after it.
Prompt withThought(Prompt prompt, const LvrCheckpoint& checkpoint, const DecodeOptions& options,
                   const std::vector<PatchGrid>& grids) {
    if (options.thought.boxes.empty()) return prompt;
    checkpoint.checkThinks();
    prompt.thought =
        thoughtLatents(options.thought, grids, checkpoint.trainedTargets(), prompt.images.tokens);
    if (const auto& end = checkpoint.model.latentEnd(); end.defined())
        prompt.thought = torch::cat({prompt.thought, end.unsqueeze(0)});
    checkLength(std::ssize(prompt.ids) + prompt.thought.size(0),
                checkpoint.model.config().text.maxPositionEmbeddings);
    return prompt;
}

}  // namespace

std::string answerOf(const LvrCheckpoint& checkpoint, const RowResult& row) {
    std::vector<std::int64_t> said;
    for (std::size_t i = 0; i < row.ids.size(); ++i)
        if (!row.isLatent[i]) said.push_back(row.ids[i]);
    return answerIn(checkpoint.spoken(said), checkpoint.rules.dialect.answer);
}

Prompt buildPrompt(const LvrCheckpoint& checkpoint, const VisualTokens& images,
                   const std::string& question, SpanStart start, PromptKind kind,
                   const std::string& system) {
    Prompt prompt;
    prompt.ids = kind == PromptKind::Raw ? rawPrompt(checkpoint.tokenizer, images.grids, question)
                                         : checkpoint.prompt(images.grids, question, system);
    const bool endsPrompt =
        checkpoint.rules.dialect.forcedStart == Dialect::ForcedStart::EndsPrompt;
    if (start == SpanStart::Forced) checkpoint.checkThinks();
    if (start == SpanStart::Forced && endsPrompt)
        prompt.ids.push_back(checkpoint.rules.tokens.start);
    checkLength(std::ssize(prompt.ids), checkpoint.model.config().text.maxPositionEmbeddings);
    const auto positions = ropeIndex(prompt.ids, images.grids, checkpoint.model.config());
    prompt.sequence = checkpoint.model.sequence(prompt.ids, images, positions.ids);
    prompt.next = positions.next;
    prompt.images = images;
    return prompt;
}

PicturePlan planQuestion(const LvrCheckpoint& checkpoint, const Question& question,
                         const DecodeOptions& options, PromptKind kind) {
    std::vector<Size> sizes;
    for (const auto& image : question.images) sizes.push_back({image.height, image.width});
    const ReadingRoom room{.positions = checkpoint.model.config().text.maxPositionEmbeddings,
                           .text = textLength(checkpoint, question, options, kind),
                           .answer = answerRoom(options),
                           .thought = thoughtRoom(checkpoint, options)};
    auto plan = planPictures(sizes, limitedTo(options.pixels, checkpoint.preprocess), room);
    if (plan) return *std::move(plan);
    throwTooLong(question, room);
}

std::string toText(const PicturePlan& plan) {
    std::string text;
    for (std::size_t i = 0; i < plan.sizes.size(); ++i)
        text += (i ? "; " : "") + std::to_string(plan.sizes[i].width) + "x" +
                std::to_string(plan.sizes[i].height) + ", " + grouped(plan.grids[i].count()) +
                " visual tokens";
    return text;
}

VisualTokens encodeImages(const LvrCheckpoint& checkpoint, const std::vector<Image>& images,
                          const PicturePlan& plan, Timings& timings, const PassWatch& watch) {
    const c10::InferenceMode inference;
    if (images.empty() || watch.stop.stop_requested()) return {};
    auto begun = Clock::now();
    const auto pixels = preprocess(images, plan.sizes, plan.limits);
    timings.preprocess = millisecondsSince(begun);
    begun = Clock::now();
    auto visual = checkpoint.model.visualTokens(pixels, nullptr, &watch);
    timings.encodeImages = millisecondsSince(begun);
    return visual;
}

EncodedQuestion encodeQuestion(const LvrCheckpoint& checkpoint, const Question& question,
                               const DecodeOptions& options, const Reading& reading) {
    const c10::InferenceMode inference;
    EncodedQuestion encoded{.pictures = planQuestion(checkpoint, question, options, reading.kind)};
    if (reading.onPlan) reading.onPlan(encoded.pictures);
    const auto images = reading.recent
                            ? reading.recent->encode(checkpoint, question.images, encoded.pictures,
                                                     encoded.timings, reading.watch)
                            : encodeImages(checkpoint, question.images, encoded.pictures,
                                           encoded.timings, reading.watch);
    if (!reading.watch.stop.stop_requested())
        encoded.prompt = buildPrompt(checkpoint, images, question.text, options.spanStart,
                                     reading.kind, options.system);
    return encoded;
}

Trace decodeEncoded(const LvrCheckpoint& checkpoint, const Question& question,
                    const EncodedQuestion& encoded, const DecodeOptions& options, RowHooks hooks,
                    const OnStep& onStep) {
    const c10::InferenceMode inference;
    Trace trace{.model = checkpoint.name,
                .question = question,
                .grids = encoded.pictures.grids,
                .options = options,
                .timings = encoded.timings,
                .dialect = checkpoint.rules.dialect.name};
    if (encoded.prompt.ids.empty()) {
        trace.stopped = StopReason::Cancelled;
        return trace;
    }
    const auto prompt = withThought(encoded.prompt, checkpoint, options, trace.grids);
    const auto& image = prompt.images.tokens;
    const auto tokens = image.defined() ? image.to(torch::kCPU, torch::kFloat32) : torch::Tensor();
    const Patches patches(tokens);
    std::vector<torch::Tensor> textStates;
    const auto begun = Clock::now();
    hooks.onStep = [&](const RowStep& step) {
        if (trace.timings.prefill == 0) trace.timings.prefill = millisecondsSince(begun);
        trace.steps.push_back(stepOf(step, checkpoint.tokenizer, patches));
        if (step.latentIndex < 0) textStates.push_back(step.vector);
        if (onStep) onStep(trace.steps.back());
    };
    const auto row =
        decodeRows(checkpoint.model, {prompt}, checkpoint.rules, options, hooks).front();
    (trace.steps.empty() ? trace.timings.prefill : trace.timings.decode) =
        millisecondsSince(begun) - trace.timings.prefill;
    measureText(trace.steps, textStates, patches);
    trace.stopped = row.stopped;
    trace.text = checkpoint.tokenizer.decode(row.ids);
    trace.answer = answerOf(checkpoint, row);
    trace.hiddenSize = checkpoint.model.config().text.hiddenSize;
    // A stop between feeding a latent and reading its logits leaves it without a step.
    const auto reported = std::count_if(
        trace.steps.begin(), trace.steps.end(),
        [](const DecodeStep& s) { return std::holds_alternative<LatentStep>(s.what); });
    trace.latents = toVector(row.latents.narrow(0, 0, reported));
    if (tokens.defined()) trace.imageTokens = toVector(tokens);
    return trace;
}

Trace decode(const LvrCheckpoint& checkpoint, const Question& question,
             const DecodeOptions& options, PromptKind kind, const OnStep& onStep,
             std::stop_token stop) {
    const auto encoded =
        encodeQuestion(checkpoint, question, options, {.kind = kind, .watch = {.stop = stop}});
    return decodeEncoded(checkpoint, question, encoded, options, {.stop = stop}, onStep);
}

}  // namespace lvr
