#include "core/eval/imported_answer.h"

#include <algorithm>

#include "core/eval/answer.h"

namespace lvr {
namespace {

const std::string kThoughtBegins = "<|lvr_start|>", kLatent = "<|lvr|>",
                  kThoughtEnds = "<|lvr_end|>";

int latentsIn(const std::string& text, std::size_t from, std::size_t to) {
    int count = 0;
    for (auto at = text.find(kLatent, from); at < to; at = text.find(kLatent, at + 1)) ++count;
    return count;
}

}  // namespace

ItemAnswer importedAnswer(const std::string& output) {
    ItemAnswer answer{.output = output, .answer = answerIn(output), .stopped = "unknown"};
    auto next = output.find(kThoughtBegins);
    while (next != output.npos) {
        const auto begun = next;
        next = output.find(kThoughtBegins, begun + 1);
        const auto ended = output.find(kThoughtEnds, begun);
        const int latents = latentsIn(output, begun, std::min({next, ended, output.size()}));
        if (latents == 0) continue;
        answer.thoughts.push_back(latents);
        answer.closed += ended != output.npos && ended < next;
    }
    return answer;
}

}  // namespace lvr
