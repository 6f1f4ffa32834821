#include "core/text/tokenizer_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/files/json_file.h"
#include "core/files/json_splice.h"
#include "core/text/byte_pairs.h"
#include "core/text/pre_tokenizer.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

using Vocabulary = std::unordered_map<std::string, std::int64_t>;
using Problem = std::optional<std::string>;  // what is wrong, nothing when all is well

// Far above any vocabulary, low enough that a table of that length fits.
constexpr std::int64_t kEndOfIds = 1 << 24;

bool isThere(const fs::path& file) {
    std::error_code ignored;
    return fs::exists(file, ignored);
}

bool isId(const Json& value) {
    return value.is_number_unsigned() && value.get<std::uint64_t>() < kEndOfIds;
}
const auto kIdsAre =
    "must be a token id, a whole number from 0 to " + std::to_string(kEndOfIds - 1);

// field: where the list was found.
Vocabulary readVocabulary(std::vector<std::pair<std::string, Json>> list, const JsonField& field) {
    field.must((*field).is_object(), "must be an object");
    Vocabulary vocabulary;
    vocabulary.reserve(list.size());
    std::vector<bool> taken(kEndOfIds);
    for (auto& [token, value] : list) {
        if (!isId(value)) field.failAt(token, kIdsAre);
        const auto id = value.get<std::int64_t>();
        if (taken[id]) field.failAt(token, "has the id of another token");
        taken[id] = true;
        const auto [known, isNew] = vocabulary.emplace(std::move(token), id);
        if (!isNew) field.failAt(known->first, "occurs twice");
    }
    for (int byte = 0; byte < 256; ++byte)
        if (!vocabulary.contains(spellBytes(std::string(1, static_cast<char>(byte)))))
            field.fail("has no token for the byte " + std::to_string(byte) +
                       ", so it is not a byte-level BPE");
    return vocabulary;
}

std::int32_t idOf(const Vocabulary& vocabulary, const std::string& token) {
    const auto found = vocabulary.find(token);
    return found == vocabulary.end() ? -1 : static_cast<std::int32_t>(found->second);
}

BytePairs bytesAlone(const Vocabulary& vocabulary) {
    std::array<std::int32_t, 256> ids{};
    for (int byte = 0; byte < 256; ++byte)
        ids[byte] = idOf(vocabulary, spellBytes(std::string(1, static_cast<char>(byte))));
    return BytePairs(ids);
}

// Collects merges whose three tokens are known and whose pair is new.
class Merges {
public:
    Merges(const Vocabulary& vocabulary, std::size_t count)
        : vocabulary_(vocabulary), pairs_(bytesAlone(vocabulary)) {
        pairs_.reserve(count);
    }

    Problem add(const std::string& left, const std::string& right) {
        const auto leftId = idOf(vocabulary_, left);
        const auto rightId = idOf(vocabulary_, right);
        const auto merged = idOf(vocabulary_, left + right);
        if (leftId < 0 || rightId < 0 || merged < 0)
            return "needs the token \"" +
                   (leftId < 0    ? left
                    : rightId < 0 ? right
                                  : left + right) +
                   "\", which is not in the vocabulary";
        if (!pairs_.add(leftId, rightId, merged))
            return "merges \"" + left + "\" and \"" + right + "\" a second time";
        return {};
    }
    // "a b", as merges.txt and older tokenizer.json have it.
    Problem add(const std::string& both) {
        const auto space = both.find(' ');
        if (space == both.npos || both.find(' ', space + 1) != both.npos)
            return "must be two tokens with one space between them";
        return add(both.substr(0, space), both.substr(space + 1));
    }
    Problem add(const Json& merge) {
        if (merge.is_string()) return add(merge.get_ref<const std::string&>());
        if (!merge.is_array() || merge.size() != 2 || !merge[0].is_string() ||
            !merge[1].is_string())
            return "must be \"a b\" or [\"a\", \"b\"]";
        return add(merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>());
    }
    BytePairs take() { return std::move(pairs_); }

private:
    const Vocabulary& vocabulary_;
    BytePairs pairs_;
};

// field: where the list was found.
BytePairs readMerges(const std::vector<Json>& list, const JsonField& field,
                     const Vocabulary& vocabulary) {
    field.array();
    Merges merges(vocabulary, list.size());
    for (std::size_t i = 0; i < list.size(); ++i)
        if (const auto problem = merges.add(list[i]))
            field.failAt("[" + std::to_string(i) + "]", *problem);
    return merges.take();
}

BytePairs readMergesText(const fs::path& file, const Vocabulary& vocabulary) {
    const auto text = readTextFile(file);
    Merges merges(vocabulary, std::count(text.begin(), text.end(), '\n'));
    for (std::size_t from = 0, number = 1; from < text.size(); ++number) {
        const auto end = std::min(text.find('\n', from), text.size());
        auto line = text.substr(from, end - from);
        from = end + 1;
        if (line.ends_with('\r')) line.pop_back();
        if (line.empty() || (number == 1 && line.starts_with("#version"))) continue;
        if (const auto problem = merges.add(line))
            throw Error(file.string() + ": line " + std::to_string(number) + " " + *problem);
    }
    return merges.take();
}

// Collects added tokens; each content and each id belongs to one token.
class Added {
public:
    explicit Added(const Vocabulary& vocabulary) : vocabulary_(vocabulary), taken_(kEndOfIds) {
        for (const auto& [token, id] : vocabulary) taken_[id] = true;
    }

    const std::int64_t* find(const std::string& content) const {
        const auto found = ids_.find(content);
        return found == ids_.end() ? nullptr : &found->second;
    }
    Problem add(AddedToken token) {
        const auto known = vocabulary_.find(token.content);
        const auto quoted = "\"" + token.content + "\"";
        if (token.content.empty()) return "has no content";
        if (find(token.content)) return "adds " + quoted + " a second time";
        if (known != vocabulary_.end() && known->second != token.id)
            return "gives " + quoted + " another id than the vocabulary does";
        if (known == vocabulary_.end() && taken_[token.id])
            return "has the id " + std::to_string(token.id) + " of another token";
        taken_[token.id] = true;
        ids_.emplace(token.content, token.id);
        tokens_.push_back(std::move(token));
        return {};
    }
    std::vector<AddedToken> take() { return std::move(tokens_); }

private:
    const Vocabulary& vocabulary_;
    std::vector<bool> taken_;  // by id
    std::unordered_map<std::string, std::int64_t> ids_;
    std::vector<AddedToken> tokens_;
};

void addTo(Added& added, AddedToken token, const JsonField& field) {
    if (const auto problem = added.add(std::move(token))) field.fail(*problem);
}

AddedToken readAddedToken(const JsonField& field, std::int64_t id) {
    const auto flag = [&](const char* name, bool fallback) {
        return field.has(name) ? field[name].flag() : fallback;
    };
    const bool special = flag("special", false);
    return {.content = field["content"].text(),
            .id = id,
            .special = special,
            .lstrip = flag("lstrip", false),
            .rstrip = flag("rstrip", false),
            .singleWord = flag("single_word", false),
            .normalized = flag("normalized", !special)};
}

std::int64_t readId(const JsonField& field) {
    return field.must(isId(*field), kIdsAre).get<std::int64_t>();
}

void readAddedTokens(const JsonField& list, Added& added) {
    for (std::size_t i = 0; i < list.array().size(); ++i)
        addTo(added, readAddedToken(list[i], readId(list[i]["id"])), list[i]);
}

// tokenizer_config.json's {"151643": {...}}. What tokenizer.json says of a token wins, but they
// have to agree on its id.
void readAddedTokensDecoder(const JsonField& decoder, Added& added) {
    for (const auto& [key, ignored] : decoder.object().items()) {
        std::int64_t id = -1;
        const auto parsed = std::from_chars(key.data(), key.data() + key.size(), id);
        const bool whole = parsed.ec == std::errc() && parsed.ptr == key.data() + key.size();
        decoder[key].must(whole && id >= 0 && id < kEndOfIds, "has a key that " + kIdsAre);
        const auto token = readAddedToken(decoder[key], id);
        const auto* known = added.find(token.content);
        decoder[key].must(!known || *known == id, "has another id in tokenizer.json");
        if (!known) addTo(added, token, decoder[key]);
    }
}

// The strings of special_tokens_map.json: plain, as an object's content, or lists of these.
void collectSpecial(const JsonField& field, std::vector<std::string>& special) {
    if ((*field).is_array())
        for (std::size_t i = 0; i < (*field).size(); ++i) collectSpecial(field[i], special);
    else if (!(*field).is_null())
        special.push_back((*field).is_object() ? field["content"].text() : field.text());
}

std::vector<std::string> readSpecialTokensMap(const fs::path& file) {
    std::vector<std::string> special;
    if (!isThere(file)) return special;
    const JsonDocument document(file);
    for (const auto& [key, ignored] : document.root.object().items())
        collectSpecial(document.root[key], special);
    return special;
}

// Before added_tokens_decoder existed: ids in added_tokens.json, who is special in the map.
void readOldAddedTokens(const fs::path& folder, const Vocabulary& vocabulary, Added& added) {
    const auto special = readSpecialTokensMap(folder / "special_tokens_map.json");
    const auto isSpecial = [&](const std::string& content) {
        return std::find(special.begin(), special.end(), content) != special.end();
    };
    if (isThere(folder / "added_tokens.json")) {
        const JsonDocument document(folder / "added_tokens.json");
        for (const auto& [content, ignored] : document.root.object().items()) {
            const auto field = document.root[content];
            const bool flag = isSpecial(content);
            addTo(added,
                  {.content = content, .id = readId(field), .special = flag, .normalized = !flag},
                  field);
        }
    }
    for (const auto& content : special) {
        if (added.find(content)) continue;
        const auto known = vocabulary.find(content);
        if (known == vocabulary.end())
            throw Error((folder / "special_tokens_map.json").string() + ": the token \"" + content +
                        "\" has an id neither in vocab.json nor in added_tokens.json");
        added.add({.content = content, .id = known->second, .special = true});
    }
}

// False when tokenizer_config.json does not list added tokens.
bool readConfiguredTokens(const fs::path& folder, Added& added) {
    if (!isThere(folder / "tokenizer_config.json")) return false;
    const JsonDocument document(folder / "tokenizer_config.json");
    if (!document.root.has("added_tokens_decoder")) return false;
    readAddedTokensDecoder(document.root["added_tokens_decoder"], added);
    return true;
}

// For settings that would change the ids and that no Qwen2 tokenizer has.
void mustBe(const JsonField& field, const Json& supported) {
    field.must(*field == supported,
               "is " + (*field).dump() + ", which Qwen2's tokenizer does not have");
}

void mayBe(const JsonField& field, const std::string& key, const Json& supported) {
    if (field.has(key)) mustBe(field[key], supported);
}

void checkModel(const JsonField& model) {
    mayBe(model, "type", "BPE");
    mayBe(model, "dropout", 0);
    mayBe(model, "continuing_subword_prefix", "");
    mayBe(model, "end_of_word_suffix", "");
    mayBe(model, "byte_fallback", false);
    mayBe(model, "ignore_merges", false);
}

bool readNormalizer(const JsonField& root) {
    if (!root.has("normalizer")) return false;
    mustBe(root["normalizer"]["type"], "NFC");
    return true;
}

PreTokenizer readPreTokenizer(const JsonField& root) {
    const auto sequence = root["pre_tokenizer"];
    mustBe(sequence["type"], "Sequence");
    const auto parts = sequence["pretokenizers"];
    parts.must(parts.array().size() == 2, "must hold Split and ByteLevel");
    mustBe(parts[0]["type"], "Split");
    mustBe(parts[0]["behavior"], "Isolated");
    mayBe(parts[0], "invert", false);
    mustBe(parts[1]["type"], "ByteLevel");
    mustBe(parts[1]["add_prefix_space"], false);
    mustBe(parts[1]["use_regex"], false);
    const auto regex = parts[0]["pattern"]["Regex"];
    return PreTokenizer(regex.text(), regex.place());
}

TokenizerFiles readTokenizerJson(const fs::path& folder) {
    JsonDocument document(folder / "tokenizer.json",
                          {.vocabulary = {{"model", "vocab"}}, .merges = {{"model", "merges"}}});
    const auto& root = document.root;
    const auto model = root["model"];
    checkModel(model);
    mustBe(root["decoder"]["type"], "ByteLevel");
    if (root.has("post_processor")) mustBe(root["post_processor"]["type"], "ByteLevel");
    const bool nfc = readNormalizer(root);
    auto preTokenizer = readPreTokenizer(root);
    auto vocabulary = readVocabulary(std::move(document.vocabulary), model["vocab"]);
    auto pairs = readMerges(document.merges, model["merges"], vocabulary);
    Added added(vocabulary);
    if (root.has("added_tokens")) readAddedTokens(root["added_tokens"], added);
    readConfiguredTokens(folder, added);
    return {std::move(vocabulary), std::move(pairs), added.take(), std::move(preTokenizer), nfc};
}

TokenizerFiles readVocabularyAndMerges(const fs::path& folder) {
    const std::vector<std::string> root;
    JsonDocument document(folder / "vocab.json", {.vocabulary = root, .merges = {}});
    auto vocabulary = readVocabulary(std::move(document.vocabulary), document.root);
    auto pairs = readMergesText(folder / "merges.txt", vocabulary);
    Added added(vocabulary);
    if (!readConfiguredTokens(folder, added)) readOldAddedTokens(folder, vocabulary, added);
    return {std::move(vocabulary), std::move(pairs), added.take(), PreTokenizer(kQwen2Pattern),
            true};
}

using OrderedJson = nlohmann::ordered_json;

// One of a folder's JSON files, to be added to.
class Extended {
public:
    explicit Extended(fs::path file)
        : file_(std::move(file)), text_(isThere(file_) ? readTextFile(file_) : "{}\n") {}

    bool has(const std::vector<std::string>& path) const { return !valueAt(text_, path).empty(); }
    OrderedJson at(const std::vector<std::string>& path) const {
        return OrderedJson::parse(valueAt(text_, path));
    }
    void append(const std::vector<std::string>& path, const OrderedJson& more) {
        if (more.empty()) return;
        text_ = withAppended(text_, path, more);
        writeFileAtomically(file_, text_);
    }

private:
    fs::path file_;
    std::string text_;
};

// As tokenizer.json and added_tokens_decoder describe one.
OrderedJson specialToken(const AddedToken& token, const char* first) {
    OrderedJson json;
    if (std::string_view(first) == "id") json["id"] = token.id;
    json["content"] = token.content;
    std::vector<const char*> flags{"single_word", "lstrip", "rstrip", "normalized"};
    if (std::string_view(first) != "id") flags = {"lstrip", "normalized", "rstrip", "single_word"};
    for (const auto* flag : flags) json[flag] = false;
    json["special"] = true;
    return json;
}

void extendTokenizerJson(const std::vector<AddedToken>& tokens, const fs::path& file) {
    Extended json(file);
    if (!json.has({"added_tokens"})) json.append({}, {{"added_tokens", OrderedJson::array()}});
    OrderedJson more = OrderedJson::array();
    const auto listed = json.at({"added_tokens"});
    for (const auto& token : tokens)
        if (std::none_of(listed.begin(), listed.end(),
                         [&](const auto& one) { return one["content"] == token.content; }))
            more.push_back(specialToken(token, "id"));
    json.append({"added_tokens"}, more);
}

void extendDecoder(const std::vector<AddedToken>& tokens, Extended& config) {
    const auto listed = config.at({"added_tokens_decoder"});
    OrderedJson more = OrderedJson::object();
    for (const auto& token : tokens)
        if (const auto id = std::to_string(token.id); !listed.contains(id))
            more[id] = specialToken(token, "content");
    config.append({"added_tokens_decoder"}, more);
}

void extendAddedTokens(const std::vector<AddedToken>& tokens, const fs::path& file) {
    Extended json(file);
    const auto listed = json.at({});
    OrderedJson more = OrderedJson::object();
    for (const auto& token : tokens)
        if (!listed.contains(token.content)) more[token.content] = token.id;
    json.append({}, more);
}

// Where nothing else says which tokens are special.
void extendSpecialTokensMap(const std::vector<AddedToken>& tokens, const fs::path& file) {
    const char* key = "additional_special_tokens";
    Extended json(file);
    if (!json.has({key})) json.append({}, {{key, OrderedJson::array()}});
    const auto known = readSpecialTokensMap(file);
    OrderedJson more = OrderedJson::array();
    for (const auto& token : tokens)
        if (std::find(known.begin(), known.end(), token.content) == known.end())
            more.push_back(token.content);
    json.append({key}, more);
}

}  // namespace

void writeSpecialTokens(const std::vector<AddedToken>& tokens, const fs::path& folder) {
    const auto tokenizer = folder / "tokenizer.json", added = folder / "added_tokens.json";
    Extended config(folder / "tokenizer_config.json");
    const bool hasDecoder = config.has({"added_tokens_decoder"}), isFast = isThere(tokenizer);
    if (isFast) extendTokenizerJson(tokens, tokenizer);
    if (hasDecoder) extendDecoder(tokens, config);
    if (isThere(added) || (!hasDecoder && !isFast)) extendAddedTokens(tokens, added);
    if (!hasDecoder && !isFast) extendSpecialTokensMap(tokens, folder / "special_tokens_map.json");
}

TokenizerFiles readTokenizerFiles(const fs::path& folder) {
    if (isThere(folder / "tokenizer.json")) return readTokenizerJson(folder);
    if (isThere(folder / "vocab.json")) return readVocabularyAndMerges(folder);
    throw Error(folder.string() +
                " holds neither tokenizer.json nor vocab.json with merges.txt; copy them from "
                "where the model came from");
}

}  // namespace lvr
