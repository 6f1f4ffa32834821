// Scorers and aggregates against what the public code made of the same texts
// (tests/goldens/scorers).

#include "core/scorers/scorers.h"

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <map>

#include "core/error.h"
#include "core/scorers/aggregates.h"
#include "core/scorers/letter_rules.h"
#include "core/scorers/math_verify.h"
#include "core/scorers/raw_outputs.h"
#include "core/scorers/vqa_text.h"
#include "tests/support/goldens.h"

using namespace lvr;
using Json = nlohmann::json;

namespace {

std::vector<std::string> textsOf(const Json& options) {
    std::vector<std::string> texts;
    for (const auto& [letter, text] : options.items()) texts.push_back(text);
    return texts;
}

// Counts cases that differ and names the first few.
class Differences {
public:
    void compare(const std::string& what, const std::string& text, const Json& expected,
                 const Json& got) {
        ++cases_;
        if (expected == got) return;
        if (++count_ <= 5)
            qWarning().noquote() << QString::fromStdString(what + " " + Json(text).dump() + " is " +
                                                           expected.dump() + ", not " + got.dump());
    }
    int count() const { return count_; }
    int cases() const { return cases_; }

private:
    int count_ = 0, cases_ = 0;
};

Json letterOf(const std::string& scorer, const std::string& text,
              const std::vector<std::string>& options) {
    const auto letter = verdictOf(scorer, {"", "", options, "A", text}).letter;
    return letter ? Json(*letter) : Json();
}

JudgedItem judged(const std::string& category, const std::string& part, const std::string& cluster,
                  bool right) {
    return {category, part, cluster, right};
}

double figure(const std::vector<Aggregate>& figures, const std::string& name) {
    for (const auto& each : figures)
        if (each.name == name) return each.value;
    return std::nan("");
}

bool isRight(const std::string& scorer, const Json& item, int options = 4) {
    const auto gold = item.contains("label") ? item["label"] : item["answer"];
    return verdictOf(scorer,
                     {"", "", std::vector<std::string>(options, "?"), gold, item["prediction"]})
        .right;
}

}  // namespace

class ScorersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void lettersAreThoseOfThePublicCode() {
        const auto golden = golden::json("scorers/letters.json");
        const auto& outputs = golden["outputs"];
        Differences differences;
        for (const auto& [scorer, letters] : golden["by_output"].items())
            for (std::size_t i = 0; i < outputs.size(); ++i)
                differences.compare(scorer, outputs[i]["text"], letters[i],
                                    letterOf(scorer, outputs[i]["text"], {}));
        const auto& exact = golden["own"]["exact_letter"];
        for (std::size_t i = 0; i < outputs.size(); ++i)
            differences.compare("exact_letter", outputs[i]["text"], exact[i],
                                letterOf("exact_letter", outputs[i]["text"], {}));
        QVERIFY(differences.cases() > 100);
        QCOMPARE(differences.count(), 0);
    }

    void lettersAmongOptionsAreThoseOfThePublicCode() {
        const auto golden = golden::json("scorers/letters.json");
        const auto& outputs = golden["outputs"];
        Differences differences;
        for (const auto& [scorer, sets] : golden["by_output_and_set"].items())
            for (const auto& set : golden["option_sets"]) {
                const std::string id = set["id"];
                if (!sets.contains(id)) continue;
                for (std::size_t i = 0; i < outputs.size(); ++i)
                    differences.compare(
                        scorer + " " + id, outputs[i]["text"], sets[id][i],
                        letterOf(scorer, outputs[i]["text"], textsOf(set["options"])));
            }
        QVERIFY(differences.cases() > 100);
        QCOMPARE(differences.count(), 0);
    }

    void reasoningTasksAreJudgedAsInLmmsEval() {
        const auto golden = golden::json("scorers/letters.json");
        const auto& outputs = golden["outputs"];
        const auto& expected = golden["lmms_reasoning"];
        const std::vector<std::string> options(5, "?");
        Differences differences;
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            const std::string text = outputs[i]["text"];
            differences.compare("extracted", text, expected["extracted"][i],
                                *lmmsReasoningAnswer(text).letter);
            differences.compare("format", text, expected["format"][i], lmmsReasoningFormat(text));
            for (const auto& [gold, right] : expected["correct"].items())
                differences.compare(
                    "gold " + gold, text, right[i],
                    verdictOf("lmms_reasoning", {"", "", options, gold, text}).right ? 1 : 0);
        }
        QCOMPARE(differences.count(), 0);
    }

    void verdictsCompareTheLetterWithTheGoldOne() {
        const auto golden = golden::json("scorers/letters.json");
        const auto options = textsOf(golden["option_sets"][0]["options"]);
        int right = 0;
        for (const auto& output : golden["outputs"])
            for (const char* gold : {"A", "B", "C", "D"})
                for (const auto& scorer : scorersOf("blink", true)) {
                    if (scorer == "lmms_reasoning") continue;
                    const auto verdict =
                        verdictOf(scorer, {"blink", "", options, gold, output["text"]});
                    const auto wanted = scorer == "blink_official" ? "(" + std::string(gold) + ")"
                                                                   : std::string(gold);
                    QCOMPARE(verdict.right, verdict.letter == wanted);
                    QVERIFY(!verdict.rule.empty());
                    right += verdict.right;
                }
        QVERIFY(right > 50);
    }

    void textsAreNormalisedAsForVqa() {
        const auto outputs = golden::json("scorers/letters.json")["outputs"];
        const auto golden = golden::json("scorers/free_text.json");
        Differences differences;
        for (std::size_t i = 0; i < outputs.size(); ++i)
            differences.compare("vqa", outputs[i]["text"], golden["vqa_normalised"][i],
                                vqaNormalised(std::string(outputs[i]["text"])));
        for (const auto& c : golden["cases"]) {
            const std::string gold = c["gold"], output = c["output"];
            differences.compare("gold", gold, c["vqa_gold"], vqaNormalised(gold));
            differences.compare("output", output, c["vqa_output"], vqaNormalised(output));
            differences.compare("equal", output, c["vqa_equal"],
                                verdictOf("vqa", {"", "", {}, gold, output}).right);
        }
        QCOMPARE(differences.count(), 0);
    }

    void formulasAreComparedAsMathVerifyDoes() {
        const auto golden = golden::json("scorers/free_text.json");
        Differences differences;
        for (const auto& c : golden["cases"]) {
            const std::string gold = c["gold"], output = c["output"];
            differences.compare("gold first " + gold, output, c["verify_gold_first"],
                                mathVerify(gold, output));
            differences.compare("output first " + gold, output, c["verify_output_first"],
                                mathVerify(output, gold));
            differences.compare(
                "reward " + gold, output, c["lvr_accuracy_reward"],
                verdictOf("lvr_reward", {"", "", {}, gold, output}).right ? 1.0 : 0.0);
        }
        QCOMPARE(differences.count(), 0);
    }

    // Beside the goldens; as math-verify 0.9.0 answers.
    void formulasBeyondTheGoldensToo_data() {
        QTest::addColumn<QString>("gold");
        QTest::addColumn<QString>("output");
        QTest::addColumn<bool>("same");
        const auto row = [](const char* gold, const char* output, bool same) {
            QTest::addRow("%s %s %s", gold, same ? "is" : "is not", output)
                << gold << output << same;
        };
        row("1.5", "$1\\frac{1}{2}$", true);
        row("$3\\pm1$", "$\\{2,4\\}$", true);
        row("$x=y$", "$2x=2y$", true);
        row("$2x=6$", "$x=3$", false);
        row("$x+1=4$", "$x=3$", true);
        row("$y=2x+1$", "$y-2x=1$", true);
        row("$\\frac{1}{\\sqrt{2}}$", "$\\frac{\\sqrt2}{2}$", true);
        row("5/3", "$5:3$", true);
        row("$\\tan 45^\\circ$", "1", false);
        row("$3$ and $4$", "$\\{4,3\\}$", true);
        row("$(3,4)$", "3,4", false);
        row("17", "$a=b=17$", true);
        row("\\$17", "17 apples", false);
        row("17", "17 apples", true);
        row("4", "\xEF\xBC\x94", false);
        row("0.1666667", "1/6", true);
        row("0.16667", "1/6", false);
        row("$x_1=1,x_2=2$", "$1,2$", true);
    }
    void formulasBeyondTheGoldensToo() {
        QFETCH(QString, gold);
        QFETCH(QString, output);
        QFETCH(bool, same);
        QCOMPARE(mathVerify(gold.toStdString(), output.toStdString()), same);
    }

    void linesOfRawOutputsAreRead() {
        QTemporaryDir folder;
        const auto file = folder.filePath("raw.jsonl").toStdString();
        std::ofstream stream(file);
        const Json good{{"benchmark", "vstar"},
                        {"question", "Q?"},
                        {"options", {"a", "b"}},
                        {"gold", "(b)"},
                        {"output", std::string("B\0", 2)},
                        {"id", 7}};
        auto lettered = good, other = good, without = good, gap = good;
        lettered["options"] = Json{{"A", "Open"}, {"B", "Closed"}};
        lettered["gold"] = "Closed";
        without.erase("output");
        other["gold"] = "blue";
        gap["options"] = Json{{"A", "a"}, {"C", "c"}};
        stream << good << "\n\n"
               << lettered << "\n"
               << Json{{"gold", "blue"}, {"output", "Blue"}, {"column", "fixed:8"}} << "\n"
               << "not JSON\n"
               << without << "\n"
               << other << "\n"
               << gap << "\n";
        stream.close();
        const auto raw = readRawOutputs(file);
        QCOMPARE(raw.lines.size(), std::size_t(3));
        QCOMPARE(raw.lines[0].output.gold, "B");
        QCOMPARE(raw.lines[0].id, "7");
        QCOMPARE(raw.lines[0].output.output, std::string("B\0", 2));
        QCOMPARE(raw.lines[1].line, 3);
        QCOMPARE(raw.lines[1].output.gold, "B");
        QCOMPARE(raw.lines[2].output.benchmark, "data");
        QCOMPARE(raw.lines[2].column, "fixed:8");
        QVERIFY(!asksForLetter(raw.lines[2].output));
        QCOMPARE(raw.leftOut.size(), std::size_t(4));
        QVERIFY(QString::fromStdString(raw.leftOut[0]).contains("line 5 is broken"));
        QVERIFY(
            QString::fromStdString(raw.leftOut[1]).contains("line 6: field 'output' is missing"));
        QVERIFY(QString::fromStdString(raw.leftOut[2])
                    .contains("field 'gold' is \"blue\", neither a letter nor the text"));
        QVERIFY(QString::fromStdString(raw.leftOut[3]).contains("without a gap"));
        std::ofstream(file) << "not JSON\n";
        QVERIFY_THROWS_EXCEPTION(Error, readRawOutputs(file));
        QVERIFY_THROWS_EXCEPTION(Error, readRawOutputs(file + ".not"));
    }

    void goldLettersMayBeWrittenInSeveralWays_data() {
        QTest::addColumn<QString>("gold");
        QTest::addColumn<QString>("letter");
        for (const char* gold : {"B", "b", "(b)", "(B)", "B.", " b) "})
            QTest::newRow(gold) << gold << "B";
        QTest::newRow("a word") << "blue"
                                << "blue";
        QTest::newRow("a number") << "7"
                                  << "7";
    }
    void goldLettersMayBeWrittenInSeveralWays() {
        QFETCH(QString, gold);
        QFETCH(QString, letter);
        QCOMPARE(QString::fromStdString(goldLetter(gold.toStdString())), letter);
    }

    void ourRuleTakesTheLetterOrTheTextOfAnOption_data() {
        QTest::addColumn<QString>("output");
        QTest::addColumn<QString>("letter");
        QTest::newRow("letter") << "<answer> B </answer>"
                                << "B";
        QTest::newRow("text") << "<answer>Dark Blue.</answer>"
                              << "C";
        QTest::newRow("after a thought")
            << "<|lvr_start|><|lvr|><|lvr_end|><answer> (b) </answer><|im_end|>"
            << "B";
        QTest::newRow("both, and they agree") << "B. blue"
                                              << "B";
        QTest::newRow("both, and they don't") << "B. red"
                                              << "";
        QTest::newRow("neither") << "green"
                                 << "";
    }
    void ourRuleTakesTheLetterOrTheTextOfAnOption() {
        QFETCH(QString, output);
        QFETCH(QString, letter);
        const auto verdict = verdictOf("answer", {"vstar",
                                                  "What colour?",
                                                  {"red", "blue", "dark blue", "black"},
                                                  "B",
                                                  output.toStdString()});
        QCOMPARE(QString::fromStdString(verdict.letter.value_or("")), letter);
        QCOMPARE(verdict.right, letter == "B");
    }

    void aScorerThatThereIsNotIsNamedWithTheNearest() {
        QVERIFY_THROWS_EXCEPTION(Error, verdictOf("lmms_vsta", {}));
        try {
            verdictOf("lmms_vsta", {});
        } catch (const Error& error) {
            QVERIFY(QString(error.what()).contains("lmms_vstar"));
        }
    }

    void everyBenchmarkHasItsScorers_data() {
        QTest::addColumn<QString>("benchmark");
        QTest::addColumn<QString>("lmms");
        QTest::addColumn<QString>("vlm");
        QTest::newRow("V*") << "vstar"
                            << "lmms_vstar"
                            << "vlmevalkit_rule";
        QTest::newRow("MMVP") << "mmvp"
                              << "lmms_mmvp"
                              << "vlmevalkit_rule";
        QTest::newRow("BLINK") << "blink"
                               << "lmms_blink"
                               << "vlmevalkit_rule";
        QTest::newRow("CV-Bench") << "cv_bench"
                                  << "lmms_blink"
                                  << "vlmevalkit_rule";
        QTest::newRow("HR-Bench") << "hr_bench"
                                  << "lmms_hrbench"
                                  << "vlmevalkit_rule";
        QTest::newRow("MME") << "mme_realworld_lite"
                             << "lmms_mme_realworld"
                             << "vlmevalkit_mme_realworld";
        QTest::newRow("own") << "data"
                             << "exact_letter"
                             << "vlmevalkit_rule";
    }
    void everyBenchmarkHasItsScorers() {
        QFETCH(QString, benchmark);
        QFETCH(QString, lmms);
        QFETCH(QString, vlm);
        const auto name = benchmark.toStdString();
        const auto all = scorersOf(name, true), known = scorerNames();
        for (const auto style : {PromptStyle::Lvr, PromptStyle::LmmsEval, PromptStyle::VlmEvalKit,
                                 PromptStyle::Official}) {
            const auto scorer = defaultScorer(name, style, true);
            QVERIFY2(std::count(all.begin(), all.end(), scorer) == 1, scorer.c_str());
        }
        for (const auto& scorer : all) QVERIFY(std::count(known.begin(), known.end(), scorer) == 1);
        QCOMPARE(defaultScorer(name, PromptStyle::LmmsEval, true), lmms.toStdString());
        QCOMPARE(defaultScorer(name, PromptStyle::VlmEvalKit, true), vlm.toStdString());
        QCOMPARE(defaultScorer(name, PromptStyle::Lvr, true), "lvr_official");
        QCOMPARE(defaultScorer(name, PromptStyle::Lvr, false), "answer");
    }

    void vstarIsSplitByCategory() {
        const auto golden = golden::json("scorers/aggregates.json")["benchmarks"]["vstar"];
        const std::map<std::string, std::string> harness{{"lmms_vstar", "lmms_eval"},
                                                         {"lvr_official", "lvr_official"}};
        for (const auto& [scorer, name] : harness) {
            std::vector<JudgedItem> items;
            for (const auto& item : golden["items"])
                items.push_back(judged(item["category"], "", "", isRight(scorer, item)));
            const auto figures = aggregatesOf("vstar", items);
            for (const auto& [key, value] : golden[name].items())
                QCOMPARE(100 * figure(figures, key), double(value));
        }
        std::vector<JudgedItem> items;
        for (std::size_t i = 0; i < golden["items"].size(); ++i)
            items.push_back(
                judged(golden["items"][i]["category"], "", "", golden["vlmevalkit_hits"][i] == 1));
        const auto figures = aggregatesOf("vstar", items);
        QCOMPARE(figure(figures, "overall"), double(golden["vlmevalkit"]["Overall"]));
        QCOMPARE(figure(figures, "relative_position"),
                 double(golden["vlmevalkit"]["relative_position"]));
    }

    void mmvpCountsCompletePairs() {
        const auto golden = golden::json("scorers/aggregates.json")["benchmarks"]["mmvp"];
        const auto read = [&](const auto& isItRight, int dropped) {
            std::vector<JudgedItem> items;
            for (std::size_t i = 0; i < golden["items"].size(); ++i) {
                const int index = golden["items"][i]["Index"];
                if (index != dropped)
                    items.push_back(judged("", "", std::to_string((index - 1) / 2), isItRight(i)));
            }
            return items;
        };
        const auto lmms = [&](std::size_t i) {
            return isRight("lmms_mmvp", golden["items"][i], 2);
        };
        const auto lvr = [&](std::size_t i) {
            return isRight("lvr_official", golden["items"][i], 2);
        };
        const auto kit = [&](std::size_t i) { return golden["vlmevalkit_hits"][i] == 1; };
        const auto graded = [&](std::size_t i) {
            return golden["official_pair_given_yes_no"]["graded_yes"][i] == 1;
        };
        const auto all = aggregatesOf("mmvp", read(lmms, -1));
        QCOMPARE(figure(all, "overall"), double(golden["lmms_eval"]["single"]));
        QCOMPARE(figure(all, "pairs"), double(golden["lmms_eval"]["pair"]));
        QCOMPARE(100 * figure(aggregatesOf("mmvp", read(lvr, -1)), "overall"),
                 double(golden["lvr_official"]["single"]));
        const auto hits = aggregatesOf("mmvp", read(kit, -1));
        QCOMPARE(figure(hits, "overall"), double(golden["vlmevalkit"]["Average"]));
        QCOMPARE(figure(hits, "pairs"), double(golden["vlmevalkit"]["Overall"]));
        QCOMPARE(figure(aggregatesOf("mmvp", read(graded, -1)), "pairs"),
                 double(golden["official_pair_given_yes_no"]["pair"]));
        const auto& missing = golden["lmms_eval_one_missing"];
        const auto rest = read(lmms, missing["dropped_index"]);
        QCOMPARE(figure(aggregatesOf("mmvp", rest), "overall"), double(missing["single"]));
        QCOMPARE(figure(aggregatesOf("mmvp", rest), "pairs"), double(missing["pair"]));
        QCOMPARE(incompletePairs(rest), 1);
    }

    void blinkHasAMicroAndAMacroFigure() {
        const auto golden = golden::json("scorers/aggregates.json")["benchmarks"]["blink"];
        const auto figures = [&](const std::string& scorer) {
            std::vector<JudgedItem> items;
            for (const auto& item : golden["items"])
                items.push_back(judged(item["sub_task"], "", "", isRight(scorer, item)));
            return aggregatesOf("blink", items);
        };
        const auto lmms = figures("lmms_blink"), lvr = figures("lvr_official"),
                   official = figures("blink_official");
        for (const auto& [key, value] : golden["lmms_eval"].items())
            QCOMPARE(figure(lmms, key == "micro" ? "overall" : key), double(value));
        for (const auto& [key, value] : golden["lvr_official"].items())
            QCOMPARE(100 * figure(lvr, key), double(value));
        for (const auto& [key, value] : golden["official"]["result"].items())
            QCOMPARE(figure(official, key == "Total" ? "macro" : key), double(value));
    }

    void cvBenchHasThreeWaysToAverage() {
        const auto golden = golden::json("scorers/aggregates.json")["benchmarks"]["cv_bench"];
        const auto figures = [&](const auto& isItRight) {
            std::vector<JudgedItem> items;
            for (std::size_t i = 0; i < golden["items"].size(); ++i) {
                const auto& item = golden["items"][i];
                items.push_back(judged(std::string(item["type"]) + "/" + std::string(item["task"]),
                                       item["source"], "", isItRight(i)));
            }
            return aggregatesOf("cv_bench", items);
        };
        const auto lmms =
            figures([&](std::size_t i) { return isRight("lmms_blink", golden["items"][i]); });
        QCOMPARE(figure(lmms, "overall"), double(golden["lmms_eval"]["micro"]));
        QCOMPARE(figure(lmms, "original formula"), double(golden["lmms_eval"]["original_formula"]));
        const auto kit = figures([&](std::size_t i) { return golden["vlmevalkit_hits"][i] == 1; });
        QCOMPARE(figure(kit, "ADE20K"), double(golden["vlmevalkit_2d"]["ADE20K"]));
        QCOMPARE(figure(kit, "2D"), double(golden["vlmevalkit_2d"]["Overall"]));
        QCOMPARE(figure(kit, "3D"), double(golden["vlmevalkit_3d"]["Overall"]));
        QCOMPARE(figure(kit, "3D/Depth"), double(golden["vlmevalkit_3d"]["Depth"]));
    }

    void hrBenchIsTheMeanOverItsCycles() {
        const auto golden = golden::json("scorers/aggregates.json")["benchmarks"]["hrbench"];
        std::vector<JudgedItem> lmms, kit;
        std::vector<int> undecided;
        for (std::size_t i = 0; i < golden["items"].size(); ++i) {
            const auto& item = golden["items"][i];
            const auto verdict = verdictOf(
                "lmms_hrbench",
                {"", "", std::vector<std::string>(4, "?!"), item["label"], item["prediction"]});
            if (!verdict.letter) undecided.push_back(item["index"]);
            lmms.push_back(judged(item["category"], item["cycle_category"], "", verdict.right));
            kit.push_back(judged(item["category"], item["cycle_category"], "",
                                 golden["vlmevalkit_hits"][i] == 1));
        }
        QCOMPARE(Json(undecided), golden["lmms_eval"]["undecided"]);
        const auto figures = aggregatesOf("hr_bench", lmms);
        QCOMPARE(figure(figures, "mean"), double(golden["lmms_eval"]["average"]));
        QCOMPARE(figure(figures, "mean, cross"), double(golden["lmms_eval"]["cross"]));
        const auto hits = aggregatesOf("hr_bench", kit);
        for (const auto& [key, value] : golden["vlmevalkit"].items()) {
            const auto bar = key.find('|');
            const auto cycle = key.substr(0, bar), category = key.substr(bar + 1);
            const auto name = (cycle == "Average" ? "mean" : "cycle " + cycle) +
                              (category == "all" ? "" : ", " + category);
            QCOMPARE(figure(hits, name), double(value));
        }
    }

    void mmeRealWorldIsSplitIntoTasksSubtasksAndNames() {
        const auto golden =
            golden::json("scorers/aggregates.json")["benchmarks"]["mme_realworld_lite"];
        std::vector<JudgedItem> lmms, kit;
        for (std::size_t i = 0; i < golden["items"].size(); ++i) {
            const auto& item = golden["items"][i];
            const auto verdict =
                verdictOf("lmms_mme_realworld", {"", "", {}, item["answer"], item["prediction"]});
            QCOMPARE(Json(*verdict.letter), golden["lmms_eval"]["extracted"][i]);
            lmms.push_back(judged(item["category"], item["l2-category"], "", verdict.right));
            kit.push_back(judged(item["category"], item["l2-category"], "",
                                 golden["vlmevalkit_scores"][i] == 1));
        }
        QCOMPARE(figure(aggregatesOf("mme_realworld_lite", lmms), "overall"),
                 double(golden["lmms_eval"]["overall"]));
        const auto figures = aggregatesOf("mme_realworld_lite", kit);
        QCOMPARE(figure(figures, "overall"), double(golden["vlmevalkit"]["Overall"]));
        int compared = 0;
        for (const std::string task : {"Perception", "Reasoning"}) {
            QCOMPARE(figure(figures, task), double(golden["vlmevalkit"][task]["Avg"]));
            for (const auto& [subtask, names] : golden["vlmevalkit"][task].items()) {
                if (subtask == "Avg" || names.size() == 1) continue;  // without items
                for (const auto& [name, value] : names.items()) {
                    const auto full = task + "/" + subtask + (name == "Avg" ? "" : "/" + name);
                    QCOMPARE(figure(figures, full), double(value));
                    ++compared;
                }
            }
        }
        QVERIFY(compared > 8);
    }
};

QTEST_GUILESS_MAIN(ScorersTest)
#include "scorers_test.moc"
