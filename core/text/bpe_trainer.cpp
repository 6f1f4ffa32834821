#include "core/text/bpe_trainer.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/files/json_file.h"
#include "core/text/added_tokens.h"
#include "core/text/byte_pairs.h"
#include "core/text/pre_tokenizer.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

struct StockToken {
    const char* content;
    bool special;
};

// Qwen2.5-VL's added tokens in the order of their ids, then the four of LVR (lvr-spec 1.1).
constexpr StockToken kStockTokens[] = {
    {"<|endoftext|>", true},        {"<|im_start|>", true},       {"<|im_end|>", true},
    {"<|object_ref_start|>", true}, {"<|object_ref_end|>", true}, {"<|box_start|>", true},
    {"<|box_end|>", true},          {"<|quad_start|>", true},     {"<|quad_end|>", true},
    {"<|vision_start|>", true},     {"<|vision_end|>", true},     {"<|vision_pad|>", true},
    {"<|image_pad|>", true},        {"<|video_pad|>", true},      {"<tool_call>", false},
    {"</tool_call>", false},        {"<|fim_prefix|>", false},    {"<|fim_middle|>", false},
    {"<|fim_suffix|>", false},      {"<|fim_pad|>", false},       {"<|repo_name|>", false},
    {"<|file_sep|>", false},        {"<|lvr_start|>", true},      {"<|lvr|>", true},
    {"<|lvr_latent_end|>", true},   {"<|lvr_end|>", true}};

// tokenizer_config.json's additional_special_tokens: <|im_start|> to <|video_pad|>.
constexpr std::size_t kFirstAdditional = 1;
constexpr std::size_t kEndOfAdditional = 14;

// The same prompts as Qwen2.5-VL's template for text and pictures.
const char* const kChatTemplate = R"({%- for message in messages -%}
    {%- if loop.first and message['role'] != 'system' -%}
        {{- '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' -}}
    {%- endif -%}
    {{- '<|im_start|>' + message['role'] + '\n' -}}
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

std::vector<AddedToken> stockTokens(std::int64_t firstId) {
    std::vector<AddedToken> tokens;
    for (const auto& [content, special] : kStockTokens)
        tokens.push_back({.content = content, .id = firstId++, .special = special});
    return tokens;
}

// How often each pre-token occurs; added tokens are none.
std::map<std::string, std::int64_t> countWords(const std::vector<std::string>& corpus) {
    const PreTokenizer preTokenizer(kQwen2Pattern);
    const AddedTokenMatcher matcher(stockTokens(0));
    std::map<std::string, std::int64_t> counts;
    for (const auto& text : corpus) {
        const auto valid = toValidUtf8(text);
        for (const auto& piece : matcher.split(valid))
            if (!piece.added)
                for (auto& word : preTokenizer.split(toNfc(piece.text))) ++counts[std::move(word)];
    }
    return counts;
}

// The 256 byte tokens in the order of their spellings, as in every GPT-2 descendant.
std::vector<std::string> byteTokens() {
    std::vector<std::string> spellings;
    for (int byte = 0; byte < 256; ++byte)
        spellings.push_back(spellBytes(std::string(1, static_cast<char>(byte))));
    std::sort(spellings.begin(), spellings.end());
    return spellings;
}

std::array<std::int32_t, 256> byteIds(const std::vector<std::string>& spellings) {
    std::array<std::int32_t, 256> ids{};
    for (int id = 0; id < 256; ++id)
        ids[static_cast<unsigned char>(bytesOfSpelling(spellings[id])->front())] = id;
    return ids;
}

// Adds a merge of the most frequent pair, the lowest ids first among equals, until no word has a
// pair left. A word is always cut as the merges so far cut it.
class Trainer {
public:
    explicit Trainer(const std::map<std::string, std::int64_t>& counts)
        : spellings_(byteTokens()), pairs_(byteIds(spellings_)) {
        for (std::size_t id = 0; id < spellings_.size(); ++id) ids_[spellings_[id]] = id;
        for (const auto& [bytes, count] : counts) {
            words_.push_back({bytes, count, {}});
            cut(words_.size() - 1);
        }
    }

    void run() {
        while (!ranking_.empty()) {
            const auto pair = ranking_.begin()->second;
            const auto words = uses_.at(pair).words;
            addMerge(pair);
            for (const auto word : words) cut(word);
        }
    }
    const std::vector<std::string>& spellings() const { return spellings_; }
    const std::vector<std::string>& merges() const { return merges_; }

private:
    using Pair = std::pair<std::int64_t, std::int64_t>;
    struct Word {
        std::string bytes;
        std::int64_t count = 0;
        std::vector<std::int64_t> tokens;
    };
    struct Use {
        std::int64_t count = 0;
        std::set<std::size_t> words;
    };

    void addMerge(const Pair& pair) {
        const auto& left = spellings_[pair.first];
        const auto& right = spellings_[pair.second];
        merges_.push_back(left + " " + right);
        const auto [known, isNew] = ids_.try_emplace(left + right, std::ssize(spellings_));
        pairs_.add(static_cast<std::int32_t>(pair.first), static_cast<std::int32_t>(pair.second),
                   static_cast<std::int32_t>(known->second));
        if (isNew) spellings_.push_back(known->first);
    }

    void cut(std::size_t index) {
        auto& word = words_[index];
        count(index, -word.count);
        word.tokens.clear();
        pairs_.encode(word.bytes, word.tokens);
        count(index, word.count);
    }

    void count(std::size_t index, std::int64_t change) {
        const auto& tokens = words_[index].tokens;
        for (std::size_t i = 1; i < tokens.size(); ++i) {
            const Pair pair{tokens[i - 1], tokens[i]};
            auto& use = uses_[pair];
            ranking_.erase({-use.count, pair});
            use.count += change;
            if (use.count > 0) ranking_.insert({-use.count, pair});
            if (change > 0)
                use.words.insert(index);
            else
                use.words.erase(index);
        }
    }

    std::vector<std::string> spellings_;                 // by id
    std::unordered_map<std::string, std::int64_t> ids_;  // by spelling
    BytePairs pairs_;
    std::vector<std::string> merges_;  // "left right"
    std::vector<Word> words_;
    std::map<Pair, Use> uses_;
    std::set<std::pair<std::int64_t, Pair>> ranking_;  // by -count
};

Json flagsOf(const AddedToken& token) {
    return {{"content", token.content},
            {"lstrip", token.lstrip},
            {"rstrip", token.rstrip},
            {"single_word", token.singleWord},
            {"normalized", token.normalized}};
}

Json withSpecial(const AddedToken& token) {
    auto json = flagsOf(token);
    json["special"] = token.special;
    return json;
}

Json vocabularyJson(const Trainer& trainer) {
    auto vocabulary = Json::object();
    std::int64_t id = 0;
    for (const auto& spelling : trainer.spellings()) vocabulary[spelling] = id++;
    return vocabulary;
}

Json modelJson(const Trainer& trainer) {
    return {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", ""},
            {"end_of_word_suffix", ""},
            {"fuse_unk", false},
            {"byte_fallback", false},
            {"ignore_merges", false},
            {"vocab", vocabularyJson(trainer)},
            {"merges", trainer.merges()}};
}

Json byteLevelJson() {
    return {{"type", "ByteLevel"},
            {"add_prefix_space", false},
            {"trim_offsets", false},
            {"use_regex", false}};
}

Json tokenizerJson(const Trainer& trainer, const std::vector<AddedToken>& added) {
    auto addedJson = Json::array();
    for (const auto& token : added) {
        addedJson.push_back(withSpecial(token));
        addedJson.back()["id"] = token.id;
    }
    const Json split = {{"type", "Split"},
                        {"pattern", {{"Regex", kQwen2Pattern}}},
                        {"behavior", "Isolated"},
                        {"invert", false}};
    return {{"version", "1.0"},
            {"truncation", nullptr},
            {"padding", nullptr},
            {"added_tokens", addedJson},
            {"normalizer", {{"type", "NFC"}}},
            {"pre_tokenizer",
             {{"type", "Sequence"}, {"pretokenizers", Json::array({split, byteLevelJson()})}}},
            {"post_processor", byteLevelJson()},
            {"decoder", byteLevelJson()},
            {"model", modelJson(trainer)}};
}

std::vector<std::string> additionalSpecialTokens(const std::vector<AddedToken>& added) {
    std::vector<std::string> contents;
    for (auto i = kFirstAdditional; i < kEndOfAdditional; ++i) contents.push_back(added[i].content);
    return contents;
}

Json specialTokensMapJson(const std::vector<AddedToken>& added) {
    return {{"additional_special_tokens", additionalSpecialTokens(added)},
            {"eos_token", flagsOf(added[2])},
            {"pad_token", flagsOf(added[0])}};
}

Json configJson(const std::vector<AddedToken>& added) {
    auto decoder = Json::object();
    for (const auto& token : added) decoder[std::to_string(token.id)] = withSpecial(token);
    return {{"add_bos_token", false},
            {"add_prefix_space", false},
            {"added_tokens_decoder", decoder},
            {"additional_special_tokens", additionalSpecialTokens(added)},
            {"bos_token", nullptr},
            {"chat_template", kChatTemplate},
            {"clean_up_tokenization_spaces", false},
            {"eos_token", added[2].content},
            {"errors", "replace"},
            {"model_max_length", 131072},
            {"pad_token", added[0].content},
            {"split_special_tokens", false},
            {"tokenizer_class", "Qwen2Tokenizer"},
            {"unk_token", nullptr}};
}

Json addedTokensJson(const std::vector<AddedToken>& added) {
    auto ids = Json::object();
    for (const auto& token : added) ids[token.content] = token.id;
    return ids;
}

std::string mergesText(const Trainer& trainer) {
    std::string text = "#version: 0.2\n";
    for (const auto& merge : trainer.merges()) text += merge + "\n";
    return text;
}

void writeJson(const fs::path& file, const Json& json) {
    writeFileAtomically(file, toJsonText(json, file.string(), 2) + "\n");
}

}  // namespace

void trainTokenizer(const std::vector<std::string>& corpus, const fs::path& folder) {
    Trainer trainer(countWords(corpus));
    trainer.run();
    const auto added = stockTokens(std::ssize(trainer.spellings()));
    std::error_code failure;
    fs::create_directories(folder, failure);
    if (failure)
        throw Error("cannot make the folder " + folder.string() + ": " + failure.message());
    writeJson(folder / "vocab.json", vocabularyJson(trainer));
    writeFileAtomically(folder / "merges.txt", mergesText(trainer));
    writeJson(folder / "added_tokens.json", addedTokensJson(added));
    writeJson(folder / "special_tokens_map.json", specialTokensMapJson(added));
    writeJson(folder / "tokenizer_config.json", configJson(added));
    writeFileAtomically(folder / "chat_template.jinja", kChatTemplate);
    writeJson(folder / "tokenizer.json", tokenizerJson(trainer, added));
}

}  // namespace lvr
