#include <QComboBox>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabBar>
#include <QTabWidget>
#include <QTableView>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QToolButton>
#include <QtTest>
#include <atomic>
#include <latch>

#include "app/compare/compare_run.h"
#include "app/compare/compare_workspace.h"
#include "app/compare/question_page.h"
#include "app/compare/sample_sets.h"
#include "app/compare/set_page.h"
#include "app/engine/inference_worker.h"
#include "core/error.h"
#include "core/eval/answer.h"
#include "core/eval/comparison_text.h"
#include "core/eval/scores.h"
#include "core/eval/strategies_json.h"
#include "core/statistics/statistics.h"
#include "widgets/compare/answer_columns.h"
#include "widgets/compare/disagreements.h"
#include "widgets/compare/score_table.h"
#include "widgets/compare/step_strips.h"
#include "widgets/compare/strategy_list.h"
#include "widgets/conversation/exchange_text.h"
#include "widgets/message_bar.h"
#include "widgets/question_line.h"

using namespace lvr;

namespace {

template <class Widget>
Widget& named(QWidget& in, const QString& accessibleName) {
    for (auto* widget : in.findChildren<Widget*>())
        if (widget->accessibleName() == accessibleName) return *widget;
    qFatal("nothing is called %s", qPrintable(accessibleName));
}

QStringList titles(const StrategyList& list) {
    QStringList all;
    for (const auto& strategy : list.strategies()) all << titleOf(strategy);
    return all;
}

// Shared with the inference thread.
struct Script {
    std::atomic<int> asked = 0, opened = 0, closed = 0;
    std::atomic<bool> waitsForStop = false;
};

// Waits without polling until a stop is requested.
void waitForStop(const std::stop_token& stop) {
    std::latch stopped(1);
    const std::stop_callback release(stop, [&] { stopped.count_down(); });
    stopped.wait();
}

// Takes as many latent steps as a fixed rule says (none otherwise) and answers "moon" after an
// even number of them, the model's name after an odd one. Cannot do mode switching.
class ScriptedEngine : public AskEngine {
public:
    ScriptedEngine(Script& script, std::string name) : script_(script), name_(std::move(name)) {
        ++script_.opened;
    }
    ~ScriptedEngine() override { ++script_.closed; }
    ModelInfo info() const override { return {.name = name_}; }
    Trace ask(const Question& question, const DecodeOptions& options, const AskHooks& hooks,
              const std::stop_token& stop) override {
        ++script_.asked;
        Trace trace{.question = question, .grids = {{2, 3}}, .options = options};
        if (hooks.onGrids) hooks.onGrids(trace.grids);
        if (std::holds_alternative<EndToken>(options.exit))
            throw Error("This model has no end token; choose another rule.");
        const auto* fixed = std::get_if<FixedSteps>(&options.exit);
        const int count = fixed ? fixed->count : 0;
        for (int i = 0; i < count; ++i) {
            add(trace, hooks, {.position = i, .text = "<|lvr|>", .what = latent(i)});
            if (script_.waitsForStop && i == 1) waitForStop(stop);
            if (stop.stop_requested()) {
                trace.stopped = StopReason::Cancelled;
                return trace;
            }
        }
        trace.answer = trace.text = count % 2 == 0 ? "moon" : name_;
        add(trace, hooks, {.position = count, .text = trace.text, .what = TextStep{0.75f}});
        return trace;
    }

    CausalPanel panel(const PanelRequest&, const PanelHooks&, const std::stop_token&) override {
        throw Error("This engine is only asked; open another.");
    }
    SetLook look(const CausalSetItem&, const DecodeOptions&, const std::stop_token&) override {
        throw Error("This engine is only asked; open another.");
    }
    std::vector<ProbeRow> probes(const SetLooks&, std::uint64_t) override { return {}; }

private:
    static void add(Trace& trace, const AskHooks& hooks, DecodeStep step) {
        trace.steps.push_back(std::move(step));
        if (hooks.onStep) hooks.onStep(trace.steps.back());
    }
    static LatentStep latent(int i) {
        LatentStep latent{.index = i,
                          .norm = 2,
                          .endProbability = 0.1f * static_cast<float>(i + 1),
                          .endDistance = 1.0f / static_cast<float>(i + 1),
                          .cosine = std::vector<float>(6, 0.1f)};
        latent.cosine[i % 6] = 0.9f;
        return latent;
    }

    Script& script_;
    std::string name_;
};

Image picture() {
    return {.width = 84, .height = 56, .rgb = std::vector<std::uint8_t>(84 * 56 * 3, 90)};
}

Sample sampleOf(const std::string& text) {
    return {.id = text, .kind = "test", .question = {{picture()}, text}, .answer = "moon"};
}

Strategy fixed(int count, const std::string& model = {}) {
    return {.options = {.exit = FixedSteps{count}}, .model = model};
}
const Strategy kFails{.options = {.exit = EndToken{}}};

// Every third question cannot be read.
SampleSet scriptedSet(int size) {
    return {.name = "scripted", .size = size, .sample = [](int index) {
                if (index % 3 == 2) throw Error("picture " + std::to_string(index) + " is missing");
                return sampleOf("Q" + std::to_string(index));
            }};
}

EngineFactory factoryOf(Script& script) {
    return [&script](const ModelWish& wish, const LoadHooks&, const std::stop_token&) {
        const std::string& name = wish.name;
        if (name == "nowhere") throw Error("There is no model at nowhere; choose another folder.");
        return std::make_unique<ScriptedEngine>(script, name.empty() ? "tiny" : name);
    };
}

CompareServices servicesOf(Script& script, InferenceWorker& worker) {
    return {.runOnEngine = worker.runner(),
            .openEngine = factoryOf(script),
            .sceneKinds = {"chain", "count"},
            .openSet = [](const SetChoice& choice, const std::stop_token&) {
                if (choice.file == "broken.json")
                    throw Error("broken.json is cut off; write it again.");
                return scriptedSet(choice.count);
            }};
}

// A scripted model, open on the real inference thread.
struct World {
    Script script;
    std::unique_ptr<InferenceWorker> worker = std::make_unique<InferenceWorker>(factoryOf(script));

    explicit World(bool opens = true) {
        if (!opens) return;
        QSignalSpy loaded(worker.get(), &InferenceWorker::loaded);
        worker->load({});
        QVERIFY(loaded.wait());
    }
    CompareServices services() { return servicesOf(script, *worker); }
};

// Listens to a run and writes down what it says.
struct Protocol {
    QStringList lines;
    std::optional<bool> stopped;
    std::vector<StrategyAnswer> answers;

    explicit Protocol(CompareRun& run) {
        QObject::connect(&run, &CompareRun::questionRead, [this](int q, const Sample& sample) {
            lines << QString("%1: %2").arg(q).arg(QString::fromStdString(sample.question.text));
        });
        QObject::connect(&run, &CompareRun::questionFailed, [this](int q, const QString& why) {
            lines << QString("%1 failed: %2").arg(q).arg(why);
        });
        QObject::connect(&run, &CompareRun::answered,
                         [this](int q, int s, const StrategyAnswer& answer) {
                             answers.push_back(answer);
                             lines << QString("%1/%2 %3")
                                          .arg(q)
                                          .arg(s)
                                          .arg(QString::fromStdString(answer.trace.answer));
                         });
        QObject::connect(&run, &CompareRun::strategyFailed,
                         [this](int q, int s, const QString& why) {
                             lines << QString("%1/%2 failed: %3").arg(q).arg(s).arg(why);
                         });
        QObject::connect(&run, &CompareRun::finished, [this](bool was) { stopped = was; });
    }
};

QString textOf(QWidget& in, const QString& label) { return named<QLabel>(in, label).text(); }

StrategyAnswer scriptedAnswer(int steps) {
    Script script;
    ScriptedEngine engine(script, "tiny");
    StrategyAnswer answer{.trace = engine.ask({}, fixed(steps).options, {}, {}),
                          .times = {.firstToken = 20, .total = 30}};
    answer.right = answer.trace.answer == "moon";
    return answer;
}

// Right (1), wrong (0) or not answered (-), one character a question.
SetResults resultsOf(const QStringList& marks) {
    SetResults results{.set = "marks", .model = "tiny"};
    results.questions.resize(marks.first().size());
    for (int s = 0; s < marks.size(); ++s) {
        results.strategies.push_back(fixed(s));
        results.failures.emplace_back();
        for (int q = 0; q < marks[s].size(); ++q) {
            auto& question = results.questions[q];
            question.text = "Q" + std::to_string(q);
            question.expected = "moon";
            const bool right = marks[s][q] == '1';
            question.outcomes.push_back(
                marks[s][q] == '-'
                    ? std::nullopt
                    : std::optional(Outcome{.answer = right ? "moon" : "sun",
                                            .right = right,
                                            .latents = s,
                                            .times = {.firstToken = 10, .total = 10.0 * (s + 1)}}));
        }
    }
    return results;
}

QStringList row(const QTableView& table, int row) {
    QStringList cells;
    const auto* model = table.model();
    for (int i = 0; i < model->columnCount(); ++i) cells << model->index(row, i).data().toString();
    return cells;
}

// The whole view on the scripted model.
struct Window {
    World world;
    CompareWorkspace view{world.services()};

    Window() {
        view.resize(1280, 720);
        view.show();
    }
    template <class Widget>
    Widget& the() {
        return *view.findChild<Widget*>();
    }
    StrategyList& list() { return the<StrategyList>(); }
    QString text(const QString& label) { return textOf(view, label); }
    QString message() { return the<MessageBar>().sentence(); }
    void showSet() { the<QTabWidget>().setCurrentIndex(1); }
    void press(const QString& text) {
        for (auto* button : view.findChildren<QPushButton*>())
            if (button->text() == text && button->isVisible())
                return QTest::mouseClick(button, Qt::LeftButton);
        qFatal("no button %s", qPrintable(text));
    }
    void settle() { QTRY_VERIFY(!view.isBusy()); }
};

}  // namespace

class CompareTest : public QObject {
    Q_OBJECT
private Q_SLOTS:

    void askAndCompareJudgeAlike_data();
    void askAndCompareJudgeAlike();
    void everyStrategyAnswersEveryQuestionInTurn();
    void stepsStreamOnlyWhenTheyAreWanted();
    void aStrategyThatFailsLeavesTheOthersAlone();
    void stoppingKeepsThePartialAnswer();
    void anotherModelIsOpenedOnceAndClosedAtTheEnd();
    void withoutAModelTheSentenceSaysWhatToDo();
    void changingTheModelDuringARunIsSaid();
    void aRunMayBeDroppedAndTheWorkerMayGoFirst();
    void generatedSetsAreReproducible();
    void aMissingDataFileIsNamed();

    void columnsFillAsStepsComeIn();
    void aStepSelectedInOneColumnIsSelectedInAll();
    void wordsThatDifferFromTheFirstAnswerStandOut();

    void oneQuestionIsComparedInTheWindow();
    void stoppingInTheWindowKeepsTheColumns();
    void whatIsMissingIsSaid();
    void anEditedQuestionHasNoKnownAnswer();
    void aSetFillsTheTableAndCanBeStopped();
    void disagreeingQuestionsOpenInTheColumns();
    void stoppingWhileTheQuestionsAreReadIsAtOnce();
    void aSetOfGivenUpStrategiesIsNotReadToItsEnd();
    void aBrokenSetIsSaidAndAnotherRuns();
    void closingDuringARunIsClean();
    void choicesComeBack();
    void everythingToClickHasAName();

    void exportsHoldWhatTheTableShows();
    void exportsQuoteAndKeepNonAscii();
    void exportedFilesAreWritten();
    void anExportIntoAMissingFolderIsSaid();

    void mcnemarIsExact_data();
    void mcnemarIsExact();
    void scoresAreCountedAndPaired();

private:
    QTemporaryDir folder_;
};

void CompareTest::askAndCompareJudgeAlike_data() {
    QTest::addColumn<QString>("said");
    QTest::addColumn<QString>("gold");
    QTest::addColumn<QString>("question");
    QTest::addColumn<bool>("right");
    const QString options = "Which? (a) sun (b) moon";
    QTest::newRow("case and dot") << "moon"
                                  << "Moon."
                                  << "What?" << true;
    QTest::newRow("its option") << "moon"
                                << "(B)" << options << true;
    QTest::newRow("another option") << "moon"
                                    << "(A)" << options << false;
    QTest::newRow("no options") << "moon"
                                << "B"
                                << "Which?" << false;
    QTest::newRow("more than it") << "moon"
                                  << "moons"
                                  << "What?" << false;
    QTest::newRow("a letter") << "B"
                              << "(B)" << options << true;
    QTest::newRow("another letter") << "B"
                                    << "(A)" << options << false;
    QTest::newRow("a number") << "12.0"
                              << "12"
                              << "How many?" << true;
    QTest::newRow("a share") << "1/2"
                             << "0.5"
                             << "How much?" << true;
    QTest::newRow("another share") << "1/3"
                                   << "0.5"
                                   << "How much?" << false;
}

// A model that is named by what it says.
void CompareTest::askAndCompareJudgeAlike() {
    QFETCH(const QString, said);
    QFETCH(const QString, gold);
    QFETCH(const QString, question);
    QFETCH(const bool, right);
    auto sample = sampleOf(question.toStdString());
    sample.answer = gold.toStdString();
    World world;
    CompareRun run(world.services(),
                   {.name = "one", .size = 1, .sample = [&](int) { return sample; }},
                   {fixed(1, said.toStdString())}, CompareRun::Report::AnswersOnly);
    Protocol protocol(run);
    run.start();
    QTRY_COMPARE(protocol.stopped, std::optional(false));
    QCOMPARE(protocol.answers[0].right, std::optional(right));
    auto shown = protocol.answers[0].trace;
    shown.question = sample.question;
    QCOMPARE(isRight(shown), std::optional(right));  // as Ask and the conversation show it
    QCOMPARE(isRightAnswer(said.toStdString(), sample.answer, sample.question.text),
             right);  // as lvr eval, probes and rewards count it
}

void CompareTest::everyStrategyAnswersEveryQuestionInTurn() {
    World world;
    CompareRun run(world.services(), scriptedSet(4), {fixed(2), fixed(1)},
                   CompareRun::Report::AnswersOnly);
    Protocol protocol(run);
    run.start();
    QTRY_COMPARE(protocol.stopped, std::optional(false));
    QCOMPARE(protocol.lines,
             QStringList({"0: Q0", "0/0 moon", "0/1 tiny", "1: Q1", "1/0 moon", "1/1 tiny",
                          "2 failed: picture 2 is missing", "3: Q3", "3/0 moon", "3/1 tiny"}));
    QCOMPARE(protocol.answers[0].right, std::optional(true));
    QCOMPARE(protocol.answers[1].right, std::optional(false));
    QVERIFY(protocol.answers[0].times.firstToken > 0);
    QVERIFY(protocol.answers[0].times.total >= protocol.answers[0].times.firstToken);
}

void CompareTest::stepsStreamOnlyWhenTheyAreWanted() {
    World world;
    for (const auto report : {CompareRun::Report::AnswersOnly, CompareRun::Report::StepsToo}) {
        CompareRun run(world.services(), scriptedSet(1), {fixed(3)}, report);
        Protocol protocol(run);
        QSignalSpy steps(&run, &CompareRun::stepDecoded), begun(&run, &CompareRun::begun);
        run.start();
        QTRY_VERIFY(protocol.stopped);
        const bool wanted = report == CompareRun::Report::StepsToo;
        QCOMPARE(steps.size(), wanted ? 4 : 0);
        QCOMPARE(begun.size(), wanted ? 1 : 0);
    }
}

void CompareTest::aStrategyThatFailsLeavesTheOthersAlone() {
    World world;
    const auto all = [](int index) { return sampleOf("Q" + std::to_string(index)); };
    CompareRun run(world.services(), {.name = "all", .size = 5, .sample = all},
                   {kFails, fixed(2), fixed(2, "nowhere")}, CompareRun::Report::AnswersOnly);
    Protocol protocol(run);
    run.start();
    QTRY_COMPARE(protocol.stopped, std::optional(false));
    QCOMPARE(protocol.lines.filter("/0 failed: This model has no end token").size(), 3);
    QCOMPARE(protocol.lines.filter("/2 failed: There is no model at nowhere").size(), 3);
    QCOMPARE(protocol.lines.filter("/1 moon").size(), 5);
}

void CompareTest::stoppingKeepsThePartialAnswer() {
    World world;
    world.script.waitsForStop = true;
    CompareRun run(world.services(), scriptedSet(2), {fixed(4), fixed(2)},
                   CompareRun::Report::StepsToo);
    Protocol protocol(run);
    QSignalSpy steps(&run, &CompareRun::stepDecoded);
    run.start();
    QTRY_COMPARE(steps.size(), 2);
    run.stop();
    QTRY_COMPARE(protocol.stopped, std::optional(true));
    QCOMPARE(protocol.answers.size(), std::size_t{1});
    QCOMPARE(protocol.answers[0].trace.stopped, StopReason::Cancelled);
    QCOMPARE(protocol.answers[0].trace.steps.size(), std::size_t{2});
    QVERIFY(!protocol.answers[0].right);
    QCOMPARE(world.script.asked.load(), 1);
}

void CompareTest::anotherModelIsOpenedOnceAndClosedAtTheEnd() {
    World world;
    {
        CompareRun run(world.services(), scriptedSet(2), {fixed(1), fixed(1, "größer")},
                       CompareRun::Report::AnswersOnly);
        Protocol protocol(run);
        run.start();
        QTRY_VERIFY(protocol.stopped);
        QCOMPARE(protocol.lines.filter("1/").join(' '), "1/0 tiny 1/1 größer");
        QCOMPARE(world.script.opened.load(), 2);
    }
    QTRY_COMPARE(world.script.closed.load(), 1);
}

void CompareTest::withoutAModelTheSentenceSaysWhatToDo() {
    World world(false);
    CompareRun run(world.services(), scriptedSet(1), {fixed(1)}, CompareRun::Report::AnswersOnly);
    Protocol protocol(run);
    run.start();
    QTRY_VERIFY(protocol.stopped);
    QCOMPARE(protocol.lines.last(), "0/0 failed: No model is open; choose one with Open model…");
}

void CompareTest::changingTheModelDuringARunIsSaid() {
    World world;
    CompareRun run(world.services(), scriptedSet(2), {fixed(1), fixed(2)},
                   CompareRun::Report::AnswersOnly);
    Protocol protocol(run);
    connect(&run, &CompareRun::answered, world.worker.get(),
            [&](int q, int s) { q + s == 0 ? world.worker->load({"other"}) : void(); });
    run.start();
    QTRY_VERIFY(protocol.stopped);
    QVERIFY(protocol.lines.last().contains("Another model was opened during the comparison"));
}

void CompareTest::aRunMayBeDroppedAndTheWorkerMayGoFirst() {
    World world;
    world.script.waitsForStop = true;
    const auto steps = CompareRun::Report::StepsToo;
    auto dropped = std::make_unique<CompareRun>(world.services(), scriptedSet(1),
                                                std::vector{fixed(3)}, steps);
    QSignalSpy begun(dropped.get(), &CompareRun::stepDecoded);
    dropped->start();
    QTRY_COMPARE(begun.size(), 2);
    dropped.reset();  // while the engine waits for just this
    CompareRun run(world.services(), scriptedSet(1), {fixed(3)}, steps);
    QSignalSpy again(&run, &CompareRun::stepDecoded);
    run.start();
    QTRY_COMPARE(again.size(), 2);
    world.worker.reset();  // waits for the thread; hangs if the engine is not told to stop
    QCOMPARE(world.script.asked.load(), 2);
}

void CompareTest::generatedSetsAreReproducible() {
    const SetChoice choice{.kind = "count", .count = 3, .seed = 5};
    const auto set = openSampleSet(choice), again = openSampleSet(choice);
    QCOMPARE(set.size, 3);
    QCOMPARE(set.name, "count scenes, seed 5");
    QVERIFY(set.sample(2) == again.sample(2));
    QVERIFY(!(set.sample(2).question.images == set.sample(1).question.images));
    QVERIFY(!set.sample(0).answer.empty());
    QVERIFY_EXCEPTION_THROWN(openSampleSet({.kind = "nonsense"}), Error);
}

void CompareTest::aMissingDataFileIsNamed() {
    try {
        openSampleSet({.file = "/nowhere/größe.json"});
        QFAIL("opened a file that is not there");
    } catch (const Error& error) {
        QVERIFY(QString::fromUtf8(error.what()).contains("größe.json"));
    }
}

void CompareTest::columnsFillAsStepsComeIn() {
    AnswerColumns columns;
    columns.resize(800, 600);
    columns.show();
    columns.setStrategies({fixed(3), kFails});
    columns.setPicture(picture());
    QCOMPARE(textOf(columns, "Answer of fixed 3"), "waiting…");
    const auto answer = scriptedAnswer(3);
    columns.begin(0, answer.trace.grids);
    for (int i = 0; i < 2; ++i) columns.append(0, answer.trace.steps[i]);
    QTRY_COMPARE(textOf(columns, "Latent steps of fixed 3"), "2");
    QCOMPARE(textOf(columns, "Answer of fixed 3"), "thinking…");
    QCOMPARE(named<HeatStrip>(columns, "Heat of each step of fixed 3").steps(), 2);
    QCOMPARE(named<Sparkline>(columns, "P(end) of fixed 3").values().size(), std::size_t{2});
    columns.finish(0, answer);
    QCOMPARE(textOf(columns, "Answer of fixed 3"), "tiny");
    QCOMPARE(textOf(columns, "Verdict on fixed 3"), "✗ wrong");
    QCOMPARE(textOf(columns, "Latent steps of fixed 3"), "3");
    QCOMPARE(textOf(columns, "Total time of fixed 3"), "30 ms");
    columns.fail(1, "This model has no end token; choose another rule.");
    QCOMPARE(textOf(columns, "Answer of mode switching, at most 32"),
             "This model has no end token; choose another rule.");
}

void CompareTest::aStepSelectedInOneColumnIsSelectedInAll() {
    AnswerColumns columns;
    columns.resize(900, 700);
    columns.show();
    columns.setStrategies({fixed(3), fixed(5)});
    for (int i = 0; i < 2; ++i) columns.finish(i, scriptedAnswer(i == 0 ? 3 : 5));
    QVERIFY(QTest::qWaitForWindowExposed(&columns));
    auto& strip = named<HeatStrip>(columns, "Heat of each step of fixed 3");
    QTest::mouseClick(&strip, Qt::LeftButton, {}, strip.tileRect(1).center());
    QCOMPARE(columns.selectedStep(), 1);
    QCOMPARE(textOf(columns, "Selected step of fixed 5"), "step 2 · norm 2.00 · P(end) 0.200");
    auto& curve = named<Sparkline>(columns, "P(end) of fixed 5");
    QTest::mouseClick(&curve, Qt::LeftButton, {}, curve.pointOf(4).toPoint());
    QCOMPARE(columns.selectedStep(), 4);
    QCOMPARE(textOf(columns, "Selected step of fixed 3"), "");  // it took three steps only
    QTest::keyClick(&curve, Qt::Key_Left);
    QCOMPARE(columns.selectedStep(), 3);
    QTest::mouseClick(&strip, Qt::LeftButton, {}, strip.tileRect(-1).center());
    QCOMPARE(textOf(columns, "Selected step of fixed 5"), "mean of all steps");
}

void CompareTest::wordsThatDifferFromTheFirstAnswerStandOut() {
    AnswerColumns columns;
    columns.setStrategies({fixed(1), fixed(2), fixed(3)});
    const char* answers[] = {"the red moon", "the <b> moon", "the red moon"};
    for (int i = 0; i < 3; ++i) {
        auto answer = scriptedAnswer(1);
        answer.trace.answer = answers[i];
        columns.finish(i, answer);
    }
    const QString marked = textOf(columns, "Answer of fixed 2");
    QVERIFY2(marked.contains("<s>red</s>"), qPrintable(marked));
    QVERIFY2(marked.contains("<b><u>&lt;b&gt; </u></b>"), qPrintable(marked));
    QCOMPARE(textOf(columns, "Answer of fixed 1"), "the red moon");
    QCOMPARE(textOf(columns, "Answer of fixed 3"), "the red moon");
}

void CompareTest::oneQuestionIsComparedInTheWindow() {
    Window window;
    window.list().setStrategies({fixed(2), fixed(1), kFails, fixed(1, "größer")});
    window.view.showQuestion(sampleOf("What is it?"));
    QTest::keyClick(&window.the<QuestionLine>(), Qt::Key_Return);
    QVERIFY(window.view.isBusy());
    window.settle();
    QCOMPARE(window.text("Answer of fixed 2"), "moon");
    QCOMPARE(window.text("Verdict on fixed 2"), "✓ right");
    QVERIFY(window.text("Answer of fixed 1").contains("<u>tiny</u>"));
    QCOMPARE(window.text("Verdict on fixed 1"), "✗ wrong");
    QCOMPARE(window.text("Answer of mode switching, at most 32"),
             "This model has no end token; choose another rule.");
    const auto& columns = window.the<AnswerColumns>();
    QVERIFY(columns.column(3).answerText() == "größer");
    QVERIFY(!window.view.isBusy());
}

void CompareTest::stoppingInTheWindowKeepsTheColumns() {
    Window window;
    window.world.script.waitsForStop = true;
    window.list().setStrategies({fixed(4), fixed(3)});
    window.view.showQuestion(sampleOf("What is it?"));
    window.press("Compare");
    QTRY_COMPARE(window.text("Latent steps of fixed 4"), "2");
    window.press("Stop");
    window.settle();
    QCOMPARE(window.text("Answer of fixed 4"), "stopped");
    QCOMPARE(window.text("Latent steps of fixed 4"), "2");
    QCOMPARE(window.text("Answer of fixed 3"), "stopped");
    QCOMPARE(window.world.script.asked.load(), 1);
}

void CompareTest::whatIsMissingIsSaid() {
    Window window;
    window.press("Compare");
    QVERIFY(window.message().contains("There is no picture"));
    window.view.showQuestion(sampleOf(""));
    window.press("Compare");
    QVERIFY(window.message().contains("There is no question"));
    window.list().setStrategies({});
    window.press("Compare");
    QVERIFY(window.message().contains("There is no strategy"));
    QCOMPARE(window.world.script.asked.load(), 0);
}

void CompareTest::anEditedQuestionHasNoKnownAnswer() {
    Window window;
    window.view.showQuestion(sampleOf("What is it?"));
    auto& expected = named<QLineEdit>(window.view, "Right answer");
    QCOMPARE(expected.text(), "moon");
    QTest::keyClicks(&window.the<QuestionLine>(), "Now");
    QCOMPARE(expected.text(), "");
    expected.setText("sun");
    QTest::keyClicks(&window.the<QuestionLine>(), "x");
    QCOMPARE(expected.text(), "sun");  // given by hand: it stays
}

void CompareTest::aSetFillsTheTableAndCanBeStopped() {
    Window window;
    window.showSet();
    window.list().setStrategies({fixed(2), fixed(1), kFails});
    named<QSpinBox>(window.view, "Number of questions").setValue(4);
    window.press("Run");
    window.settle();
    auto& table = window.the<ScoreTable>();
    QCOMPARE(table.rowCount(), 3);
    QCOMPARE(row(table, 0).mid(0, 3), QStringList({"fixed 2", "100.0 %", "43.9–100.0"}));
    QCOMPARE(row(table, 1).mid(0, 5),
             QStringList({"fixed 1", "0.0 %", "0.0–56.1", "+0 −3", "0.25"}));
    QVERIFY(row(table, 2)[0].startsWith("⚠"));
    QVERIFY(table.item(2, 0)->toolTip().contains("no end token"));
    QVERIFY(window.text("State of the set").contains("3 questions in"));
    QVERIFY(window.text("State of the set").contains("1 question could not be read: picture 2"));

    window.world.script.waitsForStop = true;  // a run that would never end
    window.list().setStrategies({fixed(1), fixed(3)});
    window.press("Run");
    QTRY_COMPARE(window.world.script.asked.load(), 3 + 3 + 3 + 2);
    QVERIFY(!window.text("State of the set").isEmpty());
    window.press("Stop");
    window.settle();
    QVERIFY(window.text("State of the set").startsWith("Stopped after 1 question of 4"));
    QCOMPARE(row(table, 0).last(), "1");
    QCOMPARE(row(table, 1).last(), "0");  // the one that was cut short does not count
}

void CompareTest::disagreeingQuestionsOpenInTheColumns() {
    Window window;
    window.showSet();
    window.list().setStrategies({fixed(2), fixed(4), fixed(1)});
    named<QSpinBox>(window.view, "Number of questions").setValue(5);
    window.press("Run");
    window.settle();
    auto& questions = named<QTableView>(window.view, "Questions");
    QCOMPARE(questions.model()->rowCount(), 0);  // fixed 2 and fixed 4 say the same
    window.list().setStrategies({fixed(8)});     // what is chosen now is not what was run
    auto& table = window.the<ScoreTable>();
    const QPoint third = table.visualItemRect(table.item(2, 1)).center();
    QTest::mouseClick(table.viewport(), Qt::LeftButton, {}, third);
    QTest::mouseDClick(table.viewport(), Qt::LeftButton, {}, third);
    QCOMPARE(questions.model()->rowCount(), 4);
    QCOMPARE(row(questions, 2), QStringList({"4", "Q3", "moon", "✓ moon", "✗ tiny"}));
    questions.setCurrentIndex(questions.model()->index(2, 0));
    questions.setFocus();
    QTest::keyClick(&questions, Qt::Key_Return);
    QTRY_COMPARE(window.the<QuestionLine>().toPlainText(), "Q3");
    window.settle();
    QCOMPARE(window.text("Verdict on fixed 1"), "✗ wrong");
    QVERIFY(window.the<QuestionLine>().isVisible());
}

void CompareTest::stoppingWhileTheQuestionsAreReadIsAtOnce() {
    World world;
    auto services = world.services();
    services.openSet = [](const SetChoice&, const std::stop_token& stop) -> SampleSet {
        waitForStop(stop);
        throw Cancelled();
    };
    SetPage page(services);
    QSignalSpy failed(&page, &SetPage::failed);
    page.run({fixed(2)});
    QVERIFY(page.isBusy());
    page.stop();
    QVERIFY(!page.isBusy());
    QCOMPARE(textOf(page, "State of the set"), "Nothing was run.");
    QCOMPARE(failed.size(), 0);
}

void CompareTest::aSetOfGivenUpStrategiesIsNotReadToItsEnd() {
    World world;
    std::atomic<int> read = 0;
    const SampleSet set{.name = "long", .size = 1000, .sample = [&](int) {
                            ++read;
                            return sampleOf("Q");
                        }};
    CompareRun run(world.services(), set, {kFails}, CompareRun::Report::AnswersOnly);
    Protocol protocol(run);
    run.start();
    QTRY_COMPARE(protocol.stopped, std::optional(false));
    QCOMPARE(read.load(), 3);
}

void CompareTest::aBrokenSetIsSaidAndAnotherRuns() {
    Window window;
    window.showSet();
    named<QComboBox>(window.view, "Where questions come from").setCurrentIndex(1);
    window.press("Run");
    QVERIFY(window.message().contains("There is no data file"));
    auto& file = named<QLineEdit>(window.view, "Data file");
    file.setText("broken.json");
    QTest::keyClick(&file, Qt::Key_Return);
    QTRY_COMPARE(window.message(), "broken.json is cut off; write it again.");
    QVERIFY(!window.view.isBusy());
    file.setText("größe.json");
    named<QSpinBox>(window.view, "Number of questions").setValue(2);
    window.press("Run");
    window.settle();
    QCOMPARE(window.message(), "");
    QCOMPARE(window.the<SetPage>().results().questions.size(), std::size_t{2});
}

void CompareTest::closingDuringARunIsClean() {
    {
        Window window;
        window.world.script.waitsForStop = true;
        window.list().setStrategies({fixed(3)});
        window.showSet();
        window.press("Run");
        QTRY_COMPARE(window.world.script.asked.load(), 1);
    }  // the view goes first, then the worker, which waits for the engine
    Window window;
    window.world.script.waitsForStop = true;
    window.list().setStrategies({fixed(3)});
    window.view.showQuestion(sampleOf("What?"));
    window.press("Compare");
    QTRY_COMPARE(window.world.script.asked.load(), 1);
    window.world.worker.reset();
    QVERIFY(window.view.isBusy());  // nothing can report any more; nothing crashes either
}

void CompareTest::choicesComeBack() {
    QByteArray state;
    {
        Window window;
        window.list().setStrategies({fixed(5), fixed(1, "/größer")});
        window.showSet();
        window.the<SetPage>().setChoice({.file = "/daten/größe.json", .count = 7});
        state = window.view.saveState();
    }
    Window window;
    window.view.restoreState(state);
    QCOMPARE(titles(window.list()), QStringList({"fixed 5", "fixed 1"}));
    QCOMPARE(window.list().strategies()[1].model, "/größer");
    QCOMPARE(window.the<SetPage>().choice().file, "/daten/größe.json");
    QCOMPARE(window.the<SetPage>().choice().count, 7);
    window.view.setModel(
        {.name = "tiny", .decoding = {.exit = FixedSteps{9}}});  // chosen strategies stay
    QCOMPARE(titles(window.list()), QStringList({"fixed 5", "fixed 1"}));
    for (const char* broken :
         {"", "nonsense", "[]", R"({"strategies": "[{\"exit\": \"x\"}]"})", R"({"count": "many"})"})
        window.view.restoreState(broken);
    QCOMPARE(titles(window.list()), QStringList({"fixed 5", "fixed 1"}));
    Window fresh;
    fresh.view.setModel({.name = "tiny", .decoding = {.exit = FixedSteps{9}}});
    QCOMPARE(titles(fresh.list()).first(), "fixed 9");
}

void CompareTest::everythingToClickHasAName() {
    Window window;
    for (auto* button : window.view.findChildren<QAbstractButton*>()) {
        if (button->objectName().startsWith("qt_") || !button->parentWidget() ||
            qobject_cast<QLineEdit*>(button->parentWidget()) ||
            qobject_cast<QTabBar*>(button->parentWidget()) ||
            qobject_cast<QTableView*>(button->parentWidget()) ||
            qobject_cast<MessageBar*>(button->parentWidget()))
            continue;
        const QString name =
            button->accessibleName().isEmpty() ? button->text() : button->accessibleName();
        QVERIFY(name.size() > 1);
    }
    for (auto* field : window.view.findChildren<QComboBox*>())
        QVERIFY(!field->accessibleName().isEmpty());
    for (auto* field : window.view.findChildren<QAbstractSpinBox*>())
        QVERIFY(!field->accessibleName().isEmpty());
}

void CompareTest::exportsHoldWhatTheTableShows() {
    const auto results = resultsOf({"1110011", "011111-"});
    const auto scores = QString::fromStdString(scoresToCsv(results)).split('\n');
    QCOMPARE(scores[0],
             "strategy,asked,right,accuracy,low95,high95,gained,lost,mcnemar_p,mean_latents,"
             "mean_first_word_ms,mean_total_ms,trigger_rate,failure");
    QCOMPARE(scores[1], "fixed 0,7,5,0.714286,0.358934,0.917781,0,0,1,0,10,10,0,");
    QCOMPARE(scores[2].left(32), "fixed 1,6,5,0.833333,0.436497,0.");
    const auto answers = QString::fromStdString(answersToCsv(results)).split('\n');
    QCOMPARE(answers.size(), 1 + 13 + 1);  // title, answers, the end
    QCOMPARE(answers[2], "1,,,Q0,moon,fixed 1,sun,0,1,10,20");
    const auto table = QString::fromStdString(toMarkdown(results)).split('\n');
    QCOMPARE(table[2], "| fixed 0 | 71.4 % | 35.9–91.8 | – | – | 0.0 | 10 | 10 | 0.0 % | 7 |");
    QCOMPARE(table[3],
             "| fixed 1 | 83.3 % | 43.6–97.0 | +2 −1 | 1 | 1.0 | 10 | 20 | 100.0 % | 6 |");
    const auto json = QJsonDocument::fromJson(QByteArray::fromStdString(toJson(results))).object();
    QCOMPARE(json["strategies"].toArray().size(), 2);
    QCOMPARE(json["strategies"][1]["gained"].toInt(), 2);
    QCOMPARE(json["strategies"][1]["strategy"]["exit"].toString(), "fixed:1");
    QCOMPARE(json["questions"].toArray().size(), 7);
    QVERIFY(json["questions"][6]["outcomes"][1].isNull());
}

void CompareTest::exportsQuoteAndKeepNonAscii() {
    auto results = resultsOf({"1"});
    results.questions[0].text = "Größe, \"groß\"?\nJa";
    results.questions[0].outcomes[0]->answer = "a|\xff";  // not UTF-8
    results.strategies[0].name = "für|6";
    QVERIFY(QString::fromStdString(answersToCsv(results))
                .contains("\"Größe, \"\"groß\"\"?\nJa\",moon,für|6,"));
    QVERIFY(QString::fromStdString(toMarkdown(results)).contains("| für\\|6 |"));
    const auto json = QJsonDocument::fromJson(QByteArray::fromStdString(toJson(results)));
    QCOMPARE(json["questions"][0]["question"].toString(), "Größe, \"groß\"?\nJa");
    const auto steps = stepsToCsv({fixed(2), kFails}, {scriptedAnswer(2), {}});
    QCOMPARE(QString::fromStdString(steps).split('\n')[2], "fixed 2,moon,1,20,30,2,2,0.2,0.5");
}

void CompareTest::exportedFilesAreWritten() {
    Window window;
    window.list().setStrategies({fixed(2), fixed(1)});
    window.showSet();
    window.press("Run");
    window.settle();
    const struct {
        SetExport what;
        const char *ending, *beginning;
    } wanted[] = {{SetExport::Table, ".csv", "strategy,"},
                  {SetExport::Table, ".md", "| Strategy"},
                  {SetExport::Answers, ".csv", "number,"},
                  {SetExport::Everything, ".json", "{"},
                  {SetExport::Picture, ".png", "\x89PNG"}};
    for (const auto& [what, ending, beginning] : wanted) {
        const QString name = folder_.filePath(QString("größe%1").arg(static_cast<int>(what)));
        window.the<SetPage>().exportTo(what, name + ending);
        QTRY_COMPARE(window.message(), "Saved " + name + ending + ".");
        QFile file(name + ending);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY(file.readAll().startsWith(beginning));
    }
    window.view.showQuestion(sampleOf("What?"));
    window.press("Compare");
    window.settle();
    for (const QString ending : {"png", "csv"}) {
        const QString name = folder_.filePath("columns." + ending);
        window.the<QuestionPage>().exportTo(name);
        QTRY_COMPARE(window.message(), "Saved " + name + ".");
        QVERIFY(QFileInfo(name).size() > 100);
    }
}

void CompareTest::anExportIntoAMissingFolderIsSaid() {
    Window window;
    window.the<SetPage>().exportTo(SetExport::Everything, "/nowhere/größe.json");
    QTRY_VERIFY(window.message().contains("größe.json"));
}

void CompareTest::mcnemarIsExact_data() {
    QTest::addColumn<int>("lost");
    QTest::addColumn<int>("gained");
    QTest::addColumn<double>("p");
    QTest::newRow("no difference to see") << 0 << 0 << 1.0;
    QTest::newRow("even") << 3 << 3 << 1.0;             // 2 * 42/64, at most 1
    QTest::newRow("one in six") << 1 << 5 << 0.21875;   // 2 * (1 + 6) / 64
    QTest::newRow("none in six") << 6 << 0 << 0.03125;  // 2 * 1 / 64
    QTest::newRow("2 of 10") << 2 << 8 << 0.109375;     // 2 * (1 + 10 + 45) / 1024
    QTest::newRow("many") << 5000 << 5000 << 1.0;
}

void CompareTest::mcnemarIsExact() {
    QFETCH(int, lost);
    QFETCH(int, gained);
    QFETCH(double, p);
    QVERIFY(std::abs(mcnemarExact(lost, gained) - p) < 1e-9);
    QVERIFY(std::abs(mcnemarExact(gained, lost) - p) < 1e-9);
}

void CompareTest::scoresAreCountedAndPaired() {
    // Against the first: gains at 3 and 4, loses at 0; the unanswered 6 does not count.
    const auto scores = scoresOf(resultsOf({"1110011", "011111-", "-------"}));
    QCOMPARE(scores[0].asked, 7);
    QCOMPARE(scores[0].right, 5);
    QVERIFY(std::abs(scores[0].accuracy - 5.0 / 7) < 1e-12);
    QVERIFY(std::abs(scores[0].low - 0.3589) < 1e-4);  // Wilson by hand
    QVERIFY(std::abs(scores[0].high - 0.9178) < 1e-4);
    QCOMPARE(scores[0].p, 1.0);
    QCOMPARE(scores[0].triggered, 0.0);
    QCOMPARE(scores[1].asked, 6);
    QCOMPARE(scores[1].gained, 2);
    QCOMPARE(scores[1].lost, 1);
    QCOMPARE(scores[1].p, 1.0);
    QCOMPARE(scores[1].latents, 1.0);
    QCOMPARE(scores[1].totalMs, 20.0);
    QCOMPARE(scores[1].triggered, 1.0);
    QCOMPARE(scores[2].asked, 0);
    QCOMPARE(scores[2].low, 0.0);
    QCOMPARE(scores[2].high, 1.0);
}

QTEST_MAIN(CompareTest)
#include "compare_test.moc"
