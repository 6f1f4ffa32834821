#include "app/cli/exit_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>

#include "core/statistics/statistics.h"

namespace lvr {
namespace {

bool isFixed(const std::string& rule) { return rule.starts_with("fixed:"); }

int rightOf(const ExitOutcome& outcome) {
    return static_cast<int>(std::count(outcome.right.begin(), outcome.right.end(), true));
}

double shareRight(const ExitOutcome& outcome) {
    return static_cast<double>(rightOf(outcome)) / outcome.right.size();
}

double meanLatents(const ExitOutcome& outcome) {
    const auto& latents = outcome.latents;
    return std::accumulate(latents.begin(), latents.end(), 0.0) / latents.size();
}

Interval intervalOf(const ExitOutcome& outcome) {
    return wilson95(rightOf(outcome), static_cast<int>(outcome.right.size()));
}

template <class... Values>
std::string printed(const char* format, Values... values) {
    std::array<char, 512> text{};
    std::snprintf(text.data(), text.size(), format, values...);
    return text.data();
}

std::string bestFixed(const ExitSet& set) {
    std::string best;
    const auto isBetter = [&](const ExitOutcome& a, const ExitOutcome& b) {
        return rightOf(a) != rightOf(b) ? rightOf(a) > rightOf(b) : meanLatents(a) < meanLatents(b);
    };
    for (const auto& rule : set.rules)
        if (isFixed(rule) &&
            (best.empty() || isBetter(set.outcomes.at(rule), set.outcomes.at(best))))
            best = rule;
    return best;
}

ExitComparison compared(const ExitSet& set, const std::string& rule, const std::string& best) {
    const auto &one = set.outcomes.at(rule), &other = set.outcomes.at(best);
    const auto table = pairedTable(one.right, other.right);
    const auto difference = pairedDifference(table);
    return {.rule = rule,
            .best = best,
            .share = shareRight(one),
            .bestShare = shareRight(other),
            .latents = meanLatents(one),
            .bestLatents = meanLatents(other),
            .gained = table.onlyFirst,
            .lost = table.onlySecond,
            .low = difference.newcombe.low,
            .high = difference.newcombe.high,
            .p = mcnemarExact(table.onlyFirst, table.onlySecond)};
}

std::string rowOf(const ExitSet& set, const std::string& rule, const ExitComparison* beside) {
    const auto& outcome = set.outcomes.at(rule);
    const auto interval = intervalOf(outcome);
    auto row = printed("| %s | %.3f (%.3f-%.3f) | %.2f |", rule.c_str(), shareRight(outcome),
                       interval.low, interval.high, meanLatents(outcome));
    if (!beside) return row + " | | | | |\n";
    return row + printed(" %+.3f (%+.3f to %+.3f) | +%d -%d | %.3g | %.3g | %.0f %%%s |\n",
                         beside->share - beside->bestShare, beside->low, beside->high,
                         beside->gained, beside->lost, beside->p, beside->adjusted,
                         100 * beside->saved(), beside->reachesGoal() ? " *" : "");
}

std::string conclusion(const std::vector<ExitComparison>& comparisons) {
    std::string reached;
    for (const auto& each : comparisons)
        if (each.reachesGoal())
            reached += (reached.empty() ? "" : "; ") + each.rule +
                       printed(" (%+.3f, %.0f %% fewer latents)", each.share - each.bestShare,
                               100 * each.saved());
    if (reached.empty())
        return "No adaptive rule has at least as many right answers as the best fixed budget with "
               "30 % fewer latents.\n";
    return "At least as many right answers as the best fixed budget with 30 % fewer latents (*): " +
           reached + ".\n";
}

// ---- The plot

constexpr double kWidth = 640, kHeight = 400, kLeft = 56, kRight = 200, kTop = 24, kBottom = 44;

struct Axes {
    double mostLatents = 16;
    double x(double latents) const {
        return kLeft + latents / mostLatents * (kWidth - kLeft - kRight);
    }
    static double y(double share) { return kHeight - kBottom - share * (kHeight - kTop - kBottom); }
};

// Colours that stay apart for the colour-blind (Okabe and Ito).
std::string colourOf(const std::string& rule) {
    constexpr std::array<std::pair<const char*, const char*>, 7> kColours{
        {{"fixed", "#000000"},
         {"end-prob", "#0072b2"},
         {"end-token", "#56b4e9"},
         {"settled", "#009e73"},
         {"answer-settled", "#d55e00"},
         {"entropy", "#cc79a7"},
         {"probe", "#e69f00"}}};
    for (const auto& [name, colour] : kColours)
        if (rule.substr(0, rule.find(':')) == name) return colour;
    return "#777777";
}

std::string text(double x, double y, const char* anchor, const std::string& words) {
    return printed("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor) + words +
           "</text>\n";
}

std::string axesSvg(const Axes& axes) {
    std::string svg;
    for (int tick = 0; tick <= 10; tick += 2) {
        const double y = Axes::y(tick / 10.0);
        svg += printed("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n",
                       kLeft, y, kWidth - kRight, y) +
               text(kLeft - 6, y + 4, "end", printed("%.1f", tick / 10.0));
    }
    for (int tick = 0; tick <= axes.mostLatents; tick += 4)
        svg += text(axes.x(tick), kHeight - kBottom + 16, "middle", std::to_string(tick));
    return svg + text(axes.x(axes.mostLatents / 2), kHeight - 8, "middle", "mean latents") +
           text(kLeft, kTop - 8, "start", "right answers, 95 % intervals");
}

std::string pointSvg(const Axes& axes, const std::string& rule, const ExitOutcome& outcome) {
    const double x = axes.x(meanLatents(outcome)), y = Axes::y(shareRight(outcome));
    const auto interval = intervalOf(outcome);
    const auto colour = colourOf(rule);
    return printed("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", x,
                   Axes::y(interval.low), x, Axes::y(interval.high), colour.c_str()) +
           printed("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"><title>", x, y,
                   colour.c_str()) +
           rule + "</title></circle>\n";
}

std::string legendSvg(const ExitSet& set) {
    std::string svg;
    std::vector<std::string> names;
    for (const auto& rule : set.rules) {
        const auto name = rule.substr(0, rule.find(':'));
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        const double y = kTop + 20.0 * names.size() + 8, x = kWidth - kRight + 24;
        svg += printed("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", x, y,
                       colourOf(rule).c_str()) +
               text(x + 12, y + 4, "start", name);
        names.push_back(name);
    }
    return svg;
}

}  // namespace

std::vector<ExitComparison> compareWithBestFixed(const ExitSet& set) {
    const auto best = bestFixed(set);
    std::vector<ExitComparison> comparisons;
    if (best.empty()) return comparisons;
    std::vector<double> p;
    for (const auto& rule : set.rules) {
        if (isFixed(rule)) continue;
        comparisons.push_back(compared(set, rule, best));
        p.push_back(comparisons.back().p);
    }
    const auto adjusted = holm(p);
    for (std::size_t i = 0; i < comparisons.size(); ++i) comparisons[i].adjusted = adjusted[i];
    return comparisons;
}

std::string exitTable(const ExitSet& set, const std::string& plot) {
    const auto comparisons = compareWithBestFixed(set);
    const auto best = bestFixed(set);
    auto table = "## " + set.set + ", " + set.model + "\n\n" + set.says + " " +
                 std::to_string(set.outcomes.at(set.rules.front()).right.size()) +
                 " questions. The best fixed budget is " + best + ".\n\n" +
                 "| exit rule | right (95 %) | mean latents | difference to " + best +
                 " (95 %) | only one right | p | Holm | fewer latents |\n" +
                 "|---|---|---|---|---|---|---|---|\n";
    for (const auto& rule : set.rules) {
        const auto beside =
            std::find_if(comparisons.begin(), comparisons.end(),
                         [&](const auto& comparison) { return comparison.rule == rule; });
        table += rowOf(set, rule, beside == comparisons.end() ? nullptr : &*beside);
    }
    return table + "\n" + conclusion(comparisons) + "\n![" + set.set + "](" + plot + ")\n\n";
}

std::string exitPlot(const ExitSet& set) {
    const Axes axes;
    std::string line, points;
    for (const auto& rule : set.rules) {
        const auto& outcome = set.outcomes.at(rule);
        if (isFixed(rule))
            line +=
                printed("%.1f,%.1f ", axes.x(meanLatents(outcome)), Axes::y(shareRight(outcome)));
        points += pointSvg(axes, rule, outcome);
    }
    return printed(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
               "font-family=\"sans-serif\" font-size=\"12\">\n"
               "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
               kWidth, kHeight) +
           axesSvg(axes) + "<polyline fill=\"none\" stroke=\"#000\" points=\"" + line + "\"/>\n" +
           points + legendSvg(set) + "</svg>\n";
}

}  // namespace lvr
