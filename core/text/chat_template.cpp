#include "core/text/chat_template.h"

#include <algorithm>
#include <initializer_list>
#include <numeric>
#include <set>
#include <vector>

#include "core/error.h"
#include "core/files/json_file.h"
#include "core/values/image_marks.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using Words = std::set<std::string>;

// Of the known templates, roles included.
const Words kWritten{"<|im_start|>",   "<|im_end|>",       "system",        "user",
                     "assistant",      "<|vision_start|>", "<|image_pad|>", "<|video_pad|>",
                     "<|vision_end|>", "Picture",          "Video",         ":"};
const Words kNeeded{"<|im_start|>", "<|im_end|>", "<|image_pad|>"};
// Qwen2.5-VL's writes these too: its default system turn.
const Words kDefaultTurn{"You", "are", "a", "helpful", "assistant."};

// Words, and special tokens one by one.
void addWords(const std::string& text, Words& words) {
    constexpr const char* kSpace = " \t\r\n";
    for (auto at = text.find_first_not_of(kSpace); at != text.npos;
         at = text.find_first_not_of(kSpace, at)) {
        auto end = std::min(text.find_first_of(kSpace, at), text.size());
        if (text.compare(at, 2, "<|") == 0)
            end = std::min(end, std::min(text.find("|>", at), text.size() - 2) + 2);
        else
            end = std::min(end, text.find("<|", at));
        words.insert(text.substr(at, end - at));
        at = end;
    }
}

bool endsWithAny(const std::string& text, std::initializer_list<const char*> endings) {
    return std::any_of(endings.begin(), endings.end(),
                       [&](const char* ending) { return text.ends_with(ending); });
}

// Of an expression or a {% set %}: its texts, but not the keys it looks up or compares with.
void addLiterals(const std::string& code, Words& words) {
    std::string before, literal;
    for (std::size_t at = 0; at < code.size(); ++at) {
        const char quote = code[at];
        if (quote != '\'' && quote != '"') {
            if (quote != ' ') before += quote;
            continue;
        }
        literal.clear();
        for (++at; at < code.size() && code[at] != quote; ++at) {
            const bool escaped = code[at] == '\\' && at + 1 < code.size();
            literal += escaped ? ' ' : code[at];
            at += escaped;
        }
        if (!endsWithAny(before, {"[", "==", "!=", "in"})) addWords(literal, words);
        before += quote;
    }
}

// Which branches of a template's conditions are about tools: no question here has any.
class ToolBranches {
public:
    void see(const std::string& tag) {
        const auto begin = std::min(tag.find_first_not_of("- "), tag.size());
        const auto word = tag.substr(begin, tag.find_first_of(" -", begin) - begin);
        if (word == "if") inTools_.push_back(isAboutTools(tag));
        if (inTools_.empty()) return;
        if (word == "elif") inTools_.back() = isAboutTools(tag);
        if (word == "else") inTools_.back() = false;
        if (word == "endif") inTools_.pop_back();
    }
    bool inside() const {
        return std::find(inTools_.begin(), inTools_.end(), true) != inTools_.end();
    }

private:
    static bool isAboutTools(const std::string& tag) { return tag.find("tool") != tag.npos; }

    std::vector<bool> inTools_;  // of the conditions that are open
};

// What it puts out: the text around its tags and the texts in them.
Words wordsOf(const std::string& jinja) {
    Words words;
    ToolBranches tools;
    for (std::size_t at = 0; at < jinja.size();) {
        const auto open = std::min(jinja.find('{', at), jinja.size());
        const char kind = open + 1 < jinja.size() ? jinja[open + 1] : '\0';
        if (kind != '{' && kind != '%' && kind != '#') {
            if (!tools.inside()) addWords(jinja.substr(at, open + 1 - at), words);
            at = open + 1;
            continue;
        }
        if (!tools.inside()) addWords(jinja.substr(at, open - at), words);
        const std::string ending = kind == '{' ? "}}" : std::string(1, kind) + "}";
        const auto close = std::min(jinja.find(ending, open + 2), jinja.size());
        const auto code = jinja.substr(open + 2, close - open - 2);
        const auto first = code.find_first_not_of("- ");
        const bool sets = kind == '%' && first != code.npos && code.compare(first, 4, "set ") == 0;
        if (kind == '%') tools.see(code);
        if ((kind == '{' || sets) && !tools.inside()) addLiterals(code, words);
        at = std::min(close + 2, jinja.size());
    }
    return words;
}

// Empty when the file has none. A list of named ones: the default.
std::string templateIn(const Json& config) {
    const auto found = config.find("chat_template");
    if (found == config.end()) return "";
    if (found->is_string()) return found->get<std::string>();
    if (found->is_array())
        for (const auto& one : *found)
            if (one.value("name", "") == "default") return one.value("template", "");
    return "";
}

FolderTemplate lookAt(const Words& words, const std::string& file, const ChatStyle& usual) {
    const bool hasTurn = words.contains("helpful");
    for (const auto& word : words)
        if (!kWritten.contains(word) && !(hasTurn && kDefaultTurn.contains(word)))
            return {usual, ForeignTemplate{file, word}};
    for (const auto& word : kNeeded)
        if (!words.contains(word)) return {usual, ForeignTemplate{file, word}};
    for (const auto& word : kDefaultTurn)
        if (hasTurn && !words.contains(word)) return {usual, ForeignTemplate{file, word}};
    return {{hasTurn ? ChatStyle().defaultSystem : ""}};
}

using Ids = std::vector<std::int64_t>;

std::int64_t required(const Tokenizer& tokenizer, const std::string& token) {
    if (const auto id = tokenizer.id(token)) return *id;
    throw Error("the tokenizer has no " + token +
                "; use the one of a Qwen2.5-VL or Qwen3-VL checkpoint");
}

// A prompt that is put together from special tokens and from text that cannot form them.
class Prompt {
public:
    explicit Prompt(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

    Prompt& special(const std::string& token, int times = 1) {
        ids_.insert(ids_.end(), times, required(tokenizer_, token));
        return *this;
    }
    Prompt& text(const std::string& text) {
        const auto more = tokenizer_.encode(text, SpecialTokens::AsText);
        ids_.insert(ids_.end(), more.begin(), more.end());
        return *this;
    }
    Ids take() { return std::move(ids_); }

private:
    const Tokenizer& tokenizer_;
    Ids ids_;
};

int tokensOf(const std::vector<PatchGrid>& grids) {
    return std::accumulate(grids.begin(), grids.end(), 0,
                           [](int sum, const PatchGrid& grid) { return sum + grid.count(); });
}

Ids withPadsExpanded(const Ids& ids, std::int64_t pad, const std::vector<PatchGrid>& grids) {
    Ids expanded;
    auto grid = grids.begin();
    for (const auto id : ids)
        if (id == pad)
            expanded.insert(expanded.end(), (grid++)->count(), pad);
        else
            expanded.push_back(id);
    return expanded;
}

// Throws unless each picture's pads stand together, in the order of the pictures.
void checkExpanded(const Ids& ids, std::int64_t pad, const std::vector<PatchGrid>& grids) {
    auto at = ids.begin();
    for (std::size_t i = 0; i < grids.size(); ++i) {
        at = std::find(at, ids.end(), pad);
        const auto end = std::find_if(at, ids.end(), [&](auto id) { return id != pad; });
        if (end - at < grids[i].count())
            throw Error("picture " + std::to_string(i + 1) + " needs " +
                        std::to_string(grids[i].count()) +
                        " <|image_pad|> in a row, the prompt has " + std::to_string(end - at) +
                        " there; write one and it is repeated as needed");
        at += grids[i].count();
    }
}

}  // namespace

FolderTemplate lookAtTemplate(const fs::path& folder, const ChatStyle& usual) {
    for (const std::string name :
         {"chat_template.jinja", "chat_template.json", "tokenizer_config.json"}) {
        const auto file = folder / name;
        if (!fs::exists(file)) continue;
        const auto text = readTextFile(file);
        const auto jinja =
            name.ends_with(".json") ? templateIn(parseJson(text, file.string())) : text;
        if (!jinja.empty()) return lookAt(wordsOf(jinja), name, usual);
    }
    return {usual};
}

std::string jinjaOf(const ChatStyle& style) {
    std::string text = "{%- for message in messages -%}\n";
    if (!style.defaultSystem.empty())
        text +=
            "    {%- if loop.first and message['role'] != 'system' -%}\n"
            "        {{- '<|im_start|>system\\n" +
            style.defaultSystem +
            "<|im_end|>\\n' -}}\n"
            "    {%- endif -%}\n";
    return text +
           R"(    {{- '<|im_start|>' + message['role'] + '\n' -}}
    {%- if message['content'] is string -%}
        {{- message['content'] -}}
    {%- else -%}
        {%- for part in message['content'] -%}
            {%- if part['type'] == 'image' or 'image' in part or 'image_url' in part -%}
                {{- '<|vision_start|><|image_pad|><|vision_end|>' -}}
            {%- elif part['type'] == 'video' or 'video' in part -%}
                {{- '<|vision_start|><|video_pad|><|vision_end|>' -}}
            {%- elif 'text' in part -%}
                {{- part['text'] -}}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{- '<|im_end|>\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '<|im_start|>assistant\n' -}}
{%- endif -%}
)";
}

Ids chatPrompt(const Tokenizer& tokenizer, const std::vector<PatchGrid>& grids,
               const std::string& question, const std::string& system, const ChatStyle& style) {
    Prompt prompt(tokenizer);
    if (const auto& said = system.empty() ? style.defaultSystem : system; !said.empty())
        prompt.special("<|im_start|>").text("system\n" + said).special("<|im_end|>").text("\n");
    prompt.special("<|im_start|>");
    // Nothing separates the header from what precedes the first picture: they are one text, as in
    // transformers.
    const auto pieces = piecesAround(question, grids.size());
    prompt.text("user\n" + pieces.front());
    for (std::size_t i = 0; i < grids.size(); ++i)
        prompt.special("<|vision_start|>")
            .special("<|image_pad|>", grids[i].count())
            .special("<|vision_end|>")
            .text(pieces[i + 1]);
    prompt.special("<|im_end|>").text("\n");
    return prompt.special("<|im_start|>").text("assistant\n").take();
}

Ids chatPrompt(const Tokenizer& tokenizer, const std::vector<PatchGrid>& grids,
               const std::string& question, const Dialect& dialect, const std::string& system,
               const ChatStyle& style) {
    auto ids =
        chatPrompt(tokenizer, grids, question, system.empty() ? dialect.system : system, style);
    if (dialect.promptEndsInHeader) ids.pop_back();  // the newline
    return ids;
}

std::int64_t rawTextLength(const Tokenizer& tokenizer, const std::string& text) {
    const auto ids = tokenizer.encode(text);
    return std::ssize(ids) -
           std::count(ids.begin(), ids.end(), required(tokenizer, "<|image_pad|>"));
}

Ids rawPrompt(const Tokenizer& tokenizer, const std::vector<PatchGrid>& grids,
              const std::string& text) {
    const auto ids = tokenizer.encode(text);
    const auto pad = required(tokenizer, "<|image_pad|>");
    const auto pads = std::count(ids.begin(), ids.end(), pad);
    if (pads == std::ssize(grids)) return withPadsExpanded(ids, pad, grids);
    if (pads != tokensOf(grids))
        throw Error("the prompt has " + std::to_string(pads) + " <|image_pad|> for " +
                    std::to_string(grids.size()) + " pictures; write one for each");
    checkExpanded(ids, pad, grids);
    return ids;
}

}  // namespace lvr
