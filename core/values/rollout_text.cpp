#include "core/values/rollout_text.h"

#include <algorithm>
#include <cstdio>

namespace lvr {
namespace {

std::string figure(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
}

// Of what a model or a data file holds: nothing that moves a terminal's cursor.
std::string onOneLine(const std::string& text) {
    std::string line;
    for (const unsigned char c : text) {
        if (c == '\n')
            line += "\\n";
        else if (c >= 0x20 && c != 0x7F)
            line += static_cast<char>(c);
    }
    return line;
}

std::string thoughtOf(int latents) {
    return "[" + std::to_string(latents) + (latents == 1 ? " latent]" : " latents]");
}

std::string asked(const std::string& question, const std::string& expected) {
    return onOneLine(question) + (expected.empty() ? "" : " [" + onOneLine(expected) + "]") + "\n";
}

std::string ended(const std::string& stopped) {
    return stopped == "max_new_tokens" ? " (cut at --max-new-tokens)\n" : "\n";
}

}  // namespace

std::string saidText(const std::vector<RolloutToken>& tokens) {
    std::string text;
    int latents = 0;
    for (const auto& token : tokens) {
        latents += token.isLatent;
        if (token.isLatent) continue;
        if (latents > 0) text += thoughtOf(latents);
        latents = 0;
        text += onOneLine(token.text);
    }
    return latents > 0 ? text + thoughtOf(latents) : text;
}

std::string rolloutText(const Rollout& rollout) {
    std::string rewards;
    for (const auto& [name, value] : rollout.rewards)
        rewards += (rewards.empty() ? "" : ", ") + name + " " + figure(value);
    return "  group " + std::to_string(rollout.group) + ", rollout " +
           std::to_string(rollout.index) + ": " + asked(rollout.prompt, rollout.expected) +
           "      " +
           (rollout.tokens.empty() ? onOneLine(rollout.completion) : saidText(rollout.tokens)) +
           ended(rollout.stopped) + "      reward " + figure(rollout.reward) + " (" + rewards +
           "), advantage " + figure(rollout.advantage) + "\n";
}

std::string sampleText(const SampleRow& sample) {
    const char* verdict = !sample.right ? "not compared" : *sample.right ? "right" : "wrong";
    return "  " + (sample.record.empty() ? "" : sample.record + ": ") +
           asked(sample.question, sample.expected) + "      " + saidText(sample.tokens) +
           ended(sample.stopped) + "      " + verdict +
           (sample.loss ? ", loss " + figure(*sample.loss) : "") + "\n";
}

std::string someRollouts(const std::vector<Rollout>& rollouts, int most) {
    const auto count = std::min<std::size_t>(rollouts.size(), static_cast<std::size_t>(most));
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text += rolloutText(rollouts[i * rollouts.size() / count]);
    return text;
}

}  // namespace lvr
