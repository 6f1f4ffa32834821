#pragma once

#include <QList>
#include <QString>
#include <optional>

namespace lvr {

struct FuzzyMatch {
    int score = 0;  // higher is better
    QList<int> at;  // where in the text the letters were found, ascending
    bool operator==(const FuzzyMatch&) const = default;
};

// Whether all letters of each of the pattern's words are in the text, in the word's order; case
// does not matter. Of all ways the best is taken: letters that begin a word or follow each other
// count more, gaps less. An empty pattern is in every text.
std::optional<FuzzyMatch> fuzzyMatch(const QString& pattern, const QString& text);

}  // namespace lvr
