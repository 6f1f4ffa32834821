#include "core/text/tokenizer_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include "core/checkpoint/json_file.h"
#include "core/error.h"
#include "core/text/byte_pairs.h"
#include "core/text/pre_tokenizer.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

using Vocabulary = std::unordered_map<std::string, std::int64_t>;
using Problem = std::optional<std::string>;  // what is wrong, nothing when all is well

// Far above any vocabulary, low enough that a table of that length fits.
constexpr std::int64_t kEndOfIds = 1 << 24;

[[noreturn]] void fail(const std::string& file, const std::string& place,
                       const std::string& problem) {
    throw Error(file + ": " + place + " " + problem);
}

bool isThere(const fs::path& file) {
    std::error_code ignored;
    return fs::exists(file, ignored);
}

// A JSON value that knows where it stands.
class Field {
public:
    Field(const Json& value, const fs::path& file) : value_(&value), file_(file.string()) {}

    const Json& operator*() const { return *value_; }
    bool has(const std::string& key) const {
        return value_->is_object() && value_->contains(key) && !value_->at(key).is_null();
    }
    Field operator[](const std::string& key) const {
        must(value_->is_object(), "must be an object");
        auto found = *this;
        found.path_ += (path_.empty() ? "" : ".") + key;
        const auto entry = value_->find(key);
        found.must(entry != value_->end(), "is missing");
        found.value_ = &*entry;
        return found;
    }
    Field operator[](std::size_t index) const {
        auto found = *this;
        found.path_ += "[" + std::to_string(index) + "]";
        found.value_ = &value_->at(index);
        return found;
    }
    const Json& array() const { return must(value_->is_array(), "must be an array"); }
    const Json& object() const { return must(value_->is_object(), "must be an object"); }
    std::string text() const { return must(value_->is_string(), "must be a string"); }
    bool flag() const { return must(value_->is_boolean(), "must be true or false"); }
    // For settings that would change the ids and that no Qwen2 tokenizer has.
    void mustBe(std::initializer_list<Json> supported) const {
        must(std::find(supported.begin(), supported.end(), *value_) != supported.end(),
             "is " + value_->dump() + ", which Qwen2's tokenizer does not have");
    }
    const Json& must(bool holds, const std::string& problem) const {
        if (!holds) fail(problem);
        return *value_;
    }
    // For a key or "[index]" of a list that is not in the tree.
    [[noreturn]] void failAt(const std::string& item, const std::string& problem) const {
        auto found = *this;
        found.path_ += (path_.empty() || item.starts_with('[') ? "" : ".") + item;
        found.fail(problem);
    }
    [[noreturn]] void fail(const std::string& problem) const {
        lvr::fail(file_, path_.empty() ? "the file" : "field '" + path_ + "'", problem);
    }

private:
    const Json* value_;
    std::string file_;
    std::string path_;
};

// The keys that lead to one of a document's two long lists; nothing where it has none.
struct ListPaths {
    std::optional<std::vector<std::string>> vocabulary;
    std::optional<std::vector<std::string>> merges;
};

// Parses a document, but keeps its vocabulary and merges as flat lists and leaves them empty in the
// tree: as 300,000 nodes they would take most of the time that opening a tokenizer takes.
class DocumentReader : public nlohmann::json_sax<Json> {
public:
    explicit DocumentReader(const ListPaths& paths) : paths_(paths) {}

    Json root;
    std::vector<std::pair<std::string, Json>> vocabulary;
    std::vector<Json> merges;
    std::string problem;

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override { return put(value); }
    bool number_float(number_float_t value, const string_t&) override { return put(value); }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return enter(Json::object()); }
    bool end_object() override { return leave(); }
    bool start_array(std::size_t) override { return enter(Json::array()); }
    bool end_array() override { return leave(); }
    bool key(string_t& name) override {
        keys_.back() = std::move(name);
        return true;
    }
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
        problem = "it stops being JSON at byte " + std::to_string(position);
        return false;
    }

private:
    bool isIn(const std::optional<std::vector<std::string>>& path) const {
        return path && keys_.size() == path->size() + 1 &&
               std::equal(path->begin(), path->end(), keys_.begin());
    }
    bool put(Json value) {
        if (open_.empty())
            root = std::move(value);
        else if (open_.back().is_array())
            (isIn(paths_.merges) ? merges : open_.back().get_ref<Json::array_t&>())
                .push_back(std::move(value));
        else if (isIn(paths_.vocabulary))
            vocabulary.emplace_back(std::move(keys_.back()), std::move(value));
        else if (!open_.back().emplace(keys_.back(), std::move(value)).second)
            problem = "the key \"" + keys_.back() + "\" occurs twice";
        return problem.empty();
    }
    bool enter(Json container) {
        constexpr std::size_t kMaxDepth = 64;
        if (open_.size() == kMaxDepth) problem = "it is nested too deeply";
        open_.push_back(std::move(container));
        keys_.emplace_back();
        return problem.empty();
    }
    bool leave() {
        auto container = std::move(open_.back());
        open_.pop_back();
        keys_.pop_back();
        return put(std::move(container));
    }

    const ListPaths& paths_;
    std::vector<Json> open_;         // the containers around the parser's position
    std::vector<std::string> keys_;  // the key it is at in each of them
};

// A file with what its fields look into.
struct Document {
    explicit Document(const fs::path& file, const ListPaths& paths = {}) : root(json, file) {
        const auto text = readTextFile(file);
        DocumentReader reader(paths);
        // The library takes a NUL for the end and would not see what follows it.
        if (text.find('\0') != text.npos)
            reader.problem = "it holds a NUL byte";
        else
            Json::sax_parse(text, &reader);
        if (!reader.problem.empty()) throw Error(file.string() + " is broken: " + reader.problem);
        json = std::move(reader.root);
        vocabulary = std::move(reader.vocabulary);
        merges = std::move(reader.merges);
    }
    Document(const Document&) = delete;  // root points into json
    Document& operator=(const Document&) = delete;

    Json json;
    Field root;
    std::vector<std::pair<std::string, Json>> vocabulary;
    std::vector<Json> merges;
};

bool isId(const Json& value) {
    return value.is_number_unsigned() && value.get<std::uint64_t>() < kEndOfIds;
}
const auto kIdsAre =
    "must be a token id, a whole number from 0 to " + std::to_string(kEndOfIds - 1);

// field: where the list was found.
Vocabulary readVocabulary(std::vector<std::pair<std::string, Json>> list, const Field& field) {
    field.must((*field).is_object(), "must be an object");
    Vocabulary vocabulary;
    vocabulary.reserve(list.size());
    std::vector<bool> taken(kEndOfIds);
    for (auto& [token, id] : list) {
        const auto problem = !isId(id)                       ? kIdsAre
                             : taken[id.get<std::int64_t>()] ? "has the id of another token"
                                                             : "";
        if (!problem.empty()) field.failAt(token, problem);
        taken[id.get<std::int64_t>()] = true;
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
BytePairs readMerges(const std::vector<Json>& list, const Field& field,
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
            fail(file.string(), "line " + std::to_string(number), *problem);
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

void addTo(Added& added, AddedToken token, const Field& field) {
    if (const auto problem = added.add(std::move(token))) field.fail(*problem);
}

AddedToken readAddedToken(const Field& field, std::int64_t id) {
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

std::int64_t readId(const Field& field) {
    return field.must(isId(*field), kIdsAre).get<std::int64_t>();
}

void readAddedTokens(const Field& list, Added& added) {
    for (std::size_t i = 0; i < list.array().size(); ++i)
        addTo(added, readAddedToken(list[i], readId(list[i]["id"])), list[i]);
}

// tokenizer_config.json's {"151643": {...}}. What tokenizer.json says of a token wins, but they
// have to agree on its id.
void readAddedTokensDecoder(const Field& decoder, Added& added) {
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
void collectSpecial(const Field& field, std::vector<std::string>& special) {
    if ((*field).is_array())
        for (std::size_t i = 0; i < (*field).size(); ++i) collectSpecial(field[i], special);
    else if (!(*field).is_null())
        special.push_back((*field).is_object() ? field["content"].text() : field.text());
}

std::vector<std::string> readSpecialTokensMap(const fs::path& file) {
    std::vector<std::string> special;
    if (!isThere(file)) return special;
    const Document document(file);
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
        const Document document(folder / "added_tokens.json");
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
            fail((folder / "special_tokens_map.json").string(), "the token \"" + content + "\"",
                 "has an id neither in vocab.json nor in added_tokens.json");
        added.add({.content = content, .id = known->second, .special = true});
    }
}

// False when tokenizer_config.json does not list added tokens.
bool readConfiguredTokens(const fs::path& folder, Added& added) {
    if (!isThere(folder / "tokenizer_config.json")) return false;
    const Document document(folder / "tokenizer_config.json");
    if (!document.root.has("added_tokens_decoder")) return false;
    readAddedTokensDecoder(document.root["added_tokens_decoder"], added);
    return true;
}

void mayBe(const Field& field, const std::string& key, std::initializer_list<Json> supported) {
    if (field.has(key)) field[key].mustBe(supported);
}

void checkModel(const Field& model) {
    mayBe(model, "type", {"BPE"});
    mayBe(model, "dropout", {0});
    mayBe(model, "continuing_subword_prefix", {""});
    mayBe(model, "end_of_word_suffix", {""});
    mayBe(model, "byte_fallback", {false});
    mayBe(model, "ignore_merges", {false});
}

bool readNormalizer(const Field& root) {
    if (!root.has("normalizer")) return false;
    root["normalizer"]["type"].mustBe({"NFC"});
    return true;
}

std::string readPreTokenizer(const Field& root) {
    const auto sequence = root["pre_tokenizer"];
    sequence["type"].mustBe({"Sequence"});
    const auto parts = sequence["pretokenizers"];
    parts.must(parts.array().size() == 2, "must hold Split and ByteLevel");
    parts[0]["type"].mustBe({"Split"});
    parts[0]["behavior"].mustBe({"Isolated"});
    mayBe(parts[0], "invert", {false});
    parts[1]["type"].mustBe({"ByteLevel"});
    parts[1]["add_prefix_space"].mustBe({false});
    parts[1]["use_regex"].mustBe({false});
    const auto regex = parts[0]["pattern"]["Regex"];
    try {
        PreTokenizer compiles(regex.text());
    } catch (const Error& error) {
        regex.fail("cannot be used: " + std::string(error.what()));
    }
    return regex.text();
}

TokenizerFiles readTokenizerJson(const fs::path& folder) {
    Document document(folder / "tokenizer.json",
                      {.vocabulary = {{"model", "vocab"}}, .merges = {{"model", "merges"}}});
    const auto& root = document.root;
    const auto model = root["model"];
    checkModel(model);
    root["decoder"]["type"].mustBe({"ByteLevel"});
    if (root.has("post_processor")) root["post_processor"]["type"].mustBe({"ByteLevel"});
    const bool nfc = readNormalizer(root);
    auto pattern = readPreTokenizer(root);
    auto vocabulary = readVocabulary(std::move(document.vocabulary), model["vocab"]);
    auto pairs = readMerges(document.merges, model["merges"], vocabulary);
    Added added(vocabulary);
    if (root.has("added_tokens")) readAddedTokens(root["added_tokens"], added);
    readConfiguredTokens(folder, added);
    return {std::move(vocabulary), std::move(pairs), added.take(), std::move(pattern), nfc};
}

TokenizerFiles readVocabularyAndMerges(const fs::path& folder) {
    const std::vector<std::string> root;
    Document document(folder / "vocab.json", {.vocabulary = root, .merges = {}});
    auto vocabulary = readVocabulary(std::move(document.vocabulary), document.root);
    auto pairs = readMergesText(folder / "merges.txt", vocabulary);
    Added added(vocabulary);
    if (!readConfiguredTokens(folder, added)) readOldAddedTokens(folder, vocabulary, added);
    return {std::move(vocabulary), std::move(pairs), added.take(), kQwen2Pattern, true};
}

}  // namespace

TokenizerFiles readTokenizerFiles(const fs::path& folder) {
    if (isThere(folder / "tokenizer.json")) return readTokenizerJson(folder);
    if (isThere(folder / "vocab.json")) return readVocabularyAndMerges(folder);
    throw Error(folder.string() +
                " holds neither tokenizer.json nor vocab.json with merges.txt; copy them from "
                "where the model came from");
}

}  // namespace lvr
