#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"
#include "core/values/image.h"

namespace lvr {

// A chat template that would put questions otherwise than chatPrompt does, as far as that shows
// without running it: by the words it writes.
struct ForeignTemplate {
    std::string file;  // "chat_template.jinja"
    std::string word;  // that Qwen2.5-VL's does not write, or that is missing
    bool operator==(const ForeignTemplate&) const = default;
};

// Looks at the template that transformers' processor would take of a folder. Nothing when it is
// Qwen2.5-VL's or there is none. Throws Error when its file is not JSON.
std::optional<ForeignTemplate> foreignTemplate(const std::filesystem::path& folder);

// lvr-spec 2.3: system (Qwen's own where none is given), user, assistant header. The images stand
// where the question has <image>, in order; before it when it has none. Each grid gives as many
// <|image_pad|> as it has visual tokens. Special tokens inside `question` are plain text. Throws
// Error when the question has another number of <image> than there are grids.
std::vector<std::int64_t> chatPrompt(const Tokenizer& tokenizer,
                                     const std::vector<PatchGrid>& grids,
                                     const std::string& question, const std::string& system = {});

// `text` is the whole prompt, special tokens recognised. Its <|image_pad|> are one per image, or
// already expanded. Throws Error when their number fits neither.
std::vector<std::int64_t> rawPrompt(const Tokenizer& tokenizer, const std::vector<PatchGrid>& grids,
                                    const std::string& text);
// Ids of such a prompt without its <|image_pad|>.
std::int64_t rawTextLength(const Tokenizer& tokenizer, const std::string& text);

}  // namespace lvr
