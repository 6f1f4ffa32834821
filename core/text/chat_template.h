#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"
#include "core/values/dialect.h"
#include "core/values/image.h"

namespace lvr {

// What the chat templates of the family differ in.
struct ChatStyle {
    // What the system turn says where none is given; empty: there is no such turn then.
    std::string defaultSystem = "You are a helpful assistant.";
    bool operator==(const ChatStyle&) const = default;
};

// A chat template that would put questions otherwise than chatPrompt does, as far as that shows
// without running it: by the words it writes.
struct ForeignTemplate {
    std::string file;  // "chat_template.jinja"
    std::string word;  // that no known template writes, or that is missing
    bool operator==(const ForeignTemplate&) const = default;
};

struct FolderTemplate {
    ChatStyle style;
    std::optional<ForeignTemplate> foreign = {};  // nothing: it is a known one, or there is none
    bool operator==(const FolderTemplate&) const = default;
};

// Looks at the template that transformers' processor would take of a folder: Qwen2.5-VL's, which
// writes a system turn of its own, or Qwen3-VL's, which writes none, whatever the model is. What
// they write for tools is passed over. usual: the style where there is no template or a foreign
// one. Throws Error when its file is not JSON.
FolderTemplate lookAtTemplate(const std::filesystem::path& folder, const ChatStyle& usual = {});
// A chat template that puts questions as chatPrompt does, for folders that are made here.
std::string jinjaOf(const ChatStyle& style);

// lvr-spec 2.3: system (the style's own where none is given), user, assistant header. The images
// stand where the question has <image>, in order; before it when it has none. Each grid gives as
// many
// <|image_pad|> as it has visual tokens. Special tokens inside `question` are plain text. Throws
// Error when the question has another number of <image> than there are grids.
std::vector<std::int64_t> chatPrompt(const Tokenizer& tokenizer,
                                     const std::vector<PatchGrid>& grids,
                                     const std::string& question, const std::string& system = {},
                                     const ChatStyle& style = {});

// The same as a method puts it: with its own system prompt where none is given, and to where it
// begins to answer.
std::vector<std::int64_t> chatPrompt(const Tokenizer& tokenizer,
                                     const std::vector<PatchGrid>& grids,
                                     const std::string& question, const Dialect& dialect,
                                     const std::string& system, const ChatStyle& style);

// `text` is the whole prompt, special tokens recognised. Its <|image_pad|> are one per image, or
// already expanded. Throws Error when their number fits neither.
std::vector<std::int64_t> rawPrompt(const Tokenizer& tokenizer, const std::vector<PatchGrid>& grids,
                                    const std::string& text);
// Ids of such a prompt without its <|image_pad|>.
std::int64_t rawTextLength(const Tokenizer& tokenizer, const std::string& text);

}  // namespace lvr
