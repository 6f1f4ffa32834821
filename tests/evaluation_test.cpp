// What a run of benchmarks holds, and the table that is made of it.

#include <QTemporaryDir>
#include <QtTest>

#include "core/error.h"
#include "core/eval/evaluation_json.h"
#include "core/eval/evaluation_table.h"
#include "core/eval/imported_answer.h"
#include "core/eval/judged_items.h"
#include "core/eval/plan_difference.h"
#include "core/eval/published.h"
#include "core/store/run_store.h"

using namespace lvr;

namespace {

const std::vector<EvalColumn> kColumns{{EvalMode::Lvr, FixedSteps{4}}, {EvalMode::Base}};

EvalPlan planOf(const std::string& benchmark, int items) {
    EvalPlan plan{.sets = {{.name = benchmark,
                            .source = benchmark + ":/data",
                            .benchmark = benchmark,
                            .title = "A benchmark",
                            .edition = "an edition",
                            .hash = "xxh3-128:1",
                            .scorer = "lvr_official",
                            .items = items}},
                  .columns = kColumns,
                  .prompt = "lvr",
                  .minPixels = 3136,
                  .maxPixels = 1003520,
                  .decodingText = "temperature 0 (default)",
                  .computation = "float32 on cpu",
                  .given = {{"exit", "fixed:4"}, {"mode", "lvr\nbase"}}};
    plan.decoding.maxNewTokens = 77;
    return plan;
}

ItemAnswer answerThat(const std::string& letter, std::vector<int> thoughts, int closed) {
    return {.output = "<answer>" + letter + "</answer>",
            .answer = letter,
            .stopped = "end_of_text",
            .thoughts = std::move(thoughts),
            .closed = closed,
            .visualTokens = 100,
            .promptTokens = 130};
}

// lvr and base answer "A" when they are right.
EvaluatedItem itemThat(const std::string& benchmark, int number, bool lvrIsRight,
                       bool baseIsRight) {
    EvaluatedItem item{.item = {.benchmark = benchmark,
                                .id = std::to_string(number),
                                .category = number % 2 ? "direct_attributes" : "relative_position",
                                .cluster = std::to_string((number + 1) / 2),
                                .question = "What?",
                                .options = {"red", "blue"},
                                .gold = "A",
                                .images = {"/a.png"},
                                .targets = {{"dot", 1.5, 2, 3, 4, 0}}},
                       .set = benchmark,
                       .prompt = "What?\n(A) red\n(B) blue"};
    item.answers["fixed:4"] = answerThat(lvrIsRight ? "A" : "B", {4}, number % 2);
    item.answers["base"] = answerThat(baseIsRight ? "A" : "B", {}, 0);
    return item;
}

EvalRun runOf(const std::string& benchmark, std::vector<EvaluatedItem> items) {
    return {.plan = planOf(benchmark, static_cast<int>(items.size())), .items = std::move(items)};
}

const EvalRow& rowOf(const std::vector<EvalRow>& rows, const std::string& part,
                     const std::string& column) {
    for (const auto& row : rows)
        if (row.part == part && row.column == column) return row;
    throw Error("there is no row " + part + " of " + column);
}

}  // namespace

class EvaluationTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aRunIsReadBackAsItWasWritten() {
        auto item = itemThat("vstar", 1, true, false);
        item.answers["fixed:4"].latentHeat = {{0.5, 0.1, 3, 12.5, true},
                                              {0.1, 0.1, 9, 12.5, false}};
        item.answers["fixed:4"].answerHeat = RoiHeat{0.2, 0.1, 1, 12.5, true};
        item.answers["fixed:4"].crop = Box{0.1, 0.2, 0.3, 0.4, 0};
        item.answers["fixed:4"].times = {1, 2.5, 3};
        item.answers["base"] = ItemAnswer{};
        item.answers["base"].failure = "the question is too long";
        EvaluatedItem broken{.item = {.benchmark = "vstar", .id = "2"},
                             .set = "vstar",
                             .unreadable = "b.png is cut off"};
        QTemporaryDir folder;
        RunStore store(folder.filePath("runs.db").toStdString());
        const auto plan = planOf("vstar", 2);
        const auto run = store.start({.kind = kEvaluationKind, .options = planToJson(plan)});
        store.putResults(run, cellsOf(item), 1);
        store.putResults(run, cellsOf(broken), 2);
        const auto read = readEvaluation(store, run);
        QCOMPARE(read.items, (std::vector<EvaluatedItem>{item, broken}));
        QCOMPARE(read.plan.sets, plan.sets);
        QCOMPARE(read.plan.columns, plan.columns);
        QCOMPARE(read.plan.given, plan.given);
        QCOMPARE(read.plan.decoding.maxNewTokens, 77);
        QCOMPARE(planToJson(read.plan), planToJson(plan));
    }

    void anotherKindOfRunIsRefused() {
        QTemporaryDir folder;
        RunStore store(folder.filePath("runs.db").toStdString());
        const auto run = store.start({.kind = "sft"});
        QVERIFY_THROWS_EXCEPTION(Error, readEvaluation(store, run));
        const auto empty = store.start({.kind = kEvaluationKind, .options = "{}"});
        QVERIFY_THROWS_EXCEPTION(Error, readEvaluation(store, empty));
    }

    void aRowSaysUnderWhichConditionsItCameAbout() {
        std::vector<EvaluatedItem> items;
        for (int i = 1; i <= 6; ++i) items.push_back(itemThat("vstar", i, i != 3, i <= 2));
        items.back().answers["fixed:4"].thoughts.clear();
        items.back().answers["fixed:4"].visualTokens = 400;
        const auto rows = rowsOf(runOf("vstar", items));
        const auto& own = rowOf(rows, "", "fixed:4");
        QCOMPARE(own.count, 6);
        QCOMPARE(own.right, 5.0);
        QCOMPARE(own.thought, 5);
        QCOMPARE(own.triggered, 5.0 / 6);
        QCOMPARE(own.closed, 3.0 / 5);  // odd ones
        QCOMPARE(own.latents, 4.0);
        QCOMPARE(own.visualTokens, 100.0);
        QCOMPARE(own.scorer, std::string("lvr_official"));
        QCOMPARE(own.exit, std::string("fixed:4"));
        QCOMPARE(own.maxPixels, 1003520);
        QVERIFY(own.low < own.accuracy && own.accuracy < own.high && !own.isCompared);
        QCOMPARE(*own.base, (PublishedRange{63.35, 78.5, 7}));
        const auto& base = rowOf(rows, "", "base");
        QVERIFY(base.isCompared);
        QCOMPARE(base.gained, 0);
        QCOMPARE(base.lost, 3);
        QCOMPARE(base.p, 0.25);
        QCOMPARE(base.thought, 0);
        QCOMPARE(rowOf(rows, "direct_attributes", "fixed:4").count, 3);
        QCOMPARE(rowOf(rows, "direct_attributes", "fixed:4").right, 2.0);
    }

    // Both pictures of a pair fall together: as many pairs as there are say it, not twice as many.
    void itemsThatShareAPictureCountAsOne() {
        std::vector<EvaluatedItem> alike, apart;
        for (int i = 1; i <= 40; ++i) {
            alike.push_back(itemThat("vstar", i, (i + 1) / 2 % 2 == 0, true));
            apart.push_back(alike.back());
            apart.back().item.cluster = std::to_string(i);
        }
        const auto clustered = rowOf(rowsOf(runOf("vstar", alike)), "", "fixed:4");
        const auto single = rowOf(rowsOf(runOf("vstar", apart)), "", "fixed:4");
        QCOMPARE(clustered.interval, std::string("clustered by picture"));
        QCOMPARE(single.interval, std::string("Wilson"));
        QCOMPARE(clustered.accuracy, single.accuracy);
        QVERIFY(clustered.high - clustered.low > 1.3 * (single.high - single.low));
        const auto all = rowOf(rowsOf(runOf("vstar", alike)), "", "base");  // all right
        QCOMPARE(all.interval, std::string("Wilson by picture"));
        QVERIFY(all.low > 0.8 && all.low < 0.9 && all.high == 1.0);
    }

    void comparisonsAreAdjustedAndSayWhatTheyCouldShow() {
        std::vector<EvaluatedItem> items;
        for (int i = 1; i <= 60; ++i) items.push_back(itemThat("vstar", i, i > 10, i > 1));
        const auto rows = rowsOf(runOf("vstar", items));
        const auto& base = rowOf(rows, "", "base");
        QCOMPARE(base.gained, 9);
        QCOMPARE(base.p, 0.00390625);
        QCOMPARE(base.holm, 3 * base.p);  // beside the two categories
        QVERIFY(base.detectable && *base.detectable > 0.1 && *base.detectable < 0.16);
    }

    void aPairIsRightWhenBothAre() {
        std::vector<EvaluatedItem> items;
        for (int i = 1; i <= 4; ++i) items.push_back(itemThat("mmvp", i, i != 4, true));
        const auto rows = rowsOf(runOf("mmvp", items));
        QCOMPARE(rowOf(rows, "pairs", "fixed:4").count, 2);
        QCOMPARE(rowOf(rows, "pairs", "fixed:4").accuracy, 0.5);
        QCOMPARE(rowOf(rows, "pairs", "base").accuracy, 1.0);
    }

    // A mean of subtasks is of all items, and no interval of a share fits it.
    void aMeanOfFiguresIsOfAllItems() {
        std::vector<EvaluatedItem> items;
        for (int i = 1; i <= 5; ++i) items.push_back(itemThat("blink", i, i > 1, true));
        const auto macro = rowOf(rowsOf(runOf("blink", items)), "macro", "fixed:4");
        QCOMPARE(macro.count, 5);
        QCOMPARE(macro.interval, std::string("none"));
        QCOMPARE(macro.accuracy, (2.0 / 3 + 1) / 2);
    }

    void whatFailedDoesNotCount() {
        auto items =
            std::vector{itemThat("vstar", 1, true, true), itemThat("vstar", 2, true, true)};
        items[1].answers["base"] = ItemAnswer{};
        items[1].answers["base"].failure = "too long";
        items.push_back({.item = {.benchmark = "vstar", .id = "3"},
                         .set = "vstar",
                         .unreadable = "c.png is cut off"});
        const auto run = runOf("vstar", items);
        const auto rows = rowsOf(run);
        QCOMPARE(rowOf(rows, "", "fixed:4").count, 2);
        QCOMPARE(rowOf(rows, "", "base").count, 1);
        const auto notes = notesOn(run);
        QCOMPARE(notes,
                 (std::vector<std::string>{"1 item was skipped: c.png is cut off",
                                           "base gave no answer to 1 item: vstar/2: too long"}));
    }

    void scorersThatReadAnotherAnswerAreCounted() {
        auto items =
            std::vector{itemThat("vstar", 1, true, true), itemThat("vstar", 2, true, true)};
        items[0].answers["fixed:4"].output = "<answer> A </answer>";
        items[1].answers["fixed:4"] = answerThat("xyz", {4}, 1);  // wrong for all
        const auto rows = rowsOf(runOf("vstar", items));
        QCOMPARE(rowOf(rows, "", "fixed:4").disagree, 1);  // exact_letter reads nothing in tags
    }

    void answersAreJudgedByTheMarkOfTheModelThatGaveThem() {
        auto item = itemThat("mine", 1, true, true);
        item.item.options.clear();
        item.item.gold = "red";
        auto& answer = item.answers["fixed:4"];
        answer.output = "It is not \\boxed{blue} but \\boxed{red}.";
        const auto rightBy = [&](const char* scorer) {
            const auto verdicts = verdictsOn(item, answer);
            return std::ranges::find(verdicts, scorer, &Verdict::scorer)->right;
        };
        QVERIFY(!rightBy("vqa_answer"));
        item.dialect = "monet";
        QVERIFY(rightBy("vqa_answer"));
        QVERIFY(rawLine(item, "fixed:4").find("\"dialect\":\"monet\"") != std::string::npos);
        QCOMPARE(itemsIn(cellsOf(item)).front().dialect, std::string("monet"));
    }

    void thoughtsOfImportedAnswersAreThoseThatAreSpelledOut_data() {
        QTest::addColumn<QString>("output");
        QTest::addColumn<QList<int>>("thoughts");
        QTest::addColumn<int>("closed");
        QTest::addColumn<QString>("answer");
        const QString two = "<|lvr_start|><|lvr|><|lvr|><|lvr_end|>";
        QTest::newRow("none") << "B<|im_end|>" << QList<int>() << 0 << "B<|im_end|>";
        QTest::newRow("one") << two + "<answer> B </answer>" << QList<int>{2} << 1 << "B";
        QTest::newRow("two, open")
            << two + "<|lvr_start|><|lvr|> C" << QList<int>{2, 1} << 1 << "C";
        const QString ilvr = "<|latent_start|><|latent_pad|><|latent_start|><|latent_pad|>";
        QTest::newRow("restarted")
            << ilvr + "<|latent_end|>It is \\boxed{C}" << QList<int>{2} << 1 << "C";
        QTest::newRow("in place of start")
            << "<abs_vis_token><abs_vis_token_pad></abs_vis_token>\\boxed{C}" << QList<int>{2} << 1
            << "C";
        QTest::newRow("pad first") << "<|sketch_start|><|skila|><|sketch_end|><answer>C</answer>"
                                   << QList<int>{1} << 1 << "C";
        QTest::newRow("empty span") << "<|lvr_start|><|lvr_end|>D" << QList<int>() << 0 << "D";
    }
    void thoughtsOfImportedAnswersAreThoseThatAreSpelledOut() {
        QFETCH(QString, output);
        QFETCH(QList<int>, thoughts);
        QFETCH(int, closed);
        QFETCH(QString, answer);
        const auto spelled = dialectSpelledIn(output.toStdString());
        const auto read = importedAnswer(output.toStdString(), spelled);
        QCOMPARE(QList<int>(read.thoughts.begin(), read.thoughts.end()), thoughts);
        QCOMPARE(read.closed, closed);
        QCOMPARE(QString::fromStdString(read.answer), answer);
    }

    void theTableNamesAllOfIt() {
        const auto rows = rowsOf(runOf("vstar", {itemThat("vstar", 1, true, false)}));
        const auto text = QString::fromStdString(tableText(rows));
        for (const QString part :
             {"scorer", "lvr_official", "prompt", "pixels", "3136–1003520", "tokens", "triggered",
              "closed", "fixed:4", "base", "Wilson", "disputed", "63.4–78.5 (7 sources)"})
            QVERIFY2(text.contains(part), qPrintable(part + " in\n" + text));
        const auto lines = QString::fromStdString(tableMarkdown(rows)).split('\n');
        QCOMPARE(lines.size(), static_cast<int>(rows.size()) + 3);
        for (int i = 0; i + 1 < lines.size(); ++i)
            QCOMPARE(lines[i].count('|'), lines[0].count('|'));
        QCOMPARE(QString::fromStdString(tableCsv(rows)).count('\n'),
                 static_cast<int>(rows.size()) + 1);
    }

    void whatKeepsARunFromGoingOnIsSaid_data() {
        QTest::addColumn<QString>("change");
        QTest::addColumn<QString>("said");
        QTest::newRow("data") << "set"
                              << "the data was vstar and is mmvp now";
        QTest::newRow("files") << "hash"
                               << "the files of vstar:/data are not those of vstar:/data "
                                  "that were read then";
        QTest::newRow("count") << "items"
                               << "the number of questions of vstar was 2 and is 3 now";
        QTest::newRow("scorer") << "scorer"
                                << "the scorer of vstar was lvr_official and is "
                                   "lmms_vstar now (lvr eval rescore --run shows what "
                                   "others make of the answers)";
        QTest::newRow("columns") << "columns"
                                 << "what is asked was fixed:4, base and is base now";
        QTest::newRow("prompt") << "prompt"
                                << "--prompt was lvr and is vlmevalkit now";
        QTest::newRow("pixels") << "pixels"
                                << "the size of pictures in pixels was 3136 to 1003520 "
                                   "and is 3136 to 200000 now";
        QTest::newRow("nothing") << "nothing"
                                 << "";
    }
    void whatKeepsARunFromGoingOnIsSaid() {
        QFETCH(QString, change);
        QFETCH(QString, said);
        auto now = planOf("vstar", 2);
        if (change == "set") now.sets[0].name = "mmvp";
        if (change == "hash") now.sets[0].hash = "xxh3-128:2";
        if (change == "items") now.sets[0].items = 3;
        if (change == "scorer") now.sets[0].scorer = "lmms_vstar";
        if (change == "columns") now.columns.erase(now.columns.begin());
        if (change == "prompt") now.prompt = "vlmevalkit";
        if (change == "pixels") now.maxPixels = 200000;
        const auto found = differenceBetween(planOf("vstar", 2), now);
        QCOMPARE(QString::fromStdString(found.value_or("")), said);
    }
};

QTEST_GUILESS_MAIN(EvaluationTest)
#include "evaluation_test.moc"
