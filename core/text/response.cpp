#include "core/text/response.h"

#include <span>

#include "core/error.h"

namespace lvr {
namespace {

const std::string kMark = "<lvr>", kEnd = "<|im_end|>\n";

std::vector<std::string> splitAtMarks(const std::string& response) {
    std::vector<std::string> parts;
    for (std::size_t from = 0;;) {
        const auto mark = response.find(kMark, from);
        parts.push_back(response.substr(from, mark - from));
        if (mark == std::string::npos) return parts;
        from = mark + kMark.size();
    }
}

std::vector<int> joined(std::span<const std::vector<int>> boxes) {
    std::vector<int> all;
    for (const auto& tokens : boxes) all.insert(all.end(), tokens.begin(), tokens.end());
    return all;
}

// Encoded as a whole; where the answer begins and ends is where encodings of the parts end.
ResponsePiece textPiece(const Tokenizer& tokenizer, const std::string& text, bool last) {
    ResponsePiece piece;
    piece.text = tokenizer.encode(last ? text + kEnd : text);
    const std::string open = "<answer>", close = " </answer>";
    const auto begin = text.find(open), end = text.rfind(close);
    if (begin != std::string::npos && end != std::string::npos && end >= begin + open.size()) {
        piece.answerBegin = tokenizer.encode(text.substr(0, begin + open.size())).size();
        piece.answerEnd = tokenizer.encode(text.substr(0, end)).size();
    } else if (last) {
        piece.answerEnd = piece.text.size() - tokenizer.encode(kEnd).size();
    }
    return piece;
}

}  // namespace

std::vector<ResponsePiece> encodeResponse(const Tokenizer& tokenizer, const std::string& response,
                                          const std::vector<std::vector<int>>& boxTokens,
                                          const std::string& name) {
    const auto parts = splitAtMarks(response);
    const auto marks = parts.size() - 1;
    if (marks > 1 && marks != boxTokens.size())
        throw Error(name + ": " + std::to_string(boxTokens.size()) + " boxes for " +
                    std::to_string(marks) + " <lvr>; give one box for each, or one <lvr> for all");
    std::vector<ResponsePiece> pieces;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i == 0 && parts[0].empty() && marks > 0) continue;
        pieces.push_back(textPiece(tokenizer, parts[i], i == marks));
        if (i == 0) continue;
        const std::span all(boxTokens);
        pieces.back().targets = joined(marks == 1 ? all : all.subspan(i - 1, 1));
    }
    return pieces;
}

}  // namespace lvr
