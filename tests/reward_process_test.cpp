// A reward command as a process: what it is asked, what it may answer, and how it ends.

#include "core/grpo/reward_process.h"

#include <signal.h>

#include <QFile>
#include <QTemporaryDir>
#include <QtTest>
#include <numeric>

using namespace lvr;
using namespace std::chrono_literals;

namespace {

std::string failureOf(const std::string& command, const std::vector<std::string>& lines,
                      std::chrono::seconds timeout = 100s) {
    try {
        RewardProcess process({"mine", command}, timeout);
        process.ask(lines, {});
        process.ask(lines, {});
    } catch (const RewardFailed& failed) {
        return failed.what();
    }
    return {};
}

// It reads a line, a blank one too, and prints its length; a blank one is no completion.
const std::string kLength = "while read -r line; do [ -z \"$line\" ] || echo ${#line}; done";

const QString kRead = "read -r one; read -r two; read -r end; ";

pid_t pidIn(const QString& file) {
    QFile written(file);
    return written.open(QIODevice::ReadOnly) ? written.readAll().trimmed().toInt() : 0;
}

bool isThere(pid_t process) { return kill(process, 0) == 0; }

}  // namespace

class RewardProcessTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void eachLineGetsItsNumberInStepAfterStep() {
        RewardProcess process({"length", kLength}, 100s);
        QCOMPARE(process.ask({"a", "bcd"}, {}), (std::vector<double>{1, 3}));
        QCOMPARE(process.ask({"efgh"}, {}), std::vector<double>{4});
        QCOMPARE(process.ask({}, {}), std::vector<double>());
    }

    void aBatchMayBeReadToItsBlankLineBeforeTheFirstNumber() {
        RewardProcess process(
            {"batch",
             "n=0; while read -r line; do if [ -n \"$line\" ]; then n=$((n+1)); else "
             "while [ $n -gt 0 ]; do echo $n.5; n=$((n-1)); done; fi; done"},
            100s);
        QCOMPARE(process.ask({"a", "b"}, {}), (std::vector<double>{2.5, 1.5}));
        QCOMPARE(process.ask({"c"}, {}), std::vector<double>{1.5});
    }

    // More than pipes hold, both ways at once.
    void aLargeStepDoesNotBlock() {
        RewardProcess process({"length", kLength}, 1000s);
        const std::vector<std::string> lines(3000, std::string(300, 'x'));
        const auto numbers = process.ask(lines, {});
        QCOMPARE(std::accumulate(numbers.begin(), numbers.end(), 0.0), 3000 * 300.0);
    }

    void whatItSaysOnStderrDoesNotBlockIt() {
        RewardProcess process(
            {"chatty",
             "while read -r line; do head -c 200000 /dev/zero | tr '\\0' x >&2; echo >&2; "
             "[ -z \"$line\" ] || echo 1; done"},
            100s);
        QCOMPARE(process.ask({"a", "b"}, {}), (std::vector<double>{1, 1}));
    }

    void whatACommandDoesWrongIsSaid_data() {
        QTest::addColumn<QString>("command");
        QTest::addColumn<QString>("says");
        QTest::newRow("crashes") << "read -r line; echo 1; echo oh dear >&2; exit 3"
                                 << "ended with exit code 3 after 1 of 2 numbers; the last line of "
                                    "its stderr: oh dear";
        QTest::newRow("is not there") << "/nowhere/reward"
                                      << "ended with exit code 127 after 0 of 2";
        QTest::newRow("is killed") << "kill -9 $$"
                                   << "was ended by signal 9 after 0 of 2 numbers";
        QTest::newRow("closes its output") << "exec >&-; sleep 1000"
                                           << "closed its output after 0";
        QTest::newRow("prints words")
            << kRead + "echo good; sleep 1000"
            << "printed \"good\" for completion 1 of 2, which is no number";
        QTest::newRow("prints a blank line") << kRead + "echo 1; echo; sleep 1000"
                                             << "printed \"\" for completion 2 of 2";
        QTest::newRow("prints two numbers a line") << kRead + "echo 1 2; sleep 1000"
                                                   << "printed \"1 2\"";
        QTest::newRow("nan") << kRead + "echo nan; sleep 1000"
                             << "which is not finite";
        QTest::newRow("inf") << kRead + "echo -inf; sleep 1000"
                             << "which is not finite";
        QTest::newRow("too large") << kRead + "echo 1e999; sleep 1000"
                                   << "which is no number";
        QTest::newRow("too many") << kRead + "printf '1\\n2\\n3\\n'; sleep 1000"
                                  << "printed \"3\" when no number was due";
        QTest::newRow("speaks unasked") << "echo loading; sleep 1000"
                                        << "printed \"loading\"";
        QTest::newRow("too few") << kRead + "echo 1"
                                 << "ended with exit code 0 after 1 of 2 numbers";
    }
    void whatACommandDoesWrongIsSaid() {
        QFETCH(const QString, command);
        QFETCH(const QString, says);
        const auto said = QString::fromStdString(failureOf(command.toStdString(), {"a", "b"}));
        QVERIFY2(said.contains(says), qPrintable(said));
        QVERIFY2(said.startsWith("the reward command mine=\"" + command.left(4)), qPrintable(said));
    }

    void aCommandThatHangsIsEndedWithWhatItStarted() {
        const QTemporaryDir folder;
        const QString own = folder.filePath("own"), child = folder.filePath("child");
        const auto said = QString::fromStdString(
            failureOf(("sleep 1000 & echo $! > '" + child + "'; echo $$ > '" + own +
                       "'; trap '' TERM; echo thinking >&2; read -r line; echo 1; wait; sleep 1000")
                          .toStdString(),
                      {"a", "b"}, 1s));
        QVERIFY2(said.contains("gave 1 of 2 numbers within 1 s (--reward-timeout)"),
                 qPrintable(said));
        QVERIFY2(said.contains("thinking"), qPrintable(said));
        QVERIFY(pidIn(own) > 0 && pidIn(child) > 0);
        QTRY_VERIFY_WITH_TIMEOUT(!isThere(pidIn(own)) && !isThere(pidIn(child)), 60000);
    }

    // It can save what it learnt.
    void aCommandIsToldTheEndByThatOfItsInput() {
        const QTemporaryDir folder;
        const QString saved = folder.filePath("saved");
        {
            RewardProcess process({"mine", kLength + "; echo done > '" + saved.toStdString() + "'"},
                                  100s);
            QCOMPARE(process.ask({"abc"}, {}), std::vector<double>{3});
            QVERIFY(!QFile::exists(saved));
        }
        QVERIFY(QFile::exists(saved));
    }

    void aStopIsObeyedWhileACommandThinks() {
        const QTemporaryDir folder;
        const QString own = folder.filePath("own");
        std::stop_source stop;
        stop.request_stop();
        {
            RewardProcess process(
                {"mine", "echo $$ > '" + own.toStdString() + "'; exec sleep 1000"}, 1000s);
            QTRY_VERIFY_WITH_TIMEOUT(pidIn(own) > 0, 60000);
            QVERIFY_THROWS_EXCEPTION(Cancelled, process.ask({"a"}, stop.get_token()));
        }
        QVERIFY(!isThere(pidIn(own)));
    }

    void namesAndCommandsAreChecked_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("says");
        QTest::newRow("no name") << "python3 reward.py"
                                 << "write NAME=COMMAND";
        QTest::newRow("an empty name") << "=python3 reward.py"
                                       << "write NAME=COMMAND";
        QTest::newRow("a command before =") << "python3 r.py --x=1"
                                            << "names no reward";
        QTest::newRow("no command") << "short= "
                                    << "the reward \"short\" has no command";
        QTest::newRow("a metric") << "mean=x"
                                  << "can't be called \"mean\"";
    }
    void namesAndCommandsAreChecked() {
        QFETCH(const QString, text);
        QFETCH(const QString, says);
        try {
            parseRewardCommand(text.toStdString());
            QFAIL("taken");
        } catch (const Error& error) {
            QVERIFY2(QString(error.what()).contains(says), error.what());
        }
        QCOMPARE(parseRewardCommand("short=X=1 sh r.sh").command, "X=1 sh r.sh");
    }
};

QTEST_GUILESS_MAIN(RewardProcessTest)
#include "reward_process_test.moc"
