#pragma once

#include <QString>
#include <vector>

namespace lvr {

enum class WordChange { Same, Added, Missing };
struct DiffPiece {
    QString text;  // words and the space between them
    WordChange change = WordChange::Same;
    bool operator==(const DiffPiece&) const = default;
};

// `text` against `reference`, word by word: joined without the missing pieces it is `text` again.
// A marker such as <answer> is a word of its own; space belongs to the word before it and makes no
// difference. Of very long texts only what they begin and end with is compared.
std::vector<DiffPiece> wordDiff(const QString& reference, const QString& text);

}  // namespace lvr
