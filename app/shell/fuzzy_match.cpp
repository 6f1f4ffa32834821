#include "app/shell/fuzzy_match.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace lvr {
namespace {

constexpr int kLetter = 4;
constexpr int kWordStart = 10;
constexpr int kFollows = 7;
constexpr int kNone = std::numeric_limits<int>::min() / 2;

bool startsWord(const QString& text, int at) {
    if (!text[at].isLetterOrNumber()) return false;
    if (at == 0 || !text[at - 1].isLetterOrNumber()) return true;
    return text[at].isUpper() && text[at - 1].isLower();
}

struct Cell {
    int score = kNone;  // of the best way that ends with this letter here
    int before = -1;    // where the letter before was found
};
using Row = std::vector<Cell>;  // one cell for each place in the text

// `row`: the letter before, empty for the first. A gap costs one for each place left out, so that
// of two ways the shorter wins; places before the first letter cost a little.
Row findLetter(QChar letter, const QString& text, const Row& row) {
    Row found(text.size());
    Cell apart;  // the best letter before that is not the neighbour
    for (int i = 0; i < text.size(); ++i) {
        --apart.score;
        if (i >= 2 && !row.empty() && row[i - 2].score - 1 > apart.score)
            apart = {row[i - 2].score - 1, i - 2};
        if (text[i].toCaseFolded() != letter) continue;
        Cell best = row.empty() ? Cell{-std::min(i / 4, kLetter), -1} : apart;
        if (i >= 1 && !row.empty() && row[i - 1].score + kFollows > best.score)
            best = {row[i - 1].score + kFollows, i - 1};
        if (best.score <= kNone / 2) continue;
        found[i] = {best.score + kLetter + (startsWord(text, i) ? kWordStart : 0), best.before};
    }
    return found;
}

std::optional<FuzzyMatch> findWord(const QString& word, const QString& text) {
    std::vector<Row> rows;
    for (const QChar letter : word)
        rows.push_back(findLetter(letter.toCaseFolded(), text, rows.empty() ? Row{} : rows.back()));
    const Row& last = rows.back();
    const auto better = [](const Cell& a, const Cell& b) { return a.score < b.score; };
    const auto best = std::max_element(last.begin(), last.end(), better);
    if (best == last.end() || best->score <= kNone / 2) return std::nullopt;
    FuzzyMatch match{.score = best->score};
    int at = static_cast<int>(best - last.begin());
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
        match.at.prepend(at);
        at = (*row)[at].before;
    }
    return match;
}

}  // namespace

std::optional<FuzzyMatch> fuzzyMatch(const QString& pattern, const QString& text) {
    FuzzyMatch whole;
    for (const QString& word : pattern.split(' ', Qt::SkipEmptyParts)) {
        const auto match = findWord(word, text);
        if (!match) return std::nullopt;
        whole.score += match->score;
        whole.at += match->at;
    }
    std::sort(whole.at.begin(), whole.at.end());
    whole.at.erase(std::unique(whole.at.begin(), whole.at.end()), whole.at.end());
    return whole;
}

}  // namespace lvr
