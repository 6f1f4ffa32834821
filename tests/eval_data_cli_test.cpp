// Benchmarks from the command line, end to end with the shipped model: asked, killed and gone on
// with, shown, judged anew, and answers of other programs taken in.

#include <QTemporaryDir>

#include "core/store/run_store.h"
#include "tests/support/program.h"

using namespace lvr;
using program::compareFailure;
using program::jsonOf;

namespace {

QString samples(const QString& name) {
    const auto given = qEnvironmentVariable("LVR_BENCH_SAMPLES");
    return (given.isEmpty() ? QString(LVR_FIXTURES "/bench-samples") : given) + "/" + name;
}

QString vstar() { return "vstar:" + samples("vstar/craigwu_vstar_bench"); }

// The rows of the table that are of all of a set.
QJsonObject rowOf(const QJsonObject& all, const QString& column, const QString& set = "vstar") {
    for (const auto& row : all["rows"].toArray()) {
        const auto object = row.toObject();
        if (object["column"] == column && object["part"] == "" && object["benchmark"] == set)
            return object;
    }
    return {};
}

}  // namespace

class EvalDataCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }

    RunStore store() const {
        return RunStore(path("runs.db").toStdString(), RunStore::Access::Read);
    }
    std::size_t runs() const { return QFile::exists(path("runs.db")) ? store().runs().size() : 0; }
    QString newestRun() const { return QString::number(store().runs().front().id); }

    static program::Result eval(const QStringList& arguments) {
        return program::lvr(QStringList{"eval", "data", "--threads", "1"} + arguments);
    }

    // What each item was answered, without the clock.
    static QStringList answersOf(const QJsonObject& all) {
        QStringList answers;
        for (const auto& value : all["items"].toArray()) {
            const auto item = value.toObject();
            const auto columns = item["answers"].toObject();
            for (const auto& column : columns.keys())
                answers << item["id"].toString() + " " + column + " " +
                               columns[column].toObject()["output"].toString();
        }
        return answers;
    }

private Q_SLOTS:
    void initTestCase() {
        for (const char* variable : {"XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"})
            qputenv(variable, folder_.path().toUtf8());
        qputenv("LVR_STORE", path("runs.db").toUtf8());
        QCOMPARE(
            program::lvr({"make-data", "scenes", "--out", path("scenes"), "--count", "24"}).code,
            0);
    }

    void aBenchmarkBecomesATableARunAndFiles() {
        const auto asked = eval({"--data", vstar(), "--exit", "fixed:2,fixed:4", "--mode",
                                 "lvr,base", "--max-new-tokens", "12", "--json", "--to",
                                 path("all.json"), "--raw", path("raw.jsonl")});
        QVERIFY2(asked.code == 0, qPrintable(asked.err));
        const auto all = jsonOf(asked).object();
        const auto items = all["items"].toArray();
        QCOMPARE(items.size(), 5);
        for (const auto& value : items) {
            const auto answers = value.toObject()["answers"].toObject();
            QCOMPARE(answers.keys(), QStringList({"base", "fixed:2", "fixed:4"}));
            QVERIFY(!answers["fixed:2"].toObject()["verdicts"].toObject().isEmpty());
            QVERIFY(answers["fixed:2"].toObject().contains("latent_heat") ==
                    !answers["fixed:2"].toObject()["thoughts"].toArray().isEmpty());
        }
        const auto row = rowOf(all, "fixed:4");
        QCOMPARE(row["count"].toInt(), 5);
        QCOMPARE(row["scorer"].toString(), "lvr_official");
        QCOMPARE(row["exit"].toString(), "fixed:4");
        QCOMPARE(row["published_base"].toObject()["sources"].toInt(), 7);
        QVERIFY(row["visual_tokens"].toDouble() > 0 && row["max_pixels"].toDouble() > 0);
        QVERIFY(row.contains("against_first") && !rowOf(all, "fixed:2").contains("against_first"));
        QCOMPARE(rowOf(all, "base")["thought"].toInt(), 0);
        QFile file(path("all.json"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(QJsonDocument::fromJson(file.readAll()).object(), all);
        QFile raw(path("raw.jsonl"));
        QVERIFY(raw.open(QIODevice::ReadOnly));
        QCOMPARE(raw.readAll().count('\n'), 15);
        QVERIFY2(asked.err.contains("5 of 5 items"), qPrintable(asked.err));
        QCOMPARE(toText(store().runs().front().status), std::string("finished"));
    }

    void aRunIsShownExportedAndJudgedAnew() {
        const auto run = newestRun();
        const auto shown = program::lvr({"runs", "show", run}).out;
        for (const QString part : {"V* Bench", "fixed:4", "lvr_official", "Wilson", "63.4–78.5"})
            QVERIFY2(shown.contains(part), qPrintable(shown));
        QVERIFY(program::lvr({"runs", "list", "--kind", "eval"}).out.contains("5/5"));
        const auto answers = program::lvr({"runs", "export", run, "--format", "answers"}).out;
        QVERIFY2(answers.contains("exact_letter"), qPrintable(answers));
        QVERIFY(program::lvr({"runs", "export", run, "--format", "markdown"}).out.startsWith("| "));
        const auto kept = jsonOf(program::lvr({"eval", "rescore", "--run", run, "--json"})).array();
        const auto file =
            jsonOf(program::lvr({"eval", "rescore", "--raw", path("raw.jsonl"), "--json"})).array();
        QCOMPARE(kept.size(), 15);
        for (int i = 0; i < kept.size(); ++i)
            QCOMPARE(kept[i].toObject()["scorers"], file[i].toObject()["scorers"]);
    }

    // Killed where nothing can be tidied up; what was answered is there, and the rest is asked.
    void aKillLosesNothing() {
        const QStringList command{"--data", "data:" + path("scenes/data.json"),
                                  "--exit", "fixed:4",
                                  "--mode", "lvr,base"};
        const auto whole = eval(command + QStringList{"--json"});
        QVERIFY2(whole.code == 0, qPrintable(whole.err));
        const auto before = runs();
        QProcess process;
        process.start(LVR_PROGRAM, QStringList{"eval", "data", "--threads", "1"} + command);
        QTRY_VERIFY_WITH_TIMEOUT(runs() > before && store().runs().front().step >= 3, 120000);
        process.kill();
        QVERIFY(process.waitForFinished());
        const auto killed = store().runs().front();
        QCOMPARE(killed.status, RunStatus::Lost);
        QVERIFY2(killed.step < killed.info.steps, "it ended before the kill");
        QCOMPARE(static_cast<int>(store().results(killed.id).size()), 3 * killed.step);
        const auto resumed = eval({"--resume", newestRun(), "--json"});
        QVERIFY2(resumed.code == 0, qPrintable(resumed.err));
        QCOMPARE(store().runs().front().id, killed.id);
        QCOMPARE(answersOf(jsonOf(resumed).object()), answersOf(jsonOf(whole).object()));
        const auto row = rowOf(jsonOf(whole).object(), "fixed:4", "data");
        QCOMPARE(row["scorer"].toString(), "answer");
        QCOMPARE(row["count"].toInt(), 24);
        QCOMPARE(row["thought"].toInt(), 24);  // scenes are what it was trained on
        QVERIFY(row["right"].toDouble() >
                rowOf(jsonOf(whole).object(), "base", "data")["right"].toDouble());
        QCOMPARE(jsonOf(resumed).object()["rows"], jsonOf(whole).object()["rows"]);
    }

    void anotherQuestionIsNoResumption_data() {
        QTest::addColumn<QStringList>("now");
        QTest::addColumn<QString>("said");
        QTest::newRow("budget") << QStringList{"--exit", "fixed:6"}
                                << "what is asked was fixed:4, base and is fixed:6, base now";
        QTest::newRow("scorer") << QStringList{"--scorer", "vqa"}
                                << "the scorer of data was answer and is vqa now";
        QTest::newRow("data") << QStringList{"--data", vstar()}
                              << "the data was data and is vstar now";
        QTest::newRow("limit") << QStringList{"--limit", "3"}
                               << "the number of questions of data was 24 and is 3 now";
        QTest::newRow("pixels") << QStringList{"--max-pixels", "30000"} << "pixels was";
        QTest::newRow("decoding") << QStringList{"--temperature", "0.5"} << "the decoding was";
    }
    void anotherQuestionIsNoResumption() {
        QFETCH(QStringList, now);
        QFETCH(QString, said);
        const auto refused = eval(QStringList{"--resume", newestRun()} + now);
        compareFailure(refused, 1, said);
        QVERIFY(refused.err.contains("leave out --resume"));
    }

    void anotherModelIsNoResumption() {
        QDir().mkpath(path("other"));
        const QDir tiny(LVR_RESOURCES "/models/tiny");
        for (const auto& name : tiny.entryList(QDir::Files))
            QFile::copy(tiny.filePath(name), path("other/" + name));
        QFile config(path("other/config.json"));
        QVERIFY(config.open(QIODevice::Append) && config.write("\n") == 1);
        config.close();
        compareFailure(eval({"--resume", newestRun(), "--model", path("other")}), 1,
                       "was begun with the model");
    }

    void aBrokenPictureInTheMiddleIsSkippedCountedAndNamed() {
        QDir().mkpath(path("broken"));
        QFile::copy(path("scenes/data.json"), path("broken/data.json"));
        QDir images(path("scenes/images"));
        QDir().mkpath(path("broken/images"));
        for (const auto& name : images.entryList(QDir::Files))
            QFile::copy(images.filePath(name), path("broken/images/" + name));
        const auto second = images.entryList(QDir::Files, QDir::Name)[1];
        QFile picture(path("broken/images/" + second));
        QVERIFY(picture.resize(picture.size() / 2));
        const auto asked =
            eval({"--data", "data:" + path("broken/data.json"), "--json", "--exit", "fixed:2"});
        QVERIFY2(asked.code == 0, qPrintable(asked.err));
        QVERIFY2(asked.err.contains(second), qPrintable(asked.err));
        const auto all = jsonOf(asked).object();
        const int count = rowOf(all, "fixed:2", "data")["count"].toInt();
        QVERIFY2(count > 0 && count < 24, qPrintable(QString::number(count)));
        QVERIFY2(!all["notes"].toArray().isEmpty(), "the table says that one is missing");
    }

    void whatCannotBeDoneIsRefusedBeforeItIsBegun_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("said");
        QTest::newRow("no folder") << QStringList{"--data", vstar(), "--to", path("no/all.json")}
                                   << 1 << "there is no folder";
        QTest::newRow("unknown benchmark") << QStringList{"--data", "vstars:/tmp"} << 2 << "vstars";
        QTest::newRow("the same twice")
            << QStringList{"--data", vstar(), "--data", vstar()} << 2 << "are both V* Bench";
        QTest::newRow("nothing") << QStringList{} << 2 << "nothing is asked";
        QTest::newRow("no root") << QStringList{"--suite", "paper"} << 2 << "--root";
        QTest::newRow("a way twice") << QStringList{"--data", vstar(), "--exit", "fixed:2,fixed:2"}
                                     << 2 << "\"fixed:2\" is asked twice";
        QTest::newRow("no such run") << QStringList{"--resume", "99"} << 1 << "99";
    }
    void whatCannotBeDoneIsRefusedBeforeItIsBegun() {
        QFETCH(QStringList, arguments);
        QFETCH(int, code);
        QFETCH(QString, said);
        const auto before = runs();
        compareFailure(eval(arguments), code, said);
        QCOMPARE(runs(), before);
    }

    void theSuiteAsksAllThatIsThere() {
        const auto asked = eval(
            {"--suite", "paper", "--root", samples(""), "--limit", "2", "--max-new-tokens", "3"});
        QVERIFY2(asked.code == 0, qPrintable(asked.err));
        for (const QString part :
             {"vstar", "mmvp", "blink", "cv_bench", "hr_bench_4k", "hr_bench_8k",
              "mme_realworld_lite", "fixed:4", "fixed:8", "fixed:16", "pairs", "macro"})
            QVERIFY2(asked.out.contains(part), qPrintable(part + " in\n" + asked.out));
        QDir().mkpath(path("root"));
        QFile::link(samples("mmvp/MMVP_MMVP"), path("root/MMVP"));
        const auto some = eval({"--suite", "paper", "--root", path("root"), "--limit", "1",
                                "--exit", "fixed:1", "--max-new-tokens", "4"});
        QVERIFY2(some.code == 0, qPrintable(some.err));
        QVERIFY2(some.err.contains("V* Bench is not in"), qPrintable(some.err));
    }

    void answersOfOtherProgramsAreTakenIn() {
        const auto file = samples(
            "results/lmms-eval/Qwen__Qwen2.5-VL-7B-Instruct/20260301_120000_samples_vstar_bench"
            ".jsonl");
        const auto taken = program::lvr(
            {"eval", "import", file, "--data", vstar(), "--json", "--scorer", "lmms_vstar"});
        QVERIFY2(taken.code == 0, qPrintable(taken.err));
        const auto row = rowOf(jsonOf(taken).object(), "imported");
        QVERIFY(row["count"].toInt() > 0);
        QCOMPARE(row["scorer"].toString(), "lmms_vstar");
        QVERIFY(program::lvr({"eval", "rescore", "--run", newestRun()}).out.contains("lmms_vstar"));
        compareFailure(program::lvr({"eval", "import", path("scenes/data.json")}), 1, "data.json");
    }
};

QTEST_GUILESS_MAIN(EvalDataCliTest)
#include "eval_data_cli_test.moc"
