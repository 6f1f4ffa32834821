// Rewards of one's own beside `lvr grpo`, as its user meets them.

#include <signal.h>

#include <QDir>
#include <QTemporaryDir>

#include "tests/support/program.h"

using program::jsonOf;
using program::lvr;

namespace {

const QString kModel = LVR_RESOURCES "/models/tiny";

}  // namespace

class RewardsCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }

    QStringList grpo(const QString& out, const QStringList& options) const {
        return QStringList{"grpo",
                           "--model",
                           kModel,
                           "--data",
                           path("scenes"),
                           "--out",
                           path(out),
                           "--max-steps",
                           "4",
                           "--prompts",
                           "2",
                           "--group-size",
                           "3",
                           "--lr",
                           "1e-4",
                           "--temperature",
                           "2",
                           "--top-k",
                           "0",
                           "--save-every",
                           "0",
                           "--max-new-tokens",
                           "24"} +
               options;
    }
    QString write(const QString& name, const QByteArray& text) const {
        QFile file(path(name));
        if (!file.open(QIODevice::WriteOnly)) return {};
        file.write(text);
        return path(name);
    }
    QByteArray read(const QString& name) const {
        QFile file(path(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    // A value of the newest step.
    double metric(const QString& out, const QString& name) const {
        const auto json = jsonOf(lvr({"runs", "show", path(out), "--json"}));
        return json["metrics"][name].toDouble(-1e9);
    }
    int countRuns() const { return jsonOf(lvr({"runs", "list", "--json"})).array().size(); }
    // What depends on the clock is left out.
    QStringList curvesOf(const QString& out) const {
        auto rows = lvr({"runs", "export", path(out)}).out.split('\n');
        rows.removeIf([](const QString& row) {
            return row.contains("_per_second,") || row.contains(",time/") ||
                   row.contains(",system/");
        });
        return rows;
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("LVR_STORE", path("runs.db").toUtf8());
        QCOMPARE(lvr({"make-data", "scenes", "--out", path("scenes"), "--count", "10"}).code, 0);
        // As the README has it.
        write("latents.py",
              "import json, sys\n"
              "for line in sys.stdin:\n"
              "    if line.strip():\n"
              "        print(json.loads(line)['latents'], flush=True)\n");
        // Writes down what it is asked; fails at the step that the file `fails` names.
        write("kept.py",
              "import json, sys, os\n"
              "here = os.path.dirname(__file__)\n"
              "batch = []\n"
              "for line in sys.stdin:\n"
              "    if line.strip():\n"
              "        batch.append(json.loads(line))\n"
              "        continue\n"
              "    with open(os.path.join(here, 'asked.jsonl'), 'a') as out:\n"
              "        for one in batch: out.write(json.dumps(one) + '\\n')\n"
              "    fails = os.path.join(here, 'fails')\n"
              "    if os.path.exists(fails) and batch[0]['step'] == int(open(fails).read()):\n"
              "        raise ValueError('out of luck')\n"
              "    for one in batch: print(float(len(one['completion']) % 5))\n"
              "    sys.stdout.flush()\n"
              "    batch = []\n");
    }
    void cleanup() {
        QFile::remove(path("fails"));
        QFile::remove(path("asked.jsonl"));
    }

    void aRewardOfOnesOwnIsOneOfTheList() {
        const auto run =
            lvr(grpo("own", {"--rewards", "format,thought", "--reward-weights", "2,-0.5",
                             "--reward-command", "thought=python3 " + path("latents.py")}));
        QVERIFY2(run.code == 0, qPrintable(run.err));
        QCOMPARE(metric("own", "reward/thought"), metric("own", "latents/count"));
        const double sum =
            2 * metric("own", "reward/format") - 0.5 * metric("own", "reward/thought");
        QVERIFY(std::abs(metric("own", "reward/mean") - sum) < 1e-5);
        QCOMPARE(metric("own", "reward/accuracy"), -1e9);
    }

    void aCommandIsToldAllOfACompletionStepByStep() {
        const auto run = lvr(grpo("told", {"--reward-command", "kept=python3 " + path("kept.py")}));
        QVERIFY2(run.code == 0, qPrintable(run.err));
        const auto lines = read("asked.jsonl").trimmed().split('\n');
        QCOMPARE(lines.size(), 1 + 4 * 2 * 3);  // a trial before the run, then every completion
        const auto trial = QJsonDocument::fromJson(lines[0]);
        QCOMPARE(trial["step"].toInt(), 0);
        QCOMPARE(trial["answer"].toString(), trial["expected"].toString());
        const auto last = QJsonDocument::fromJson(lines.back()).object();
        QCOMPARE(last.keys(),
                 (QStringList{"answer", "bbox_images", "bboxes", "completion", "expected", "group",
                              "images", "index", "kind", "latents", "prompt", "record", "step"}));
        QCOMPARE(last["step"].toInt(), 4);
        QCOMPARE(last["group"].toInt(), 1);
        QCOMPARE(last["index"].toInt(), 2);
        QVERIFY(QFile::exists(last["images"][0].toString()));
        QVERIFY(last["record"].toString().contains("record "));
        QVERIFY(!last["bboxes"].toArray().isEmpty());
    }

    void whatCannotWorkOpensNoRun_data() {
        QTest::addColumn<QStringList>("options");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("says");
        QTest::newRow("a name that there isn't")
            << QStringList{"--rewards", "acuracy"} << 2 << "did you mean \"accuracy\"?";
        QTest::newRow("a command that is not named so")
            << QStringList{"--rewards", "shrt", "--reward-command", "short=x"} << 2
            << "did you mean \"short\"?";
        QTest::newRow("a command without a name")
            << QStringList{"--reward-command", "python3 x.py"} << 2 << "write NAME=COMMAND";
        QTest::newRow("the name of a built-in one") << QStringList{"--reward-command", "format=x"}
                                                    << 2 << "there is a reward \"format\" already";
        QTest::newRow("too few weights")
            << QStringList{"--reward-weights", "1", "--reward-command", "short=x"} << 2
            << "--reward-weights has 1 for 3 rewards: accuracy, format, short";
        QTest::newRow("a weight that is no number")
            << QStringList{"--reward-weights", "1,much"} << 2 << "much";
        QTest::newRow("a program that is not there")
            << QStringList{"--reward-command", "short=no-such-program"} << 1
            << "short=\"no-such-program\" ended with exit code 127 after 0 of 1 numbers";
        QTest::newRow("a script that is not there")
            << QStringList{"--reward-command", "short=python3 /nowhere/short.py"} << 1
            << "can't open file";
    }
    void whatCannotWorkOpensNoRun() {
        QFETCH(const QStringList, options);
        QFETCH(const int, code);
        QFETCH(const QString, says);
        const int before = countRuns();
        const auto run = lvr(grpo("never", options));
        QCOMPARE(run.code, code);
        QVERIFY2(run.err.contains(says), qPrintable(run.err));
        QCOMPARE(countRuns(), before);
        QVERIFY(!QDir(path("never")).exists());
    }

    void aCommandThatFailsStopsTheRunWhichGoesOnAsIfItHadNot() {
        const QStringList mine{"--reward-command", "kept=python3 " + path("kept.py")};
        QCOMPARE(lvr(grpo("whole", mine)).code, 0);
        write("fails", "3");
        const auto broken = lvr(grpo("broken", mine));
        QCOMPARE(broken.code, 1);
        QVERIFY2(broken.err.contains("kept=\"python3 "), qPrintable(broken.err));
        QVERIFY2(broken.err.contains("ended with exit code 1 after 0 of 6 numbers; the last line "
                                     "of its stderr: ValueError: out of luck"),
                 qPrintable(broken.err));
        const auto shown = jsonOf(lvr({"runs", "show", path("broken"), "--json"})).object();
        QCOMPARE(shown["status"].toString(), "failed");
        QCOMPARE(shown["step"].toInt(), 2);
        QFile::remove(path("fails"));
        const auto resumed = lvr({"grpo", "--resume", path("broken")});
        QVERIFY2(resumed.code == 0, qPrintable(resumed.err));
        QCOMPARE(curvesOf("broken"), curvesOf("whole"));
        QVERIFY(read("broken/model.safetensors") == read("whole/model.safetensors"));
    }

    void aCommandThatTakesTooLongIsGivenMoreTimeWhenTheRunGoesOn() {
        const auto slow = write("slow.sh",
                                "while read -r line; do case \"$line\" in\n"
                                "  '') ;;\n"
                                "  *'\"step\":2'*) [ -e \"$1\" ] || sleep 1000; echo 1 ;;\n"
                                "  *) echo 1 ;;\n"
                                "esac; done\n");
        const auto late = lvr(grpo("late", {"--reward-timeout", "2", "--reward-command",
                                            "slow=sh " + slow + " " + path("ready")}));
        QCOMPARE(late.code, 1);
        QVERIFY2(late.err.contains("gave 0 of 6 numbers within 2 s (--reward-timeout)"),
                 qPrintable(late.err));
        write("ready", "");
        const auto resumed = lvr({"grpo", "--resume", path("late"), "--reward-timeout", "500"});
        QVERIFY2(resumed.code == 0, qPrintable(resumed.err));
        QCOMPARE(metric("late", "reward/slow"), 1.0);
    }

    void anInterruptedRunLeavesNoCommandBehind() {
        const auto pids = path("pids");
        auto arguments =
            grpo("stopped", {"--reward-command", "slow=echo $$ > '" + pids +
                                                     "'; while read -r line; do [ -z \"$line\" ] "
                                                     "|| echo 1; done"});
        arguments[arguments.indexOf("--max-steps") + 1] = "100000";
        QProcess process;
        process.start(LVR_PROGRAM, arguments);
        QByteArray said;
        QTRY_VERIFY_WITH_TIMEOUT((said += process.readAllStandardOutput()).contains("step ") ||
                                     process.state() == QProcess::NotRunning,
                                 120000);
        const auto command = read("pids").trimmed().toInt();
        QVERIFY(command > 0 && ::kill(command, 0) == 0);
        ::kill(static_cast<pid_t>(process.processId()), SIGINT);
        QVERIFY(process.waitForFinished(120000));
        QCOMPARE(process.exitCode(), 130);
        QVERIFY(::kill(command, 0) != 0);
    }

    void completionsArePrintedWithWhatTheyAreWorth() {
        const auto run = lvr(grpo("printed", {"--log-completions", "2"}));
        QVERIFY2(run.code == 0, qPrintable(run.err));
        QCOMPARE(run.out.count("  group "), 2 * 2);  // of the first step and the last
        QVERIFY2(run.out.contains("group 0, rollout 0: "), qPrintable(run.out));
        QVERIFY2(run.out.contains("group 1, rollout 0: "), qPrintable(run.out));
        QVERIFY2(run.out.contains("), advantage "), qPrintable(run.out));
    }

    void whatWasSaidCanBeReadWithoutTheWindow() {
        QCOMPARE(lvr(grpo("read", {"--validation-data", path("scenes"), "--validate-every", "2",
                                   "--probes", "2"}))
                     .code,
                 0);
        const auto rollouts = lvr({"runs", "show", path("read"), "--rollouts"});
        QVERIFY2(rollouts.out.startsWith("step 4\n"), qPrintable(rollouts.out));
        QCOMPARE(rollouts.out.count("advantage"), 6);
        const auto early = lvr({"runs", "show", path("read"), "--rollouts", "--step", "1"});
        QVERIFY(early.out.startsWith("step 1\n"));
        QVERIFY(early.out != rollouts.out);
        const auto probes = lvr({"runs", "show", path("read"), "--probes"});
        QCOMPARE(probes.out.count("right") + probes.out.count("wrong"), 2);
        const auto json = jsonOf(lvr({"runs", "show", path("read"), "--rollouts", "--json"}));
        QCOMPARE(json.array().size(), 6);
        QVERIFY(json[5]["rewards"]["format"].isDouble());
        program::compareFailure(lvr({"runs", "show", path("read"), "--rollouts", "--step", "9"}), 1,
                                "has no rollouts of step 9; there are 1 to 4");
    }
};

QTEST_GUILESS_MAIN(RewardsCliTest)
#include "rewards_cli_test.moc"
