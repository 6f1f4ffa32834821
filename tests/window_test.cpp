#include <QAbstractSpinBox>
#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDropEvent>
#include <QListWidget>
#include <QMimeData>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

#include "app/ask/picture_panel.h"
#include "app/engine/inference_worker.h"
#include "app/window/models.h"
#include "app/window/session.h"
#include "app/window/start_script.h"
#include "app/window/workspaces.h"
#include "core/trace/trace_file.h"
#include "core/vision/image_file.h"
#include "tests/support/scripted_window.h"
#include "widgets/decode_form.h"
#include "widgets/imgui_canvas.h"
#include "widgets/message_bar.h"
#include "widgets/question_line.h"

using namespace lvr;

namespace {

void drop(MainWindow& window, QMimeData* data) {
    QDragEnterEvent enter(QPoint(9, 9), Qt::CopyAction, data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &enter);
    QDropEvent event(QPointF(9, 9), Qt::CopyAction, data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &event);
}

}  // namespace

class WindowTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();

    void startsWithASceneAndItsQuestionReadyToAsk();
    void whatAModelsFolderHoldsAndIsNotUsedIsSaid();
    void askingStreamsStepsInOrder();
    void rightAndWrongAnswersAreMarked();
    void anotherQuestionHasNoKnownAnswer();
    void stopKeepsThePartialAnswer();
    void onlyTheNewestOfTwentyRequestsReports();
    void aNewPictureDropsTheRunningAnswer();
    void failingEngineShowsItsSentence();
    void emptyQuestionSaysWhatToDo();
    void askingWhileTheModelOpensWaitsForIt();

    void chipsSelectSteps();
    void arrowKeysScrub();
    void spacePlaysFromTheStart();
    void wheelAndMouseOnTheCanvasDoNoHarm();

    void opensAPicture();
    void dropsAndPastesAPicture();
    void pastingNothingSaysSo();
    void droppedAddressOnTheNetSaysSo();
    void wrongFileGivesOneSentence_data();
    void wrongFileGivesOneSentence();
    void aPictureThatIsNoSceneGetsAHint();
    void newSceneFillsTheQuestion();
    void unknownSceneKindIsASentence();

    void brokenModelKeepsTheOldOne();
    void loadingCanBeCancelled();
    void whereMemoryLacksForTwoTheFirstModelGoesFirst();
    void aBrokenModelGivesTheFirstItsPlaceBack();
    void aModelThatCannotBeOpenedAgainIsNotShownAsOpen();
    void whatAnswersIsWhatIsShownWhenALoadOvertakesAnother();
    void whereAModelIsComputedIsChosenWithIt();
    void howAModelThinksIsChosenWithItAndKept();
    void everyWorkspaceFitsASmallScreen_data();
    void everyWorkspaceFitsASmallScreen();
    void everyExitRuleComesBackAndFitsASmallScreen_data();
    void everyExitRuleComesBackAndFitsASmallScreen();
    void modelsExitRuleIsTaken();
    void openModelListsTheCacheAndOpensWhatIsChosen();

    void traceComesBackThroughTheWindow();
    void noAnswerWidensTheWindow_data();
    void noAnswerWidensTheWindow();
    void savingWithoutAnAnswerSaysSo();
    void savingIntoAMissingFolderSaysSo();

    void closingDuringAnAskIsClean();
    void closingDuringALoadIsClean();
    void rememberedLookComesBack();
    void scriptTakesAScreenshot();
    void scriptReportsWhatWentWrong();
    void everythingToClickHasAName();

private:
    QTemporaryDir folder_;
    QString file(const QString& name) const { return folder_.filePath(name); }
};

void WindowTest::initTestCase() {
    QCoreApplication::setOrganizationName("lvr-window-test");
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, folder_.path());
    writePng(picture(60, 40), file("photo.png").toStdString());
}

void WindowTest::startsWithASceneAndItsQuestionReadyToAsk() {
    World world;
    QCOMPARE(world.the<QuestionLine>().toPlainText(), "What? chain");
    QCOMPARE(world.the<ExitRuleForm>().rule(),
             ExitRule(EndProbability{.threshold = 0.5, .cap = 16}));
    QVERIFY(world.button("Ask").isEnabled());
    QVERIFY(!world.button("Stop").isEnabled());
    QCOMPARE(world.window.message(), "");
}

void WindowTest::whatAModelsFolderHoldsAndIsNotUsedIsSaid() {
    World world;
    world.window.openModel("odd");
    world.settle();
    QVERIFY2(world.window.message().contains("left out"), qPrintable(world.window.message()));
    world.window.openModel("plain");
    world.settle();
    QCOMPARE(world.window.message(), "");
}

void WindowTest::askingStreamsStepsInOrder() {
    World world;
    QTest::keyClick(&world.the<QuestionLine>(), Qt::Key_Return);
    world.settle();
    const Trace& trace = world.window.trace();
    QCOMPARE(trace.steps.size(), std::size_t{kLooks + 1});
    for (int i = 0; i <= kLooks; ++i) QCOMPARE(trace.steps[i].position, i);
    QCOMPARE(world.latents(), kLooks);
    QString text = world.the<TokenStream>().toPlainText();
    QVERIFY(text.endsWith("moon"));
    QCOMPARE(trace.answer, "moon");
    QCOMPARE(trace.rois.size(), std::size_t{2});
}

void WindowTest::rightAndWrongAnswersAreMarked() {
    World world;
    QVERIFY(world.verdict().endsWith("known: moon"));
    world.ask("What? chain");
    QVERIFY(world.verdict().contains("Right"));
    QCOMPARE(world.window.trace().expectedAnswer, std::optional<std::string>("moon"));
}

void WindowTest::anotherQuestionHasNoKnownAnswer() {
    World world;
    world.ask("Something else?");
    QCOMPARE(world.verdict(), "");
    QVERIFY(!world.window.trace().expectedAnswer);
    QVERIFY(world.window.trace().rois.empty());
}

void WindowTest::stopKeepsThePartialAnswer() {
    World world;
    world.script.waitsForStop = true;
    world.window.ask();
    QTRY_COMPARE(world.latents(), 2);
    QVERIFY(world.button("Stop").isEnabled());
    world.window.activateWindow();  // shortcuts work in the active window only
    QVERIFY(QTest::qWaitForWindowActive(&world.window));
    QTest::keyClick(&world.the<QuestionLine>(), Qt::Key_Escape);
    world.settle();
    QCOMPARE(world.latents(), 2);
    QCOMPARE(world.window.trace().stopped, StopReason::Cancelled);
    QCOMPARE(world.window.trace().steps.size(), std::size_t{2});
    QCOMPARE(world.window.message(), "");
}

void WindowTest::onlyTheNewestOfTwentyRequestsReports() {
    World world;
    QSignalSpy settled(&world.window, &MainWindow::settled);
    for (int i = 0; i < 20; ++i) world.window.ask(QString("Question %1").arg(i));
    world.settle();
    QCoreApplication::processEvents();
    QCOMPARE(settled.size(), 1);
    QCOMPARE(world.window.trace().question.text, "Question 19");
    QCOMPARE(world.window.trace().steps.size(), std::size_t{kLooks + 1});
    QCOMPARE(world.latents(), kLooks);
    QVERIFY(world.script.asked <= 20);
}

void WindowTest::aNewPictureDropsTheRunningAnswer() {
    World world;
    world.script.waitsForStop = true;
    world.window.ask();
    QTRY_COMPARE(world.latents(), 2);
    world.window.newScene("has-dot");
    QVERIFY(!world.window.isBusy());
    QCOMPARE(world.latents(), 0);
    world.script.waitsForStop = false;
    world.ask("Now?");
    QCOMPARE(world.latents(), kLooks);
}

void WindowTest::failingEngineShowsItsSentence() {
    World world;
    world.script.fails = true;
    world.ask("Break");
    QCOMPARE(world.window.message(), "The engine broke; try another question.");
    QCOMPARE(world.latents(), 2);
    world.script.fails = false;
    world.ask("Again");
    QCOMPARE(world.window.message(), "");
    QCOMPARE(world.latents(), kLooks);
}

void WindowTest::emptyQuestionSaysWhatToDo() {
    World world;
    world.window.ask("   ");
    QVERIFY(world.window.message().contains("type one"));
    QCOMPARE(world.script.asked.load(), 0);
}

void WindowTest::askingWhileTheModelOpensWaitsForIt() {
    World world;
    world.window.openModel("other");
    world.window.ask("Early?");
    QTRY_COMPARE(world.latents(), kLooks);
    QTRY_COMPARE(world.window.trace().model, "other");
}

void WindowTest::chipsSelectSteps() {
    World world;
    world.ask("What? chain");
    auto& stream = world.the<TokenStream>();
    for (const int step : {2, 0, 3}) {
        QTest::mouseClick(stream.viewport(), Qt::LeftButton, {}, stream.latentRect(step).center());
        QCOMPARE(world.the<PicturePanel>().selectedStep(), step);
        QVERIFY(!world.the<PicturePanel>().isPlaying());
    }
}

void WindowTest::arrowKeysScrub() {
    World world;
    world.ask("What? chain");
    auto& panel = world.the<PicturePanel>();
    QWidget* focus = panel.focusProxy();
    const auto press = [&](Qt::Key key) {
        QTest::keyClick(focus, key);
        return panel.selectedStep();
    };
    QCOMPARE(press(Qt::Key_Home), 0);
    QVERIFY(!panel.isPlaying());
    QCOMPARE(press(Qt::Key_Right), 1);
    QCOMPARE(press(Qt::Key_End), kLooks - 1);
    QCOMPARE(press(Qt::Key_Right), kLooks - 1);
    QCOMPARE(press(Qt::Key_Left), kLooks - 2);
}

void WindowTest::spacePlaysFromTheStart() {
    World world;
    world.ask("What? chain");
    auto& panel = world.the<PicturePanel>();
    panel.pause();
    panel.selectStep(kLooks - 1);
    QSignalSpy steps(&panel, &PicturePanel::stepSelected);
    QTest::keyClick(panel.focusProxy(), Qt::Key_Space);
    QVERIFY(panel.isPlaying());
    QTRY_VERIFY(!panel.isPlaying());
    QCOMPARE(steps.size(), kLooks);
    QCOMPARE(steps.first()[0].toInt(), 0);
    QCOMPARE(panel.selectedStep(), kLooks - 1);
}

void WindowTest::wheelAndMouseOnTheCanvasDoNoHarm() {
    World world;
    world.ask("What? chain");
    auto& panel = world.the<PicturePanel>();
    if (!panel.noOpenGl().isEmpty()) QSKIP("no OpenGL here");
    auto& canvas = world.the<ImGuiCanvas>();
    panel.pause();
    panel.selectStep(3);
    // The first column of the steps, found from the panel's lower left corner.
    QTest::mouseClick(&canvas, Qt::LeftButton, {}, {170, canvas.height() - 40});
    QTRY_COMPARE(panel.selectedStep(), 0);
    QSignalSpy drawn(&canvas, &ImGuiCanvas::drawn);
    QWheelEvent wheel({200, 200}, canvas.mapToGlobal(QPointF(200, 200)), {}, {0, 120}, Qt::NoButton,
                      Qt::NoModifier, Qt::NoScrollPhase, false);
    QApplication::sendEvent(&canvas, &wheel);
    QTRY_VERIFY(drawn.size() > 0);
}

void WindowTest::opensAPicture() {
    World world;
    world.window.openFile(file("photo.png"));
    world.settle();
    QCOMPARE(world.window.trace().question.images.at(0), picture(60, 40));
    QVERIFY(world.window.windowTitle().startsWith("photo.png"));
    QCOMPARE(world.the<QuestionLine>().toPlainText(), "");
}

void WindowTest::dropsAndPastesAPicture() {
    World world;
    QMimeData dropped;
    dropped.setUrls({QUrl::fromLocalFile(file("photo.png"))});
    drop(world.window, &dropped);
    world.settle();
    QCOMPARE(world.window.trace().question.images.at(0).width, 60);
    QImage green(7, 5, QImage::Format_RGB888);
    green.fill(Qt::green);
    QApplication::clipboard()->setImage(green);
    QTest::keyClick(&world.the<QuestionLine>(), Qt::Key_V, Qt::ControlModifier);
    QCOMPARE(world.window.trace().question.images.at(0).width, 7);
}

void WindowTest::pastingNothingSaysSo() {
    World world;
    QMimeData text;
    text.setText("hello");
    world.window.give(text);
    QVERIFY(world.window.message().contains("no picture"));
}

void WindowTest::droppedAddressOnTheNetSaysSo() {
    World world;
    QMimeData data;
    data.setUrls({QUrl("https://example.org/cat.png")});
    world.window.give(data);
    QVERIFY(world.window.message().contains("save the picture first"));
}

void WindowTest::wrongFileGivesOneSentence_data() {
    QTest::addColumn<QString>("name");
    QTest::newRow("missing picture") << "nothing.png";
    QTest::newRow("text as picture") << "text.png";
    QTest::newRow("text as trace") << "text.lvrtrace";
    QTest::newRow("missing trace") << "nothing.lvrtrace";
}

void WindowTest::wrongFileGivesOneSentence() {
    QFETCH(const QString, name);
    for (const char* text : {"text.png", "text.lvrtrace"})
        std::ofstream(file(text).toStdString()) << "just words, no picture";
    World world;
    QSignalSpy failed(&world.window, &MainWindow::failed);
    const Image before = world.window.trace().question.images.at(0);
    world.window.openFile(file(name));
    world.settle();
    QCOMPARE(failed.size(), 1);
    qInfo() << world.window.message();
    QVERIFY(world.window.message().size() > 20);
    QVERIFY(!world.window.message().contains('\n'));
    QCOMPARE(world.window.trace().question.images.at(0), before);
}

void WindowTest::aPictureThatIsNoSceneGetsAHint() {
    World world;
    world.window.openFile(file("photo.png"));
    world.settle();
    QVERIFY(world.window.message().contains("drawn scenes only"));
    world.window.openModel("real");
    world.settle();
    QCOMPARE(world.window.message(), "");
}

void WindowTest::newSceneFillsTheQuestion() {
    World world;
    world.ask("What? chain");
    world.window.newScene("has-dot");
    QCOMPARE(world.the<QuestionLine>().toPlainText(), "What? has-dot");
    QCOMPARE(world.latents(), 0);
    QVERIFY(world.verdict().endsWith("known: moon"));
    QCOMPARE(world.window.trace().rois.size(), std::size_t{2});
}

void WindowTest::unknownSceneKindIsASentence() {
    World world;
    world.window.newScene("nonsense");
    QCOMPARE(world.window.message(), "There is no kind nonsense; use chain.");
    QCOMPARE(world.the<QuestionLine>().toPlainText(), "What? chain");
}

void WindowTest::brokenModelKeepsTheOldOne() {
    World world;
    world.window.openModel("broken");
    world.settle();
    QCOMPARE(world.window.message(), "broken has no config.json; choose another.");
    world.ask("Still there?");
    QCOMPARE(world.window.trace().model, "tiny");
}

void WindowTest::loadingCanBeCancelled() {
    World world;
    world.script.loadWaitsForStop = true;
    world.window.openModel("slow");
    const auto& messages = *world.window.findChild<MessageBar*>("messages");
    QTRY_VERIFY(messages.showsProgress());
    QVERIFY(world.button("Stop").isEnabled());
    QTest::mouseClick(&world.button("Stop"), Qt::LeftButton);
    world.settle();
    QVERIFY(world.window.message().contains("cancelled"));
    QVERIFY(!messages.showsProgress());
    world.ask("Still there?");
    QCOMPARE(world.window.trace().model, "tiny");
}

void WindowTest::whereMemoryLacksForTwoTheFirstModelGoesFirst() {
    World world;
    world.window.openModel("other");
    world.settle();
    QCOMPARE(world.script.mostOpen.load(), 2);
    world.script.mostOpen = 0;
    world.script.lacksRoom = true;
    world.window.openModel("large");
    world.settle();
    QCOMPARE(world.script.mostOpen.load(), 1);
    world.ask("Who?");
    QCOMPARE(world.window.trace().model, "large");
}

void WindowTest::aBrokenModelGivesTheFirstItsPlaceBack() {
    World world;
    world.script.lacksRoom = true;
    world.window.openModel("broken");
    world.settle();
    QCOMPARE(world.window.message(), "broken has no config.json; choose another.");
    world.ask("Still there?");
    QCOMPARE(world.window.trace().model, "tiny");
}

void WindowTest::aModelThatCannotBeOpenedAgainIsNotShownAsOpen() {
    World world;
    world.script.lacksRoom = true;
    world.script.opensNoMore = true;
    world.window.openModel("large");
    world.settle();
    QVERIFY2(world.window.message().startsWith("The disk is gone"),
             qPrintable(world.window.message()));
    QVERIFY2(world.window.message().contains("no model is open now"),
             qPrintable(world.window.message()));
    for (auto* label : world.window.findChildren<QLabel*>())
        if (label->accessibleName() == "Model") QCOMPARE(label->text(), "no model");
    world.window.ask("Who?");
    QVERIFY(world.window.message().contains("No model is open"));
    QVERIFY(!world.window.isBusy());
}

void WindowTest::whatAnswersIsWhatIsShownWhenALoadOvertakesAnother() {
    Script script;
    InferenceWorker worker(servicesOf(script).openEngine);
    QSignalSpy failed(&worker, &InferenceWorker::loadFailed);
    QStringList shown;
    connect(&worker, &InferenceWorker::loaded, this,
            [&](const ModelInfo& model) { shown << QString::fromStdString(model.name); });
    std::latch inUse(1);
    worker.load({"second"});
    worker.runner()([&](const EngineDesk&) { inUse.count_down(); }, {});
    inUse.wait();  // no event was handled since: nobody has heard of it
    worker.load({"broken"});
    QVERIFY(failed.wait(5000));
    QCOMPARE(shown, QStringList{"second"});
    QSignalSpy answered(&worker, &InferenceWorker::answered);
    QString answers;
    connect(&worker, &InferenceWorker::answered, this,
            [&](const Trace& trace) { answers = QString::fromStdString(trace.model); });
    worker.ask({{picture(9, 9)}, "Who?"}, {});
    QVERIFY(answered.wait(5000));
    QCOMPARE(answers, shown.last());
}

void WindowTest::whereAModelIsComputedIsChosenWithIt() {
    std::vector<ModelPlace> places;
    Script script;
    auto services = servicesOf(script);
    services.openEngine = [&places, open = services.openEngine](const ModelWish& wish,
                                                                const auto&... rest) {
        places.push_back(wish.place);
        return open(wish, rest...);
    };
    MainWindow window(services);
    QSignalSpy settled(&window, &MainWindow::settled);
    const auto settle = [&] { QVERIFY(!window.isBusy() || settled.wait(5000)); };
    window.show();
    window.newScene("chain");
    window.placeModels({.dtype = "bfloat16", .device = "cuda:1"});
    window.openModel({});
    settle();
    for (QAction* action : window.findChildren<QAction*>())
        if (action->text() == "Open &model…") action->trigger();
    auto& dialog = *window.findChild<OpenModelDialog*>();
    for (auto* choice : dialog.findChildren<QComboBox*>())
        if (choice->accessibleName() == "Computed on") {
            QCOMPARE(choice->currentText(), "cuda:1");
            choice->setCurrentText("cpu");
        }
    dialog.accept();
    settle();
    window.openModel("another");  // from a menu: as it was chosen last
    settle();
    const ModelPlace chosen{.dtype = "bfloat16", .device = "cpu"};
    QCOMPARE(places, (std::vector<ModelPlace>{{"bfloat16", "cuda:1"}, chosen, chosen}));
}

void WindowTest::howAModelThinksIsChosenWithItAndKept() {
    std::vector<std::string> asked;
    Script script;
    auto services = servicesOf(script);
    services.openEngine = [&asked, open = services.openEngine](const ModelWish& wish,
                                                               const auto&... rest) {
        asked.push_back(wish.dialect);
        return open(wish, rest...);
    };
    MainWindow window(services);
    QSignalSpy settled(&window, &MainWindow::settled);
    const auto settle = [&] { QVERIFY(!window.isBusy() || settled.wait(5000)); };
    window.show();
    for (QAction* action : window.findChildren<QAction*>())
        if (action->text() == "Open &model…") action->trigger();
    auto& dialog = *window.findChild<OpenModelDialog*>();
    dialog.findChild<QLineEdit*>()->setText("some/model");
    for (auto* choice : dialog.findChildren<QComboBox*>())
        if (choice->accessibleName() == "Thinks as") choice->setCurrentText("Mirage");
    dialog.accept();
    settle();
    window.openModel("another");
    settle();
    window.openModel("some/model");  // from a menu: as it was chosen for it
    settle();
    QCOMPARE(asked, (std::vector<std::string>{"mirage", "", "mirage"}));
}

void WindowTest::everyWorkspaceFitsASmallScreen_data() {
    QTest::addColumn<WorkspaceId>("workspace");
    for (const WorkspaceId id : kWorkspaces) QTest::newRow(qPrintable(nameOf(id))) << id;
}

void WindowTest::everyWorkspaceFitsASmallScreen() {
    QFETCH(WorkspaceId, workspace);
    World world;
    world.window.resize(1024, 640);
    world.window.showWorkspace(workspace);
    world.settle();
    QCoreApplication::sendPostedEvents();
    const QSize least = world.window.minimumSizeHint();
    QVERIFY2(least.width() <= 1024 && least.height() <= 640,
             qPrintable(QString("%1 x %2").arg(least.width()).arg(least.height())));
    QCOMPARE(world.window.size(), QSize(1024, 640));
}

void WindowTest::everyExitRuleComesBackAndFitsASmallScreen_data() {
    QTest::addColumn<QString>("rule");
    for (const char* rule : {"none", "fixed:3", "latent-end:mae:0.125:7", "end-token:5",
                             "end-prob:0.75:9", "settled:0.9:6", "answer-settled:4:7",
                             "entropy:1.25:8", "probe:probes/of chains.json:0.625:12"})
        QTest::newRow(rule) << rule;
}

void WindowTest::everyExitRuleComesBackAndFitsASmallScreen() {
    QFETCH(const QString, rule);
    const ExitRule wanted = parseExitRule(rule.toStdString());
    QTemporaryDir folder;
    {
        World world;
        world.window.keepSession(folder.path());
        world.window.resize(1024, 640);
        world.the<ExitRuleForm>().setRule(wanted);
        QCoreApplication::sendPostedEvents();
        QCOMPARE(world.window.size(), QSize(1024, 640));
        const auto& form = world.the<ExitRuleForm>();
        for (auto* field : form.findChildren<QWidget*>(Qt::FindDirectChildrenOnly))
            if (field->isVisible())
                QVERIFY2(form.rect().contains(field->geometry()),
                         qPrintable(field->accessibleName()));
        world.window.close();
    }
    World again;
    const auto session = again.window.keepSession(folder.path());
    QVERIFY(session);
    again.window.restore(*session);
    again.settle();
    QCOMPARE(again.the<ExitRuleForm>().rule(), wanted);
}

void WindowTest::modelsExitRuleIsTaken() {
    World world;
    world.the<ExitRuleForm>().setRule(FixedSteps{.count = 3});
    world.ask("What? chain");
    QCOMPARE(world.window.trace().options.exit, ExitRule(FixedSteps{.count = 3}));
    world.window.openModel("other");
    world.settle();
    QCOMPARE(world.the<ExitRuleForm>().rule(), ExitRule(EndProbability{}));
}

void WindowTest::openModelListsTheCacheAndOpensWhatIsChosen() {
    World world;
    for (QAction* action : world.window.findChildren<QAction*>())
        if (action->text() == "Open &model…") action->trigger();
    auto& dialog = world.the<OpenModelDialog>();
    auto& list = *dialog.findChild<QListWidget*>();
    QTRY_COMPARE(list.count(), 2);
    QCOMPARE(list.item(1)->text(), "Qwen/Some-Model");
    list.setCurrentRow(1);
    dialog.accept();
    world.settle();
    world.ask("Who are you?");
    QCOMPARE(world.window.trace().model, "Qwen/Some-Model");
}

void WindowTest::traceComesBackThroughTheWindow() {
    World world;
    world.ask("What? chain");
    const Trace saved = world.window.trace();
    world.window.saveTrace(file("answer.lvrtrace"));
    world.settle();
    world.window.newScene("has-dot");
    world.window.openFile(file("answer.lvrtrace"));
    world.settle();
    QCOMPARE(world.window.message(), "");
    QVERIFY(world.window.trace() == saved);
    QCOMPARE(world.latents(), kLooks);
    QCOMPARE(world.the<QuestionLine>().toPlainText(), "What? chain");
    QVERIFY(world.verdict().contains("Right"));
}

void WindowTest::noAnswerWidensTheWindow_data() {
    QTest::addColumn<QString>("answer");
    QTest::newRow("of a broken model") << QString();
    QTest::newRow("one endless word") << QString(3000, 'M');
    QTest::newRow("newlines") << QString(3000, '\n');
    QTest::newRow("as much as a book") << QString("one of a hundred thousand ").repeated(4000);
}

void WindowTest::noAnswerWidensTheWindow() {
    QFETCH(QString, answer);
    World world;
    const QSize before = world.window.minimumSizeHint();
    const QSize picture = world.the<PicturePanel>().size();
    auto trace = readTrace(LVR_GOLDENS "/../fixtures/unbreakable-answer.lvrtrace");
    if (!answer.isEmpty()) trace.answer = answer.toStdString();
    trace.expectedAnswer = trace.answer + "!";
    writeTrace(trace, file("endless.lvrtrace").toStdString());
    world.window.openFile(file("endless.lvrtrace"));
    world.settle();
    QCOMPARE(world.window.message(), "");
    QVERIFY(world.verdict().contains("Wrong"));
    QCoreApplication::sendPostedEvents();
    QCOMPARE(world.window.minimumSizeHint().width(), before.width());
    QVERIFY(world.window.minimumSizeHint().height() <= 640);
    QCOMPARE(world.the<PicturePanel>().width(), picture.width());
}

void WindowTest::savingWithoutAnAnswerSaysSo() {
    World world;
    world.window.saveTrace(file("none.lvrtrace"));
    QVERIFY(world.window.message().contains("no answer to save"));
    QVERIFY(!QFileInfo::exists(file("none.lvrtrace")));
}

void WindowTest::savingIntoAMissingFolderSaysSo() {
    World world;
    world.ask("What? chain");
    world.window.saveTrace(file("missing/answer.lvrtrace"));
    world.settle();
    QVERIFY2(world.window.message().contains("missing"), qPrintable(world.window.message()));
}

void WindowTest::closingDuringAnAskIsClean() {
    World world;
    world.script.waitsForStop = true;
    world.window.ask();
    QTRY_COMPARE(world.latents(), 2);
    world.window.close();
    QVERIFY(!world.window.isVisible());
}

void WindowTest::closingDuringALoadIsClean() {
    World world;
    world.script.loadWaitsForStop = true;
    world.window.openModel("slow");
    QTRY_COMPARE(world.script.loaded.load(), 2);
}

void WindowTest::rememberedLookComesBack() {
    Script script;
    {
        MainWindow window(servicesOf(script));
        window.rememberLook();
        window.resize(900, 600);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        window.close();
    }
    MainWindow again(servicesOf(script));
    again.rememberLook();
    QCOMPARE(again.size(), QSize(900, 600));
}

void WindowTest::scriptTakesAScreenshot() {
    Script engine;
    MainWindow window(servicesOf(engine));
    window.setFixedSize(900, 600);
    window.show();
    window.newScene("chain");
    StartScript script(window,
                       {.steps = {AskQuestion{"What? chain"}}, .screenshot = file("shot.png")});
    QSignalSpy finished(&script, &StartScript::finished);
    script.run();
    QVERIFY(finished.wait(5000));
    QCOMPARE(finished[0][0].toString(), "");
    const QImage shot(file("shot.png"));
    QCOMPARE(shot.size(), QSize(900, 600));
    QCOMPARE(window.trace().answer, "moon");
}

void WindowTest::scriptReportsWhatWentWrong() {
    Script engine;
    MainWindow window(servicesOf(engine));
    window.show();
    StartScript script(window,
                       {.steps = {OpenFile{file("nothing.png")}}, .screenshot = file("none.png")});
    QSignalSpy finished(&script, &StartScript::finished);
    script.run();
    QVERIFY(finished.wait(5000));
    QCoreApplication::processEvents();
    QCOMPARE(finished.size(), 1);
    QVERIFY(finished[0][0].toString().contains("nothing.png"));
    QVERIFY(!QFileInfo::exists(file("none.png")));
}

void WindowTest::everythingToClickHasAName() {
    World world;
    for (const auto* widget : world.window.findChildren<QWidget*>()) {
        if (!(widget->focusPolicy() & Qt::TabFocus) || !widget->isVisible()) continue;
        if (qobject_cast<QAbstractSpinBox*>(widget->parent())) continue;  // its own line edit
        const auto* interface = QAccessible::queryAccessibleInterface(const_cast<QWidget*>(widget));
        QVERIFY2(interface && !interface->text(QAccessible::Name).isEmpty(),
                 widget->metaObject()->className());
    }
}

QTEST_MAIN(WindowTest)
#include "window_test.moc"
