// A training goes on from a kept checkpoint, or to more steps than it had; it is measured before
// its first step, and ends when it no longer improves.

#include <QTemporaryDir>

#include "tests/support/training.h"

using namespace program;

class GoOnCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }
    QStringList sft(const QString& out, const char* more) const {
        return QStringList{"sft",          "--model", kTinyModel, "--data",
                           path("scenes"), "--out",   path(out)} +
               words("--pictures 1 --questions 4 --warm-up 2") + words(more);
    }
    QStringList grpo(const QString& out, const char* more) const {
        return QStringList{"grpo",         "--model", kTinyModel, "--data",
                           path("scenes"), "--out",   path(out)} +
               words("--prompts 2 --group-size 3 --lr 1e-4 --temperature 2.5 --max-new-tokens 16") +
               words(more);
    }
    QStringList measured(const QString& out, const char* more) const {
        return sft(out, more) + QStringList{"--validation-data", path("held-out")} +
               words("--schedule constant --probes 2");
    }
    QStringList keptOf(const QString& out) const {
        return QDir(path(out + ".checkpoints")).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    }
    static void succeed(const QStringList& arguments) {
        const auto result = lvr(arguments);
        QVERIFY2(result.code == 0, qPrintable(result.err));
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("LVR_STORE", path("runs.db").toUtf8());
        succeed({"make-data", "scenes", "--out", path("scenes"), "--count", "10"});
        succeed({"make-data", "scenes", "--out", path("held-out"), "--count", "3", "--seed", "5"});
    }

    void aRunGoesOnFromAKeptCheckpoint() {
        succeed(measured("kept",
                         "--steps 8 --validate-every 2 --save-every 2 --keep-last 4 --keep-best"));
        const auto curves = curvesOf(path("kept")), kept = keptOf("kept");
        QCOMPARE(kept, words("checkpoint-2 checkpoint-4 checkpoint-6 checkpoint-8"));
        const auto weights = bytesOf(path("kept/model.safetensors"));
        const auto probes = shown(path("kept"))["probes"].toArray();

        // Killed soon afterwards, its folder is what it went back to.
        {
            Training back({"sft", "--resume", path("kept.checkpoints/checkpoint-4/")});
            QVERIFY2(back.says("goes back to step 4; removed, as they were later: checkpoint-6, "
                               "checkpoint-8"),
                     back.said());
            QVERIFY(back.says("goes on after step 4"));
            back.end(SIGKILL);
        }
        QCOMPARE(keptOf("kept").filter(QRegularExpression("-[24]$")),
                 words("checkpoint-2 checkpoint-4"));
        succeed({"sft", "--resume", path("kept")});
        QCOMPARE(curvesOf(path("kept")), curves);
        QCOMPARE(bytesOf(path("kept/model.safetensors")), weights);
        QCOMPARE(keptOf("kept"), kept);
        QCOMPARE(shown(path("kept"))["probes"].toArray(), probes);
    }

    void aCheckpointThatWasDeletedIsASentence() {
        succeed(sft("gone", "--steps 4 --schedule constant --save-every 2 --keep-last 2"));
        QVERIFY(QDir(path("gone.checkpoints/checkpoint-2")).removeRecursively());
        const QStringList kept{"sft", "--resume", path("gone.checkpoints/checkpoint-2")};
        compareFailure(lvr(kept), 1, "checkpoint-2 is not there any more; there are checkpoint-4");
        QVERIFY(QFile::remove(path("gone.checkpoints/checkpoint-4/train_state.safetensors")));
        compareFailure(lvr({"sft", "--resume", path("gone.checkpoints/checkpoint-4")}), 1,
                       "holds no training to go on with");
        QVERIFY(QDir(path("gone")).removeRecursively());
        compareFailure(lvr({"sft", "--resume", path("gone"), "--steps", "8"}), 1,
                       "gone is not there any more");
        QCOMPARE(shown(path("gone"))["status"].toString(), QString("finished"));
    }

    // As if it had been started with the larger number.
    void aFinishedRunGoesOnToMoreSteps() {
        succeed(sft("long", "--schedule constant --steps 8"));
        succeed(sft("short", "--schedule constant --steps 5"));
        QVERIFY(!QFile::exists(path("short/train_state.safetensors")));
        for (const auto* less : {"", "--steps 5"})
            compareFailure(lvr(QStringList{"sft", "--resume", path("short")} + words(less)), 1,
                           "finished at step 5; give --steps above 5 to go on");
        compareFailure(lvr({"sft", "--resume", path("short"), "--steps", "4"}), 2, "contradicts");
        succeed({"sft", "--resume", path("short"), "--steps", "8"});
        QCOMPARE(shown(path("short"))["steps"].toInt(), 8);
        QCOMPARE(curvesOf(path("short")), curvesOf(path("long")));
        QCOMPARE(bytesOf(path("short/model.safetensors")), bytesOf(path("long/model.safetensors")));
    }

    // What was asked for isn't forgotten by a kill before the next save.
    void moreStepsAreRemembered() {
        succeed(sft("more", "--schedule constant --steps 3"));
        {
            Training more({"sft", "--resume", path("more"), "--steps", "100000"});
            QVERIFY2(more.says("goes on after step 3"), more.said());
            more.end(SIGKILL);
        }
        Training again({"sft", "--resume", path("more"), "--save-every", "1"});
        QVERIFY2(again.says("saved at step 4"), again.said());
        QCOMPARE(again.end(SIGINT), 130);
        QCOMPARE(shown(path("more"))["steps"].toInt(), 100000);
    }

    // A learning rate that has fallen is planned anew, as in Hugging Face's Trainer, which is said;
    // one that cools down when the goal is reached has come to its end.
    void moreStepsOfALearningRateThatFell_data() {
        QTest::addColumn<QStringList>("command");
        QTest::addColumn<QStringList>("more");
        QTest::newRow("cosine") << sft("cosine", "--schedule cosine --steps 4")
                                << words("--steps 6");
        QTest::newRow("grpo") << grpo("grpo", "--max-steps 2") << words("--max-steps 3");
    }
    void moreStepsOfALearningRateThatFell() {
        QFETCH(QStringList, command);
        QFETCH(QStringList, more);
        succeed(command);
        const auto out = command[command.indexOf("--out") + 1];
        const auto longer = lvr(QStringList{command[0], "--resume", out} + more);
        QVERIFY2(longer.code == 0, qPrintable(longer.err));
        QVERIFY2(longer.out.contains("the learning rate goes on as planned for " + more[1]),
                 qPrintable(longer.out));
        QCOMPARE(shown(out)["step"].toInt(), more[1].toInt());
    }
    void aGoalsRunHasNoMoreSteps() {
        succeed(sft("goal", "--steps 4 --cool-down 2"));
        compareFailure(lvr({"sft", "--resume", path("goal"), "--steps", "9"}), 1,
                       "--schedule goal there are no more steps once the learning rate has fallen");
        QCOMPARE(shown(path("goal"))["status"].toString(), QString("finished"));
    }

    void aRunIsMeasuredBeforeItsFirstStep() {
        succeed(measured("first", "--steps 3 --validate-every 2"));
        const auto losses = curvesOf(path("first")).filter(",val/ce,");
        QCOMPARE(losses.size(), 3);
        QVERIFY2(losses[0].startsWith("0,"), qPrintable(losses[0]));
        QVERIFY2(losses[2].startsWith("3,"), qPrintable(losses[2]));
        const auto probes = shown(path("first"))["probes"].toArray();
        QCOMPARE(probes.size(), 3);
        QCOMPARE(probes[0].toObject()["step"].toInt(), 0);
        succeed(sft("unmeasured", "--steps 3 --schedule constant"));
        QCOMPARE(bytesOf(path("first/model.safetensors")),
                 bytesOf(path("unmeasured/model.safetensors")));
    }

    // Its loss is known after the save: the one that may be the best stays until then.
    void theBestIsKeptBesideNoOther() {
        succeed(measured("best",
                         "--steps 6 --lr 1e-2 --warm-up 0 --validate-every 2 "
                         "--save-every 2 --keep-best"));
        double best = 1e9;
        QString step;
        for (const auto& row : curvesOf(path("best"))) {
            const auto fields = row.split(',');
            const bool isSaved = fields.value(1) == "val/ce" && fields[0] != "0";
            if (!isSaved || fields[2].toDouble() >= best) continue;
            best = fields[2].toDouble();
            step = fields[0];
        }
        QCOMPARE(keptOf("best"), QStringList{"checkpoint-" + step});
    }

    // A learning rate that moves nothing improves nothing.
    void aRunThatNoLongerImprovesEndsEarly() {
        compareFailure(lvr(sft("no", "--early-stopping 2")), 2, "--validation-data");
        {
            Training training(measured("early",
                                       "--steps 9 --lr 1e-12 --validate-every 1 --save-every 1 "
                                       "--early-stopping 3"));
            QVERIFY(training.says("saved at step 2"));
            training.end(SIGKILL);
        }
        const auto resumed = lvr({"sft", "--resume", path("early")});
        QVERIFY2(resumed.code == 0, qPrintable(resumed.err));
        const auto why =
            "stopped early at step 3: the validation loss has not improved for 3 "
            "measurements";
        QVERIFY2(resumed.out.contains(why), qPrintable(resumed.out));
        QVERIFY(shown(path("early"))["message"].toString().contains(why));
        QCOMPARE(shown(path("early"))["step"].toInt(), 3);
        compareFailure(lvr({"sft", "--resume", path("early")}), 1, "give another --early-stopping");
        succeed({"sft", "--resume", path("early"), "--early-stopping", "0"});
        QCOMPARE(shown(path("early"))["step"].toInt(), 9);
    }
};

QTEST_GUILESS_MAIN(GoOnCliTest)
#include "go_on_cli_test.moc"
