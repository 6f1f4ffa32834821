// A comparison that the window made, as the headless command lists, shows and exports it.

#include <QTemporaryDir>

#include "core/eval/comparison_text.h"
#include "core/eval/kept_comparison.h"
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
