#include "core/files/decoding_json.h"

#include <algorithm>

#include "core/error.h"

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson jsonOf(const ExitRule& rule, const TextCheck&) { return toText(rule); }
template <class Number>
requires std::is_arithmetic_v<Number> OrderedJson jsonOf(Number value, const NumberRange&) {
    return value;
}
OrderedJson jsonOf(const std::optional<std::int64_t>& value, const NumberRange&) {
    return value ? OrderedJson(*value) : OrderedJson();
}
template <class Choice>
OrderedJson jsonOf(Choice value, const EnumNames& names) {
    return names.at(static_cast<std::size_t>(value));
}
template <class Choice>
OrderedJson jsonOf(Choice value, const FlagNames& flag) {
    return jsonOf(value, flag.names);
}

void read(const JsonFields& fields, const std::string& key, const TextCheck&, ExitRule& rule) {
    try {
        rule = parseExitRule(fields.get<std::string>(key));
    } catch (const Error& error) {
        fields.fail(key, std::string("can't be read: ") + error.what());
    }
}
void read(const JsonFields& fields, const std::string& key, const NumberRange&, double& value) {
    value = fields.get<double>(key);
}
void read(const JsonFields& fields, const std::string& key, const NumberRange&, int& value) {
    value = fields.natural(key);
}
void read(const JsonFields& fields, const std::string& key, const NumberRange&,
          std::uint64_t& value) {
    value = fields.get<std::uint64_t>(key);
}
void read(const JsonFields& fields, const std::string& key, const NumberRange&,
          std::optional<std::int64_t>& value) {
    value = fields.find<std::int64_t>(key);
    if (value && *value < 1) fields.fail(key, "must be at least 1");
}
template <class Choice>
void read(const JsonFields& fields, const std::string& key, const EnumNames& names, Choice& value) {
    value = static_cast<Choice>(fields.choice(key, names));
}
template <class Choice>
void read(const JsonFields& fields, const std::string& key, const FlagNames& flag, Choice& value) {
    read(fields, key, flag.names, value);
}

}  // namespace

OrderedJson toJson(const DecodeOptions& options) {
    OrderedJson json;
    auto copy = options;
    forEachField(copy,
                 [&](const DecodeField& field, const auto& value, const auto& rule, const char*) {
                     auto one = jsonOf(value, rule);
                     if (!one.is_null()) json[field.key] = std::move(one);
                 });
    return json;
}

void readDecoding(const JsonFields& fields, const std::set<std::string>& mayMiss,
                  DecodeOptions& options) {
    forEachField(options,
                 [&](const DecodeField& field, auto& value, const auto& rule, const char*) {
                     if (fields.has(field.key) || !mayMiss.contains(field.key))
                         read(fields, field.key, rule, value);
                 });
}

std::set<std::string> decodingKeys() {
    std::set<std::string> keys;
    DecodeOptions any;
    forEachField(any, [&](const DecodeField& field, const auto&, const auto&, const char*) {
        keys.insert(field.key);
    });
    return keys;
}

}  // namespace lvr
