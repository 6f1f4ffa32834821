// Mistakes of the command line: found before anything is opened, said in our words.

#include <QRegularExpression>
#include <QTemporaryDir>

#include "tests/support/program.h"

using program::compareFailure;
using program::jsonOf;
using program::lvr;

namespace {

const QString kTiny = LVR_RESOURCES "/models/tiny";

}  // namespace

class UsageCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString runs_;  // before any mistake
    QString path(const QString& name) const { return folder_.filePath(name); }
    QString write(const QString& name, const QByteArray& text) const {
        QFile file(path(name));
        if (file.open(QIODevice::WriteOnly)) file.write(text);
        return file.fileName();
    }
    QStringList training(const QString& kind) const {
        return {kind, "--model", kTiny, "--data", path("scenes"), "--out", path("no")};
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("LVR_STORE", path("runs.db").toUtf8());
        QCOMPARE(lvr({"make-data", "scenes", "--out", path("scenes"), "--count", "6"}).code, 0);
        QCOMPARE(lvr(training("sft") + QStringList{"--steps", "1", "--schedule", "constant",
                                                   "--pictures", "1", "--out", path("made")})
                     .code,
                 0);
        runs_ = lvr({"runs", "list", "--json"}).out;
        write("none.json", "[]");
        write("bad.json", R"([{"image": "x.png", "conversations": [], "bboxes": []}])");
    }

    void aMistakeLeavesNoRun_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("names");
        const auto row = [&](const char* name, const QString& kind, const QStringList& more,
                             int code, const QString& names) {
            QTest::newRow(name) << training(kind) + more << code << names;
        };
        for (const QString kind : {"sft", "grpo"}) {
            const auto named = [&](const char* what) { return (kind + ": " + what).toUtf8(); };
            row(named("no data"), kind, {"--data", path("nowhere.json")}, 1, "nowhere.json");
            row(named("no record"), kind, {"--data", path("none.json")}, 1, "no record");
            row(named("bad records"), kind, {"--data", path("bad.json")}, 1, "bad.json");
            row(named("no such step"), kind, {"--log-every", "0"}, 2,
                "\"0\" is not a whole number from 1");
            row(named("turned limits"), kind, {"--min-pixels", "500000", "--max-pixels", "400000"},
                2, "is larger than");
            row(named("no such type"), kind, {"--dtype", "float16"}, 2, "float16");
            row(named("no such device"), kind, {"--device", "cuda:99"}, 2, "cuda:99");
            row(named("cache is a file"), kind, {"--feature-cache", path("none.json")}, 1,
                "--feature-cache");
            row(named("best of nothing"), kind, {"--keep-best"}, 2, "--validation-data");
            row(named("no validation data"), kind, {"--validation-data", path("nowhere.json")}, 1,
                "nowhere.json");
        }
        row("an adapter has no vision tower", "sft", {"--lora-rank", "2", "--vision-lr", "0.1"}, 2,
            "--lora-rank");
        row("nothing to end", "sft", {"--twin", "plain", "--latent-end", "vector"}, 2,
            "--latent-end");
        row("nothing to end, pretrain", "pretrain", {"--latent-end", "vector"}, 2, "--latent-end");
        row("no such reward", "grpo", {"--rewards", "acuracy"}, 2, "did you mean \"accuracy\"");
    }
    void aMistakeLeavesNoRun() {
        QFETCH(QStringList, arguments);
        QFETCH(int, code);
        QFETCH(QString, names);
        const auto result = lvr(arguments);
        QCOMPARE(result.code, code);
        QVERIFY2(result.err.contains(names), qPrintable(result.err));
        QCOMPARE(lvr({"runs", "list", "--json"}).out, runs_);
        QVERIFY(!QFile::exists(path("no")));
    }

    void anUnknownOptionIsNamedWithWhatIsMeant_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("said");
        const auto row = [](const char* name, const QStringList& arguments, const QString& said) {
            QTest::newRow(name) << arguments << said;
        };
        row("as transformers calls it", {"sft", "--learning-rate", "1e-4"},
            "lvr: lvr sft has no option \"--learning-rate\". Did you mean --lr? (lvr sft");
        row("with its value", {"sft", "--learning_rate=1e-4"},
            "lvr: lvr sft has no option \"--learning_rate\". Did you mean --lr? (lvr sft");
        row("as TRL calls it", {"grpo", "--num-generations", "4"}, "Did you mean --group-size?");
        row("mistyped", {"sft", "--wram-up", "3"}, "Did you mean --warm-up?");
        row("like nothing", {"sft", "--quux", "3"}, "has no option \"--quux\". (lvr sft --help");
        row("a word too many", {"sft", "here"}, "does not know what \"here\" is for");
        for (const QString command : {"info", "quantize", "merge"})
            row(qPrintable("two models, " + command), {"model", command, "a", "--model", "b"},
                "--model: At Most 1");
    }
    void anUnknownOptionIsNamedWithWhatIsMeant() {
        QFETCH(QStringList, arguments);
        QFETCH(QString, said);
        compareFailure(lvr(arguments), 2, said);
    }

    void ofAnOptionGivenTwiceTheLastCounts() {
        const auto said = lvr({"sft", "--recipe", "tiny", "--lr", "1e-3", "--loss", "mae", "--lr",
                               "1e-4", "--loss", "cosine", "--print-options"});
        QVERIFY2(said.code == 0, qPrintable(said.err));
        QCOMPARE(jsonOf(said).object()["lr"].toDouble(), 1e-4);
        QCOMPARE(jsonOf(said).object()["loss"].toString(), QString("cosine"));
    }

    void helpOfATrainingHasHeadings() {
        for (const QString kind : {"sft", "pretrain", "grpo"}) {
            const auto help = lvr({kind, "--help"}).out;
            int at = 0;
            for (const QString heading : {"Run:", "Data:", "Output:", "Validation:", "Machine:",
                                          "Loss:", "Optimizer:", "LoRA:"}) {
                const auto found = help.indexOf("\n" + heading + "\n");
                QVERIFY2(found > 0, qPrintable(heading + "\n" + help));
                if (heading != "LoRA:" && heading != "Loss:" && heading != "Optimizer:")
                    QVERIFY2(found > at, qPrintable(heading));
                at = static_cast<int>(found);
            }
            const auto rest = help.mid(help.indexOf("\nOptions:\n")).section("\n\n", 0, 0);
            QCOMPARE(rest.count("--"), 1);  // --help alone has no heading of its own
        }
    }

    void aFilesEndingIsObeyedOrRefused() {
        const auto refused = [&](const QStringList& arguments, const QString& file,
                                 const char* names) {
            compareFailure(lvr(arguments + QStringList{path(file)}), 2, names);
            QVERIFY(!QFile::exists(path(file)));
        };
        const QStringList to{"runs", "export", path("made"), "--to"};
        refused(QStringList{"runs", "export", path("made"), "--format", "completions", "--to"},
                "c.xlsx", ".parquet");
        refused(QStringList{"runs", "export", path("made"), "--format", "csv", "--to"}, "c.json",
                ".csv");
        refused(to, "c.xlsx", "c.xlsx");
        refused({"ask", "--question", "What?", "--trace"}, "c.json", ".lvrtrace");
        refused({"ask", "--question", "What?", "--dump"}, "c.pt", ".safetensors");
        refused({"eval", "scenes", "--count", "2", "--to"}, "c.csv", ".json");
        refused({"data", "check", path("nowhere"), "--fix"}, "c.csv", ".json");
        refused({"data", "preview", path("nowhere"), "--to"}, "c.jpg", ".png");
        QCOMPARE(lvr(to + QStringList{path("c.json")}).code, 0);
        QFile json(path("c.json"));
        QVERIFY(json.open(QIODevice::ReadOnly) && json.readAll().startsWith("{"));
        QCOMPARE(lvr(to + QStringList{path("c.csv")}).code, 0);
        QFile csv(path("c.csv"));
        QVERIFY(csv.open(QIODevice::ReadOnly) && csv.readAll().startsWith("step,name,value"));
    }

    void whatIsPrintedIsWholeOrRefused() {
        QProcess process;
        process.setStandardOutputFile("/dev/full");
        process.start(LVR_PROGRAM, {"data", "formats"});
        QVERIFY(process.waitForFinished(60000));
        QCOMPARE(process.exitCode(), 1);
        QVERIFY(process.readAllStandardError().contains("could not be written whole"));
        process.setStandardOutputFile(QString());
        process.start("/bin/sh", {"-c", QString("'%1' data formats | head -1 > /dev/null; "
                                                "'%1' data formats | head -1")
                                            .arg(LVR_PROGRAM)});
        QVERIFY(process.waitForFinished(60000));
        QCOMPARE(process.readAllStandardError(), QByteArray());
    }

    void theDataItselfIsNotCleanedOver() {
        const auto data = path("scenes/data.json");
        QFile file(data);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const auto before = file.readAll();
        compareFailure(lvr({"data", "check", path("scenes"), "--fix", data}), 2, "the data itself");
        QFile again(data);
        QVERIFY(again.open(QIODevice::ReadOnly));
        QCOMPARE(again.readAll(), before);
    }

    void whatACommandIsAboutNeedsNoFlagAndMayHaveOne() {
        for (const QString flag : {"", "--model"}) {
            const auto named = flag.isEmpty() ? QStringList{kTiny} : QStringList{flag, kTiny};
            QVERIFY(lvr(QStringList{"model", "info"} + named).out.contains("parameters"));
            compareFailure(lvr(QStringList{"model", "merge"} + named + QStringList{"--out", "x"}),
                           1, "is no adapter");
        }
    }
};

QTEST_GUILESS_MAIN(UsageCliTest)
#include "usage_cli_test.moc"
