#include "core/values/image_marks.h"

#include "core/error.h"

namespace lvr {

std::vector<std::string> cutAtImageMarks(const std::string& question) {
    const std::string mark = "<image>";
    std::vector<std::string> pieces;
    std::size_t from = 0;
    for (auto at = question.find(mark); at != std::string::npos; at = question.find(mark, from)) {
        const auto end = at > from && question[at - 1] == '\n' ? at - 1 : at;
        pieces.push_back(question.substr(from, end - from));
        from = at + mark.size();
        if (from < question.size() && question[from] == '\n') ++from;
    }
    pieces.push_back(question.substr(from));
    return pieces;
}

std::vector<std::string> piecesAround(const std::string& question, std::size_t pictures) {
    auto pieces = cutAtImageMarks(question);
    const auto marks = pieces.size() - 1;
    if (marks == pictures) return pieces;
    if (marks > 0)
        throw Error("the question has " + std::to_string(marks) + " <image> for " +
                    std::to_string(pictures) + " image" + (pictures == 1 ? "" : "s") +
                    "; write one where each stands, or none and they come first");
    pieces.insert(pieces.begin(), pictures, "");
    return pieces;
}

}  // namespace lvr
