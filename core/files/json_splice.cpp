#include "core/files/json_splice.h"

#include <algorithm>
#include <array>
#include <regex>

#include "core/error.h"

namespace lvr {
namespace {

// Walks over JSON that is known to be valid.
class Walk {
public:
    explicit Walk(std::string_view text) : text_(text) {}

    std::size_t at() const { return at_; }
    void skipSpace() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }
    // True when there is such a member; then it stands before its value.
    bool enter(const std::string& key) {
        skipSpace();
        if (text_.at(at_) != '{') return false;
        const auto quoted = nlohmann::json(key).dump();
        for (++at_, skipSpace(); text_.at(at_) != '}'; skipSpace()) {
            const auto from = at_;
            skipString();
            const bool found = text_.substr(from, at_ - from) == quoted;
            at_ = text_.find(':', at_) + 1;
            skipSpace();
            if (found) return true;
            skipValue();
            skipComma();
        }
        return false;
    }
    void skipValue() {
        int depth = 0;
        do {
            skipSpace();
            const char c = text_.at(at_);
            if (c == '"') {
                skipString();
                continue;
            }
            depth += (c == '{' || c == '[') - (c == '}' || c == ']');
            if (std::string_view("{}[],:").find(c) != std::string_view::npos)
                ++at_;
            else
                at_ = std::min(text_.find_first_of(" \t\r\n,:]}", at_), text_.size());
        } while (depth > 0);
    }

private:
    void skipString() {
        for (++at_; text_.at(at_) != '"'; ++at_)
            if (text_[at_] == '\\') ++at_;
        ++at_;
    }
    void skipComma() {
        skipSpace();
        if (text_.at(at_) == ',') ++at_;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

std::string replaced(const std::string& text, const std::string& what, const std::string& by) {
    return std::regex_replace(text, std::regex(what), by);
}

// The members as they stand between the brackets, each on lines of its own after `gap`.
std::string membersText(const nlohmann::ordered_json& more, const std::string& gap) {
    const bool lines = gap.find('\n') != std::string::npos;
    std::string text;
    for (const auto& [key, value] : more.items()) {
        if (!text.empty()) text += lines ? "," : ", ";
        if (lines) text += gap;
        if (more.is_object()) text += nlohmann::json(key).dump() + ": ";
        text += lines ? replaced(value.dump(2), "\n", gap) : value.dump();
    }
    return text;
}

}  // namespace

bool JsonStrings::takes(char character) {
    if (!inside_) return inside_ = character == '"';
    inside_ = escaped_ || character != '"';
    escaped_ = !escaped_ && character == '\\';
    return true;
}

std::string withoutNonFinite(const std::string& json,
                             const std::function<std::string(std::string_view)>& instead) {
    static constexpr std::array<std::string_view, 3> kNames{"NaN", "Infinity", "-Infinity"};
    std::string out;
    JsonStrings strings;
    for (std::size_t at = 0; at < json.size(); ++at) {
        const auto rest = std::string_view(json).substr(at);
        const auto* found = strings.takes(json[at])
                                ? kNames.end()
                                : std::find_if(kNames.begin(), kNames.end(),
                                               [&](auto name) { return rest.starts_with(name); });
        out += found == kNames.end() ? std::string(1, json[at]) : instead(*found);
        if (found != kNames.end()) at += found->size() - 1;
    }
    return out;
}

std::string_view valueAt(std::string_view json, const std::vector<std::string>& path) {
    Walk walk(json);
    for (const auto& key : path)
        if (!walk.enter(key)) return {};
    walk.skipSpace();
    const auto from = walk.at();
    walk.skipValue();
    return json.substr(from, walk.at() - from);
}

std::string withAppended(const std::string& json, const std::vector<std::string>& path,
                         const nlohmann::ordered_json& more) {
    const auto value = valueAt(json, path);
    if (value.empty() || value.front() != (more.is_array() ? '[' : '{'))
        throw Error("there is no list \"" + (path.empty() ? "" : path.back()) + "\" to add to");
    if (more.empty()) return json;
    const auto inside = value.substr(1, value.size() - 2);
    const auto first = inside.find_first_not_of(" \t\r\n");
    const bool empty = first == inside.npos;
    const auto gap = std::string(empty ? "" : inside.substr(0, first));
    const auto end =
        (value.data() - json.data()) + 1 + (empty ? 0 : inside.find_last_not_of(" \t\r\n") + 1);
    const bool lines = gap.find('\n') != std::string::npos;
    auto text = json;
    text.insert(end, (empty ? "" : lines ? "," : ", ") + membersText(more, gap));
    return text;
}

}  // namespace lvr
