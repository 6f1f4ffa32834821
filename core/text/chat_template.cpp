#include "core/text/chat_template.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "core/values/image_marks.h"

namespace lvr {
namespace {

using Ids = std::vector<std::int64_t>;

std::int64_t required(const Tokenizer& tokenizer, const std::string& token) {
    if (const auto id = tokenizer.id(token)) return *id;
    throw Error("the tokenizer has no " + token + "; use the one of a Qwen2.5-VL checkpoint");
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

Ids chatPrompt(const Tokenizer& tokenizer, const std::vector<PatchGrid>& grids,
               const std::string& question, const std::string& system) {
    Prompt prompt(tokenizer);
    prompt.special("<|im_start|>")
        .text("system\n" + (system.empty() ? "You are a helpful assistant." : system));
    prompt.special("<|im_end|>").text("\n").special("<|im_start|>");
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
