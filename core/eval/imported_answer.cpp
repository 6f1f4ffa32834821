#include "core/eval/imported_answer.h"

#include <algorithm>
#include <array>

#include "core/eval/answer.h"
#include "core/values/dialect.h"

namespace lvr {
namespace {

int countIn(const std::string& text, const std::string& token, std::size_t from, std::size_t to) {
    int count = 0;
    for (auto at = text.find(token, from); at < to; at = text.find(token, at + 1)) ++count;
    return count;
}

// A start that is said inside a thought does not begin another one in some dialects.
std::size_t nextThought(const std::string& output, const Dialect& dialect, std::size_t begun) {
    const auto next = output.find(dialect.start, begun + 1);
    if (dialect.startInside == Dialect::StartInside::Ignored) return next;
    const auto ended = output.find(dialect.end, begun);
    return ended == output.npos ? output.npos : output.find(dialect.start, ended);
}

}  // namespace

std::string dialectSpelledIn(const std::string& output) {
    // ILVR's way to find an answer finds Mirage's too, not the other way round.
    constexpr std::array kOnes{"ilvr", "monet", "skila", "hylar", "swimbird", "laser", "lantern"};
    const auto spelled = [&](std::string Dialect::*token) -> std::string {
        for (const auto* name : kOnes) {
            const auto& text = dialectNamed(name).*token;
            if (text != dialectNamed("lvr").*token && output.find(text) != output.npos) return name;
        }
        return {};
    };
    const auto byLatent = spelled(&Dialect::latent);  // starts are shared by more of them
    return byLatent.empty() ? spelled(&Dialect::start) : byLatent;
}

ItemAnswer importedAnswer(const std::string& output, const std::string& name) {
    const auto& dialect = dialectNamed(name.empty() ? "lvr" : name);
    ItemAnswer answer{
        .output = output, .answer = answerIn(output, dialect.answer), .stopped = "unknown"};
    // What stands at a latent's place: its token, or where a latent may stand in place of start,
    // that too.
    const bool inPlace = dialect.first == Dialect::First::InPlaceOfStart;
    auto next = output.find(dialect.start);
    while (next != output.npos) {
        const auto begun = next;
        next = nextThought(output, dialect, begun);
        const auto ended = output.find(dialect.end, begun);
        const auto to = std::min({next, ended, output.size()});
        const int latents = countIn(output, dialect.latent, begun, to) + (inPlace ? 1 : 0);
        if (latents == 0) continue;
        answer.thoughts.push_back(latents);
        answer.closed += ended != output.npos && ended < next;
    }
    return answer;
}

}  // namespace lvr
