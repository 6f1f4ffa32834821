// Training as its user sees it in the run store.

#include <QRegularExpression>
#include <QTemporaryDir>
#include <algorithm>
#include <cmath>
#include <csignal>
#include <map>

#include "tests/support/program.h"
#include "tests/support/small_disk.h"

using program::compareFailure;
using program::jsonOf;
using program::lvr;

namespace {

const QString kModel = LVR_RESOURCES "/models/tiny";

}  // namespace

class RunsCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }
    QString data() const { return path("scenes"); }

    QStringList sft(const QString& out, const QStringList& more = {}) const {
        return QStringList{"sft", "--model", kModel, "--data", data(), "--out", path(out)} + more;
    }
    QJsonObject newestRun() const {
        return jsonOf(lvr({"runs", "list", "--json"})).array().first().toObject();
    }

    static void waitFor(QProcess& process, const QByteArray& text) {
        QByteArray said;
        while (!said.contains(text) && process.waitForReadyRead(60000)) said += process.readAll();
        QVERIFY2(said.contains(text), said.constData());
    }
    // All that does not depend on the clock.
    QStringList metricsOf(const QString& out) const {
        const auto rows = lvr({"runs", "export", path(out)}).out.split('\n');
        QStringList kept;
        for (const auto& row : rows)
            if (!row.contains("_per_second") && !row.contains(",time/") &&
                !row.contains(",system/"))
                kept.append(row);
        return kept;
    }
    QByteArray bytesOf(const QString& name) const {
        QFile file(path(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("LVR_STORE", path("runs.db").toUtf8());
        QCOMPARE(lvr({"make-data", "scenes", "--out", data(), "--count", "30", "--seed", "9"}).code,
                 0);
    }

    void withoutAStoreEveryCommandSaysSo() {
        compareFailure(lvr({"runs", "list"}), 1, "there is no run store");
        compareFailure(lvr({"runs", "show", "1", "--store", data() + "/data.json"}), 1,
                       "is not a run store");
    }

    void aTrainingWritesItselfDown() {
        const auto trained = lvr(sft("a", {"--steps", "3", "--cool-down", "1", "--seed", "5"}));
        QVERIFY2(trained.code == 0, qPrintable(trained.err));
        const auto run = newestRun();
        QCOMPARE(run["kind"].toString(), QString("sft"));
        QCOMPARE(run["status"].toString(), QString("finished"));
        QCOMPARE(run["step"].toInt(), 3);
        QCOMPARE(run["out"].toString(), path("a"));
        QCOMPARE(run["seed"].toInt(), 5);
        QCOMPARE(run["options"].toObject()["cool-down"].toInt(), 1);
        QCOMPARE(run["options"].toObject()["twin"].toString(), QString("lvr"));

        const auto id = QString::number(run["id"].toInt());
        const auto csv = lvr({"runs", "export", id, "--format", "csv"}).out.split('\n');
        QCOMPARE(csv.first(), QString("step,name,value"));
        for (const auto* name : {"loss/ce", "loss/latent", "loss/total", "lr", "grad_norm"})
            QCOMPARE(csv.filter(QString(",%1,").arg(name)).size(), 3);
        QCOMPARE(lvr({"runs", "tail", id}).out.split('\n').size() + 1, csv.size());
        QVERIFY(lvr({"runs", "show", path("a")}).out.contains("finished"));
        QCOMPARE(lvr({"runs", "export", id, "--format", "json", "--to", path("a.json")}).code, 0);
        QVERIFY(QFile::exists(path("a.json")));
    }

    void aTrainingThatFailsSaysWhyInItsRun() {
        QFile list(path("bad.json"));
        QVERIFY(list.open(QIODevice::WriteOnly));
        list.write(R"([{"image": "cut.png", "conversations": [{"from": "human", "value": "?"},
                        {"from": "gpt", "value": "x"}]}])");
        list.close();
        QFile picture(path("cut.png"));
        QVERIFY(picture.open(QIODevice::WriteOnly));
        picture.close();
        const auto failed =
            lvr({"sft", "--model", kModel, "--data", path("bad.json"), "--out", path("b")});
        QCOMPARE(failed.code, 1);
        QCOMPARE(newestRun()["status"].toString(), QString("failed"));
        QVERIFY(newestRun()["message"].toString().contains("record 1"));
        QVERIFY(!QFile::exists(path("b")));
    }

    void dataThatIsWrongOpensNoRun() {
        const auto before = newestRun()["id"].toInt();
        QFile list(path("wrong.json"));
        QVERIFY(list.open(QIODevice::WriteOnly));
        list.write("[{}]");
        list.close();
        compareFailure(
            lvr({"sft", "--model", kModel, "--data", path("wrong.json"), "--out", path("b")}), 1,
            "record 1");
        QCOMPARE(newestRun()["id"].toInt(), before);
    }

    void aRunningTrainingIsNotForgottenAndAnInterruptedOneIsSaved() {
        QProcess process;
        process.start(LVR_PROGRAM, sft("c", {"--steps", "100000"}));
        waitFor(process, "step ");
        QCOMPARE(newestRun()["status"].toString(), QString("running"));
        const auto id = QString::number(newestRun()["id"].toInt());
        compareFailure(lvr({"runs", "delete", id, "--yes"}), 1, "still running");
        compareFailure(lvr({"sft", "--resume", id}), 1, "still running");
        ::kill(static_cast<pid_t>(process.processId()), SIGINT);
        QVERIFY(process.waitForFinished(60000));
        QCOMPARE(process.exitCode(), 130);
        QCOMPARE(newestRun()["status"].toString(), QString("stopped"));
        QVERIFY(QFile::exists(path("c/train_state.safetensors")));
        compareFailure(lvr(sft("c")), 1, "--resume");
    }

    // Killed without warning and resumed: every metric and every weight is what it would have been.
    void aKilledTrainingResumesToTheSameNumbers_data() {
        QTest::addColumn<QStringList>("options");
        QTest::addColumn<QString>("weights");
        QTest::newRow("all weights") << QStringList{} << "model.safetensors";
        QTest::newRow("an adapter")
            << QStringList{"--lora-rank", "2"} << "adapter_model.safetensors";
    }
    void aKilledTrainingResumesToTheSameNumbers() {
        QFETCH(QStringList, options);
        QFETCH(QString, weights);
        for (const auto* folder : {"whole", "killed"}) QDir(path(folder)).removeRecursively();
        const auto same =
            QStringList{"--steps", "20", "--cool-down", "8", "--goal", "1", "--pictures", "2"} +
            options;
        QCOMPARE(lvr(sft("whole", same)).code, 0);
        QProcess process;
        process.start(LVR_PROGRAM, sft("killed", same + QStringList{"--save-every", "3"}));
        waitFor(process, "saved at step 9");
        ::kill(static_cast<pid_t>(process.processId()), SIGKILL);
        QVERIFY(process.waitForFinished(60000));
        QCOMPARE(newestRun()["status"].toString(), QString("lost"));
        // Not with other data than it began with.
        const auto list = bytesOf("scenes/data.json");
        QFile file(path("scenes/data.json"));
        QVERIFY(file.open(QIODevice::Append));
        file.write(" ");
        file.close();
        compareFailure(lvr({"sft", "--resume", path("killed")}), 1, "not what this training began");
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(list);
        file.close();
        const auto resumed = lvr({"sft", "--resume", path("killed")});
        QVERIFY2(resumed.code == 0, qPrintable(resumed.err));
        QVERIFY(resumed.out.contains("goes on after step"));
        QCOMPARE(newestRun()["status"].toString(), QString("finished"));
        QCOMPARE(metricsOf("killed"), metricsOf("whole"));
        QCOMPARE(bytesOf("killed/" + weights), bytesOf("whole/" + weights));
        QVERIFY(!QFile::exists(path("killed/train_state.safetensors")));
        compareFailure(lvr({"sft", "--resume", path("killed")}), 1, "finished");
    }

    // Measured while it trains: losses as `lvr score` has them, answers with their heat, and the
    // checkpoints that were asked for. A training that was killed goes on doing so.
    void aTrainingIsMeasuredAndItsBestCheckpointsAreKept() {
        QCOMPARE(
            lvr({"make-data", "scenes", "--out", path("held-out"), "--count", "6", "--seed", "10"})
                .code,
            0);
        const auto measured = [&](const QString& out, const QString& saveEvery = "2") {
            return sft(out, {"--schedule",
                             "constant",
                             "--steps",
                             "8",
                             "--pictures",
                             "2",
                             "--warm-up",
                             "1",
                             "--lr",
                             "1e-3",
                             "--save-every",
                             saveEvery,
                             "--validation-data",
                             path("held-out"),
                             "--validate-every",
                             "2",
                             "--probes",
                             "3",
                             "--keep-last",
                             "2",
                             "--keep-best"});
        };
        compareFailure(lvr(sft("no", {"--keep-best"})), 2, "--validation-data");
        compareFailure(lvr(measured("no", "3")), 2, "multiple of 2");
        QProcess process;
        process.start(LVR_PROGRAM, measured("measured/"));  // as a shell completes it
        waitFor(process, "saved at step 4");
        ::kill(static_cast<pid_t>(process.processId()), SIGKILL);
        QVERIFY(process.waitForFinished(60000));
        const auto resumed = lvr({"sft", "--resume", path("measured"), "--save-every", "2"});
        QVERIFY2(resumed.code == 0, qPrintable(resumed.err));

        std::map<int, double> losses;
        for (const auto& row : lvr({"runs", "export", path("measured")}).out.split('\n'))
            if (const auto cells = row.split(','); cells.value(1) == "val/ce")
                losses[cells[0].toInt()] = cells[2].toDouble();
        QCOMPARE(losses.size(), 5U);  // before the first step, and then after every second
        const auto score = jsonOf(lvr({"score", "--model", path("measured"), "--data",
                                       path("held-out"), "--json"}))
                               .object();
        QVERIFY(std::abs(score["ce"].toDouble() - losses.at(8)) < 1e-4);

        losses.erase(0);
        const auto best = std::min_element(losses.begin(), losses.end(),
                                           [](auto& a, auto& b) { return a.second < b.second; });
        QStringList expected{"checkpoint-6", "checkpoint-8"};
        if (best->first < 6) expected.prepend("checkpoint-" + QString::number(best->first));
        QCOMPARE(QDir(path("measured.checkpoints")).entryList(QDir::Dirs | QDir::NoDotAndDotDot),
                 expected);
        for (const auto& name : expected) {
            const auto kept = path("measured.checkpoints/" + name);
            QVERIFY(QFile::exists(kept + "/train_state.safetensors"));
            QCOMPARE(lvr({"model", "info", kept}).code, 0);
        }
        QCOMPARE(bytesOf("measured.checkpoints/checkpoint-8/model.safetensors"),
                 bytesOf("measured/model.safetensors"));
        const auto shown = jsonOf(lvr({"runs", "show", path("measured"), "--json"})).object();
        const auto probes = shown["probes"].toArray();
        QCOMPARE(probes.size(), 5);
        QCOMPARE(probes.last()["count"].toInt(), 3);
        QCOMPARE(shown["checkpoints"].toArray().size(), expected.size());
    }

    // Another file fills the disk and then leaves.
    void aFullDiskPausesATrainingUntilThereIsRoom() {
        const auto result = program::SmallDisk(path("disk"), "24m")
                                .run(R"(
            head -c 20000000 /dev/zero > "$1/filler"
            "$3" sft --model "$4" --data "$5" --out "$1/out" --steps 3 --cool-down 1 > "$2" 2>&1 &
            tail --pid=$! -n +1 -f "$2" | grep -q -m 1 paused || exit 98
            "$3" runs list --last 1 | grep -q ' paused ' || exit 97
            "$3" runs show "$1/out" | grep -q 'goes on by itself' || exit 96
            rm "$1/filler"
            wait $! && [ -f "$1/out/model.safetensors" ] && [ ! -e "$1/out.new" ])",
                                     {kModel, data()});
        if (!result) QSKIP("this needs the right to mount a file system");
        QVERIFY2(result->code == 0, result->log.constData());
        QVERIFY2(result->log.contains("there is room again"), result->log.constData());
    }

    void aGrpoRunSurvivesBeingKilledToo() {
        const auto grpo = [&](const QString& out) {
            return QStringList{
                "grpo",    "--model",       kModel, "--data",       data(), "--out",
                path(out), "--max-steps",   "6",    "--prompts",    "3",    "--lr",
                "1e-4",    "--temperature", "2.5",  "--group-size", "4",    "--max-new-tokens",
                "40"};
        };
        const auto whole = lvr(grpo("rl"));
        QVERIFY2(whole.code == 0, qPrintable(whole.err));
        QCOMPARE(newestRun()["kind"].toString(), QString("grpo"));
        QCOMPARE(newestRun()["step"].toInt(), 6);
        QVERIFY(newestRun()["parent_hash"].toString().startsWith("xxh3-128:"));
        const auto rows = lvr({"runs", "export", path("rl")}).out;
        for (const auto* name : {"reward/mean", "reward/format", "kl", "latents/effective_rank"})
            QCOMPARE(rows.count(QString(",%1,").arg(name)), 6);

        QProcess process;
        process.start(LVR_PROGRAM, grpo("rl-killed") + QStringList{"--save-every", "2"});
        waitFor(process, "saved at step 4");
        ::kill(static_cast<pid_t>(process.processId()), SIGKILL);
        QVERIFY(process.waitForFinished(60000));
        compareFailure(lvr({"sft", "--resume", path("rl-killed")}), 1, "lvr grpo");
        const auto resumed = lvr({"grpo", "--resume", path("rl-killed")});
        QVERIFY2(resumed.code == 0, qPrintable(resumed.err));
        const auto withoutTimes = [](const QStringList& all) {
            return all.filter(QRegularExpression("^(?!.*time/)"));
        };
        QCOMPARE(withoutTimes(metricsOf("rl-killed")), withoutTimes(metricsOf("rl")));
        QCOMPARE(bytesOf("rl-killed/model.safetensors"), bytesOf("rl/model.safetensors"));
    }

    void whatCannotBeTrainedIsRefusedBeforeAnythingIsWritten() {
        const auto refused = [&](const QStringList& more, int code, const char* why) {
            const auto before = lvr({"runs", "list", "--json"}).out;
            compareFailure(lvr(QStringList{"grpo", "--model", kModel} + more), code, why);
            QCOMPARE(lvr({"runs", "list", "--json"}).out, before);
            QVERIFY(!QFile::exists(path("no")));
        };
        const QStringList whole{"--data", data(), "--out", path("no")};
        refused(whole + QStringList{"--rewards", "acuracy"}, 2, "did you mean \"accuracy\"");
        refused(whole + QStringList{"--lr", "-1"}, 2, "not a number from");
        refused(whole + QStringList{"--loss", "bnpoo"}, 2, "did you mean \"bnpo\"");
        refused({"--data", data()}, 2, "--out");
        refused({"--data", data(), "--out", path("rl")}, 1, "holds a checkpoint already");
    }

    void aRunIsForgottenOnlyWhenAsked() {
        const auto id = QString::number(newestRun()["id"].toInt());
        compareFailure(lvr({"runs", "delete", id}), 2, "--yes");
        QCOMPARE(lvr({"runs", "delete", id, "--yes"}).code, 0);
        compareFailure(lvr({"runs", "show", id}), 1, "there is no run");
        compareFailure(lvr({"runs", "export", "1", "--format", "xml"}), 2, "xml");
    }
};

QTEST_GUILESS_MAIN(RunsCliTest)
#include "runs_cli_test.moc"
