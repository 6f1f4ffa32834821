// Which of several things asked for is shown, what a look back leaves alone, and the way back. With
// the shipped model and a history on disk.

#include <QMenu>
#include <QMimeData>
#include <QSettings>
#include <QTemporaryDir>
#include <QTreeWidget>

#include "app/shell/help_pages.h"
#include "app/sources/given_files.h"
#include "app/sources/source_browser.h"
#include "app/window/session.h"
#include "app/window/workspaces.h"
#include "tests/support/real_window.h"
#include "widgets/conversation/exchange_list.h"
#include "widgets/message_bar.h"

using namespace lvr;

namespace {

void writePicture(const QString& file, QColor colour) {
    QImage photo(120, 80, QImage::Format_RGB888);
    photo.fill(colour);
    QVERIFY(photo.save(file));
}

QString details(const ExchangeList& list, int answer) {
    const auto* item = list.topLevelItem(0)->child(answer);
    QStringList parts;
    for (const int role :
         {ExchangeDelegate::How, ExchangeDelegate::OfModel, ExchangeDelegate::Details})
        parts << item->data(0, role).toString();
    return parts.join(" · ");
}

}  // namespace

class AskTurnsTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    int histories_ = 0;
    QString photo_;
    QString newHistory() { return folder_.filePath(QString("history-%1").arg(++histories_)); }
    static QString title(RealWindow& world) { return world.window.windowTitle(); }
    static ExchangeList& list(RealWindow& world) { return world.the<ExchangeList>(); }
    // What was being looked up and read has been shown by then, if it is.
    static void finishReading(RealWindow& world) {
        QTRY_VERIFY_WITH_TIMEOUT(
            !world.the<GivenFiles>().isLooking() && !world.the<FileJobs>().isBusy(), 30000);
    }
    static void click(RealWindow& world, int question, int answer) {
        auto& view = list(world);
        const QRect rect = view.visualItemRect(view.topLevelItem(question)->child(answer));
        QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, rect.center());
    }

private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setOrganizationName("lvr-ask-turns-test");
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, folder_.path());
        photo_ = folder_.filePath("photo.png");
        writePicture(photo_, Qt::darkCyan);
    }

    // ---- The newest wins ----

    void anOlderOpenDoesNotOvertake_data() {
        QTest::addColumn<QString>("newer");
        for (const char* newer : {"scene", "paste", "back", "answer"})
            QTest::newRow(newer) << newer;
    }
    void anOlderOpenDoesNotOvertake() {
        QFETCH(QString, newer);
        RealWindow world(newHistory());
        world.begin();
        world.ask(world.line());
        QTRY_COMPARE(list(world).topLevelItemCount(), 1);
        if (newer == "back") world.window.newScene("left-right");
        world.window.openFile(photo_);
        if (newer == "scene") world.window.newScene("left-right");
        if (newer == "back") world.action("trail.back").trigger();
        if (newer == "answer") click(world, 0, 0);
        if (newer == "paste") {
            QMimeData pasted;
            pasted.setImageData(QImage(30, 20, QImage::Format_RGB888));
            world.window.give(pasted);
        }
        const QString shown = title(world);
        QVERIFY(!shown.startsWith("photo"));
        finishReading(world);
        QCOMPARE(title(world), shown);
    }

    void aSessionDoesNotOvertakeWhatWasOpenedMeanwhile() {
        const QString history = newHistory(), session = folder_.filePath("session");
        {
            RealWindow world(history);
            world.window.keepSession(session);
            world.begin();
            world.window.close();
        }
        RealWindow again(history);
        again.window.restore(*again.window.keepSession(session));
        QMimeData pasted;  // there at once
        pasted.setImageData(QImage(30, 20, QImage::Format_RGB888));
        again.window.give(pasted);
        again.settle();
        QVERIFY2(title(again).startsWith("pasted"), qPrintable(title(again)));
    }

    void anAnswerBeingReadDoesNotOvertakeANewQuestion() {
        const QString history = newHistory();
        {
            RealWindow world(history);
            world.begin();
            world.ask("First?");
        }
        RealWindow again(history);
        again.begin();
        QTRY_COMPARE(list(again).topLevelItemCount(), 1);
        click(again, 0, 0);
        again.window.ask("Second?");
        again.settle();
        QTRY_COMPARE(list(again).topLevelItemCount(), 2);
        QCOMPARE(again.window.trace().question.text, "Second?");
    }

    // ---- Questions that wait ----

    void aWaitingQuestionKeepsWhatItWasAskedWith() {
        RealWindow world(newHistory());
        world.window.newScene("chain");
        world.window.openModel({});
        world.the<ExitRuleForm>().setRule(FixedSteps{3});
        world.window.ask("What shape is it?");
        world.type("typed meanwhile");
        world.settle();
        QCOMPARE(world.window.trace().question.text, "What shape is it?");
        QCOMPARE(world.window.trace().options.exit, ExitRule(FixedSteps{3}));
        QCOMPARE(world.line(), "typed meanwhile");
    }

    void againWhileAModelLoadsAsksTheSame() {
        RealWindow world(newHistory());
        world.begin();
        DecodeOptions given{.exit = FixedSteps{2}};
        given.thought.boxes = {{0, 0, 0.5, 0.5}};
        world.window.openModel({});
        world.asks().ask("What shape is it?", given);
        world.settle();
        QCOMPARE(world.window.trace().options, given);
    }

    void anUnchosenRuleIsTheModels() {
        RealWindow world(newHistory());
        world.window.newScene("chain");
        world.window.openModel({});
        world.window.ask();
        world.settle();
        QCOMPARE(world.window.trace().options.exit, world.the<ExitRuleForm>().rule());
        QVERIFY(!world.asks().chosenOptions());
    }

    void aPictureOpenedMeanwhileCancelsTheWaitingQuestion() {
        RealWindow world(newHistory());
        QSignalSpy failed(&world.window, &MainWindow::failed);
        world.window.newScene("chain");
        world.window.openModel({});
        world.window.ask();
        QMimeData pasted;
        pasted.setImageData(QImage(30, 20, QImage::Format_RGB888));
        world.window.give(pasted);
        world.settle();
        QCOMPARE(failed.size(), 0);
        QVERIFY(world.window.trace().steps.empty());
    }

    // ---- Looking back ----

    void lookingAtAnOldAnswerLeavesTheNextQuestionAlone() {
        RealWindow world(newHistory());
        world.begin();
        world.the<ExitRuleForm>().setRule(FixedSteps{2});
        world.ask("What shape is it?");
        world.the<ExitRuleForm>().setRule(FixedSteps{5});
        world.ask("And now?");
        world.type("Half a quest");
        QTRY_COMPARE(list(world).topLevelItemCount(), 2);
        click(world, 0, 0);
        QTRY_COMPARE(world.window.trace().question.text, "What shape is it?");
        QCOMPARE(world.line(), "Half a quest");
        QCOMPARE(world.the<ExitRuleForm>().rule(), ExitRule(FixedSteps{5}));
        const QString asked = world.label("What was asked");
        QVERIFY2(asked.contains("What shape is it?") && asked.contains("fixed 2") &&
                     asked.contains("tiny"),
                 qPrintable(asked));
        world.the<QuestionLine>().undo();
        QVERIFY(world.line() != "Half a quest");  // what was typed can still be taken back
        world.the<QuestionLine>().redo();
        world.action("conversation.edit").trigger();
        QCOMPARE(world.line(), "What shape is it?");
        QCOMPARE(world.the<ExitRuleForm>().rule(), ExitRule(FixedSteps{2}));
        world.the<QuestionLine>().undo();
        QCOMPARE(world.line(), "Half a quest");
    }

    void aBranchLeavesTheFormAlone() {
        RealWindow world(newHistory());
        world.begin();
        const ExitRule mine = world.the<ExitRuleForm>().rule();
        world.type("Half a quest");
        world.asks().ask("What shape is it?", {.exit = FixedSteps{4}});
        world.settle();
        QCOMPARE(world.window.trace().options.exit, ExitRule(FixedSteps{4}));
        QCOMPARE(world.the<ExitRuleForm>().rule(), mine);
        QCOMPARE(world.line(), "Half a quest");
    }

    void rightAfterAnAnswerItCanBeAskedAgain() {
        RealWindow world(newHistory());
        world.begin();
        world.ask(world.line());
        QVERIFY(world.action("conversation.again").isEnabled());
        world.action("conversation.again").trigger();
        world.settle();
        QTRY_COMPARE(list(world).topLevelItem(0)->childCount(), 2);
    }

    void answersOfOneQuestionSayHowTheyWereAsked() {
        RealWindow world(newHistory());
        world.begin();
        const QString question = world.line();
        world.asks().ask(question, {.exit = FixedSteps{4}});
        world.settle();
        world.asks().ask(question, {.exit = NoLatents{}});
        world.settle();
        QTRY_COMPARE(list(world).topLevelItem(0)->childCount(), 2);
        QVERIFY2(details(list(world), 0).startsWith("fixed 4 ·"),
                 qPrintable(details(list(world), 0)));
        QVERIFY2(details(list(world), 1).startsWith("no latents ·"),
                 qPrintable(details(list(world), 1)));
    }

    void stoppedBeforeTheFirstTokenSaysNoNumbers() {
        RealWindow world(newHistory());
        world.begin();
        world.window.ask();
        world.window.stop();
        world.settle();
        QVERIFY(world.window.trace().steps.empty());
        QCOMPARE(world.label("State"), "Stopped by you before the first token");
    }

    // ---- The way back ----

    void backShowsSceneQuestionAndAnswerAgain() {
        RealWindow world(newHistory());
        world.begin();
        world.ask(world.line());
        const Trace scene = world.window.trace();
        world.type("Half a quest");
        world.window.newScene("left-right");
        const QString second = world.line();
        QVERIFY(world.window.trace().steps.empty());
        world.action("trail.back").trigger();
        QVERIFY(world.window.trace() == scene);
        QCOMPARE(world.line(), "Half a quest");
        QTRY_COMPARE(list(world).topLevelItemCount(), 1);
        QTRY_VERIFY(world.action("conversation.again").isEnabled());
        QVERIFY(!world.action("trail.back").isEnabled());
        world.action("trail.forward").trigger();
        QCOMPARE(world.line(), second);
        QVERIFY(!world.action("trail.forward").isEnabled());
        world.ask(second);
        QVERIFY(world.window.trace().expectedAnswer);  // the scene still knows its answer
    }

    void backIsInTheMenuAndKnowsTheFile() {
        RealWindow world(newHistory());
        world.begin();
        world.open(photo_);
        world.window.newScene("chain");
        world.action("trail.back").trigger();
        QVERIFY(title(world).startsWith("photo.png"));
        QCOMPARE(world.the<SourceBrowser>().openFile(), photo_);
        QStringList entries;
        for (auto* menu : world.window.findChildren<QMenu*>())
            for (auto* action : menu->actions()) entries << action->objectName();
        QVERIFY(entries.contains("trail.back") && entries.contains("trail.forward"));
    }

    // ---- Messages ----

    void anErrorStaysUntilItIsReadAndIsListed() {
        RealWindow world(newHistory());
        world.begin();
        world.open(folder_.filePath("gone.png"));
        const QString error = world.window.message();
        QVERIFY(error.contains("gone.png"));
        world.window.openModel({});
        auto& bar = *world.window.findChild<MessageBar*>("messages");
        bar.showProgress("Opening the tiny model…", 0.5);
        QCOMPARE(world.window.message(), error);
        QVERIFY(bar.showsProgress());
        world.settle();
        QCOMPARE(world.window.message(), error);
        QVERIFY(!bar.showsProgress());
        world.window.showWorkspace(WorkspaceId::Train);
        QCOMPARE(world.window.message(), error);
        bar.dismiss();
        world.action("help.messages").trigger();
        auto* dialog = world.window.findChild<MessagesDialog*>();
        QVERIFY(dialog);
        auto* said = dialog->findChild<QTreeWidget*>();
        QCOMPARE(said->topLevelItem(0)->text(1), error);
        dialog->close();
    }
};

QTEST_MAIN(AskTurnsTest)
#include "ask_turns_test.moc"
