#include "core/files/json_document.h"

#include <algorithm>

#include "core/error.h"

namespace lvr {
namespace {

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

}  // namespace

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

JsonDocument::JsonDocument(const std::filesystem::path& file, const ListPaths& paths)
    : root(json, file) {
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

}  // namespace lvr
