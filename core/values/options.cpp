#include "core/values/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/values/nearest_name.h"
#include "core/values/option_field.h"

namespace lvr {

namespace {

const std::array<std::string, 3> kMetricNames = {"mse", "mae", "cosine"};
constexpr auto kNoLimit = std::numeric_limits<double>::max();

std::vector<std::string_view> splitAtColons(std::string_view text) {
    std::vector<std::string_view> parts;
    for (std::size_t from = 0;;) {
        const auto colon = text.find(':', from);
        parts.push_back(text.substr(from, colon - from));
        if (colon == text.npos) return parts;
        from = colon + 1;
    }
}

// The parts of one rule, taken from left to right; a part that is left out keeps its default.
class Parts {
public:
    Parts(const std::string& text, std::string example)
        : text_(text), example_(std::move(example)), parts_(splitAtColons(text)) {}

    void takeCount(int& value, const char* name, int least = 0) {
        if (const auto* part = next(); part && !(parse(*part, value) && value >= least))
            fail(name, "a whole number from " + std::to_string(least));
    }
    void takeNumber(double& value, double highest, const char* name) {
        const auto* part = next();
        if (!part || (parse(*part, value) && value >= 0 && value <= highest)) return;
        fail(name,
             highest < kNoLimit ? "a number from 0 to " + numberText(highest) : "a number from 0");
    }
    void takeText(std::string& value) {
        if (const auto* part = next(); part && !part->empty()) value = std::string(*part);
    }
    void takeMetric(LatentEndMetric& value) {
        const auto* part = next();
        if (!part) return;
        const auto best = nearestName(kMetricNames, *part);
        if (kMetricNames[best] != *part)
            throw Error("exit rule \"" + text_ + "\": unknown metric \"" + std::string(*part) +
                        "\"; the nearest valid one is \"" + kMetricNames[best] +
                        "\" (valid: mse, mae, cosine)");
        value = static_cast<LatentEndMetric>(best);
    }
    void takeNoMore() {
        if (next())
            throw Error("exit rule \"" + text_ + "\" has too many parts; write it like \"" +
                        example_ + "\"");
    }

private:
    const std::string_view* next() { return next_ < parts_.size() ? &parts_[next_++] : nullptr; }

    template <class Value>
    static bool parse(std::string_view part, Value& value) {
        const auto* end = part.data() + part.size();
        const auto result = std::from_chars(part.data(), end, value);
        return result.ec == std::errc() && result.ptr == end;
    }
    [[noreturn]] void fail(const std::string& name, const std::string& wanted) const {
        throw Error("exit rule \"" + text_ + "\": the " + name + " must be " + wanted +
                    ", as in \"" + example_ + "\"");
    }

    std::string text_;
    std::string example_;
    std::vector<std::string_view> parts_;  // into text the caller keeps alive
    std::size_t next_ = 1;                 // 0 is the rule's name
};

void read(Parts&, NoLatents&) {}
void read(Parts& parts, FixedSteps& rule) { parts.takeCount(rule.count, "count"); }
void read(Parts& parts, NearLatentEnd& rule) {
    parts.takeMetric(rule.metric);
    parts.takeNumber(rule.threshold, kNoLimit, "threshold");
    parts.takeCount(rule.cap, "cap");
}
void read(Parts& parts, EndToken& rule) { parts.takeCount(rule.cap, "cap"); }
void read(Parts& parts, EndProbability& rule) {
    parts.takeNumber(rule.threshold, 1, "threshold");
    parts.takeCount(rule.cap, "cap");
}
void read(Parts& parts, Settled& rule) {
    parts.takeNumber(rule.threshold, 1, "threshold");
    parts.takeCount(rule.cap, "cap");
}
void read(Parts& parts, AnswerSettled& rule) {
    parts.takeCount(rule.held, "number of latents");
    parts.takeCount(rule.cap, "cap");
}
void read(Parts& parts, AnswerEntropy& rule) {
    parts.takeNumber(rule.threshold, kNoLimit, "threshold");
    parts.takeCount(rule.cap, "cap");
}
void read(Parts& parts, LearnedProbe& rule) {
    parts.takeText(rule.file);
    parts.takeNumber(rule.threshold, 1, "threshold");
    parts.takeCount(rule.cap, "cap");
}
void read(Parts& parts, RepeatedToken& rule) {
    parts.takeCount(rule.times, "number of times", 2);
    parts.takeCount(rule.cap, "cap");
}

std::string write(const NoLatents&) { return "none"; }
std::string write(const FixedSteps& rule) { return "fixed:" + std::to_string(rule.count); }
std::string write(const NearLatentEnd& rule) {
    const auto& metric = kMetricNames.at(static_cast<std::size_t>(rule.metric));
    return "latent-end:" + metric + ":" + numberText(rule.threshold) + ":" +
           std::to_string(rule.cap);
}
std::string write(const EndToken& rule) { return "end-token:" + std::to_string(rule.cap); }
std::string write(const EndProbability& rule) {
    return "end-prob:" + numberText(rule.threshold) + ":" + std::to_string(rule.cap);
}
std::string write(const Settled& rule) {
    return "settled:" + numberText(rule.threshold) + ":" + std::to_string(rule.cap);
}
std::string write(const AnswerSettled& rule) {
    return "answer-settled:" + std::to_string(rule.held) + ":" + std::to_string(rule.cap);
}
std::string write(const AnswerEntropy& rule) {
    return "entropy:" + numberText(rule.threshold) + ":" + std::to_string(rule.cap);
}
std::string write(const LearnedProbe& rule) {
    return "probe:" + rule.file + ":" + numberText(rule.threshold) + ":" + std::to_string(rule.cap);
}
std::string write(const RepeatedToken& rule) {
    return "repeated:" + std::to_string(rule.times) + ":" + std::to_string(rule.cap);
}

// One of each rule with its default numbers, in the order of the variant.
template <class... Rules>
std::vector<ExitRule> oneOfEach(const std::variant<Rules...>*) {
    return {Rules{}...};
}

std::string joined(const std::vector<std::string>& names) {
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
    return all;
}

std::string nameOf(const ExitRule& rule) { return std::string(splitAtColons(toText(rule))[0]); }

}  // namespace

ExitRule parseExitRule(const std::string& text) {
    const auto rules = oneOfEach(static_cast<const ExitRule*>(nullptr));
    std::vector<std::string> names;
    std::transform(rules.begin(), rules.end(), std::back_inserter(names), nameOf);
    const auto name = splitAtColons(text)[0];
    const auto best = nearestName(names, name);
    auto rule = rules[best];
    if (names[best] != name)
        throw Error("unknown exit rule \"" + text + "\"; the nearest valid one is \"" +
                    toText(rule) + "\" (valid: " + joined(names) + ")");
    Parts parts(text, toText(rule));
    std::visit([&](auto& known) { read(parts, known); }, rule);
    parts.takeNoMore();
    return rule;
}

void check(const GivenThought& thought) {
    for (std::size_t i = 0; i < thought.boxes.size(); ++i) {
        const Box& box = thought.boxes[i];
        const auto fail = [&](const std::string& problem) {
            throw UsageError("thought box " + std::to_string(i + 1) + " (" + numberText(box.x0) +
                             "," + numberText(box.y0) + "," + numberText(box.x1) + "," +
                             numberText(box.y1) + ") " + problem);
        };
        for (const double edge : {box.x0, box.y0, box.x1, box.y1})
            if (!(edge >= 0 && edge <= 1))
                fail("is outside the picture; its edges are fractions from 0 to 1");
        if (box.image < 0)
            fail("is on picture " + std::to_string(box.image) + "; they count from 0");
        if (box.x0 >= box.x1 || box.y0 >= box.y1)
            fail("covers no visual token; give x0,y0,x1,y1 with x0 < x1 and y0 < y1");
    }
}

bool isWithoutLatents(const DecodeOptions& options) {
    return options.latentFeed >= LatentFeed::None;
}

std::int64_t answerRoom(const DecodeOptions& options) {
    const auto cap = std::visit(
        [](const auto& rule) -> int {
            if constexpr (requires { rule.cap; })
                return 2 * rule.cap;  // a shadow start may restart it
            else if constexpr (requires { rule.count; })
                return rule.count;
            else
                return 0;
        },
        options.exit);
    return std::int64_t{options.maxNewTokens} + cap + 2;
}

std::string toText(const ExitRule& rule) {
    return std::visit([](const auto& known) { return write(known); }, rule);
}

}  // namespace lvr
