#include <signal.h>

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

// What a script does in the window: the program itself with the model it ships.

namespace {

constexpr auto kQuestion = "What shape is the red object?";

QStringList region(const QString& corners) { return {"--region", corners}; }

}  // namespace

class ScriptTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(folder_.isValid()); }

    void aDrawnRegionIsTheThought() {
        const auto shown = stateAfter(QStringList{"--ask", kQuestion} + region("0.1,0.1,0.4,0.5") +
                                      QStringList{"--do", "regions.thought"});
        const QJsonArray answers = shown["answers"].toArray();
        QCOMPARE(answers.size(), 2);
        QCOMPARE(boxesOf(answers[0]), 1);  // on screen: the one from the region
        QCOMPARE(boxesOf(answers[1]), 0);  // beside it: the model's own
        for (const auto& answer : answers)
            QCOMPARE(answer.toObject()["question"].toString(), kQuestion);
        QCOMPARE(shown["regions"].toArray().size(), 1);
        QCOMPARE(shown["conversation"].toArray().size(), 2);
    }

    void theOwnThoughtIsAskedForFirstWhereThereIsNone() {
        const auto shown =
            stateAfter(region("0.1,0.1,0.4,0.5") + QStringList{"--do", "regions.thought"});
        const QJsonArray answers = shown["answers"].toArray();
        QCOMPARE(answers.size(), 2);
        QCOMPARE(boxesOf(answers[0]), 1);
        QCOMPARE(boxesOf(answers[1]), 0);
    }

    // By lvrtrace.py: with picture and visual tokens; and latents with one token, no more.
    void whatAnotherLoopRecordedOpens() {
        const auto shown = stateAfter({"--open", LVR_FIXTURES "/recorded.lvrtrace"});
        const QJsonObject answer = shown["answers"].toArray().at(0).toObject();
        QCOMPARE(answer["method"].toString(), "a loop in Python");
        QCOMPARE(answer["answer"].toString(), "blue");
        QCOMPARE(answer["latent_steps"].toArray().size(), 3);
        QCOMPARE(shown["pictures"].toArray().size(), 1);
        const auto least = stateAfter({"--open", LVR_FIXTURES "/recorded-least.lvrtrace"});
        const QJsonObject bare = least["answers"].toArray().at(0).toObject();
        QCOMPARE(bare["latent_steps"].toArray().size(), 2);
        QVERIFY(least["messages"].toArray().isEmpty());
    }

    void stepsAreDoneInTheOrderGiven() {
        const auto shown = stateAfter({"--ask", kQuestion, "--do", "scene.new-has-dot", "--do",
                                       "ask.ask", "--do", "workspace.train"});
        QCOMPARE(shown["workspace"].toString(), "train");
        QVERIFY(shown["question"].toString() != kQuestion);
        QCOMPARE(shown["answers"].toArray().size(), 1);
        QCOMPARE(shown["answers"][0]["question"], shown["question"]);
        QCOMPARE(shown["conversation"].toArray().size(), 1);  // about the second scene
    }

    void aComparedQuestionIsInTheState() {
        const auto shown = stateAfter({"--workspace", "compare", "--ask", kQuestion});
        QCOMPARE(shown["compared"].toArray().size(), 4);  // of the first strategies
        for (const auto& answer : shown["compared"].toArray())
            QCOMPARE(answer.toObject()["question"].toString(), kQuestion);
        QVERIFY(shown["comparison"].isNull());  // no set
    }

    void whatCantBeDoneIsOneSentence_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("sentence");
        QTest::newRow("no such command")
            << QStringList{"--do", "regions.thougt"} << "\"regions.thougt\"; near it are";
        QTest::newRow("not now") << QStringList{"--do", "file.save-trace"} << "no answer yet";
        QTest::newRow("in another workspace")
            << QStringList{"--do", "compare.compare"} << "workspace.compare first";
        QTest::newRow("on a picture that is not there")
            << region("0,0,1,1,3") << "picture 3, counted from 0";
        QTest::newRow("file that is not there")
            << QStringList{"--open", "nothing.png"} << "nothing.png";
        QTest::newRow("opens a dialog")
            << QStringList{"--do", "help.about"} << "\"help.about\" opens a dialog";
        QTest::newRow("opens a dialog of another workspace")
            << QStringList{"--workspace", "train", "--do", "runs.new"}
            << "\"runs.new\" opens a dialog";
    }

    void aSessionFolderThatCantBeWrittenIsRefused() {
        QFile taken(file("taken"));
        QVERIFY(taken.open(QIODevice::WriteOnly));
        const auto ended = run({"--session", file("taken/session"), "--state-to", file("s.json")});
        QCOMPARE(ended.code, 2);
        QVERIFY2(ended.said.contains("--session") && ended.said.contains("can't be written"),
                 qPrintable(ended.said));
    }

    // A scene that comes back is a drawn one: its answer is no guess.
    void aSceneThatComesBackIsNotTakenForAPhoto() {
        const QStringList session{"--session", file("scene")};
        stateAfter(session);
        const auto after = stateAfter(session);
        for (const QJsonValue message : after["messages"].toArray())
            QVERIFY2(!message["sentence"].toString().contains("drawn scenes only"),
                     qPrintable(message["sentence"].toString()));
    }
    void whatCantBeDoneIsOneSentence() {
        QFETCH(const QStringList, arguments);
        QFETCH(const QString, sentence);
        const QString state = file("none.json");
        const auto ended = run(arguments + QStringList{"--state-to", state});
        QCOMPARE(ended.code, 1);
        QVERIFY2(ended.said.contains(sentence), qPrintable(ended.said));
        QCOMPARE(ended.said.count('\n'), 1);
        QVERIFY(!QFile::exists(state));
    }

    void aStateThatCantBeWrittenIsOneSentence() {
        const auto ended = run({"--state-to", file("no folder/state.json")});
        QCOMPARE(ended.code, 1);
        QVERIFY2(ended.said.contains("state.json can't be written"), qPrintable(ended.said));
    }

    void whatWasOnScreenComesBackAfterAScriptLeft() {
        const QStringList session{"--session", file("left")};
        const auto before =
            stateAfter(session + QStringList{"--ask", kQuestion} + region("0.25,0.25,0.5,0.75"));
        const auto after = stateAfter(session);
        compareScreens(before, after);
    }

    void whatWasOnScreenComesBackAfterAKill() {
        const QStringList session{"--session", file("killed")};
        QProcess window;
        window.setProcessEnvironment(surroundings());
        window.start(LVR_WORKBENCH,
                     session + QStringList{"--ask", kQuestion} + region("0.25,0.25,0.5,0.75"));
        QVERIFY(window.waitForStarted());
        QTRY_VERIFY_WITH_TIMEOUT(keeps(file("killed"), kQuestion), 60'000);
        ::kill(static_cast<pid_t>(window.processId()), SIGKILL);
        QVERIFY(window.waitForFinished());
        const auto after = stateAfter(session);
        QCOMPARE(after["question"].toString(), kQuestion);
        QCOMPARE(after["answers"].toArray().size(), 1);
        QCOMPARE(after["conversation"].toArray().size(), 1);
        QCOMPARE(after["regions"].toArray(), (QJsonArray{QJsonArray{0.25, 0.25, 0.5, 0.75, 0}}));
        QVERIFY(after["messages"][0]["sentence"].toString().contains("ended unexpectedly"));
    }

private:
    struct Ended {
        int code = -1;
        QString said;  // on stderr
    };

    QString file(const QString& name) const { return folder_.filePath(name); }

    // No test touches a person's settings or runs.
    QProcessEnvironment surroundings() const {
        auto environment = QProcessEnvironment::systemEnvironment();
        for (const char* name : {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"})
            environment.insert(name, file("home"));
        environment.insert("LVR_STORE", file("runs.db"));
        return environment;
    }

    Ended run(const QStringList& arguments) const {
        QProcess program;
        program.setProcessEnvironment(surroundings());
        program.start(LVR_WORKBENCH, arguments);
        if (!program.waitForFinished(120'000)) return {};
        const int code = program.exitStatus() == QProcess::NormalExit ? program.exitCode() : -1;
        return {code, QString::fromUtf8(program.readAllStandardError())};
    }

    QJsonObject stateAfter(const QStringList& arguments) {
        const QString state = file("state.json");
        QFile::remove(state);
        const auto ended = run(arguments + QStringList{"--state-to", state});
        if (ended.code != 0) qWarning("%s", qPrintable(ended.said));
        QFile json(state);
        if (!json.open(QIODevice::ReadOnly)) return {};
        return QJsonDocument::fromJson(json.readAll()).object();
    }

    static int boxesOf(const QJsonValue& answer) {
        return static_cast<int>(answer["thought"]["boxes"].toArray().size());
    }

    static void compareScreens(const QJsonObject& before, const QJsonObject& after) {
        for (const char* part :
             {"workspace", "pictures", "question", "answers", "conversation", "regions"})
            QCOMPARE(after[part], before[part]);
    }

    // The session on disk holds the answer to it and the region.
    static bool keeps(const QString& folder, const QString& question) {
        QFile kept(folder + "/session.json");
        if (!kept.open(QIODevice::ReadOnly)) return false;
        const auto session = QJsonDocument::fromJson(kept.readAll()).object();
        return session["question"].toString() == question &&
               QDir(folder + "/conversations").count() > 2;
    }

    QTemporaryDir folder_;
};

QTEST_GUILESS_MAIN(ScriptTest)
#include "script_test.moc"
