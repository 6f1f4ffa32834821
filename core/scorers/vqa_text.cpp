#include "core/scorers/vqa_text.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/scorers/python_text.h"

namespace lvr {
namespace {

// Words whose apostrophe got lost, as the source lists them.
const std::map<std::string, std::string>& contractions() {
    static const std::map<std::string, std::string> all{{"aint", "ain't"},
                                                        {"arent", "aren't"},
                                                        {"cant", "can't"},
                                                        {"couldve", "could've"},
                                                        {"couldnt", "couldn't"},
                                                        {"couldn'tve", "couldn't've"},
                                                        {"couldnt've", "couldn't've"},
                                                        {"didnt", "didn't"},
                                                        {"doesnt", "doesn't"},
                                                        {"dont", "don't"},
                                                        {"hadnt", "hadn't"},
                                                        {"hadnt've", "hadn't've"},
                                                        {"hadn'tve", "hadn't've"},
                                                        {"hasnt", "hasn't"},
                                                        {"havent", "haven't"},
                                                        {"hed", "he'd"},
                                                        {"hed've", "he'd've"},
                                                        {"he'dve", "he'd've"},
                                                        {"hes", "he's"},
                                                        {"howd", "how'd"},
                                                        {"howll", "how'll"},
                                                        {"hows", "how's"},
                                                        {"isnt", "isn't"},
                                                        {"itd", "it'd"},
                                                        {"itd've", "it'd've"},
                                                        {"it'dve", "it'd've"},
                                                        {"itll", "it'll"},
                                                        {"maam", "ma'am"},
                                                        {"mightnt", "mightn't"},
                                                        {"mightnt've", "mightn't've"},
                                                        {"mightn'tve", "mightn't've"},
                                                        {"mightve", "might've"},
                                                        {"mustnt", "mustn't"},
                                                        {"mustve", "must've"},
                                                        {"neednt", "needn't"},
                                                        {"notve", "not've"},
                                                        {"oclock", "o'clock"},
                                                        {"oughtnt", "oughtn't"},
                                                        {"ow's'at", "'ow's'at"},
                                                        {"'ows'at", "'ow's'at"},
                                                        {"'ow'sat", "'ow's'at"},
                                                        {"shant", "shan't"},
                                                        {"shed've", "she'd've"},
                                                        {"she'dve", "she'd've"},
                                                        {"shouldve", "should've"},
                                                        {"shouldnt", "shouldn't"},
                                                        {"shouldnt've", "shouldn't've"},
                                                        {"shouldn'tve", "shouldn't've"},
                                                        {"somebody'd", "somebodyd"},
                                                        {"somebodyd've", "somebody'd've"},
                                                        {"somebody'dve", "somebody'd've"},
                                                        {"somebodyll", "somebody'll"},
                                                        {"somebodys", "somebody's"},
                                                        {"someoned", "someone'd"},
                                                        {"someoned've", "someone'd've"},
                                                        {"someone'dve", "someone'd've"},
                                                        {"someonell", "someone'll"},
                                                        {"someones", "someone's"},
                                                        {"somethingd", "something'd"},
                                                        {"somethingd've", "something'd've"},
                                                        {"something'dve", "something'd've"},
                                                        {"somethingll", "something'll"},
                                                        {"thats", "that's"},
                                                        {"thered", "there'd"},
                                                        {"thered've", "there'd've"},
                                                        {"there'dve", "there'd've"},
                                                        {"therere", "there're"},
                                                        {"theres", "there's"},
                                                        {"theyd", "they'd"},
                                                        {"theyd've", "they'd've"},
                                                        {"they'dve", "they'd've"},
                                                        {"theyll", "they'll"},
                                                        {"theyre", "they're"},
                                                        {"theyve", "they've"},
                                                        {"twas", "'twas"},
                                                        {"wasnt", "wasn't"},
                                                        {"wed've", "we'd've"},
                                                        {"we'dve", "we'd've"},
                                                        {"weve", "we've"},
                                                        {"werent", "weren't"},
                                                        {"whatll", "what'll"},
                                                        {"whatre", "what're"},
                                                        {"whats", "what's"},
                                                        {"whatve", "what've"},
                                                        {"whens", "when's"},
                                                        {"whered", "where'd"},
                                                        {"wheres", "where's"},
                                                        {"whereve", "where've"},
                                                        {"whod", "who'd"},
                                                        {"whod've", "who'd've"},
                                                        {"who'dve", "who'd've"},
                                                        {"wholl", "who'll"},
                                                        {"whos", "who's"},
                                                        {"whove", "who've"},
                                                        {"whyll", "why'll"},
                                                        {"whyre", "why're"},
                                                        {"whys", "why's"},
                                                        {"wont", "won't"},
                                                        {"wouldve", "would've"},
                                                        {"wouldnt", "wouldn't"},
                                                        {"wouldnt've", "wouldn't've"},
                                                        {"wouldn'tve", "wouldn't've"},
                                                        {"yall", "y'all"},
                                                        {"yall'll", "y'all'll"},
                                                        {"y'allll", "y'all'll"},
                                                        {"yall'd've", "y'all'd've"},
                                                        {"y'alld've", "y'all'd've"},
                                                        {"y'all'dve", "y'all'd've"},
                                                        {"youd", "you'd"},
                                                        {"youd've", "you'd've"},
                                                        {"you'dve", "you'd've"},
                                                        {"youll", "you'll"},
                                                        {"youre", "you're"},
                                                        {"youve", "you've"}};
    return all;
}

const std::map<std::string, std::string>& numberWords() {
    static const std::map<std::string, std::string> all{
        {"none", "0"},  {"zero", "0"},  {"one", "1"},  {"two", "2"},
        {"three", "3"}, {"four", "4"},  {"five", "5"}, {"six", "6"},
        {"seven", "7"}, {"eight", "8"}, {"nine", "9"}, {"ten", "10"}};
    return all;
}

PythonText withoutCommas(PythonText text) {
    text = replaced(replaced(lowered(std::move(text)), u",", u""), u"?", u"");
    text = stripped(replaced(text, u"'s", u" 's"));
    return stripped(replaced(replaced(text, u"\n", u" "), u"\t", u" "));
}

// A sign that touches a space goes; another one becomes a space.
PythonText withoutSigns(const PythonText& text) {
    auto out = text;
    for (const char16_t sign : std::u16string_view(u";/[]\"{}()=+\\_-><@`,?!")) {
        const PythonText one(sign);
        const bool touches = contains(text, one + u" ") || contains(text, u" " + one);
        out = replaced(out, one, touches ? u"" : u" ");
    }
    return out;
}

// The source means the flag UNICODE and gives it as the number of replacements: 32.
PythonText withoutPeriods(const PythonText& text) {
    constexpr std::size_t kMost = 32;
    static const PythonPattern period(R"(\.(?!\d))");
    auto periods = period.findAll(text);
    periods.resize(std::min(periods.size(), kMost));
    PythonText out;
    int32_t from = 0;
    for (const auto& at : periods) {
        out.append(text, from, at.begin - from);
        from = at.end;
    }
    return out.append(text, from, text.length() - from);
}

std::string looked(const std::map<std::string, std::string>& words, const std::string& word) {
    const auto found = words.find(word);
    return found == words.end() ? word : found->second;
}

}  // namespace

std::string vqaNormalised(std::string_view text) {
    std::string out;
    for (const auto& part :
         pythonWords(lowered(withoutPeriods(withoutSigns(withoutCommas(pythonText(text))))))) {
        const auto word = looked(numberWords(), utf8Of(part));
        if (word == "a" || word == "an" || word == "the") continue;
        out += (out.empty() ? "" : " ") + looked(contractions(), word);
    }
    return out;
}

}  // namespace lvr
