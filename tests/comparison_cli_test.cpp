// A comparison that the window made, as the headless command lists, shows and exports it.

#include <QTemporaryDir>

#include "core/eval/comparison_text.h"
#include "core/eval/kept_comparison.h"
#include "core/eval/tested_set.h"
#include "core/store/run_store.h"
#include "tests/support/program.h"

using namespace lvr;
using program::compareFailure;
using program::jsonOf;

namespace {

const std::vector<Strategy> kStrategies{{.options = {.exit = FixedSteps{8}}},
                                        {.name = "größer", .options = {.exit = NoLatents{}}}};

SetQuestion questionOf(int number, bool first, bool second) {
    const auto outcome = [](bool right) {
        return Outcome{.answer = right ? "moon" : "sun, \"red\"",
                       .right = right,
                       .latents = 8,
                       .times = {1.5, 20, 30}};
    };
    return {.number = number,
            .id = "scene " + std::to_string(number),
            .kind = "count",
            .text = "What?",
            .expected = "moon",
            .outcomes = {outcome(first), outcome(second)}};
}

// Two questions of a set of three under zeros: one flips, one could not be tested.
std::int64_t putTestedSet(RunStore& store) {
    const Intervention zero{.kind = InterventionKind::Zero};
    const TestedSet set{.choice = {.kind = "count", .count = 3}, .interventions = {zero}};
    const auto run = store.start(testedSetInfo(set, {.command = "lvr diagnose --count 3",
                                                     .parent = "tiny model",
                                                     .data = "count scenes, seed 7",
                                                     .steps = 3}));
    TestedItem item{.item = {.id = "scene 0"}};
    item.item.panel = {.expected = "moon", .answer = "moon", .right = true, .latents = 4};
    item.item.panel.outcomes = {
        {.intervention = zero, .answer = "sun", .flipped = true, .right = false}};
    putItem(store, run, item, 1);
    putItem(store, run, {.number = 1, .item = {.id = "scene 1"}, .problem = "it is broken"}, 2);
    store.end(run, RunStatus::Stopped, "stopped after 2 of 3 questions");
    return run;
}

}  // namespace

class ComparisonCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }
    QByteArray textOf(const QString& name) const {
        QFile file(path(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("LVR_STORE", path("runs.db").toUtf8());
        RunStore store(path("runs.db").toStdString());
        store.start({.kind = "sft", .out = path("out").toStdString()});
        const auto run = store.start(comparisonInfo(
            {.kind = "count", .count = 4}, kStrategies,
            {.parent = "tiny model", .data = "count scenes, seed 1000000", .steps = 4}));
        store.putQuestion(run, questionOf(0, true, false), 1);
        store.putQuestion(run, questionOf(1, true, false), 2);
        store.putQuestion(run, questionOf(1, true, true), 2);  // in place of the one before
        store.putQuestion(run, {.number = 2, .unreadable = "picture 2 is missing"}, 3);
        auto failed = questionOf(3, true, true);
        failed.outcomes[1].reset();
        failed.failures = {"", "This model has no end token"};
        store.putQuestion(run, failed, 4);
        store.end(run, RunStatus::Stopped, "stopped by hand");
    }

    void itIsListedByItsSetAndModel() {
        const auto listed = program::lvr({"runs", "list", "--kind", "compare"}).out;
        QVERIFY2(listed.contains("count scenes, seed 1000000, tiny model") &&
                     listed.contains("4/4") && !listed.contains("sft"),
                 qPrintable(listed));
    }

    void itsTableIsShown() {
        const auto shown = program::lvr({"runs", "show", "2"}).out;
        for (const QString part : {"fixed 8", "größer", "100.0 %", "+0 -1", "unreadable  1",
                                   "failed: This model has no end token", "stopped by hand"})
            QVERIFY2(shown.contains(part), qPrintable(shown));
        const auto json = jsonOf(program::lvr({"runs", "show", "2", "--json"})).object();
        QCOMPARE(json["kind"].toString(), "compare");
        QCOMPARE(json["strategies"].toArray()[0].toObject()["right"].toInt(), 3);
        QCOMPARE(json["questions"].toArray().size(), 3);
    }

    // One writer: byte for byte what the window's Export writes.
    void itsFilesAreTheWindows() {
        const auto results = readComparison(RunStore(path("runs.db").toStdString()), 2).results;
        const std::pair<QStringList, std::string> wanted[] = {
            {{"--to", path("t.csv")}, scoresToCsv(results)},
            {{"--to", path("t.json")}, toJson(results)},
            {{"--to", path("t.md")}, toMarkdown(results)},
            {{"--format", "answers", "--to", path("a.csv")}, answersToCsv(results)}};
        for (const auto& [options, text] : wanted) {
            const auto done = program::lvr(QStringList{"runs", "export", "2"} + options);
            QVERIFY2(done.code == 0, qPrintable(done.err));
            QFile file(options.last());
            QVERIFY(file.open(QIODevice::ReadOnly));
            QCOMPARE(file.readAll(), QByteArray::fromStdString(text));
        }
    }

    void aFormatOfTheOtherKindIsRefused() {
        compareFailure(
            program::lvr({"runs", "export", "2", "--format", "tensorboard", "--to", path("x")}), 2,
            "csv, answers, json or markdown");
        compareFailure(program::lvr({"runs", "export", "1", "--to", path("x.md")}), 2,
                       "csv, json, tensorboard or completions");
    }

    void aTestedSetSaysOfWhatHowFarAndWhatFollows() {
        RunStore store(path("causal.db").toStdString());
        QCOMPARE(putTestedSet(store), std::int64_t{1});
        const auto runs = [&](const QStringList& words) {
            return program::lvr(QStringList{"runs"} + words +
                                QStringList{"--store", path("causal.db")});
        };
        const auto listed = runs({"list", "--kind", "causal"}).out;
        QVERIFY2(listed.contains("causal") && listed.contains("2/3") &&
                     listed.contains("count scenes, seed 7, tiny model"),
                 qPrintable(listed));
        const auto shown = runs({"show", "1"}).out;
        for (const QString part :
             {"set         count scenes, seed 7", "model       tiny model", "questions   2 of 3",
              "left out    1, the first: scene 1: it is broken", "lvr diagnose --count 3",
              "too few to tell", "zero", "0/1/0/0", "stopped after 2 of 3"})
            QVERIFY2(shown.contains(part), qPrintable(part + " is not in\n" + shown));
        const auto json = jsonOf(runs({"show", "1", "--json"})).object();
        QCOMPARE(json["kind"].toString(), "causal");
        QCOMPARE(json["done"].toInt(), 2);
        QCOMPARE(json["verdict"]["use"].toString(), "too few to tell");
        const auto report = jsonOf(runs({"export", "1"})).object();
        QCOMPARE(report["interventions"][0]["flips"].toInt(), 1);
        QCOMPARE(report["asked"].toInt(), 1);
        compareFailure(runs({"export", "1", "--format", "csv"}), 2, "written as json, not as csv");
    }

    void aFolderIsNotNamedLikeAFile() {
        compareFailure(
            program::lvr({"runs", "export", "1", "--format", "tensorboard", "--to", path("y.csv")}),
            2, "y.csv is named like a .csv file");
        QVERIFY(!QFile::exists(path("y.csv")));
    }

    void itCanBeForgotten() {
        QCOMPARE(program::lvr({"runs", "delete", "2", "--yes"}).code, 0);
        compareFailure(program::lvr({"runs", "show", "2"}), 1, "there is no run \"2\"");
    }
};

QTEST_GUILESS_MAIN(ComparisonCliTest)
#include "comparison_cli_test.moc"
