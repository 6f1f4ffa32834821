#include "datasets/record_readers.h"

namespace lvr {
namespace {

// \boxed{ANSWER}, as a rule the whole of it.
std::string withoutBoxed(const std::string& text) {
    const std::string open = "\\boxed{";
    const auto from = text.find(open);
    if (from == std::string::npos) return text;
    int depth = 1;
    for (auto at = from + open.size(); at < text.size(); ++at) {
        depth += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
        if (depth == 0) return trimmed(text.substr(from + open.size(), at - from - open.size()));
    }
    return text;
}

const char* present(const JsonEntry& entry, const char* field, const char* otherwise) {
    return entry.has(field) ? field : otherwise;
}

}  // namespace

bool isVirlRecord(const JsonEntry& entry) {
    return !entry.has("conversations") && (entry.has("question") || entry.has("problem"));
}

DataRecord readVirlRecord(const JsonEntry& entry, const ImagePaths& images) {
    DataRecord record;
    record.dataset = entry.has("category") ? entry.text("category")
                     : entry.has("source") ? entry.text("source")
                                           : "";
    record.questionId = entry.textOrNumber(present(entry, "qid", "id"));
    for (const auto& image : imagesOf(entry)) record.images.push_back(images.find(image));
    record.question = trimmed(
        questionAbout(record.images.size(), entry.text(present(entry, "question", "problem"))));
    record.answer = withoutBoxed(trimmed(entry.textOrNumber("answer")));
    if (!entry.has("answer")) throw RecordProblem("field \"answer\" is missing");
    record.response = responseFor(record.answer, false);
    return record;
}

}  // namespace lvr
