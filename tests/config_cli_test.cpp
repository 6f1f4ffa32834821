// --config and the file that each run writes for it, as their user sees them.

#include <QTemporaryDir>

#include "tests/support/program.h"

using program::compareFailure;
using program::jsonOf;
using program::lvr;

namespace {

const QString kTiny = LVR_RESOURCES "/models/tiny";

}  // namespace

class ConfigCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }
    QString write(const QString& name, const QByteArray& text) const {
        QFile file(path(name));
        if (file.open(QIODevice::WriteOnly)) file.write(text);
        return file.fileName();
    }
    QByteArray read(const QString& name) const {
        QFile file(path(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    QStringList small(const QString& out) const {
        return {"sft",      "--model",    kTiny,     "--data",      path("scenes"),
                "--out",    path(out),    "--steps", "2",           "--schedule",
                "constant", "--pictures", "1",       "--questions", "2"};
    }
    static QJsonObject printed(const QStringList& arguments) {
        const auto result = lvr(arguments + QStringList{"--print-options"});
        [&] { QVERIFY2(result.code == 0, qPrintable(result.err)); }();
        return jsonOf(result).object();
    }
    QJsonArray runs() const { return jsonOf(lvr({"runs", "list", "--json"})).array(); }

    // One of these ends when it is asked to, or with this test.
    static void start(QProcess& process, const QStringList& arguments, const QByteArray& until) {
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(LVR_PROGRAM, arguments);
        QByteArray said;
        while (!said.contains(until) && process.waitForReadyRead(120000)) said += process.readAll();
        QVERIFY2(said.contains(until), said.constData());
    }
    static void stop(QProcess& process) {
        process.terminate();
        QVERIFY(process.waitForFinished(120000));
        const auto said = process.readAll();
        QVERIFY2(said.contains("--resume"), said.constData());
        QCOMPARE(process.exitCode(), 130);
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("LVR_STORE", path("runs.db").toUtf8());
        QCOMPARE(lvr({"make-data", "scenes", "--out", path("scenes"), "--count", "6"}).code, 0);
    }

    void whatIsTypedWinsOverTheFileAndTheFileOverTheRecipe() {
        const auto file = write("a.yaml",
                                "# a comment\n"
                                "recipe: paper\n"
                                "lr: 3e-4\n"
                                "steps: 77\n"
                                "lora-rank: 4\n"
                                "lora-targets: [q_proj, v_proj]\n"
                                "answer-gate: true\n"  // as PyYAML writes "on"
                                "cycle-slots: on\n"
                                "roi-tokens: \"cycle:4\"\n"
                                "exit:\n");
        const auto sft = write("b.yaml", read("a.yaml").replace("exit:\n", ""));
        const auto said = printed({"sft", "--config", sft, "--steps", "5"});
        QCOMPARE(said["recipe"].toString(), QString("paper"));
        QCOMPARE(said["lr"].toDouble(), 3e-4);
        QCOMPARE(said["steps"].toInt(), 5);
        QCOMPARE(said["lora-targets"].toArray(), (QJsonArray{"q_proj", "v_proj"}));
        QCOMPARE(said["answer-gate"].toString(), QString("on"));
        QCOMPARE(said["cycle-slots"].toString(), QString("on"));
        QCOMPARE(said["roi-tokens"].toString(), QString("cycle:4"));
        QCOMPARE(said["weight-decay"].toDouble(), 0.1);  // the recipe's
        compareFailure(lvr({"sft", "--config", file, "--print-options"}), 2, "\"exit\"");
    }

    void aRunWritesAFileThatStartsTheSameAgain() {
        const auto first = lvr(small("one") + QStringList{"--lr", "1e-05", "--log-every", "1",
                                                          "--seed", "3", "--lora-rank", "2"});
        QVERIFY2(first.code == 0, qPrintable(first.err));
        const auto text = read("one/training.yaml");
        for (const char* line : {"\nlr: 1e-05\n", "\nlog-every: 1\n", "\nkeep-best: false\n",
                                 "\nlora-rank: 2\n", "\ndevice: cpu\n"})
            QVERIFY2(text.contains(line), text.constData());
        const auto again =
            lvr({"sft", "--config", path("one/training.yaml"), "--out", path("two")});
        QVERIFY2(again.code == 0, qPrintable(again.err));
        QCOMPARE(read("two/adapter_model.safetensors"), read("one/adapter_model.safetensors"));
        QCOMPARE(read("two/training.yaml").replace("/two", "/one"), text);
        QCOMPARE(again.out.count("\nstep "), 2);
    }

    void aResumedRunIsHeldToTheFileAsToFlags() {
        QProcess first, second;
        auto longer = small("long");
        longer[longer.indexOf("2")] = "100000";
        start(first, longer, "step      1/100000");  // at once, though ten steps are the default
        stop(first);
        const auto text = read("long/training.yaml");
        QVERIFY(text.contains("\nlog-every: 10\n"));
        const auto other = write("other.yaml", QByteArray(text).replace("seed: 0", "seed: 1"));
        compareFailure(lvr({"sft", "--resume", path("long"), "--config", other}), 2,
                       "--seed 1 contradicts run");
        const auto same =
            write("same.yaml", QByteArray(text).replace("log-every: 10", "log-every: 1"));
        start(second, {"sft", "--resume", path("long"), "--config", same}, "goes on after step");
        QByteArray said;
        while (said.count("\nstep ") < 3 && second.waitForReadyRead(120000))
            said += second.readAll();
        QVERIFY2(said.count("\nstep ") >= 3, said.constData());
        stop(second);
        QVERIFY(read("long/training.yaml").contains("\nlog-every: 1\n"));
    }

    void aWrongFileIsOneSentenceAndNoRun_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("names");
        QTest::newRow("unknown key") << QByteArray("learning_rate: 1\n") << "did you mean \"lr\"";
        QTest::newRow("mistyped key") << QByteArray("stepps: 1\n") << "did you mean \"steps\"";
        QTest::newRow("of another command")
            << QByteArray("group-size: 8\n") << "no option \"group-size\"";
        QTest::newRow("out of range") << QByteArray("lr: -1\n") << "\"lr\": \"-1\" is not a number";
        QTest::newRow("no number") << QByteArray("batch: many\n") << "\"batch\"";
        QTest::newRow("no value") << QByteArray("lr:\n") << "\"lr\" has no value";
        QTest::newRow("no choice") << QByteArray("loss: mea\n") << "did you mean \"mse\"";
        QTest::newRow("list for one") << QByteArray("lr: [1, 2]\n") << "is a list";
        QTest::newRow("map") << QByteArray("lr: {a: 1}\n") << "is a map";
        QTest::newRow("list of lists") << QByteArray("lora-targets: [[q_proj]]\n") << "list of";
        QTest::newRow("wrong item") << QByteArray("lora-targets: [qproj]\n") << "q_proj";
        QTest::newRow("twice") << QByteArray("lr: 1e-3\nlr: 1e-4\n") << "said twice";
        QTest::newRow("itself") << QByteArray("config: b.yaml\n") << "on the command line";
        QTest::newRow("broken") << QByteArray("lr: [1\nsteps: 2\n") << "is not YAML: line";
        QTest::newRow("no map") << QByteArray("- lr\n") << "no map of options";
        QTest::newRow("empty") << QByteArray("# nothing\n") << "is empty";
        QTest::newRow("flag's value") << QByteArray("keep-best: perhaps\n") << "\"keep-best\"";
    }
    void aWrongFileIsOneSentenceAndNoRun() {
        QFETCH(QByteArray, text);
        QFETCH(QString, names);
        const auto before = runs();
        const auto file = write("wrong.yaml", text);
        const auto result = lvr(small("no") + QStringList{"--config", file});
        compareFailure(result, 2, names);
        QVERIFY2(result.err.contains("wrong.yaml"), qPrintable(result.err));
        QCOMPARE(runs(), before);
        QVERIFY(!QFile::exists(path("no")));
    }

    void aFileThatIsNotThereIsNamed() {
        compareFailure(lvr(small("no") + QStringList{"--config", path("none.yaml")}), 2,
                       "none.yaml");
        compareFailure(lvr(small("no") + QStringList{"--config", folder_.path()}), 2, "--config");
        const QStringList twice{"--config", path("none.yaml"), "--config", path("none.yaml")};
        compareFailure(lvr(small("no") + twice), 2, "--config is given twice");
    }
};

QTEST_GUILESS_MAIN(ConfigCliTest)
#include "config_cli_test.moc"
