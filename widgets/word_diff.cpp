#include "widgets/word_diff.h"

#include <QHash>
#include <QRegularExpression>
#include <QStringList>
#include <algorithm>

namespace lvr {
namespace {

// Above this many pairs of words the middle is not compared: it would take longer than looking.
constexpr qint64 kMostPairs = 1 << 20;

struct Words {
    QStringList whole;  // with the space after it
    // What is compared: equal words without their space have equal numbers.
    std::vector<int> numbers;
};
using Dictionary = QHash<QString, int>;

Words wordsOf(const QString& text, Dictionary& numbers) {
    static const QRegularExpression word(R"((<[^<>\s]+>|[^\s<]+|<)\s*|^\s+)");
    Words words;
    for (auto found = word.globalMatch(text); found.hasNext();) {
        words.whole << found.next().captured();
        const QString bare = words.whole.last().trimmed();
        const auto known = numbers.constFind(bare);
        words.numbers.push_back(known != numbers.cend() ? *known
                                                        : *numbers.insert(bare, numbers.size()));
    }
    return words;
}

class Pieces {
public:
    void add(const QString& word, WordChange change) {
        if (pieces_.empty() || pieces_.back().change != change) pieces_.push_back({{}, change});
        pieces_.back().text += word;
    }
    std::vector<DiffPiece> take() { return std::move(pieces_); }

private:
    std::vector<DiffPiece> pieces_;
};

// Length of the longest common subsequence of what follows each pair of places, [(n + 1) * (m +
// 1)].
std::vector<int> commonLengths(const std::vector<int>& from, const std::vector<int>& to) {
    const qsizetype n = std::ssize(from), m = std::ssize(to);
    std::vector<int> length((n + 1) * (m + 1), 0);
    for (qsizetype i = n - 1; i >= 0; --i)
        for (qsizetype j = m - 1; j >= 0; --j)
            length[i * (m + 1) + j] = from[i] == to[j] ? length[(i + 1) * (m + 1) + j + 1] + 1
                                                       : std::max(length[(i + 1) * (m + 1) + j],
                                                                  length[i * (m + 1) + j + 1]);
    return length;
}

Words middleOf(const Words& words, qsizetype head, qsizetype tail) {
    const qsizetype count = words.whole.size() - head - tail;
    const auto first = words.numbers.begin() + head;
    return {words.whole.mid(head, count), std::vector(first, first + count)};
}

void addMiddle(const Words& from, const Words& to, Pieces& pieces) {
    const qsizetype n = from.whole.size(), m = to.whole.size();
    qsizetype i = 0, j = 0;
    if (n * m <= kMostPairs) {
        const auto length = commonLengths(from.numbers, to.numbers);
        while (i < n && j < m) {
            if (from.numbers[i] == to.numbers[j])
                pieces.add(to.whole[j], WordChange::Same), ++i, ++j;
            else if (length[(i + 1) * (m + 1) + j] >= length[i * (m + 1) + j + 1])
                pieces.add(from.whole[i++], WordChange::Missing);
            else
                pieces.add(to.whole[j++], WordChange::Added);
        }
    }
    while (i < n) pieces.add(from.whole[i++], WordChange::Missing);
    while (j < m) pieces.add(to.whole[j++], WordChange::Added);
}

}  // namespace

std::vector<DiffPiece> wordDiff(const QString& reference, const QString& text) {
    Dictionary numbers;
    const Words from = wordsOf(reference, numbers), to = wordsOf(text, numbers);
    const qsizetype n = from.whole.size(), m = to.whole.size(), most = std::min(n, m);
    qsizetype head = 0, tail = 0;
    while (head < most && from.numbers[head] == to.numbers[head]) ++head;
    while (tail < most - head && from.numbers[n - 1 - tail] == to.numbers[m - 1 - tail]) ++tail;
    Pieces pieces;
    for (qsizetype i = 0; i < head; ++i) pieces.add(to.whole[i], WordChange::Same);
    addMiddle(middleOf(from, head, tail), middleOf(to, head, tail), pieces);
    for (qsizetype i = m - tail; i < m; ++i) pieces.add(to.whole[i], WordChange::Same);
    return pieces.take();
}

}  // namespace lvr
