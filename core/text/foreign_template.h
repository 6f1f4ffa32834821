#pragma once

#include <filesystem>
#include <optional>
#include <string>

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

}  // namespace lvr
