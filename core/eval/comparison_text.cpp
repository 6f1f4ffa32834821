#include "core/eval/comparison_text.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/eval/scores.h"
#include "core/eval/strategies_json.h"
#include "core/trace/heat.h"
#include "core/values/csv_text.h"

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string number(double value, int precision = 6) {
    std::array<char, 64> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                   std::chars_format::general, precision)
                         .ptr;
    return {digits.data(), end};
}

std::string fixed(double value, int decimals) {
    std::array<char, 64> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                   std::chars_format::fixed, decimals)
                         .ptr;
    return {digits.data(), end};
}

std::string inCell(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
    return out;
}

OrderedJson scoreJson(const StrategyScore& s, const Strategy& strategy) {
    OrderedJson score{{"strategy", strategyToJson(strategy)},
                      {"title", s.title},
                      {"asked", s.asked},
                      {"right", s.right},
                      {"accuracy", s.accuracy},
                      {"low95", s.low},
                      {"high95", s.high},
                      {"gained", s.gained},
                      {"lost", s.lost},
                      {"mcnemar_p", s.p},
                      {"mean_latents", s.latents},
                      {"mean_first_word_ms", s.firstTokenMs},
                      {"mean_total_ms", s.totalMs},
                      {"trigger_rate", s.triggered}};
    if (!s.failure.empty()) score["failure"] = s.failure;
    return score;
}

OrderedJson outcomeJson(const std::optional<Outcome>& outcome) {
    if (!outcome) return nullptr;
    return {{"answer", outcome->answer},
            {"right", outcome->right},
            {"latents", outcome->latents},
            {"picture_ms", outcome->times.picture},
            {"first_word_ms", outcome->times.firstToken},
            {"total_ms", outcome->times.total}};
}

}  // namespace

std::string scoresToCsv(const SetResults& results) {
    std::string out = csvLine({"strategy", "asked", "right", "accuracy", "low95", "high95",
                               "gained", "lost", "mcnemar_p", "mean_latents", "mean_first_word_ms",
                               "mean_total_ms", "trigger_rate", "failure"});
    for (const auto& s : scoresOf(results))
        out += csvLine({s.title, std::to_string(s.asked), std::to_string(s.right),
                        number(s.accuracy), number(s.low), number(s.high), std::to_string(s.gained),
                        std::to_string(s.lost), number(s.p), number(s.latents),
                        number(s.firstTokenMs), number(s.totalMs), number(s.triggered), s.failure});
    return out;
}

std::string answersToCsv(const SetResults& results) {
    std::string out = csvLine({"number", "id", "kind", "question", "expected", "strategy", "answer",
                               "right", "latents", "first_word_ms", "total_ms"});
    for (const auto& q : results.questions)
        for (std::size_t i = 0; i < results.strategies.size(); ++i) {
            const auto& outcome = q.outcomes[i];
            if (!outcome) continue;
            out += csvLine({std::to_string(q.number + 1), q.id, q.kind, q.text, q.expected,
                            titleText(results.strategies[i]), outcome->answer,
                            outcome->right ? "1" : "0", std::to_string(outcome->latents),
                            number(outcome->times.firstToken), number(outcome->times.total)});
        }
    return out;
}

std::string toMarkdown(const SetResults& results) {
    std::string out =
        "| Strategy | Right | 95 % | Gain/loss | p | Steps | First word, ms | Total, ms | "
        "Triggered | Asked |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    bool first = true;
    for (const auto& s : scoresOf(results)) {
        out += "| " + inCell(s.title) + " | " + fixed(100 * s.accuracy, 1) + " % | " +
               fixed(100 * s.low, 1) + "–" + fixed(100 * s.high, 1) + " | ";
        out += first ? std::string("– | –")
                     : "+" + std::to_string(s.gained) + " −" + std::to_string(s.lost) + " | " +
                           number(s.p, 2);
        out += " | " + fixed(s.latents, 1) + " | " + fixed(s.firstTokenMs, 0) + " | " +
               fixed(s.totalMs, 0) + " | " + fixed(100 * s.triggered, 1) + " % | " +
               std::to_string(s.asked) + " |\n";
        first = false;
    }
    return out + "\n" + results.set + "; model: " + results.model +
           ". Intervals: Wilson. p: exact McNemar test against the first strategy.\n";
}

std::string toJson(const SetResults& results) {
    OrderedJson all{{"set", results.set},
                    {"model", results.model},
                    {"strategies", OrderedJson::array()},
                    {"questions", OrderedJson::array()},
                    {"unreadable", results.unreadable}};
    const auto scores = scoresOf(results);
    for (std::size_t i = 0; i < scores.size(); ++i)
        all["strategies"].push_back(scoreJson(scores[i], results.strategies[i]));
    for (const auto& q : results.questions) {
        OrderedJson outcomes = OrderedJson::array();
        for (const auto& outcome : q.outcomes) outcomes.push_back(outcomeJson(outcome));
        all["questions"].push_back({{"number", q.number + 1},
                                    {"id", q.id},
                                    {"kind", q.kind},
                                    {"question", q.text},
                                    {"expected", q.expected},
                                    {"outcomes", outcomes}});
    }
    // What a model says need not be UTF-8 to the last byte.
    return all.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::string stepsToCsv(const std::vector<Strategy>& strategies,
                       const std::vector<StrategyAnswer>& answers) {
    std::string out = csvLine({"strategy", "answer", "right", "first_word_ms", "total_ms", "step",
                               "norm", "end_probability", "end_distance"});
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const auto& a = answers[i];
        const std::string right = !a.right ? "" : *a.right ? "1" : "0";
        const std::vector<std::string> whole = {titleText(strategies[i]), a.trace.answer, right,
                                                number(a.times.firstToken), number(a.times.total)};
        const auto row = [&](const std::vector<std::string>& step) {
            auto cells = whole;
            cells.insert(cells.end(), step.begin(), step.end());
            out += csvLine(cells);
        };
        const auto latents = latentSteps(a.trace);
        if (latents.empty()) row({"", "", "", ""});
        for (std::size_t k = 0; k < latents.size(); ++k) {
            const LatentStep& latent = latentOf(*latents[k]);
            row({std::to_string(k + 1), number(latent.norm), number(latent.endProbability),
                 latent.endDistance ? number(*latent.endDistance) : ""});
        }
    }
    return out;
}

}  // namespace lvr
