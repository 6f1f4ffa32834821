#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lvr {

enum class SpecialTokens { Recognise, AsText };
enum class SkipSpecial { No, Yes };

// Byte-level BPE as Hugging Face's fast Qwen2 tokenizer. Immutable; copies share the tables.
class Tokenizer {
public:
    // Reads tokenizer.json, or vocab.json + merges.txt (+ added_tokens.json /
    // tokenizer_config.json). Throws Error.
    static Tokenizer open(const std::filesystem::path& folder);

    // AsText: added tokens that are special (and the four LVR tokens and image/video/vision
    // placeholders whatever their flag) are encoded as plain text.
    std::vector<std::int64_t> encode(std::string_view text,
                                     SpecialTokens special = SpecialTokens::Recognise) const;
    // Invalid UTF-8 becomes U+FFFD, as in transformers. Ids outside the vocabulary give nothing.
    std::string decode(const std::vector<std::int64_t>& ids,
                       SkipSpecial skip = SkipSpecial::No) const;
    std::optional<std::int64_t> id(
        std::string_view token) const;  // exact vocabulary or added token
    std::int64_t size() const;          // highest id + 1
    // A copy with one more special added token: with that id, or without one at the end of the
    // vocabulary (lvr-spec 1.1). A token that is there stays. Throws Error when another token has
    // the id.
    Tokenizer withSpecialToken(const std::string& token,
                               std::optional<std::int64_t> id = std::nullopt) const;

private:
    struct Tables;
    explicit Tokenizer(std::shared_ptr<const Tables> tables) : tables_(std::move(tables)) {}
    std::shared_ptr<const Tables> tables_;
};

}  // namespace lvr
