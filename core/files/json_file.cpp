#include "core/files/json_file.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "core/error.h"
#include "core/files/atomic_file.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::uintmax_t kMaxTextFile = 100'000'000;

// Looks at the text once before the library builds values from it. Stops at the first problem.
class JsonCheck : public nlohmann::json_sax<Json> {
public:
    std::string problem;

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override { return enter(); }
    bool end_object() override { return leave(); }
    bool start_array(std::size_t) override { return enter(); }
    bool end_array() override { return leave(); }
    bool key(string_t& name) override {
        if (keys_.back().insert(name).second) return true;
        problem = "the key \"" + name + "\" occurs twice";
        return false;
    }
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
        problem = "it stops being JSON at byte " + std::to_string(position);
        return false;
    }

private:
    bool enter() {
        keys_.emplace_back();
        if (keys_.size() <= kMaxDepth) return true;
        problem = "it is nested too deeply";
        return false;
    }
    bool leave() {
        keys_.pop_back();
        return true;
    }

    std::vector<std::set<std::string>> keys_;  // seen in each object that is open
};

std::string problemIn(const std::string& text) {
    // The library takes a NUL for the end and would not see what follows it.
    if (text.find('\0') != std::string::npos) return "it holds a NUL byte";
    JsonCheck check;
    if (Json::sax_parse(text, &check) || !check.problem.empty()) return check.problem;
    return "it is not JSON";
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
    const auto text = contentOf(stream);
    return problemIn(text).empty() ? Json::parse(text, nullptr, /*allow_exceptions=*/false)
                                   : Json();
}

Json parseJson(const std::string& text, const std::string& source) {
    const auto problem = problemIn(text);
    if (!problem.empty()) throw Error(source + " is broken: " + problem);
    return Json::parse(text, nullptr, /*allow_exceptions=*/false);
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
    : object_(std::make_shared<const Json>(parseJson(text, source))), source_(source) {
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

}  // namespace lvr
