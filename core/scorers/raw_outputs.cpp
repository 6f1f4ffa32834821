#include "core/scorers/raw_outputs.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "core/error.h"
#include "core/files/json_file.h"
#include "core/scorers/scorers.h"
#include "core/values/dialect.h"

namespace lvr {
namespace {

std::string textOr(const JsonField& object, const std::string& key, const std::string& fallback) {
    return object.has(key) ? object[key].text() : fallback;
}

std::string idOf(const JsonField& object) {
    if (!object.has("id")) return {};
    const auto id = object["id"];
    return (*id).is_string() ? id.text() : (*id).dump();
}

std::vector<std::string> optionsOf(const JsonField& options) {
    std::vector<std::string> texts;
    if ((*options).is_object()) {
        for (const auto& [letter, text] : (*options).items()) {
            if (letter != std::string{static_cast<char>('A' + texts.size())})
                options.fail("must have the letters A, B, ... without a gap");
            texts.push_back(options[letter].text());
        }
        return texts;
    }
    for (std::size_t i = 0; i < options.array().size(); ++i) texts.push_back(options[i].text());
    return texts;
}

bool isLetter(const std::string& text) {
    return text.size() == 1 && text[0] >= 'A' && text[0] <= 'Z';
}

// A letter, whatever the line has: "(b)", or the text of one option.
std::string letterOf(const JsonField& gold, const std::vector<std::string>& options) {
    const auto text = gold.text(), letter = goldLetter(text);
    if (isLetter(letter)) return letter;
    const auto found = std::find(options.begin(), options.end(), text);
    if (found == options.end())
        gold.fail("is \"" + text + "\", neither a letter nor the text of an option");
    return {static_cast<char>('A' + (found - options.begin()))};
}

RawLine readLine(const std::string& text, int number, const std::filesystem::path& file) {
    const auto source = file.string() + " line " + std::to_string(number);
    const auto json = parseJson(text, source);
    const JsonField object(json, source);
    object.object();
    RawLine line{.line = number, .id = idOf(object), .column = textOr(object, "column", "")};
    auto& raw = line.output;
    raw.benchmark = textOr(object, "benchmark", "data");
    raw.question = textOr(object, "question", "");
    if (object.has("options")) raw.options = optionsOf(object["options"]);
    raw.output = object["output"].text();
    raw.mark = knownDialect(textOr(object, "dialect", "")).answer;
    raw.gold = asksForLetter(raw) ? letterOf(object["gold"], raw.options) : object["gold"].text();
    return line;
}

}  // namespace

RawLines readRawOutputs(const std::filesystem::path& file) {
    std::error_code failed;
    if (!std::filesystem::is_regular_file(file, failed))
        throw Error("there is no file " + file.string());
    std::ifstream stream(file);
    if (!stream) throw Error("cannot read " + file.string() + "; check its permissions");
    skipByteOrderMark(stream);
    RawLines all;
    std::string text;
    for (int number = 1; std::getline(stream, text); ++number) {
        if (text.find_first_not_of(" \t\r") == text.npos) continue;
        try {
            all.lines.push_back(readLine(text, number, file));
        } catch (const Error& error) {
            all.leftOut.emplace_back(error.what());
        }
    }
    if (all.lines.empty())
        throw Error(all.leftOut.empty()
                        ? file.string() + " has no line; give a JSON object on each"
                        : "no line of " + file.string() +
                              " can be used; the first reason: " + all.leftOut.front());
    return all;
}

bool asksForLetter(const RawOutput& output) {
    constexpr std::array<std::string_view, 6> kWithOptions{
        "vstar", "mmvp", "blink", "cv_bench", "hr_bench", "mme_realworld_lite"};
    return !output.options.empty() || std::find(kWithOptions.begin(), kWithOptions.end(),
                                                output.benchmark) != kWithOptions.end();
}

bool disagree(const std::vector<Verdict>& verdicts) {
    const auto right = [](const Verdict& verdict) { return verdict.right; };
    return std::any_of(verdicts.begin(), verdicts.end(), right) &&
           !std::all_of(verdicts.begin(), verdicts.end(), right);
}

}  // namespace lvr
