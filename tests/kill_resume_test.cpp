// A training that is killed at random steps and instants and goes on is the one that was never
// killed: the same weights and the same curves, bit for bit, in every form a run can have.

#include <QRandomGenerator>
#include <QTemporaryDir>
#include <QtEndian>

#include "core/store/run_store.h"
#include "tests/support/child.h"
#include "tests/support/program.h"

using program::compareFailure;
using program::jsonOf;

namespace {

const QString kModel = LVR_RESOURCES "/models/tiny";
constexpr int kKills = 2;  // of each form

QStringList words(const char* text) { return QString(text).split(' ', Qt::SkipEmptyParts); }

}  // namespace

class KillResumeTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QRandomGenerator random_;

    QString path(const QString& name) const { return folder_.filePath(name); }

    QStringList command(const QString& kind, const QString& out, const QStringList& options) const {
        return QStringList{kind, "--model", kModel, "--out", path(out), "--threads", "1"} + options;
    }
    bool isSaved(const QString& out) const {
        return QFile::exists(path(out) + "/train_state.safetensors");
    }
    QByteArray bytesOf(const QString& name) const {
        QFile file(path(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    // All that does not depend on the clock.
    QStringList curvesOf(const QString& out) const {
        auto rows = program::lvr({"runs", "export", path(out)}).out.split('\n');
        rows.removeIf([](const QString& row) {
            return row.contains("_per_second,") || row.contains(",time/") ||
                   row.contains(",system/");
        });
        return rows;
    }
    QJsonObject shown(const QString& out) const {
        return jsonOf(program::lvr({"runs", "show", path(out), "--json"})).object();
    }
    static QStringList stepsOf(const QJsonArray& rows) {
        QStringList steps;
        for (const auto& row : rows) steps.append(QString::number(row.toObject()["step"].toInt()));
        return steps;
    }

    // Until so many steps were saved, and then a random while. False: it ended before.
    bool runUntilKilled(const QStringList& arguments, int saves, int lateMs) {
        QProcess process;
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(LVR_PROGRAM, arguments);
        QByteArray said;
        while (said.count("saved at step") < saves && process.waitForReadyRead(60000))
            said += process.readAll();
        if (process.state() == QProcess::NotRunning || process.waitForFinished(lateMs)) {
            said += process.readAll();
            if (process.exitCode() != 0) qWarning("%s", said.constData());
            return false;
        }
        process.kill();
        process.waitForFinished(60000);
        return true;
    }

    // A bfloat16 run that was stopped after its third step.
    void stopABfloat16Run(const QString& out) {
        QVERIFY(runUntilKilled(command("sft", out,
                                       words("--pictures 1 --questions 4 --steps 10 --cool-down 2 "
                                             "--lr 1e-3 --dtype bfloat16 --save-every 1 --data") +
                                           QStringList{path("scenes")}),
                               3, 0));
    }
    // As it would be had the run begun with `value`.
    void rewriteArgument(const QString& out, const QString& name, const QJsonValue& value) {
        QFile file(path(out) + "/train_state.safetensors");
        QVERIFY(file.open(QIODevice::ReadWrite));
        const auto whole = file.readAll();
        const auto length = static_cast<qsizetype>(qFromLittleEndian<quint64>(whole.constData()));
        auto header = QJsonDocument::fromJson(whole.mid(8, length)).object();
        auto metadata = header["__metadata__"].toObject();
        auto arguments =
            QJsonDocument::fromJson(metadata["arguments"].toString().toUtf8()).object();
        arguments[name] = value;
        metadata["arguments"] = QString(QJsonDocument(arguments).toJson(QJsonDocument::Compact));
        header["__metadata__"] = metadata;
        auto text = QJsonDocument(header).toJson(QJsonDocument::Compact);
        text = text.leftJustified((text.size() + 7) / 8 * 8, ' ');
        QByteArray begin(8, 0);
        qToLittleEndian(static_cast<quint64>(text.size()), begin.data());
        QVERIFY(file.resize(0) && file.seek(0));
        file.write(begin + text + whole.mid(8 + length));
    }
    QString argumentOf(const QString& out, const QString& name) const {
        const auto whole = bytesOf(out + "/train_state.safetensors");
        const auto header =
            QJsonDocument::fromJson(
                whole.mid(8, static_cast<qsizetype>(qFromLittleEndian<quint64>(whole.constData()))))
                .object();
        const auto arguments = header["__metadata__"].toObject()["arguments"].toString();
        return QJsonDocument::fromJson(arguments.toUtf8()).object()[name].toVariant().toString();
    }

    void killAndResume(const QString& kind, const QStringList& options) {
        int kills = 0;
        for (int tries = 0; kills < kKills && tries < 2 * kKills; ++tries) {
            const auto arguments = isSaved("killed") ? QStringList{kind, "--resume", path("killed")}
                                                     : command(kind, "killed", options);
            if (!runUntilKilled(arguments, random_.bounded(1, 4), random_.bounded(120))) break;
            ++kills;
        }
        QVERIFY2(kills > 0, "it was never killed");
        if (const auto status = shown("killed")["status"].toString(); status != "finished") {
            const auto resumed = program::lvr({kind, "--resume", path("killed")});
            QVERIFY2(resumed.code == 0, qPrintable(resumed.err));
        }
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("LVR_STORE", path("runs.db").toUtf8());
        for (const auto* set : {"scenes 10 9", "held-out 4 10"}) {
            const auto [name, count, seed] =
                std::tuple(words(set)[0], words(set)[1], words(set)[2]);
            QCOMPARE(program::lvr({"make-data", "scenes", "--out", path(name), "--count", count,
                                   "--seed", seed})
                         .code,
                     0);
        }
        const auto seed = qEnvironmentVariableIsSet("LVR_KILL_SEED")
                              ? qEnvironmentVariable("LVR_KILL_SEED").toUInt()
                              : QRandomGenerator::global()->generate();
        qInfo("LVR_KILL_SEED=%u draws the same kills again", seed);
        random_.seed(seed);
    }

    void aKilledRunIsTheRunThatWasNotKilled_data() {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QStringList>("options");
        const auto sft =
            [](const char* name, const char* more) {
                QTest::newRow(name)
                    << "sft"
                    << words("--pictures 1 --questions 4 --steps 11 --cool-down 4 --goal 1") +
                           words(more);
            };
        const auto grpo = [](const char* name, const char* more) {
            QTest::newRow(name) << "grpo"
                                << words(
                                       "--max-steps 10 --prompts 2 --group-size 3 --lr 1e-4 "
                                       "--temperature 2.5 --max-new-tokens 24") +
                                       words(more);
        };
        sft("float32", "");
        sft("bfloat16 with float32 masters", "--dtype bfloat16");
        sft("an adapter with dropout", "--lora-rank 2 --lora-dropout 0.3");
        sft("an adapter and embeddings, bfloat16",
            "--lora-rank 2 --lora-dropout 0.1 --lora-embeddings on --dtype bfloat16 "
            "--activation-checkpointing");
        sft("8-bit states", "--adam-states 8bit");
        sft("a latent end vector", "--latent-end vector --schedule cosine");
        sft("a fresh head and no frozen vision",
            "--head glu --merger-lr 0.5 --vision-lr 0.1 --max-pixels 10000");
        sft("the filler twin, slots of its own", "--twin filler --roi-tokens cycle:4 --batch 5");
        sft("validation and probes",
            "--validation-data held-out --validate-every 2 --probes 2 --save-every 2 --keep-last 2 "
            "--keep-best");
        sft("several data", "--data held-out --data-weights 0.7,0.3 --max-length 100000");
        grpo("grpo", "");
        grpo("grpo of an adapter, 8-bit states, bfloat16",
             "--lora-rank 2 --lora-dropout 0.3 --lora-scaling rslora --adam-states 8bit "
             "--dtype bfloat16");
        grpo("grpo of several data", "--data held-out --data-weights 0.7,0.3");
        grpo("grpo with probes",
             "--validation-data held-out --validate-every 2 --probes 2 --keep-last 1");
    }
    void aKilledRunIsTheRunThatWasNotKilled() {
        QFETCH(QString, kind);
        QFETCH(QStringList, options);
        options += QStringList{"--data", path("scenes")};
        if (!options.contains("--save-every")) options += words("--save-every 1");
        options.replaceInStrings("held-out", path("held-out"));
        for (const auto* folder : {"whole", "killed"})
            for (const auto* beside : {"", ".checkpoints", ".new", ".state"})
                QDir(path(folder) + beside).removeRecursively();
        const auto whole = program::lvr(command(kind, "whole", options));
        QVERIFY2(whole.code == 0, qPrintable(whole.err));
        killAndResume(kind, options);
        if (QTest::currentTestFailed()) return;

        const auto killed = shown("killed"), unkilled = shown("whole");
        QCOMPARE(killed["status"].toString(), QString("finished"));
        QCOMPARE(curvesOf("killed"), curvesOf("whole"));
        for (const auto* file : {"model.safetensors", "adapter_model.safetensors", "config.json"})
            QVERIFY2(bytesOf(QString("killed/") + file) == bytesOf(QString("whole/") + file), file);
        QVERIFY(!isSaved("killed"));
        QCOMPARE(killed["probes"], unkilled["probes"]);
        QCOMPARE(stepsOf(killed["checkpoints"].toArray()),
                 stepsOf(unkilled["checkpoints"].toArray()));
        QCOMPARE(QDir(path("killed.checkpoints")).entryList(),
                 QDir(path("whole.checkpoints")).entryList());
    }

    // What is said with --resume is obeyed, is what it was, or is refused: never passed over.
    void whatContradictsTheRunIsRefused_data() {
        QTest::addColumn<QStringList>("told");
        QTest::addColumn<QString>("sentence");
        const auto row = [](const char* told, const char* began) {
            QTest::newRow(told) << words(told)
                                << QString(
                                       "%1 contradicts run %2, which began %3; leave it out to go "
                                       "on, or start a new run")
                                       .arg(QString(told), QString("%1"), QString(began));
        };
        row("--dtype float32", "with bfloat16");
        row("--threads 2", "with 1");
        row("--lr 0.5", "with 0.001");
        row("--steps 6", "with 10");
        row("--lora-rank 4", "with 0");
        row("--adam-states 8bit", "with float32");
        row("--seed 1", "with 0");
        row("--image-root /tmp", "without it");
        row("--max-pixels 10000", "without it");
        row("--validation-data /tmp", "without it");
        row("--validate-every 7", "with 100");
    }
    void whatContradictsTheRunIsRefused() {
        QFETCH(QStringList, told);
        QFETCH(QString, sentence);
        if (!isSaved("contradicted")) stopABfloat16Run("contradicted");
        const auto id = QString::number(shown("contradicted")["id"].toInt());
        const auto before = bytesOf("contradicted/train_state.safetensors");
        compareFailure(program::lvr(QStringList{"sft", "--resume", path("contradicted")} + told), 2,
                       sentence.arg(id));
        QCOMPARE(bytesOf("contradicted/train_state.safetensors"), before);
        QCOMPARE(shown("contradicted")["status"].toString(), QString("lost"));
    }

    void whatAgreesOrMayChangeIsObeyed() {
        stopABfloat16Run("obeyed");
        const auto resumed =
            program::lvr(QStringList{"sft", "--resume", path("obeyed"), "--data",
                                     path("scenes") + "/", "--out", path("obeyed")} +
                         words("--dtype bfloat16 --lr 0.001 --threads 1 --save-every 8 "
                               "--keep-last 1"));
        QVERIFY2(resumed.code == 0, qPrintable(resumed.err));
        QCOMPARE(resumed.out.count("saved at step"), 2);  // and at the end
        QVERIFY(resumed.out.contains("saved at step 8"));
        QVERIFY(QFile::exists(path("obeyed.checkpoints/checkpoint-10/config.json")));
    }

    void aDeviceThatIsNotHereIsASentence() {
        stopABfloat16Run("gpu");
        rewriteArgument("gpu", "device", "cuda:63");
        compareFailure(program::lvr({"sft", "--resume", path("gpu")}), 1,
                       "trains on cuda:63, which is not available here");
        QCOMPARE(argumentOf("gpu", "device"), QString("cuda:63"));
    }

    void aStateOfAnotherFormIsRefused() {
        stopABfloat16Run("another");
        rewriteArgument("another", "dtype", "float32");
        const auto refused = program::lvr({"sft", "--resume", path("another")});
        QCOMPARE(refused.code, 1);
        QVERIFY2(refused.err.contains("/master\", which this training has no use for"),
                 qPrintable(refused.err));
    }

    // The folder a run was started in is not where it goes on.
    void aRunStartedWithRelativePathsGoesOnFromElsewhere() {
        const QDir here(folder_.path());
        QProcess process;
        process.setWorkingDirectory(here.path());
        process.start(LVR_PROGRAM,
                      QStringList{"sft", "--model", here.relativeFilePath(kModel)} +
                          words("--data scenes --out relative --pictures 1 --steps 4 --cool-down 1 "
                                "--feature-cache seen --save-every 1"));
        QByteArray said;
        while (!said.contains("saved at step 1") && process.waitForReadyRead(60000))
            said += process.readAll();
        process.kill();
        process.waitForFinished(60000);
        QCOMPARE(argumentOf("relative", "feature-cache"), path("seen"));
        const auto resumed = program::lvr({"sft", "--resume", path("relative")});
        QVERIFY2(resumed.code == 0, qPrintable(resumed.err));
    }

    // Killed after its last checkpoint was there and before the store knew.
    void aRunThatFinishedAndCouldNotSaySoIsEnded() {
        const auto done = program::lvr(command(
            "sft", "unsaid",
            words("--pictures 1 --steps 3 --cool-down 1 --data") + QStringList{path("scenes")}));
        QVERIFY2(done.code == 0, qPrintable(done.err));
        const auto id = shown("unsaid")["id"].toInt();
        Child([&] { ::lvr::RunStore(path("runs.db").toStdString()).resume(id, 3); }).wait();
        QCOMPARE(shown("unsaid")["status"].toString(), QString("lost"));
        const auto resumed = program::lvr({"sft", "--resume", path("unsaid")});
        QVERIFY2(resumed.code == 0, qPrintable(resumed.err));
        QVERIFY2(resumed.out.contains("it had finished"), qPrintable(resumed.out));
        QCOMPARE(shown("unsaid")["status"].toString(), QString("finished"));
        compareFailure(program::lvr({"sft", "--resume", path("unsaid")}), 1, "finished");
    }
};

QTEST_GUILESS_MAIN(KillResumeTest)
#include "kill_resume_test.moc"
