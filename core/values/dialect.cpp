#include "core/values/dialect.h"

#include <algorithm>

#include "core/error.h"
#include "core/values/nearest_name.h"
#include "core/values/option_field.h"

namespace lvr {
namespace {

PixelLimits patches28(std::int64_t least, std::int64_t most) {
    return {least * 28 * 28, most * 28 * 28};
}

Dialect realvr() {
    return {.name = "realvr",
            .method = "ReaLVR",
            .latentEnd = "",
            .spans = Dialect::Spans::First,
            .forcedStart = Dialect::ForcedStart::FirstIdUnlessPrompted,
            .stopText = "</answer>"};
}

Dialect lantern() {
    return {.name = "lantern",
            .method = "LanteRn",
            .latent = "<|lvr_sep|>",
            .latentEnd = "",
            .opens = Dialect::Opens::Sampled,
            .kept = Dialect::Kept::Latent,
            .stopInside = Dialect::StopInside::Overwritten,
            .limitInside = Dialect::LimitInside::Stops,
            .forcedStart = Dialect::ForcedStart::FirstId,
            .forcesEnd = true,
            .countField = "latent_size",
            .sampling = SamplingOptions(),
            .maxNewTokens = 512,
            .pixels = patches28(256, 3500)};
}

Dialect monet() {
    return {
        .name = "monet",
        .method = "Monet",
        .start = "<abs_vis_token>",
        .latent = "<abs_vis_token_pad>",
        .end = "</abs_vis_token>",
        .latentEnd = "",
        .opens = Dialect::Opens::Sampled,
        .first = Dialect::First::InPlaceOfStart,
        .stopInside = Dialect::StopInside::Stops,
        .limitInside = Dialect::LimitInside::Stops,
        .forcedStart = Dialect::ForcedStart::FirstId,
        .sampledEndLeaves = true,
        .forcesEnd = true,
        .count = 10,
        .answer = AnswerMark::Boxed,
        .system =
            "You answer questions about an image from what can be seen in it. Put your "
            "final answer in \\boxed{}.",
        .sampling =
            SamplingOptions{.temperature = 0.1, .topP = 0.8, .topK = 50, .repetitionPenalty = 1.01},
        .maxNewTokens = 4096,
        .pixels = patches28(256, 8192)};
}

// Mirage and ILVR, one from the other: the same tokens and fields.
Dialect ilvr() {
    return {.name = "ilvr",
            .method = "ILVR",
            .start = "<|latent_start|>",
            .latent = "<|latent_pad|>",
            .end = "<|latent_end|>",
            .latentEnd = "",
            .opens = Dialect::Opens::Sampled,
            .kept = Dialect::Kept::Latent,
            .startInside = Dialect::StartInside::Restarts,
            .stopInside = Dialect::StopInside::Overwritten,
            .limitInside = Dialect::LimitInside::Stops,
            .forcedStart = Dialect::ForcedStart::FirstId,
            .sampledEndLeaves = true,
            .forcesEnd = true,
            .countField = "latent_size",
            .answer = AnswerMark::Phrase,
            .sampling = SamplingOptions(),
            .maxNewTokens = 64};
}

Dialect mirage() {
    auto dialect = ilvr();
    dialect.name = "mirage";
    dialect.method = "Mirage";
    dialect.startInside = Dialect::StartInside::GoesOn;
    dialect.spans = Dialect::Spans::Endless;
    dialect.countField = "";  // 8, whatever latent_size says
    dialect.answer = AnswerMark::Boxed;
    dialect.promptEndsInHeader = true;
    dialect.sampling = SamplingOptions{.temperature = 0.7, .topP = 0.9};
    dialect.maxNewTokens = 1024;
    return dialect;
}

Dialect skila() {
    return {.name = "skila",
            .method = "SkiLa",
            .start = "<|sketch_start|>",
            .latent = "<|skila|>",
            .end = "<|sketch_end|>",
            .latentEnd = "",
            .kept = Dialect::Kept::Latent,
            .stopInside = Dialect::StopInside::Overwritten,
            .limitInside = Dialect::LimitInside::Stops,
            .sampledEndLeaves = true,
            .forcesEnd = true,
            .count = 54,
            .countField = "sketch_token_num",
            .countTimes = 2,
            .pixels = patches28(128, 5120)};
}

Dialect hylar() {
    auto dialect = skila();
    dialect.name = "hylar";
    dialect.method = "HyLaR";
    dialect.start = "<|canvas_start|>";
    dialect.latent = "<|canvas|>";
    dialect.end = "<|canvas_end|>";
    dialect.count = 8;
    dialect.countField = "canvas_token_num";
    dialect.sampling = SamplingOptions();
    dialect.maxNewTokens = 1024;
    return dialect;
}

Dialect swimbird() {
    auto dialect = skila();
    dialect.name = "swimbird";
    dialect.method = "SwimBird";
    dialect.start = "<|latent_start|>";
    dialect.latent = "<|latent|>";
    dialect.end = "<|latent_end|>";
    dialect.count = 64;
    dialect.countField = "max_latent_token";
    dialect.system =
        "You can think in two modes: in text, inside <reason> and </reason>, and visually, inside "
        "the latent tags. Mix them as freely as the question needs. Then put your final answer "
        "inside <answer> and </answer>.";
    dialect.sampling = SamplingOptions{.temperature = 0.01, .topK = 1};
    dialect.maxNewTokens = 8192;
    dialect.pixels = patches28(1280, 16384);
    return dialect;
}

Dialect laser() {
    return {.name = "laser",
            .method = "Laser",
            .start = "<|laser_start|>",
            .latent = "<|laser|>",
            .end = "<|laser_end|>",
            .latentEnd = "",
            .forcedStart = Dialect::ForcedStart::FirstId,
            .forcedBeatsSampled = true,
            .afterForced = "<answer>",
            .sampledEndLeaves = true,
            .forcesStart = true,
            .forcesEnd = true,
            .count = 16,
            .maxNewTokens = 32,
            .pixels = patches28(128, 8192)};
}

Dialect laserSteps() {
    auto dialect = laser();
    dialect.name = "laser-steps";
    dialect.method = "Laser, fixed steps";
    dialect.forcedStart = Dialect::ForcedStart::EndsPrompt;
    dialect.forcedBeatsSampled = dialect.sampledEndLeaves = false;
    dialect.forcesStart = dialect.forcesEnd = false;
    dialect.afterForced = "";
    dialect.count = 8;
    return dialect;
}

std::string opening(const Dialect& d) {
    const auto place = d.opens == Dialect::Opens::Consumed ? " opens a thought where it is read"
                                                           : " opens a thought where it is said";
    return d.start + place +
           (d.first == Dialect::First::InPlaceOfStart
                ? "; the state that said it is the first latent, in its place"
                : "") +
           (d.spans == Dialect::Spans::First ? "; only the first one does" : "");
}

std::string ending(const Dialect& d) {
    auto text = d.sampledEndLeaves ? d.end + " or " : std::string();
    text += std::to_string(d.count) + " latents end it where no exit rule is said";
    if (d.repeats > 0) text += ", or the same id " + std::to_string(d.repeats) + " times in a row";
    if (d.forcesEnd) text += ", then " + d.end + " is put there";
    if (!d.sampledEndLeaves) text += "; " + d.end + " inside it is ignored";
    return text;
}

}  // namespace

const std::vector<Dialect>& dialects() {
    static const std::vector<Dialect> kAll{
        Dialect(),  realvr(), lantern(),    monet(),
        mirage(),   ilvr(),   skila(),      hylar(),
        swimbird(), laser(),  laserSteps(), Dialect{.name = "plain", .method = "plain"}};
    return kAll;
}

const Dialect& dialectNamed(const std::string& name) {
    std::vector<std::string> names;
    std::string all;
    for (const auto& dialect : dialects()) {
        if (dialect.name == name) return dialect;
        names.push_back(dialect.name);
        all += (all.empty() ? "" : ", ") + dialect.name;
    }
    throw Error("unknown dialect \"" + name + "\"; the nearest valid one is \"" +
                names[nearestName(names, name)] + "\" (valid: " + all + ")");
}

const Dialect& knownDialect(const std::string& name) {
    const auto& all = dialects();
    const auto found = std::ranges::find(all, name, &Dialect::name);
    return found == all.end() ? all.front() : *found;
}

const std::vector<std::string>& dialectTokens() {
    static const std::vector<std::string> kAll = [] {
        std::vector<std::string> all;
        for (const auto& dialect : dialects())
            for (const auto& token :
                 {dialect.start, dialect.latent, dialect.latentEnd, dialect.end})
                if (!token.empty() && std::ranges::find(all, token) == all.end())
                    all.push_back(token);
        return all;
    }();
    return kAll;
}

bool isLvr(const Dialect& dialect) { return dialect.name == "lvr" || dialect.name == "plain"; }

ExitRule exitOf(const Dialect& dialect) {
    if (!dialect.sampledEndLeaves) return FixedSteps{dialect.count};
    if (dialect.repeats > 0) return RepeatedToken{dialect.repeats, dialect.count};
    return EndToken{dialect.count};
}

std::string publishedText(const Dialect& dialect) {
    std::string text;
    const auto say = [&](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
    if (const auto& sampling = dialect.sampling) {
        say(sampling->temperature > 0 ? "temperature " + numberText(sampling->temperature)
                                      : "greedy");
        if (sampling->topK > 0) say("top-k " + std::to_string(sampling->topK));
        if (sampling->topP < 1) say("top-p " + numberText(sampling->topP));
        if (sampling->repetitionPenalty != 1)
            say("repetition-penalty " + numberText(sampling->repetitionPenalty));
    }
    if (dialect.maxNewTokens) say("max-new-tokens " + std::to_string(*dialect.maxNewTokens));
    if (dialect.pixels.min) say("min-pixels " + std::to_string(*dialect.pixels.min));
    if (dialect.pixels.max) say("max-pixels " + std::to_string(*dialect.pixels.max));
    return text;
}

std::string ruleText(const Dialect& dialect) {
    if (dialect.name == "plain") return "no latents of its own; asked to think, it does as LVR";
    auto text = opening(dialect) + "; " + ending(dialect);
    if (dialect.spans == Dialect::Spans::Endless)
        text += "; a second thought goes on to the length limit, as released";
    return text;
}

}  // namespace lvr
