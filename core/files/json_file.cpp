#include "core/files/json_file.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>

#include "core/error.h"
#include "core/files/atomic_file.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t kMaxTextFile = 100'000'000;

// The one parser of what came from outside. Stops at the first problem.
class StrictReader : public nlohmann::json_sax<Json> {
public:
    explicit StrictReader(ListPaths paths = {}) : paths_(std::move(paths)) {}

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

    ListPaths paths_;
    std::vector<Json> open_;         // the containers around the parser's position
    std::vector<std::string> keys_;  // the key it is at in each of them
};

void readStrictly(const std::string& text, StrictReader& reader) {
    // The library takes a NUL for the end and would not see what follows it.
    if (text.find('\0') != text.npos)
        reader.problem = "it holds a NUL byte";
    else if (!Json::sax_parse(text, &reader) && reader.problem.empty())
        reader.problem = "it is not JSON";
}

template <class T>
struct Reading;  // does a JSON value hold a T, and what is a T called
template <>
struct Reading<bool> {
    static bool fits(const Json& value) { return value.is_boolean(); }
    static constexpr const char* kName = "true or false";
};
template <>
struct Reading<std::int64_t> {
    static bool fits(const Json& value) {
        return value.is_number_unsigned() ? value.get<std::uint64_t>() <= INT64_MAX
                                          : value.is_number_integer();
    }
    static constexpr const char* kName = "an integer";
};
template <>
struct Reading<std::uint64_t> {
    static bool fits(const Json& value) { return value.is_number_unsigned(); }
    static constexpr const char* kName = "an integer that is not negative";
};
template <>
struct Reading<double> {
    static bool fits(const Json& value) { return value.is_number(); }
    static constexpr const char* kName = "a number";
};
template <>
struct Reading<std::string> {
    static bool fits(const Json& value) { return value.is_string(); }
    static constexpr const char* kName = "a string";
};
template <class T>
struct Reading<std::vector<T>> {
    static bool fits(const Json& value) {
        return value.is_array() && std::all_of(value.begin(), value.end(), Reading<T>::fits);
    }
    static constexpr const char* kName = "an array of numbers";
};

std::string contentOf(std::ifstream& stream) {
    skipByteOrderMark(stream);
    return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

void skipByteOrderMark(std::istream& text) {
    const std::string mark = "\xef\xbb\xbf";
    const auto start = text.tellg();
    std::string first(mark.size(), '\0');
    text.read(first.data(), std::ssize(first));
    text.clear();
    if (first != mark) text.seekg(start);
}

std::string readTextFile(const fs::path& file) {
    std::error_code failure;
    const auto status = fs::status(file, failure);
    if (!fs::exists(status)) throw Error("there is no file " + file.string());
    if (!fs::is_regular_file(status)) throw Error(file.string() + " is not a regular file");
    const auto size = fs::file_size(file, failure);
    if (failure || size > kMaxTextFile)
        throw Error(file.string() + " is larger than 100 MB, which no such file should be");
    std::ifstream stream(file, std::ios::binary);
    if (!stream) throw Error("cannot read " + file.string() + "; check its permissions");
    return contentOf(stream);
}

Json readJsonOrNull(const fs::path& file) {
    std::error_code failure;
    const auto size = fs::is_regular_file(file, failure) ? fs::file_size(file, failure) : 0;
    if (failure || size == 0 || size > kMaxTextFile) return nullptr;
    std::ifstream stream(file, std::ios::binary);
    StrictReader reader;
    readStrictly(contentOf(stream), reader);
    return reader.problem.empty() ? std::move(reader.root) : Json();
}

Json parseJson(const std::string& text, const std::string& source) {
    StrictReader reader;
    readStrictly(text, reader);
    if (!reader.problem.empty()) throw Error(source + " is broken: " + reader.problem);
    return std::move(reader.root);
}

std::string toJsonText(const Json& value, const std::string& source, int indent) {
    auto text = value.dump(indent, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
    if (Json::parse(text, nullptr, /*allow_exceptions=*/false) != value)
        throw Error("cannot write " + source +
                    ": a text in it is not UTF-8, or a number is not finite");
    return text;
}

void writeJson(const Json& value, const std::filesystem::path& file) {
    writeFileAtomically(file, toJsonText(value, file.string(), 2) + "\n");
}

JsonFields::JsonFields(std::shared_ptr<const Json> object, std::string source, std::string prefix)
    : object_(std::move(object)), source_(std::move(source)), prefix_(std::move(prefix)) {}

JsonFields::JsonFields(const std::string& text, const std::string& source)
    : JsonFields(parseJson(text, source), source) {}

JsonFields::JsonFields(Json object, const std::string& source)
    : object_(std::make_shared<const Json>(std::move(object))), source_(source) {
    if (!object_->is_object()) throw Error(source + " does not hold a JSON object");
}

JsonFields JsonFields::read(const fs::path& file) {
    return JsonFields(readTextFile(file), file.string());
}

const Json* JsonFields::node(const std::string& key) const {
    const auto found = object_->find(key);
    return found == object_->end() || found->is_null() ? nullptr : &*found;
}

bool JsonFields::has(const std::string& key) const { return node(key) != nullptr; }

bool JsonFields::isArray(const std::string& key) const {
    const Json* value = node(key);
    return value && value->is_array();
}

template <class T>
std::optional<T> JsonFields::find(const std::string& key) const {
    const Json* value = node(key);
    if (!value) return std::nullopt;
    if (!Reading<T>::fits(*value)) fail(key, std::string("must be ") + Reading<T>::kName);
    return value->get<T>();
}
template std::optional<bool> JsonFields::find(const std::string&) const;
template std::optional<std::int64_t> JsonFields::find(const std::string&) const;
template std::optional<std::uint64_t> JsonFields::find(const std::string&) const;
template std::optional<double> JsonFields::find(const std::string&) const;
template std::optional<std::string> JsonFields::find(const std::string&) const;
template std::optional<std::vector<std::int64_t>> JsonFields::find(const std::string&) const;
template std::optional<std::vector<double>> JsonFields::find(const std::string&) const;
template std::optional<std::vector<std::string>> JsonFields::find(const std::string&) const;

int JsonFields::natural(const std::string& key) const {
    const auto value = get<std::int64_t>(key);
    if (value < 0 || value > std::numeric_limits<int>::max()) fail(key, "is out of range");
    return static_cast<int>(value);
}

std::size_t JsonFields::choice(const std::string& key,
                               const std::vector<std::string>& names) const {
    const auto text = get<std::string>(key);
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) fail(key, "has the unknown value '" + text + "'");
    return static_cast<std::size_t>(found - names.begin());
}

std::optional<JsonFields> JsonFields::object(const std::string& key) const {
    const Json* value = node(key);
    if (!value) return std::nullopt;
    if (!value->is_object()) fail(key, "must be an object");
    return JsonFields({object_, value}, source_, prefix_ + key + ".");
}

std::vector<JsonFields> JsonFields::objects(const std::string& key) const {
    const Json* value = node(key);
    if (!value) failMissing(key);
    if (!value->is_array()) fail(key, "must be an array");
    std::vector<JsonFields> found;
    for (const auto& element : *value) {
        const auto name = key + "[" + std::to_string(found.size()) + "]";
        if (!element.is_object()) fail(name, "must be an object");
        found.push_back({{object_, &element}, source_, prefix_ + name + "."});
    }
    return found;
}

std::vector<std::string> JsonFields::keys() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : object_->items()) names.push_back(name);
    return names;
}

void JsonFields::allowOnly(const std::vector<std::string>& known) const {
    for (const auto& name : keys())
        if (std::find(known.begin(), known.end(), name) == known.end())
            fail(name, "is not a known field");
}

void JsonFields::fail(const std::string& key, const std::string& problem) const {
    throw Error(source_ + ": field '" + prefix_ + key + "' " + problem);
}

void JsonFields::failMissing(const std::string& key) const { fail(key, "is missing"); }

bool JsonField::has(const std::string& key) const {
    return value_->is_object() && value_->contains(key) && !value_->at(key).is_null();
}

JsonField JsonField::operator[](const std::string& key) const {
    must(value_->is_object(), "must be an object");
    auto found = *this;
    found.path_ += (path_.empty() ? "" : ".") + key;
    const auto entry = value_->find(key);
    found.must(entry != value_->end(), "is missing");
    found.value_ = &*entry;
    return found;
}

JsonField JsonField::operator[](std::size_t index) const {
    auto found = *this;
    found.path_ += "[" + std::to_string(index) + "]";
    found.value_ = &value_->at(index);
    return found;
}

void JsonField::fail(const std::string& problem) const { throw Error(place() + " " + problem); }

void JsonField::failAt(const std::string& item, const std::string& problem) const {
    auto found = *this;
    found.path_ += (path_.empty() || item.starts_with('[') ? "" : ".") + item;
    found.fail(problem);
}

std::string JsonField::place() const {
    return file_ + ": " + (path_.empty() ? "the file" : "field '" + path_ + "'");
}

JsonDocument::JsonDocument(const fs::path& file, const ListPaths& paths) : root(json, file) {
    StrictReader reader(paths);
    readStrictly(readTextFile(file), reader);
    if (!reader.problem.empty()) throw Error(file.string() + " is broken: " + reader.problem);
    json = std::move(reader.root);
    vocabulary = std::move(reader.vocabulary);
    merges = std::move(reader.merges);
}

}  // namespace lvr
