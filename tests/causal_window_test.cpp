// The Causal workspace: its views on values made by hand, and the window on an engine of a few
// lines and on the shipped model.

#include <QClipboard>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSettings>
#include <QTabWidget>
#include <QTemporaryDir>

#include "app/causal/causal_sets.h"
#include "app/causal/causal_workspace.h"
#include "app/causal/panel_donors.h"
#include "app/causal/panel_page.h"
#include "app/causal/panel_text.h"
#include "app/causal/set_plots.h"
#include "app/causal/tested_set_page.h"
#include "app/engine/lvr_engine.h"
#include "app/window/session.h"
#include "app/window/workspaces.h"
#include "core/causal/set_looks.h"
#include "core/eval/tested_set.h"
#include "core/store/run_store.h"
#include "tests/support/program.h"
#include "tests/support/scripted_window.h"
#include "widgets/causal/causal_picture.h"
#include "widgets/causal/early_answers.h"
#include "widgets/causal/effect_table.h"
#include "widgets/causal/intervention_form.h"
#include "widgets/causal/intervention_grid.h"
#include "widgets/causal/intervention_model.h"
#include "widgets/causal/intervention_words.h"
#include "widgets/causal/latent_map.h"
#include "widgets/causal/linear_probe_table.h"
#include "widgets/causal/step_matrix.h"
#include "widgets/causal/step_table.h"
#include "widgets/message_bar.h"
#include "widgets/question_line.h"

using namespace lvr;

namespace {

InterventionOutcome outcomeOf(const Intervention& intervention, double change) {
    return {.intervention = intervention,
            .answer = change < -1 ? "sun" : "moon",
            .latents = 4,
            .flipped = change < -1,
            .originalChange = change,
            .margin = 2 + change};
}

// A window on the scripted engine, in Causal.
struct CausalWorld : World {
    CausalWorld() {
        window.resize(1024, 700);
        window.showWorkspace(WorkspaceId::Causal);
        settle();
    }
    QAction& action(const QString& name) {
        for (auto* action : window.findChildren<QAction*>())
            if (action->objectName() == name) return *action;
        qFatal("no action %s", qPrintable(name));
    }
    void test() {
        action("causal.test").trigger();
        QTRY_VERIFY(!window.isBusy());
    }
    QJsonObject state() { return QJsonDocument::fromJson(window.state()).object(); }
    CausalWorkspace& causal() { return the<CausalWorkspace>(); }
    InterventionGrid& grid() { return the<InterventionGrid>(); }
    QTableView& table() { return *grid().findChild<QTableView*>(); }
    QString cell(int row, int column) {
        return table().model()->index(row, column).data().toString();
    }
    QString sentence() { return the<MessageBar>().sentence(); }
    QString said() {  // in Causal's own bar
        return causal().findChild<MessageBar*>()->sentence();
    }
    QString summary() { return causal().findChild<QLabel*>("causal.summary")->text(); }
};

// A set of so many questions, of which one can't be read.
SampleSet questionsByHand(int size, int broken = -1) {
    return {.name = "by hand",
            .size = size,
            .sample =
                [broken](int index) {
                    if (index == broken) throw Error("picture 2 is broken; take another.");
                    Sample sample{.id = "question " + std::to_string(index),
                                  .kind = "chain",
                                  .question = {{picture(28 + index, 28)}, "What? red"},
                                  .answer = index % 2 ? "moon" : "sun"};
                    return sample;
                },
            .hash = "hash of " + std::to_string(size)};
}

// A window on the scripted engine whose sets are kept in a store.
struct SetWorld {
    Script script;
    int broken = -1;
    MainWindow window;

    explicit SetWorld(const QString& store, const EngineFactory& engine = {},
                      const decltype(CompareServices::openCausalSet)& openSet = {})
        : window(services(store, engine, openSet)) {
        window.show();
        window.newScene("chain");
        window.openModel({});
        QTRY_VERIFY(!window.isBusy());
        window.showWorkspace(WorkspaceId::Causal);
        action("causal.a-set").trigger();
    }
    QAction& action(const QString& name) { return *window.findChild<QAction*>(name); }
    WindowServices services(const QString& store, const EngineFactory& engine,
                            const decltype(CompareServices::openCausalSet)& openSet) {
        WindowServices services = servicesOf(script);
        if (engine) services.openEngine = engine;
        services.places = {.store = store};
        services.compare = {.openEngine = services.openEngine,
                            .sceneKinds = services.sceneKinds,
                            .openSet =
                                [this](const SetChoice& choice, const std::stop_token&) {
                                    return questionsByHand(choice.count, broken);
                                },
                            .openCausalSet = openSet};
        return services;
    }
    QTabWidget& tabs() { return *causal().findChild<QTabWidget*>(); }
    CausalWorkspace& causal() { return *window.findChild<CausalWorkspace*>(); }
    TestedSetPage& page() { return *window.findChild<TestedSetPage*>(); }
    QPushButton& button(const QString& text) {
        for (auto* button : page().findChildren<QPushButton*>())
            if (button->text() == text) return *button;
        qFatal("no button %s", qPrintable(text));
    }
    void choose(int count) {
        SetChoice choice{.kind = "chain"};
        choice.count = count;
        page().setChoice(choice);
    }
    void run(int count) {
        choose(count);
        button("Run").click();
        settle();
    }
    void settle() { QTRY_VERIFY_WITH_TIMEOUT(!window.isBusy(), 60000); }
    const std::vector<TestedItem>& items() { return page().set().items; }
    QString cell(int row, EffectTable::Column column) {
        return page().findChild<EffectTable*>()->item(row, column)->text();
    }
    QString said() { return causal().findChild<MessageBar*>()->sentence(); }
    QString state() {
        for (auto* label : page().findChildren<QLabel*>())
            if (label->accessibleName() == "State of the set") return label->text();
        return {};
    }
};

// So many questions that were right; after the intervention `wrong` of them are not, and all moved
// to the donor's answer by `shift`, by nothing to a random one's.
TestedSet setByHand(int questions, int wrong, double shift) {
    TestedSet set{.interventions = {{.kind = InterventionKind::OtherPicture}}};
    for (int i = 0; i < questions; ++i) {
        TestedItem item{.number = i, .item = {.id = "item " + std::to_string(i)}};
        item.item.panel.latents = 3;
        item.item.panel.right = true;
        item.item.panel.margin = i;
        InterventionOutcome outcome{.intervention = set.interventions[0],
                                    .flipped = i < wrong,
                                    .right = i >= wrong,
                                    .originalChange = i < wrong ? -2.0 : -0.5,
                                    .towardsDonor = shift + 0.001 * i,
                                    .towardsRandom = 0.001 * i};
        item.item.panel.outcomes = {outcome};
        set.items.push_back(item);
    }
    return set;
}

CausalPanel panelByHand() {
    return {
        .question = "What?",
        .expected = "moon",
        .grid = {2, 3},
        .text = "<answer>moon</answer>",
        .answer = "moon",
        .right = true,
        .latents = 2,
        .logProbability = -0.125,
        .margin = 2.5,
        .candidates = {"moon", "sun"},
        .probabilities = {0.75, 0.25},
        .heat = {0, 0.5, 1, 0, 0.25, 0},
        .outcomes = {outcomeOf({.kind = InterventionKind::Zero}, -3),
                     {.intervention = {.kind = InterventionKind::Regions,
                                       .regions = {{0.1, 0.2, 0.3, 0.4, 0}}},
                      .impossible = "No region is drawn."}},
        .early = {{.latents = 0, .answer = "sun", .probabilities = {0.25, 0.75}, .entropy = 0.5},
                  {.latents = 1, .answer = "moon", .probabilities = {0.5, 0.5}, .entropy = 0.75},
                  {.latents = 2, .answer = "moon", .probabilities = {1, 0}, .entropy = 0}},
        .steps = {{.words = {"red", "dot"},
                   .probabilities = {0.5, 0.25},
                   .patches = {4, 2},
                   .targetRank = 1,
                   .attention = {0, 0, 0, 0, 1, 0}},
                  {.words = {"moon"}, .probabilities = {0.75}, .patches = {2}}},
        .influence = {0, 0.5, 0, 0},
        .cosine = {1, -0.25, -0.25, 1},
        .projection = {0, 0, 1, 1},
        .tokenProjection = {0.5f, 0, 0, 0.5f, 1, 0, 0, 1, 0.25f, 0.25f, 0.75f, 0.75f},
        .decodes = 1.75};
}

}  // namespace

class CausalWindowTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setOrganizationName("lvr-causal-test");
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, folder_.path());
        qputenv("XDG_CACHE_HOME", folder_.filePath("cache").toUtf8());
    }

    // ---- Values ----

    void aTableOfAPanelHasARowAnIntervention() {
        const auto csv = QString::fromStdString(panelToCsv(panelByHand(), "lvr diagnose, so"));
        const QStringList rows = csv.split('\n', Qt::SkipEmptyParts);
        QCOMPARE(rows.size(), 4);  // heading, untouched, two outcomes
        QVERIFY(rows[0].startsWith("intervention,answer,flipped"));
        QVERIFY(rows[1].startsWith("own,moon,0,1,2,0,0,0,2.5"));
        QVERIFY(rows[2].startsWith("zero,sun,1,,4,-3,,0,-1"));
        QVERIFY(rows[3].contains("No region is drawn."));
        for (const QString& row : rows.mid(1)) QVERIFY(row.contains("\"lvr diagnose, so\""));
    }

    void aTitleSaysWhatIsChosenOnly_data() {
        QTest::addColumn<Intervention>("intervention");
        QTest::addColumn<QString>("title");
        using enum InterventionKind;
        QTest::newRow("plain") << Intervention{.kind = Zero} << "Zeros";
        QTest::newRow("strength") << Intervention{.kind = Noise, .strength = 0.5} << "Noise ×0.5";
        QTest::newRow("steps") << Intervention{.kind = Zero, .first = 1, .last = 3}
                               << "Zeros at steps 2–4";
        QTest::newRow("from") << Intervention{.kind = Zero, .first = 2} << "Zeros from step 3";
        QTest::newRow("one") << Intervention{.kind = Zero, .first = 2, .last = 2}
                             << "Zeros at step 3";
        QTest::newRow("frozen") << Intervention{.kind = Freeze, .first = 1} << "Frozen at step 2";
    }
    void aTitleSaysWhatIsChosenOnly() {
        QFETCH(const Intervention, intervention);
        QFETCH(const QString, title);
        QCOMPARE(titleOf(intervention), title);
    }

    void everyKindIsExplained() {
        for (const InterventionKind kind : interventionKinds()) {
            QVERIFY(!explanationOf(kind).isEmpty());
            QVERIFY(!titleOf(kind).isEmpty());
        }
        QCOMPARE(interventionKinds().size(),
                 static_cast<qsizetype>(interventionNames().size()) - 1);
    }

    void anotherQuestionIsAboutAnotherColour() {
        QCOMPARE(anotherQuestion("What shape is the red object?").find("red"), std::string::npos);
        QVERIFY(anotherQuestion("What shape is the red object?").starts_with("What shape is the "));
        QCOMPARE(anotherQuestion("Who is bored?"), std::string());  // holds red, but no colour
    }

    void whatLendsIsAboutAnotherPictureAndAnswersSomethingElse() {
        const auto sample = [](int shade, const std::string& answer) {
            return Sample{.question = {{{1, 1, {std::uint8_t(shade), 0, 0}}}, "What?"},
                          .answer = answer};
        };
        const std::vector<Sample> all{sample(1, "moon"), sample(2, "moon"), sample(3, "sun"),
                                      sample(4, "star")};
        const SampleSet set{.size = 4, .sample = [&](int i) { return all[std::size_t(i)]; }};
        const auto donors = donorsFrom(set, all[0]);
        QCOMPARE(donors.otherPicture->answer, "sun");
        QCOMPARE(donors.randomAnswer, "star");
    }

    void aSetLendsFromItsMiddleAndHasTheMomentsOfAllItsLatents() {
        const auto look = [](float value, const std::string& answer, std::uint64_t picture) {
            return SetLook{.thought = {answer + "'s", answer, {value, 1, value + 2, 1}, 2},
                           .picture = picture};
        };
        const SetLooks looks{look(0, "moon", 1), std::nullopt, look(2, "moon", 2),
                             look(4, "sun", 3), look(6, "star", 1)};
        const auto moments = momentsOf(looks);
        QCOMPARE(moments.mean, (std::vector<float>{4, 1}));
        // 0, 2, 2, 4, 4, 6, 6, 8 about 4
        QCOMPARE(moments.spread, (std::vector<float>{std::sqrt(48.0f / 8), 0}));
        const CausalSetItem item{.sample = {.answer = "moon"}, .candidates = {"moon", "sun"}};
        const auto asked = questionInSet(looks, 0, item, moments, 7);
        QCOMPARE(asked.otherPicture->answer, "sun");  // after the middle; star is on its picture
        QCOMPARE(asked.randomAnswer, "star");
        QVERIFY(asked.moments == moments);
        QCOMPARE(asked.candidates, item.candidates);
        QVERIFY(momentsOf({std::nullopt}).mean.empty());
    }

    // ---- Views ----

    void strongestEffectsComeFirstWhenSortedByThem() {
        InterventionGrid grid;
        const Intervention zero{.kind = InterventionKind::Zero},
            mean{.kind = InterventionKind::Mean}, snap{.kind = InterventionKind::Snap};
        grid.setAll({zero, mean, snap});
        grid.setOutcome(outcomeOf(zero, -0.5));
        grid.setOutcome(outcomeOf(mean, -3));
        grid.setOutcome(outcomeOf(snap, 0.75));
        auto* table = grid.findChild<QTableView*>();
        const auto names = [&] {
            QStringList names;
            for (int i = 0; i < 3; ++i)
                names << table->model()->index(i, InterventionModel::Name).data().toString();
            return names;
        };
        QCOMPARE(names(), (QStringList{titleOf(zero), titleOf(mean), titleOf(snap)}));
        table->sortByColumn(InterventionModel::Original, Qt::DescendingOrder);
        QCOMPARE(names(), (QStringList{titleOf(mean), titleOf(snap), titleOf(zero)}));
        grid.select(1);  // the second that was given, wherever it is
        QCOMPARE(grid.current()->originalChange, -3.0);
    }

    void anEditedInterventionHasNoOutcomeAnyMore() {
        InterventionGrid grid;
        grid.setAll({{.kind = InterventionKind::Noise, .seed = 1}});
        grid.setOutcome(outcomeOf(grid.all()[0], -2));
        QVERIFY(grid.current());
        auto* strength = grid.findChild<QDoubleSpinBox*>();
        strength->setValue(0.5);
        QCOMPARE(grid.all()[0].strength, 0.5);
        QVERIFY(!grid.current());
    }

    void interventionsAreAddedDuplicatedAndRemovedByKeys() {
        InterventionGrid grid;
        grid.setAll({{.kind = InterventionKind::Zero}, {.kind = InterventionKind::Mean}});
        grid.show();
        grid.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&grid));
        auto* table = grid.findChild<QTableView*>();
        table->setFocus();
        grid.select(1);
        QTest::keyClick(table, Qt::Key_D, Qt::ControlModifier);
        QCOMPARE(grid.all().size(), std::size_t{3});
        QCOMPARE(grid.all()[2].kind, InterventionKind::Mean);
        QTest::keyClick(table, Qt::Key_Delete);
        QCOMPARE(grid.all().size(), std::size_t{2});
        QTest::keyClick(table, Qt::Key_Space);  // the check
        QCOMPARE(grid.chosen().size(), std::size_t{1});
    }

    void theFormOffersWhatAnInterventionHasOnly() {
        InterventionForm form;
        form.show();
        const auto seen = [&](const QString& name) {
            for (auto* widget : form.findChildren<QWidget*>())
                if (widget->accessibleName() == name) return widget->isVisible();
            return false;
        };
        form.setIntervention({.kind = InterventionKind::MarkersOnly});
        QVERIFY(!seen("Strength") && !seen("First step") && !seen("Seed of the intervention"));
        form.setIntervention({.kind = InterventionKind::Noise, .strength = 2.125, .first = 1});
        QVERIFY(seen("Strength") && seen("First step") && seen("Seed of the intervention"));
        QCOMPARE(form.intervention().strength, 2.125);  // though two decimals are shown
        form.setIntervention({.kind = InterventionKind::Snap, .first = 1, .last = 4});
        QVERIFY(!seen("Strength") && seen("Last step"));
        QCOMPARE(form.intervention().last, 4);
    }

    void whatIsImpossibleHasItsSentenceInTheTable() {
        InterventionGrid grid;
        const Intervention oracle{.kind = InterventionKind::Oracle};
        grid.setAll({oracle});
        grid.setOutcome({.intervention = oracle, .impossible = "The right regions are not known."});
        const auto* table = grid.findChild<QTableView*>();
        QCOMPARE(table->model()->index(0, InterventionModel::Answer).data().toString(),
                 "The right regions are not known.");
        QCOMPARE(table->columnSpan(0, InterventionModel::Answer),
                 InterventionModel::ColumnCount - InterventionModel::Answer);
    }

    void aTokenThatIsPointedAtOnTheMapIsKnownByItsNumber() {
        LatentMap map;
        map.resize(400, 300);
        const CausalPanel panel = panelByHand();
        map.setPoints(panel.projection, panel.tokenProjection);
        QSignalSpy pointed(&map, &LatentMap::tokenPointedAt);
        map.show();
        QTest::mouseMove(&map, map.placeOfToken(2).toPoint());
        QTRY_COMPARE(map.litToken(), 2);
        QCOMPARE(pointed.last().at(0).toInt(), 2);
    }

    void theMapsKeysGoThroughTheLatents() {
        LatentMap map;
        const CausalPanel panel = panelByHand();
        map.setPoints(panel.projection, panel.tokenProjection);
        QSignalSpy chosen(&map, &LatentMap::latentChosen);
        QTest::keyClick(&map, Qt::Key_Right);
        QTest::keyClick(&map, Qt::Key_Right);
        QTest::keyClick(&map, Qt::Key_Right);
        QCOMPARE(chosen.last().at(0).toInt(), 1);  // the last one
    }

    void arrowsPointAtTheTokensOfThePicture() {
        CausalPicture picture;
        picture.setPicture(QImage(60, 40, QImage::Format_RGB32));
        picture.setGrid({2, 3});
        QTest::keyClick(&picture, Qt::Key_Right);
        QCOMPARE(picture.litToken(), 0);
        QTest::keyClick(&picture, Qt::Key_Down);
        QCOMPARE(picture.litToken(), 3);
        QTest::keyClick(&picture, Qt::Key_Down);  // there is no row below
        QCOMPARE(picture.litToken(), 3);
    }

    void earlyAnswersShowTheLikeliestCandidates() {
        EarlyAnswers early;
        const CausalPanel panel = panelByHand();
        early.setAnswers(panel.early, panel.candidates, panel.expected);
        QCOMPARE(early.shown(), (std::vector<int>{0, 1}));  // by how likely they ever are
        QSignalSpy chosen(&early, &EarlyAnswers::latentsChosen);
        QTest::keyClick(&early, Qt::Key_Right);
        QTest::keyClick(&early, Qt::Key_Right);
        QCOMPARE(chosen.last().at(0).toInt(), 1);
    }

    void figuresHaveTheirCommandInTheSvg() {
        EarlyAnswers early;
        const CausalPanel panel = panelByHand();
        early.setAnswers(panel.early, panel.candidates, panel.expected);
        const QByteArray svg = early.svg({400, 240}, "lvr diagnose --question 'a < b'");
        QVERIFY(svg.contains("<desc>"));
        QVERIFY(svg.contains("moon (right)"));
        const QImage image = early.image({400, 240}, 2);
        QCOMPARE(image.size(), QSize(800, 480));
    }

    void aMatrixThatIsNotSquareIsEmpty() {
        StepMatrix matrix("m", "m", StepMatrix::Scale::Signed);
        matrix.setValues({1, 2, 3}, "%1 %2 %3");
        QVERIFY(matrix.isEmpty());
        matrix.setValues({1, -0.25, -0.25, 1}, "Steps %1 and %2: cosine %3");
        QCOMPARE(matrix.steps(), 2);
        QTest::keyClick(&matrix, Qt::Key_Right);
        QCOMPARE(matrix.column(), 0);
    }

    // ---- In the window ----

    void testingAsksOnceAndThenShowsEveryChosenIntervention() {
        CausalWorld world;
        const int before = world.script.asked;
        world.test();
        QCOMPARE(world.script.asked - before, 1);
        QCOMPARE(world.grid().outcomes().size(), standardPanel().size());
        QCOMPARE(world.cell(0, InterventionModel::Answer), "⇄ sun");  // zeros
        QCOMPARE(world.cell(0, InterventionModel::Original), "−1.50");
        QVERIFY(world.summary().startsWith("Untouched: “moon”"));
        const auto causal = world.state()["causal"].toObject();
        QCOMPARE(causal["answer"].toString(), "moon");
        QCOMPARE(causal["outcomes"].toArray().size(), qsizetype(standardPanel().size()));
        QCOMPARE(world.the<StepTable>().rowCount(), kLooks);
        QCOMPARE(world.the<LatentMap>().latents(), kLooks);
        QVERIFY(world.the<CausalPicture>().showsHeat());
    }

    void onlyWhatIsCheckedIsAsked() {
        CausalWorld world;
        world.grid().setAll({{.kind = InterventionKind::Zero}, {.kind = InterventionKind::Mean}},
                            {false, true});
        world.test();
        QCOMPARE(world.grid().outcomes().size(), std::size_t{1});
        QCOMPARE(world.grid().outcomes()[0].intervention.kind, InterventionKind::Mean);
    }

    void asksTheMenuOfAskToTestItsQuestion() {
        World asked;
        asked.ask("What is this?");
        asked.window.findChild<QAction*>("ask.test-latents")->trigger();
        QTRY_VERIFY(!asked.window.isBusy());
        auto* workspaces = asked.window.findChild<Workspaces*>();
        QCOMPARE(workspaces->current(), WorkspaceId::Causal);
        QCOMPARE(workspaces->causal().panel().question, "What is this?");
    }

    void stoppingKeepsWhatThereIs() {
        CausalWorld world;
        world.script.waitsForStop = true;
        world.action("causal.test").trigger();
        QTRY_COMPARE(world.grid().outcomes().size(), std::size_t{2});
        world.action("causal.stop").trigger();
        QTRY_VERIFY(!world.window.isBusy());
        QCOMPARE(world.grid().outcomes().size(), std::size_t{2});
    }

    void theNewestQuestionWins() {
        CausalWorld world;
        world.script.waitsForStop = true;
        world.action("causal.test").trigger();
        QTRY_COMPARE(world.grid().outcomes().size(), std::size_t{2});
        world.script.waitsForStop = false;
        world.causal().findChild<QuestionLine*>()->setPlainText("Where?");
        world.test();
        QCOMPARE(world.causal().panel().question, "Where?");
        QCOMPARE(world.grid().outcomes().size(), standardPanel().size());
    }

    void whatFailsIsOneSentence() {
        CausalWorld world;
        world.script.fails = true;
        world.test();
        QCOMPARE(world.said(), "The engine broke; try another question.");
    }

    void withoutAChosenInterventionItSaysSo() {
        CausalWorld world;
        world.grid().setAll({});
        world.test();
        QVERIFY(world.said().startsWith("No intervention is chosen"));
    }

    void withoutLatentsThereIsNothingToTest() {
        CausalWorld world;
        const int before = world.script.asked;
        world.causal().showQuestion({.sample = {.question = {{picture(28, 28)}, "What?"}},
                                     .options = {.exit = NoLatents{}}});
        world.test();
        QVERIFY(world.said().contains("no latents under the exit rule"));
        QCOMPARE(world.script.asked.load(), before);
    }

    void theCommandNamesQuestionInterventionsAndAPictureThatIsThere() {
        CausalWorld world;
        world.grid().setAll({{.kind = InterventionKind::Zero},
                             {.kind = InterventionKind::Noise, .strength = 0.5, .seed = 3}});
        world.test();
        QGuiApplication::clipboard()->clear();
        world.action("causal.copy-command").trigger();
        QTRY_VERIFY(!QGuiApplication::clipboard()->text().isEmpty());
        const QString command = QGuiApplication::clipboard()->text();
        QVERIFY2(command.startsWith("lvr diagnose --model tiny --image "), qPrintable(command));
        QVERIFY(command.contains("--question 'What? chain'"));
        QVERIFY(command.contains("--interventions zero,noise:0.5#3"));
        const QString file = command.section("--image ", 1).section(' ', 0, 0);
        QCOMPARE(QImage(file).size(), QSize(84, 56));
    }

    void exportsSayHowTheyAreMadeAgain_data() {
        QTest::addColumn<QString>("ending");
        for (const char* ending : {"json", "csv", "svg", "png", "html"})
            QTest::newRow(ending) << ending;
    }
    void exportsSayHowTheyAreMadeAgain() {
        QFETCH(const QString, ending);
        CausalWorld world;
        world.test();
        const QString file = folder_.filePath("panel." + ending);
        world.causal().exportTo(file);
        QTRY_VERIFY2(world.said().startsWith("Saved"), qPrintable(world.said()));
        if (ending == "png") {
            QVERIFY(QImage(file).text("Command").startsWith("lvr diagnose"));
            return;
        }
        QFile written(file);
        QVERIFY(written.open(QIODevice::ReadOnly));
        QVERIFY(written.readAll().contains("lvr diagnose --model tiny"));
    }

    void whatWasTestedComesBackWithTheSession() {
        const QString folder = folder_.filePath("session");
        {
            CausalWorld world;
            world.window.keepSession(folder);
            world.grid().setAll({{.kind = InterventionKind::Zero}});
            world.test();
            world.window.close();
        }
        World again;
        const auto session = again.window.keepSession(folder);
        QVERIFY(session);
        QCOMPARE(session->workspace, "causal");
        again.window.restore(*session);
        QTRY_VERIFY(!again.window.isBusy());
        auto& causal = again.window.findChild<Workspaces*>()->causal();
        QTRY_COMPARE(causal.panel().answer, "moon");
        QCOMPARE(causal.findChild<InterventionGrid*>()->outcomes().size(), std::size_t{1});
    }

    // ---- Sets ----

    void aReportLeavesOutWhatCouldNotBeTestedAndNamesIt() {
        TestedSet set = setByHand(20, 5, 1);
        set.items[0].item.panel.latents = 0;  // no thought: of the five that are wrong
        set.items[18].problem = "broken";
        const auto report = reportOf(set);
        QCOMPARE(report.asked, 19);
        QCOMPARE(report.thought, 18);
        QCOMPARE(report.skipped, std::vector<std::string>{"item 18: broken"});
        QCOMPARE(report.interventions.at(0).count, 18);
        QCOMPARE(report.interventions[0].flips, 4);
        QCOMPARE(report.interventions[0].mcnemar, 0.125);  // 2 * 0.5^4
    }

    void whatFollowsIsSaidOfEachIntervention() {
        const auto saying = [](const TestedSet& set) {
            return sayingOf(reportOf(set).interventions.at(0));
        };
        QCOMPARE(saying(setByHand(30, 12, 2.0)), "the answer follows what is fed");
        QCOMPARE(saying(setByHand(30, 12, 0.0)), "it costs right answers");
        QCOMPARE(saying(setByHand(5, 5, 2.0)), "too few questions to tell");
    }

    void theShiftIsPlottedOfThoseThatLendOnly() {
        CausalReport report;
        report.interventions = {
            {.intervention = {.kind = InterventionKind::Zero}, .bins = {{.low = 0, .high = 1}}},
            {.intervention = {.kind = InterventionKind::OtherPicture},
             .bins = {{.low = 0, .high = 1, .count = 7, .shift = 0.5}}}};
        const auto series = shiftSeries(report);
        QCOMPARE(series.size(), std::size_t{1});
        QCOMPARE(series[0].points.at(0).x, 0.5);
        QCOMPARE(series[0].points[0].y.value, 0.5);
        QCOMPARE(series[0].points[0].count, 7);
    }

    void doseBeginsWhereNothingIsDone() {
        CausalReport report;
        report.interventions = {
            {.intervention = {.kind = InterventionKind::Noise, .strength = 2},
             .count = 6,
             .originalChange = {-3, -4, -2}},
            {.intervention = {.kind = InterventionKind::Noise, .strength = 0.5}, .count = 6},
            {.intervention = {.kind = InterventionKind::Noise, .first = 1}, .count = 6}};
        const auto points = doseSeries(report).at(0).points;
        QCOMPARE(points.size(), std::size_t{3});
        QCOMPARE(points[0].x, 0.0);
        QCOMPARE(points[0].y.value, 0.0);
        QCOMPARE(points[1].x, 0.5);
        QCOMPARE(points[2].y.value, -3.0);
    }

    void aSetIsTestedAndKept() {
        const QString store = folder_.filePath("sets.db");
        SetWorld world(store);
        world.run(12);
        QCOMPARE(world.items().size(), std::size_t{12});
        QCOMPARE(world.cell(0, EffectTable::Name), "Zeros");
        QCOMPARE(world.cell(0, EffectTable::Count), "12");
        QCOMPARE(world.cell(0, EffectTable::Flips), "12");
        QTRY_VERIFY(world.page().runNumber() != 0);
        const RunStore kept(store.toStdString(), RunStore::Access::Read);
        QTRY_COMPARE(kept.find(world.page().runNumber())->status, RunStatus::Finished);
        const TestedSet again = readTestedSet(kept, world.page().runNumber());
        QVERIFY(again.items == world.items());
        QVERIFY(again.run.info.command.starts_with("lvr diagnose --model tiny --data"));
        QCOMPARE(listTestedSets(kept).size(), std::size_t{1});
    }

    void commandsAloneTestASetAndGoBackToTheQuestion() {
        SetWorld world(folder_.filePath("commands.db"));
        world.choose(2);
        world.action("causal.test").trigger();
        QTRY_COMPARE(world.items().size(), std::size_t{2});
        world.settle();
        world.action("causal.one-question").trigger();
        world.action("causal.test").trigger();
        world.settle();
        QCOMPARE(world.causal().panel().question, "What? chain");
        QCOMPARE(world.items().size(), std::size_t{2});
    }

    void aSetGivesTheNumbersOfItsCommand() {
        SetWorld world(folder_.filePath("same.db"), openLvrEngine, openCausalSet);
        using enum InterventionKind;
        world.causal().findChild<InterventionGrid*>()->setAll(
            {{.kind = Mean}, {.kind = Noise}, {.kind = OtherPicture}, {.kind = OtherQuestion}});
        world.run(6);
        QCOMPARE(world.items().size(), std::size_t{6});
        const auto command = world.page().command();
        QVERIFY2(command.startsWith("lvr diagnose --data scenes:chain --seed"),
                 qPrintable(command));
        QStringList words = QProcess::splitCommand(command).mid(1);
        QCOMPARE(words.takeLast(), "report.html");
        const auto done =
            program::lvr(words + QStringList{folder_.filePath("same.json"), "--json"});
        QVERIFY2(done.code == 0, qPrintable(done.err));
        const auto theirs = program::jsonOf(done).object()["interventions"].toArray();
        const auto& ours = world.page().report().interventions;
        QCOMPARE(theirs.size(), qsizetype(4));
        for (qsizetype i = 0; i < theirs.size(); ++i) {
            const auto& own = ours.at(static_cast<std::size_t>(i));
            QCOMPARE(own.count, 6);
            QCOMPARE(theirs[i]["flips"].toInt(), own.flips);
            QCOMPARE(theirs[i]["paired"].toInt(), own.paired);
            const auto change = theirs[i]["original_change"];
            QVERIFY2(std::abs(change["value"].toDouble() - own.originalChange.value) < 1e-4,
                     qPrintable(toText(own.intervention).c_str()));
        }
    }

    void whatProbesReadIsKeptWithTheSet() {
        const QString store = folder_.filePath("probes.db");
        SetWorld world(store);
        world.run(4);
        const auto* table = world.page().findChild<LinearProbeTable*>();
        QTRY_COMPARE(table->rowCount(), 1);
        QCOMPARE(table->item(0, LinearProbeTable::At)->text(), "last latent");
        QCOMPARE(table->item(0, LinearProbeTable::Tested)->text(), "2");
        QCOMPARE(table->item(0, LinearProbeTable::Accuracy)->text(), "75.0 % [50.0, 87.5]");
        QCOMPARE(table->item(0, LinearProbeTable::Chance)->text(), "50.0 %");
        QTRY_VERIFY(world.page().runNumber() != 0);
        const RunStore kept(store.toStdString(), RunStore::Access::Read);
        QTRY_COMPARE(kept.find(world.page().runNumber())->status, RunStatus::Finished);
        const TestedSet again = readTestedSet(kept, world.page().runNumber());
        QVERIFY(again.probes == world.page().set().probes && !again.probes.empty());
        QCOMPARE(again.items.size(), std::size_t{4});
    }

    void theLastColumnSaysWhatFollows() {
        EffectTable table;
        QCOMPARE(table.columnCount(), int(EffectTable::ColumnCount));
        QCOMPARE(table.horizontalHeaderItem(EffectTable::Holm)->text(), "p, Holm");
        QCOMPARE(table.horizontalHeaderItem(EffectTable::Verdict)->text(), "What it says");
    }

    void aStoppedSetGoesOn() {
        const QString store = folder_.filePath("stopped.db");
        SetWorld world(store);
        world.script.waitsForStop = true;  // in the first question
        world.choose(4);
        world.button("Run").click();
        QTRY_VERIFY(world.page().isTesting());
        QTRY_COMPARE(world.script.asked.load(), 1);
        world.button("Stop").click();
        world.settle();
        QVERIFY(world.state().startsWith("Stopped after 0 questions of 4"));
        world.script.waitsForStop = false;
        QTRY_VERIFY(world.button("Go on").isEnabled());
        world.button("Go on").click();
        world.settle();
        QCOMPARE(world.items().size(), std::size_t{4});
        QVERIFY(!world.button("Go on").isEnabled());
    }

    void aBrokenQuestionIsLeftOutCountedAndNamed() {
        SetWorld world(folder_.filePath("broken.db"));
        world.broken = 2;
        world.run(11);
        QCOMPARE(world.items().size(), std::size_t{11});
        QVERIFY2(world.state().contains("1 question could not be tested: picture 2 is broken"),
                 qPrintable(world.state()));
    }

    void whatWasKeptOfASetComesBack() {
        const QString store = folder_.filePath("kept.db");
        std::int64_t run = 0;
        {
            SetWorld world(store);
            world.run(3);
            QTRY_VERIFY(world.page().runNumber() != 0);
            run = world.page().runNumber();
        }
        SetWorld world(store);
        world.page().open(run);
        QTRY_COMPARE(world.items().size(), std::size_t{3});
        world.settle();
        QCOMPARE(world.cell(0, EffectTable::Flips), "3");
        const QString file = folder_.filePath("set.json");
        world.causal().exportTo(file);
        QTRY_VERIFY(world.said().startsWith("Saved"));
        QFile written(file);
        QVERIFY(written.open(QIODevice::ReadOnly));
        const auto json = QJsonDocument::fromJson(written.readAll()).object();
        QVERIFY(json["command"].toString().startsWith("lvr diagnose"));
        QCOMPARE(json["asked"].toInt(), 3);
        QCOMPARE(json["interventions"][0]["flips"].toInt(), 3);
    }

    void nothingIsCutOffInASmallWindow() {
        CausalWorld world;
        world.test();
        QVERIFY2(world.window.minimumSizeHint().width() <= 1024,
                 qPrintable(QString::number(world.window.minimumSizeHint().width())));
        QVERIFY2(world.window.minimumSizeHint().height() <= 700,
                 qPrintable(QString::number(world.window.minimumSizeHint().height())));
        for (auto* button : world.causal().findChildren<QPushButton*>())
            if (button->isVisible())
                QVERIFY2(button->width() >= button->minimumSizeHint().width() &&
                             world.window.rect().contains(
                                 QRect(button->mapTo(&world.window, QPoint()), button->size())),
                         qPrintable(button->text()));
    }
};

QTEST_MAIN(CausalWindowTest)
#include "causal_window_test.moc"
