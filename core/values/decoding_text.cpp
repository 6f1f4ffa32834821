#include "core/values/decoding_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "core/error.h"

namespace lvr {
namespace {

const EnumNames kOffOn{"no", "yes"};  // of a flag

// ---- An option's value as text, and back

std::string valueText(const ExitRule& rule, const TextCheck&) { return toText(rule); }
std::string valueText(double value, const NumberRange&) { return numberText(value); }
template <std::integral Number>
std::string valueText(Number value, const NumberRange&) {
    return std::to_string(value);
}
std::string valueText(const std::optional<std::int64_t>& value, const NumberRange&) {
    return value ? std::to_string(*value) : "";
}
template <class Choice>
std::string valueText(Choice value, const EnumNames& names) {
    return names.at(static_cast<std::size_t>(value));
}
template <class Choice>
std::string valueText(Choice value, const FlagNames&) {
    return valueText(value, kOffOn);
}

template <class Number>
Number numberIn(const std::string& text) {
    Number value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

void setValue(ExitRule& rule, const TextCheck&, const std::string& text) {
    rule = parseExitRule(text);
}
void setValue(double& value, const NumberRange& range, const std::string& text) {
    checkNumber(text, range);
    value = numberIn<double>(text);
}
template <std::integral Number>
void setValue(Number& value, const NumberRange& range, const std::string& text) {
    checkInteger(text, range);
    value = numberIn<Number>(text);
}
void setValue(std::optional<std::int64_t>& value, const NumberRange& range,
              const std::string& text) {
    value.reset();
    if (!text.empty()) setValue(value.emplace(), range, text);
}
template <class Choice>
void setValue(Choice& value, const EnumNames& names, const std::string& text) {
    value = static_cast<Choice>(choiceOf(text, names));
}
template <class Choice>
void setValue(Choice& value, const FlagNames&, const std::string& text) {
    setValue(value, kOffOn, text);
}

// ---- What it is shown by

template <class Value>
constexpr OptionField::Shape shapeOf() {
    using Shape = OptionField::Shape;
    if constexpr (std::is_enum_v<Value>) return Shape::Choice;
    if constexpr (std::is_same_v<Value, double>) return Shape::Number;
    if constexpr (std::is_same_v<Value, ExitRule>) return Shape::Text;
    return Shape::Integer;
}

std::variant<NumberRange, EnumNames, TextCheck> ruleOf(const FlagNames&) { return kOffOn; }
template <class Rule>
std::variant<NumberRange, EnumNames, TextCheck> ruleOf(const Rule& rule) {
    return rule;
}

// ---- What a title says of it

std::string fourDigits(double value) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                   std::chars_format::general, 4)
                         .ptr;
    return {digits.data(), end};
}

std::string atMost(int cap) { return ", at most " + std::to_string(cap); }

std::string ruleWords(const NoLatents&) { return "no latents"; }
std::string ruleWords(const FixedSteps& rule) { return "fixed " + std::to_string(rule.count); }
std::string ruleWords(const NearLatentEnd& rule) {
    static constexpr std::array kMetrics = {"mse", "mae", "cosine"};
    return "latent end ≤ " + fourDigits(rule.threshold) + " (" +
           kMetrics.at(static_cast<std::size_t>(rule.metric)) + ")" + atMost(rule.cap);
}
std::string ruleWords(const EndToken& rule) { return "mode switching" + atMost(rule.cap); }
std::string ruleWords(const EndProbability& rule) {
    return "P(end) ≥ " + fourDigits(rule.threshold) + atMost(rule.cap);
}
std::string ruleWords(const Settled& rule) {
    return "settled ≥ " + fourDigits(rule.threshold) + atMost(rule.cap);
}
std::string ruleWords(const AnswerSettled& rule) {
    return "answer settled for " + std::to_string(rule.held) + atMost(rule.cap);
}
std::string ruleWords(const AnswerEntropy& rule) {
    return "answer's entropy < " + fourDigits(rule.threshold) + atMost(rule.cap);
}
std::string ruleWords(const LearnedProbe& rule) {
    return "probe ≥ " + fourDigits(rule.threshold) + atMost(rule.cap);
}
std::string ruleWords(const RepeatedToken& rule) {
    return "token " + std::to_string(rule.times) + " times" + atMost(rule.cap);
}

std::string shortText(const ExitRule& rule, const TextCheck&) {
    return std::visit([](const auto& known) { return ruleWords(known); }, rule);
}
std::string shortText(double value, const NumberRange&) { return fourDigits(value); }
template <class Value>
std::string shortText(const Value& value, const NumberRange& range) {
    return valueText(value, range);
}

template <class Value, class Rule>
std::string wordsFor(const DecodeField& field, const Value& value, const Rule& rule) {
    if constexpr (std::is_enum_v<Value>) {
        return field.words.at(static_cast<std::size_t>(value));
    } else {
        std::string words = field.words.front();
        return words.replace(words.find('%'), 1, shortText(value, rule));
    }
}

// By option, whatever differs from the defaults.
std::vector<std::string> allWords(DecodeOptions options) {
    std::vector<std::string> words;
    forEachField(options, [&](const DecodeField& field, const auto& value, const auto& rule,
                              const char*) { words.push_back(wordsFor(field, value, rule)); });
    return words;
}

}  // namespace

std::vector<OptionField> fieldsOf(const DecodeOptions& options) {
    std::vector<OptionField> fields;
    auto copy = options;
    forEachField(
        copy, [&](const DecodeField& field, const auto& value, const auto& rule, const char* help) {
            fields.push_back({.shape = shapeOf<std::decay_t<decltype(value)>>(),
                              .name = field.name,
                              .help = help,
                              .text = valueText(value, rule),
                              .rule = ruleOf(rule)});
        });
    return fields;
}

void setOption(DecodeOptions& options, const std::string& name, const std::string& text) {
    bool isOne = false;
    forEachField(options,
                 [&](const DecodeField& field, auto& value, const auto& rule, const char*) {
                     if (field.name != name) return;
                     isOne = true;
                     try {
                         setValue(value, rule, text);
                     } catch (const Error& e) {
                         throw Error(name + ": " + e.what());
                     }
                 });
    if (!isOne) throw std::out_of_range("no option of decoding is called " + name);
}

std::vector<std::pair<std::string, std::string>> optionTexts(const DecodeOptions& options) {
    std::vector<std::pair<std::string, std::string>> texts;
    for (const auto& field : fieldsOf(options))
        if (!field.text.empty()) texts.emplace_back(field.name, field.text);
    return texts;
}

std::string decodingText(const DecodeOptions& options, const OptionOrigins& origins) {
    std::vector<std::pair<std::string, std::string>> groups;  // origin, its options
    for (const auto& [name, value] : optionTexts(options)) {
        const auto said = origins.find(name);
        const auto origin = said == origins.end() ? "" : said->second;
        auto group = std::find_if(groups.begin(), groups.end(),
                                  [&](const auto& one) { return one.first == origin; });
        if (group == groups.end()) group = groups.insert(groups.end(), {origin, ""});
        group->second += (group->second.empty() ? "" : ", ") + name + " " + value;
    }
    std::string text;
    if (const auto dialect = origins.find("dialect"); dialect != origins.end())
        text = "dialect " + dialect->second;
    for (const auto& [origin, named] : groups)
        text += (text.empty() ? "" : "; ") + named + (origin.empty() ? "" : " (" + origin + ")");
    return text;
}

std::string wordsOf(const DecodeOptions& options) {
    const auto fields = fieldsOf(options);
    const auto words = allWords(options), usual = allWords({});
    std::string text = words.front();  // the exit rule
    const auto add = [&text](const std::string& part) { text += ", " + part; };
    for (std::size_t i = 1; i < fields.size(); ++i) {
        const bool isSeed = fields[i].name == "seed";  // which is nothing to who doesn't sample
        if (isSeed ? options.sampling.temperature > 0 : words[i] != usual[i]) add(words[i]);
    }
    if (const auto regions = options.thought.boxes.size(); regions > 0)
        add(std::to_string(regions) + (regions == 1 ? " region" : " regions") + " as thought");
    if (options.latentFeed == LatentFeed::Swap) add("latents of " + options.borrowed.from);
    if (!options.system.empty()) add("own system prompt");
    return text;
}

}  // namespace lvr
