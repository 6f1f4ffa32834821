#include "core/causal/causal_html.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "core/causal/report_figures.h"

namespace lvr {
namespace {

using Cells = std::vector<std::string>;

std::string number(double value, int digits = 3) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return text.data();
}

std::string pValue(double p) { return p < 0.0005 ? "< .001" : number(p); }

std::string withInterval(const Estimate& e, int digits = 2) {
    return number(e.value, digits) + " (" + number(e.low, digits) + " to " +
           number(e.high, digits) + ")";
}

std::string row(const Cells& cells, const char* tag) {
    std::string html = "<tr>";
    for (const auto& cell : cells)
        html += std::string("<") + tag + ">" + escapedHtml(cell) + "</" + tag + ">";
    return html + "</tr>\n";
}

std::string table(const Cells& head, const std::vector<Cells>& rows) {
    if (rows.empty()) return {};
    std::string html = "<table>" + row(head, "th");
    for (const auto& cells : rows) html += row(cells, "td");
    return html + "</table>\n";
}

std::string section(const std::string& title, const std::string& says, const std::string& inside) {
    if (inside.empty()) return {};
    return "<h2>" + escapedHtml(title) + "</h2>\n<p>" + escapedHtml(says) + "</p>\n" + inside;
}

std::string page(const std::string& title, const std::string& body) {
    return "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><title>" +
           escapedHtml(title) +
           "</title>\n<style>body{font:15px/1.5 sans-serif;margin:2em auto;max-width:1100px;"
           "padding:0 1em;color:#222;background:#fff}table{border-collapse:collapse;margin:1em 0;"
           "font-size:13px}th,td{border-bottom:1px solid #ccc;padding:3px 9px;text-align:left;"
           "vertical-align:top}th{border-bottom:2px solid #888}svg text{font:12px sans-serif;"
           "fill:#222}.bar{fill:#2f6fbb}.interval{stroke:#111;stroke-width:1.5}.axis{stroke:#999}"
           ".verdict{font-size:1.3em;border-left:6px solid #2f6fbb;padding:.4em .8em;"
           "background:#f2f5fa}code{white-space:pre-wrap}</style></head><body>\n<h1>" +
           escapedHtml(title) + "</h1>\n" + body + "</body></html>\n";
}

std::string verdictBlock(const LatentVerdict& verdict) {
    std::string html = "<p class='verdict'><b>" + escapedHtml(toText(verdict.use)) + "</b>. " +
                       escapedHtml(verdict.sentence) + "</p>\n<ul>";
    for (const auto& each : verdict.evidence) html += "<li>" + escapedHtml(each) + "</li>";
    return html +
           "</ul>\n<p>The rule. Used: another question's or picture's latents move the margin "
           "towards its answer further than towards a randomly paired one, by 0.1 nats or more "
           "with a Holm-adjusted p below 0.05, and flip more than one answer in twenty (lower end "
           "of the interval). Slots, no feedback: not so, but with the markers only more than one "
           "in "
           "twenty flips. Not used: neither. Too few to tell: fewer than 30 answers that thought, "
           "or fewer than 20 of them with a donor whose answer differs.</p>\n";
}

std::string origin(const CausalReport& r) {
    return table({"what", "value"},
                 {{"model", r.model},
                  {"model hash", r.modelHash},
                  {"data", r.data},
                  {"data hash", r.dataHash},
                  {"decoding", r.decoding},
                  {"seed", std::to_string(r.seed)},
                  {"asked", std::to_string(r.asked)},
                  {"N: emitted a span, and are counted", std::to_string(r.thought)},
                  {"right, of N", std::to_string(r.right)},
                  {"could not be asked", std::to_string(r.skipped.size())},
                  {"work of a panel, median", number(r.decodes, 2) + " decodes"},
                  {"command", r.command}});
}

std::string answersTable(const CausalReport& r) {
    std::vector<Cells> rows;
    for (const auto& s : r.interventions)
        rows.push_back(
            {toText(s.intervention), wordsOf(s.intervention.kind), std::to_string(s.count),
             withInterval(s.flipRate),
             std::to_string(s.rightRight) + " / " + std::to_string(s.rightWrong) + " / " +
                 std::to_string(s.wrongRight) + " / " + std::to_string(s.wrongWrong),
             pValue(s.mcnemar), pValue(s.mcnemarMidP), pValue(s.mcnemarHolm), number(s.power, 2),
             s.smallestDifference ? number(*s.smallestDifference) : "none",
             withInterval(s.originalChange), number(s.goldChange, 2), number(s.divergence, 2)});
    return table(
        {"latents", "what is fed", "N", "flipped", "CC / CW / WC / WW", "McNemar p", "mid-p",
         "Holm", "power", "smallest difference", "Δ log p original", "Δ log p right", "KL"},
        rows);
}

std::string shiftTable(const CausalReport& r) {
    std::vector<Cells> rows;
    for (const auto& s : r.interventions)
        if (s.paired > 0)
            rows.push_back({toText(s.intervention), std::to_string(s.paired),
                            withInterval(s.towardsDonor), withInterval(s.towardsRandom),
                            withInterval(s.beyondRandom), pValue(s.shiftP), pValue(s.shiftHolm)});
    return table({"latents", "pairs", "towards the donor's answer", "towards a random one",
                  "difference", "p", "Holm"},
                 rows);
}

std::string changeFigure(const CausalReport& r) {
    std::vector<BarRow> rows;
    for (const auto& s : r.interventions)
        if (s.count > 0) rows.push_back({toText(s.intervention), s.originalChange});
    return barFigure(rows, "nats");
}

std::string doseFigure(const CausalReport& r) {
    FigureLine flips{.name = "answers flipped (share)", .points = {{0, 0}}},
        change{.name = "Δ log p original (nats)", .points = {{0, 0}}};
    for (const auto& s : r.interventions)
        if (s.intervention.kind == InterventionKind::Noise && s.count > 0) {
            flips.points.emplace_back(s.intervention.strength, s.flipRate.value);
            change.points.emplace_back(s.intervention.strength, s.originalChange.value);
        }
    if (flips.points.size() < 2) return {};
    return lineFigure({flips, change}, "strength of the noise", "");
}

std::string binFigure(const CausalReport& r) {
    std::vector<FigureLine> lines;
    for (const auto& s : r.interventions) {
        if (s.paired == 0) continue;
        auto& one = lines.emplace_back(FigureLine{.name = toText(s.intervention)});
        for (const auto& bin : s.bins) one.points.emplace_back((bin.low + bin.high) / 2, bin.shift);
    }
    return lines.empty() ? "" : lineFigure(lines, "untouched margin (nats)", "shift (nats)");
}

std::string earlyFigure(const CausalReport& r) {
    FigureLine right{.name = "right (share)"}, entropy{.name = "entropy (nats)"};
    for (const auto& [k, share] : r.earlyRight) right.points.emplace_back(k, share);
    for (const auto& [k, nats] : r.earlyEntropy) entropy.points.emplace_back(k, nats);
    return lineFigure({right, entropy}, "latents before the forced exit", "");
}

std::string retrievalTable(const CausalReport& r) {
    std::vector<Cells> rows;
    for (const auto& one : r.retrieval)
        rows.push_back({one.name, std::to_string(one.count), number(one.at1), number(one.chance1),
                        number(one.at5), number(one.chance5)});
    return table({"latents", "count", "R@1", "chance", "R@5", "chance"}, rows);
}

std::string probeTable(const CausalReport& r) {
    std::vector<Cells> rows;
    for (const auto& p : r.probes)
        rows.push_back({p.of, p.at, std::to_string(p.trained), std::to_string(p.tested),
                        std::to_string(p.classes), withInterval(p.accuracy), number(p.chance, 2)});
    return table({"of", "at", "fitted to", "tested on", "values", "right", "commonest"}, rows);
}

std::string geometryTable(const CausalReport& r) {
    std::vector<Cells> rows;
    for (const auto& s : r.geometry.steps)
        rows.push_back({std::to_string(s.step + 1), std::to_string(s.count), number(s.norm, 2),
                        number(s.cosineToNext), number(s.cosineBetween),
                        number(s.effectiveRank, 1)});
    if (rows.empty()) return {};
    std::string explained;
    for (const double share : r.geometry.explained) explained += number(share, 2) + " ";
    return table({"step", "pictures", "norm", "cosine to the next", "cosine between pictures",
                  "effective rank"},
                 rows) +
           table({"of all latents", "value"},
                 {{"effective rank", number(r.geometry.effectiveRank, 1)},
                  {"norm of latents, visual tokens, words",
                   number(r.geometry.latentNorm, 2) + ", " + number(r.geometry.visualNorm, 2) +
                       ", " + number(r.geometry.textNorm, 2)},
                  {"variance by main directions", explained}});
}

std::string skippedList(const CausalReport& r) {
    std::string html;
    for (const auto& each : r.skipped) html += "<li>" + escapedHtml(each) + "</li>";
    return html.empty() ? html : "<ul>" + html + "</ul>";
}

std::string optional(const std::optional<double>& value) {
    return value ? number(*value, 2) : std::string();
}

}  // namespace

std::string toHtml(const CausalReport& r) {
    return page(
        "Are the latents used? " + r.model,
        verdictBlock(r.verdict) + origin(r) +
            section("Interventions",
                    "N counts only answers that emitted a span and where the intervention could "
                    "be done. CC / CW / WC / WW: right or wrong before and after. Smallest "
                    "difference: of accuracy, found in four of five such sets.",
                    answersTable(r)) +
            section("What it does to the answer it gave",
                    "Mean change of its log probability, after the same words, with the 95 % "
                    "interval of a bootstrap over clusters.",
                    changeFigure(r)) +
            section("Which way the margin moves",
                    "Between the answer it gave and the donor's, beside a random pair: any "
                    "disturbance flips answers, but only what is read moves towards the donor's.",
                    shiftTable(r) + binFigure(r)) +
            section("Noise", "Dose and response.", doseFigure(r)) +
            section("Early answers",
                    "The answer if thoughts are ended after at most so many latents.",
                    earlyFigure(r)) +
            section("Retrieval",
                    "Whether the visual token nearest to a latent is of its own region.",
                    retrievalTable(r)) +
            section("Linear probes",
                    "Ridge regression fitted to half of the clusters, tested on the other half.",
                    probeTable(r)) +
            section("Geometry", "Where latents lie.", geometryTable(r)) +
            section("Left out", "Could not be asked.", skippedList(r)));
}

std::string toHtml(const CausalPanel& p, const std::string& command) {
    std::vector<Cells> outcomes, steps,
        origin{{"answer", p.answer},
               {"right answer", p.expected},
               {"latents", std::to_string(p.latents)},
               {"log p of its answer", number(p.logProbability)},
               {"margin", number(p.margin)},
               {"work", number(p.decodes, 2) + " decodes"},
               {"command", command}};
    std::vector<BarRow> bars;
    for (const auto& o : p.outcomes) {
        if (!o.impossible.empty()) {
            outcomes.push_back({toText(o.intervention), "not done: " + o.impossible});
            continue;
        }
        bars.push_back(
            {toText(o.intervention), {o.originalChange, o.originalChange, o.originalChange}});
        outcomes.push_back({toText(o.intervention), o.answer, o.flipped ? "flipped" : "",
                            number(o.originalChange, 2), optional(o.goldChange),
                            number(o.divergence, 3), number(o.margin, 2), optional(o.towardsDonor),
                            optional(o.towardsRandom), optional(o.p)});
    }
    for (std::size_t i = 0; i < p.steps.size(); ++i) {
        std::string words;
        for (const auto& word : p.steps[i].words) words += "\"" + word + "\" ";
        std::string patches;
        for (const int patch : p.steps[i].patches)
            patches += std::to_string(patch / std::max(1, p.grid.cols) + 1) + "," +
                       std::to_string(patch % std::max(1, p.grid.cols) + 1) + "  ";
        const auto rank = p.steps[i].targetRank;
        steps.push_back({std::to_string(i + 1), words, patches, rank ? std::to_string(*rank) : ""});
    }
    std::vector<FigureLine> early;
    for (std::size_t c = 0; c < p.candidates.size(); ++c) {
        auto& one = early.emplace_back(FigureLine{.name = p.candidates[c]});
        for (const auto& e : p.early) one.points.emplace_back(e.latents, e.probabilities[c]);
    }
    return page(
        p.question,
        table({"what", "value"}, origin) +
            section("Interventions", "Changes are of log p, in nats.",
                    table({"latents", "answer", "", "Δ log p original", "Δ log p right", "KL",
                           "margin", "towards donor", "towards random", "p (covers)"},
                          outcomes) +
                        barFigure(bars, "nats")) +
            section("Early answers", "If the thought is ended after so many latents.",
                    p.early.empty() ? "" : lineFigure(early, "latents", "probability")) +
            section("Steps", "Nearest words, and nearest visual tokens as row,column.",
                    table({"latent", "words", "visual tokens", "rank of its region"}, steps)) +
            section("Influence", "What a nudge of a row's latent changes in a column's.",
                    p.latents > 1 ? matrixFigure(p.influence, p.latents, 1) : "") +
            section("Cosine between latents", "",
                    p.latents > 1 ? matrixFigure(p.cosine, p.latents, 1) : ""));
}

}  // namespace lvr
