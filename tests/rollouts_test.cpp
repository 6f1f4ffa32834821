#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QSignalSpy>
#include <QSlider>
#include <QSpinBox>
#include <QTableView>
#include <QTemporaryDir>
#include <QToolButton>
#include <QtTest>
#include <cmath>

#include "app/runs/checkpoint_panel.h"
#include "app/runs/rollouts_workspace.h"
#include "app/runs/store_reader.h"
#include "core/store/run_store.h"
#include "core/vision/image_file.h"
#include "tests/support/cpu_time.h"
#include "widgets/message_bar.h"
#include "widgets/rollouts/checkpoint_scrubber.h"
#include "widgets/rollouts/group_browser.h"
#include "widgets/rollouts/group_summary.h"
#include "widgets/rollouts/health_strips.h"
#include "widgets/rollouts/heat_picture.h"
#include "widgets/rollouts/probe_table.h"
#include "widgets/rollouts/rollout_detail.h"
#include "widgets/rollouts/rollout_tokens.h"
#include "widgets/rollouts/step_bar.h"
#include "widgets/word_diff.h"

using namespace lvr;
namespace fs = std::filesystem;

namespace {

constexpr auto kBegin = "<|lvr_start|>", kEnd = "<|lvr_end|>";

RolloutToken word(const std::string& text, float logProbability = -0.1f) {
    return {.id = 7, .text = text, .logProbability = logProbability};
}
RolloutToken latent() { return {.id = 9, .text = "the", .logProbability = -1, .isLatent = true}; }

// A rollout that thought for two steps, on a picture of 2 x 2 cells: first at the upper left, then
// at the lower right.
Rollout rollout(int group, int index, double accuracy, const std::string& answer) {
    Rollout r{.group = group,
              .index = index,
              .prompt = "What is under the star of group " + std::to_string(group) + "?",
              .expected = "moon",
              .completion = std::string(kBegin) + kEnd + "<answer>" + answer + "</answer>",
              .rewards = {{"accuracy", accuracy}, {"format", 1}},
              .reward = accuracy + 1,
              .advantage = accuracy - 0.5,
              .stopped = "end_of_text",
              .tokens = {word(kBegin), latent(), latent(), word(kEnd), word(answer, -2.5f)},
              .grid = {2, 2},
              .heat = {127, 0, 0, 0, 0, 0, 0, 127}};
    return r;
}

Rollout unclosed(Rollout r) {
    std::erase_if(r.tokens, [](const RolloutToken& t) { return t.text == kEnd; });
    r.stopped = "max_new_tokens";
    return r;
}

// Group 0 is mixed, 1 all wrong, 2 all right and with an unclosed thought, which is not ASCII.
std::vector<Rollout> threeGroups() {
    std::vector<Rollout> all{rollout(0, 0, 0, "sun"),
                             rollout(0, 1, 1, "moon"),
                             rollout(0, 2, 0, "star"),
                             rollout(1, 0, 0, "sun"),
                             rollout(1, 1, 0, "sun"),
                             rollout(2, 0, 1, "moon"),
                             unclosed(rollout(2, 1, 1, "lună 月"))};
    return all;
}

std::map<std::string, double> healthOf(int step) {
    return {{"groups/zero_variance", 0.25},
            {"reward/mean", 0.5 + step / 100.0},
            {"span/trigger_rate", 1},
            {"span/unclosed_rate", 0},
            {"loss/total", 3}};
}

// Of the question "q<number>".
SampleRow sample(int number, bool right, const std::string& image = {}) {
    return {.record = "q" + std::to_string(number),
            .image = image,
            .question = "What is number " + std::to_string(number) + "?",
            .expected = "moon",
            .answer = right ? "moon" : "sun",
            .completion = right ? "<answer>moon</answer>" : "<answer>sun</answer>",
            .right = right,
            .stopped = "end_of_text",
            .tokens = {word(kBegin), latent(), latent(), word(kEnd), word("moon")},
            .grid = {2, 2},
            .heat = {127, 0, 0, 0, 0, 0, 0, 127}};
}

// A store in a folder of its own.
struct World {
    QTemporaryDir folder;
    fs::path file = fs::path(folder.path().toStdU16String()) / u"läufe.db";
    RunStore store{file};

    std::int64_t start(const std::string& kind = "grpo") {
        return store.start({.kind = kind, .out = "/x/" + kind, .steps = 100});
    }
    std::int64_t runOf(const std::vector<int>& steps) {
        const auto run = start();
        for (const int step : steps) store.append(run, step, healthOf(step), threeGroups());
        return run;
    }
};

// A workspace on the screen, with what a person would look for in it.
struct Desk {
    StoreReader reader;
    RolloutsWorkspace space{&reader};
    StepBar* steps = space.findChild<StepBar*>();
    GroupBrowser* browser = space.findChild<GroupBrowser*>();
    RolloutFilterBar* filter = space.findChild<RolloutFilterBar*>();
    HeatPicture* picture = space.findChild<HeatPicture*>();
    RolloutTokens* tokens = space.findChild<RolloutTokens*>();
    HealthStrips* health = space.findChild<HealthStrips*>();
    MessageBar* message = space.findChild<MessageBar*>();
    QTableView* groups = nullptr;
    QTableView* rollouts = nullptr;

    explicit Desk(const fs::path& file) {
        for (auto* view : browser->findChildren<QTableView*>())
            (view->accessibleName() == "Groups" ? groups : rollouts) = view;
        space.resize(1280, 720);
        space.show();
        space.activateWindow();
        if (!QTest::qWaitForWindowActive(&space)) qFatal("the window was not activated");
        reader.open(file);
    }
    bool shows(int step) {
        return QTest::qWaitFor([&] { return space.step() == step; });
    }
    bool says(const QString& text) {
        return QTest::qWaitFor([&] {
            for (const auto* label : space.findChildren<QLabel*>())
                if (label->isVisible() && label->text().contains(text)) return true;
            return false;
        });
    }
    QString cell(const QTableView* view, int row, int column) {
        return view->model()->index(row, column).data().toString();
    }
};

using AskFor = void (*)(Desk&, std::int64_t);

}  // namespace

class RolloutsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void wordsThatDifferAreFound_data();
    void wordsThatDifferAreFound();
    void aDiffGivesTheTextBack();
    void aVeryLongDiffIsQuick();
    void groupsAreSummedUp();
    void theNewestStepOfTheNewestRunIsShown();
    void anotherStepIsShown();
    void aStepAskedForBeforeTheStoreIsOpenIsShown();
    void keysMoveBetweenRolloutsAndGroups();
    void typingInTheSearchMovesNothing();
    void filtersNarrowWhatIsShown();
    void theStepThatFirstSaidSomethingIsFound();
    void tablesSortByNumber();
    void clickingALatentShowsItsHeat();
    void theMeanOfTheLatentsIsShownFirst();
    void tokensTellTheirLogProbability();
    void aPictureIsReadAndAMissingOneIsSaid();
    void groupHealthIsShownAndChoosesAStep();
    void aResumedRunReplacesItsHealth();
    void newStepsAreFollowed();
    void aStepThatIsAskedForIsNotLeftForTheNewest_data();
    void aStepThatIsAskedForIsNotLeftForTheNewest();
    void runsWithoutRolloutsAreLeftOut();
    void badStoresAreSaidInOneSentence_data();
    void badStoresAreSaidInOneSentence();
    void aStoreThatIsMadeLaterIsOpened();
    void aStoreTakenAwayKeepsWhatIsShown();
    void onlyTheNewestStepIsReported();
    void probeAnswersStandSideBySide();
    void theScrubberGoesThroughTheCheckpoints();
    void aCheckpointThatWasNotAskedHasAnEmptyCell();
    void newCheckpointsAppearInThePanel();
};

void RolloutsTest::wordsThatDifferAreFound_data() {
    QTest::addColumn<QString>("reference");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("drawn");  // [added], {missing}
    QTest::newRow("same") << "a red star"
                          << "a red star"
                          << "a red star";
    QTest::newRow("one word") << "a red star here"
                              << "a blue star here"
                              << "a {red }[blue ]star here";
    QTest::newRow("in a marker") << "<answer>red</answer>"
                                 << "<answer>blue</answer>"
                                 << "<answer>{red}[blue]</answer>";
    QTest::newRow("longer") << "a star"
                            << "a star and a moon"
                            << "a star [and a moon]";
    QTest::newRow("shorter") << "a star and a moon"
                             << "a star"
                             << "a star{and a moon}";
    QTest::newRow("from nothing") << ""
                                  << "a star"
                                  << "[a star]";
    QTest::newRow("to nothing") << "a star"
                                << ""
                                << "{a star}";
    QTest::newRow("not ASCII") << "soare și lună"
                               << "soare și 月"
                               << "soare și {lună}[月]";
    QTest::newRow("lone bracket") << "1 < 2"
                                  << "1 < 3"
                                  << "1 < {2}[3]";
}

void RolloutsTest::wordsThatDifferAreFound() {
    QFETCH(QString, reference);
    QFETCH(QString, text);
    QString drawn;
    for (const auto& [piece, change] : wordDiff(reference, text))
        drawn += change == WordChange::Same    ? piece
                 : change == WordChange::Added ? "[" + piece + "]"
                                               : "{" + piece + "}";
    QTEST(drawn, "drawn");
}

void RolloutsTest::aDiffGivesTheTextBack() {
    const QString text = "  two\n\nlines <b>and </b> a\ttab \n";
    QString back;
    for (const auto& piece : wordDiff("two other lines <b> and a tab", text))
        if (piece.change != WordChange::Missing) back += piece.text;
    QCOMPARE(back, text);
}

void RolloutsTest::aVeryLongDiffIsQuick() {
    QStringList one, other;
    for (int i = 0; i < 20000; ++i) one << QString::number(i), other << QString::number(i * 7);
    const CpuTimer time;
    QVERIFY(wordDiff(one.join(' '), other.join(' ')).size() > 1);
    QVERIFY2(time.milliseconds() < 2000, qPrintable(QString::number(time.milliseconds())));
}

void RolloutsTest::groupsAreSummedUp() {
    const auto rollouts = threeGroups();
    const auto groups = groupsOf(rollouts);
    QCOMPARE(groups.size(), 3u);
    QCOMPARE(groups[0].outcome, GroupOutcome::Mixed);
    QCOMPARE(groups[1].outcome, GroupOutcome::AllWrong);
    QCOMPARE(groups[2].outcome, GroupOutcome::AllRight);
    QCOMPARE(groups[0].best->index, 1);
    QVERIFY(std::abs(groups[0].mean - 4.0 / 3) < 1e-9);
    QVERIFY(std::abs(groups[0].deviation - std::sqrt(1.0 / 3)) < 1e-9);
    QVERIFY(isUnclosed(rollouts[6]));
    QVERIFY(!isUnclosed(rollouts[5]));
    QVERIFY(groupsOf({}).empty());
    // Right by one function and wrong by the other, for the same sum.
    std::vector<Rollout> alike{rollout(0, 0, 1, "moon"), rollout(0, 1, 0, "sun")};
    alike[0].reward = alike[1].reward = 1;
    QCOMPARE(groupsOf(alike)[0].outcome, GroupOutcome::Alike);
}

void RolloutsTest::theNewestStepOfTheNewestRunIsShown() {
    World world;
    world.runOf({1});
    const auto run = world.runOf({2, 5});
    Desk desk(world.file);
    QVERIFY(desk.shows(5));
    QCOMPARE(desk.space.run(), run);
    QCOMPARE(desk.groups->model()->rowCount(), 3);
    QCOMPARE(desk.rollouts->model()->rowCount(), 3);
    QCOMPARE(desk.cell(desk.groups, 0, 0), QString("◐"));
    QCOMPARE(desk.cell(desk.groups, 0, 2), QString("1.33"));
    QCOMPARE(desk.cell(desk.rollouts, 0, 4), QString("−0.50"));
    QVERIFY(desk.says("What is under the star of group 0?  (known answer: moon)"));
    QVERIFY(desk.says("3 groups, 7 rollouts"));
}

void RolloutsTest::anotherStepIsShown() {
    World world;
    world.runOf({1, 3, 7});
    Desk desk(world.file);
    QVERIFY(desk.shows(7));
    QTRY_COMPARE(desk.steps->steps().size(), 3u);
    QTest::keyClick(desk.groups, Qt::Key_BracketLeft);
    QVERIFY(desk.shows(3));
    desk.steps->findChild<QSpinBox*>()->setValue(2);  // the nearest there is
    QVERIFY(desk.shows(1));
    QCOMPARE(desk.steps->findChild<QSpinBox*>()->value(), 1);
}

void RolloutsTest::aStepAskedForBeforeTheStoreIsOpenIsShown() {
    World world;
    const auto run = world.runOf({1, 3});
    world.runOf({9});
    Desk desk(world.file);
    desk.space.showStep(run, 1);
    QVERIFY(desk.shows(1));
    QCOMPARE(desk.space.run(), run);
    QCOMPARE(desk.steps->run(), run);
}

void RolloutsTest::keysMoveBetweenRolloutsAndGroups() {
    World world;
    world.runOf({1});
    Desk desk(world.file);
    QVERIFY(desk.shows(1));
    const auto press = [&](const QString& keys) {
        for (const QChar key : keys)
            QTest::keyClick(desk.rollouts, key.toLatin1(),
                            key.isUpper() ? Qt::ShiftModifier : Qt::NoModifier);
        const Rollout* at = desk.browser->current();
        return QString("%1.%2").arg(at->group).arg(at->index);
    };
    QCOMPARE(press(""), QString("0.0"));
    QCOMPARE(press("n"), QString("0.1"));
    QCOMPARE(press("nn"), QString("1.0"));  // on to the next group
    QCOMPARE(press("p"), QString("0.2"));   // and back to the last of the one before
    QCOMPARE(press("N"), QString("1.0"));
    QCOMPARE(press("NN"), QString("2.0"));  // there is no fourth
    QCOMPARE(press("P"), QString("1.0"));
    QCOMPARE(press("PPp"), QString("0.0"));
    press("f");
    QCOMPARE(desk.space.focusWidget(), desk.filter->findChild<QLineEdit*>());
}

void RolloutsTest::typingInTheSearchMovesNothing() {
    World world;
    world.runOf({1});
    Desk desk(world.file);
    QVERIFY(desk.shows(1));
    auto* search = desk.filter->findChild<QLineEdit*>();
    desk.filter->focusSearch();
    QTest::keyClicks(search, "fun");
    QCOMPARE(search->text(), QString("fun"));
    QVERIFY(desk.says("None of the 7 rollouts passes the filters above."));
    QCOMPARE(desk.tokens->latentCount(), 0);
    QTest::keyClick(search, Qt::Key_Escape);
    QVERIFY(!search->hasFocus());
}

void RolloutsTest::filtersNarrowWhatIsShown() {
    World world;
    world.runOf({1});
    Desk desk(world.file);
    QVERIFY(desk.shows(1));
    const auto boxes = desk.filter->findChildren<QCheckBox*>();
    auto* search = desk.filter->findChild<QLineEdit*>();
    boxes[0]->click();
    QCOMPARE(desk.groups->model()->rowCount(), 1);
    boxes[0]->click();
    boxes[1]->click();
    QCOMPARE(desk.groups->model()->rowCount(), 1);
    QCOMPARE(desk.rollouts->model()->rowCount(), 1);
    QCOMPARE(desk.browser->current()->completion, rollout(2, 1, 1, "lună 月").completion);
    QVERIFY(desk.says("thought not closed"));
    boxes[1]->click();
    search->setText("LUNĂ");
    QVERIFY(desk.says("1 of 3 groups, 1 of 7 rollouts"));
    search->clear();
    desk.filter->findChildren<QDoubleSpinBox*>()[0]->setValue(2);  // only the right ones
    QVERIFY(desk.says("2 of 3 groups, 3 of 7 rollouts"));
    QTest::mouseClick(desk.filter->findChild<QToolButton*>("showAll"), Qt::LeftButton);
    QVERIFY(desk.says("3 groups, 7 rollouts"));
}

void RolloutsTest::theStepThatFirstSaidSomethingIsFound() {
    World world;
    const auto run = world.runOf({1, 2});
    for (const int step : {5, 8})
        world.store.append(run, step, healthOf(step), {rollout(0, 0, 1, "Ștampilă")});
    world.store.append(run, 9, healthOf(9), threeGroups());
    Desk desk(world.file);
    QVERIFY(desk.shows(9));
    auto* search = desk.filter->findChild<QLineEdit*>();
    auto* everywhere = desk.filter->findChild<QToolButton*>("everyStep");
    QVERIFY(!everywhere->isEnabled());
    search->setText("ștampilă");
    QVERIFY(everywhere->isEnabled());
    QTest::keyClick(search, Qt::Key_Return);
    QVERIFY(desk.says("2 rollouts in 2 of 5 steps, the first in step 5."));
    const auto press = [&](const QString& name) {
        QTest::mouseClick(desk.space.findChild<QToolButton*>(name), Qt::LeftButton);
    };
    press("firstFound");
    QVERIFY(desk.shows(5));
    press("nextFound");
    QVERIFY(desk.shows(8));
    press("nextFound");  // there is none
    press("previousFound");
    QVERIFY(desk.shows(5));
    search->setText("never said");
    QTest::mouseClick(everywhere, Qt::LeftButton);
    QVERIFY(desk.says("None of the 5 steps has such rollouts."));
}

void RolloutsTest::tablesSortByNumber() {
    World world;
    const auto run = world.start();
    std::vector<Rollout> many;
    for (int i = 0; i < 12; ++i) many.push_back(rollout(0, i, i == 3, "sun"));
    many[5].tokens.resize(1);
    world.store.append(run, 1, healthOf(1), many);
    Desk desk(world.file);
    QVERIFY(desk.shows(1));
    QCOMPARE(desk.cell(desk.rollouts, 2, 0), QString("2"));  // not 10 after 1
    desk.rollouts->sortByColumn(5, Qt::AscendingOrder);      // length
    QCOMPARE(desk.cell(desk.rollouts, 0, 0), QString("5"));
    desk.rollouts->sortByColumn(1, Qt::DescendingOrder);  // reward
    QCOMPARE(desk.cell(desk.rollouts, 0, 0), QString("3 ★"));
}

void RolloutsTest::clickingALatentShowsItsHeat() {
    World world;
    world.runOf({1});
    Desk desk(world.file);
    QVERIFY(desk.shows(1));
    QCOMPARE(desk.tokens->latentCount(), 2);
    const auto click = [&](int latent) {
        QTest::mouseClick(desk.tokens->viewport(), Qt::LeftButton, {},
                          desk.tokens->latentRect(latent).center());
    };
    click(1);
    QCOMPARE(desk.picture->selectedLatent(), 1);
    QCOMPARE(desk.tokens->selectedLatent(), 1);
    click(1);  // again: the mean
    QCOMPARE(desk.picture->selectedLatent(), HeatPicture::kMean);
    QTest::keyClick(desk.tokens, Qt::Key_Right);
    QCOMPARE(desk.picture->selectedLatent(), 0);
    QTest::keyClick(desk.rollouts, Qt::Key_N);  // another rollout starts at its mean
    QCOMPARE(desk.picture->selectedLatent(), HeatPicture::kMean);
}

void RolloutsTest::theMeanOfTheLatentsIsShownFirst() {
    const std::vector<std::int8_t> heat{127, 0, 0, 0, 0, 0, 0, 127};
    QCOMPARE(heatOf({2, 2}, heat, HeatPicture::kMean), (std::vector<float>{0.5, 0, 0, 0.5}));
    QCOMPARE(heatOf({2, 2}, heat, 0), (std::vector<float>{1, 0, 0, 0}));
    QVERIFY(heatOf({2, 2}, heat, 2).empty());
    QVERIFY(heatOf({2, 2}, {}, HeatPicture::kMean).empty());
    QVERIFY(heatOf({}, heat, 0).empty());
    HeatPicture picture;
    picture.resize(300, 300);
    picture.showHeat({2, 2}, heat);
    QVERIFY(picture.explain({100, 60}).contains("row 1, column 1: cosine 0.50"));
    picture.selectLatent(1);
    QVERIFY(picture.explain({100, 60}).contains("cosine 0.00"));
    QVERIFY(picture.explain({299, 299}).isEmpty());
}

void RolloutsTest::tokensTellTheirLogProbability() {
    RolloutTokens tokens;
    tokens.resize(600, 200);
    tokens.show({word("first ", -0.5f), latent(), word("second", -3.0f)});
    tokens.QWidget::show();
    QVERIFY(QTest::qWaitForWindowExposed(&tokens));
    const QPoint before(tokens.latentRect(0).left() - 20, tokens.latentRect(0).center().y());
    QVERIFY2(tokens.explain(before).contains("log-probability -0.500 (60.65 %)"),
             qPrintable(tokens.explain(before)));
    QVERIFY(tokens.explain(tokens.latentRect(0).center()).contains("Shadow token the"));
    QVERIFY(tokens.explain({599, 199}).isEmpty());
}

void RolloutsTest::aPictureIsReadAndAMissingOneIsSaid() {
    World world;
    const auto file = world.file.parent_path() / u"bîld.png";
    writePng({.width = 2, .height = 1, .rgb = {200, 30, 30, 200, 30, 30}}, file);
    const auto run = world.start();
    std::vector<Rollout> groups{rollout(0, 0, 1, "moon"), rollout(1, 0, 1, "moon"),
                                rollout(2, 0, 1, "moon")};
    groups[0].image = file.string();
    groups[1].image = "/not/there.png";
    for (Rollout& r : groups) r.heat.clear();
    world.store.append(run, 1, healthOf(1), groups);
    Desk desk(world.file);
    QVERIFY(desk.shows(1));
    const auto middle = [&] {
        return desk.picture->grab().toImage().pixelColor(desk.picture->width() / 2,
                                                         desk.picture->height() / 3);
    };
    QTRY_COMPARE(middle(), QColor(200, 30, 30));
    QTest::keyClick(desk.rollouts, Qt::Key_N, Qt::ShiftModifier);
    QTRY_VERIFY(desk.picture->emptyText().contains("/not/there.png"));
    QTest::keyClick(desk.rollouts, Qt::Key_N, Qt::ShiftModifier);
    QTRY_COMPARE(desk.picture->emptyText(), QString("This question has no picture."));
}

void RolloutsTest::groupHealthIsShownAndChoosesAStep() {
    World world;
    world.runOf({1, 2, 11});
    Desk desk(world.file);
    QVERIFY(desk.shows(11));
    QTRY_VERIFY(desk.health->explain(11).contains("Mixed groups: 75 %"));
    QVERIFY(desk.health->explain(11).contains("Mean reward: 0.61"));
    QTest::mouseClick(desk.health, Qt::LeftButton, {}, QPoint(8, 20));
    QVERIFY(desk.shows(1));
}

void RolloutsTest::aResumedRunReplacesItsHealth() {
    HealthStrips strips;
    strips.append({{"reward/mean", {1, 2, 3}, {0.1, 0.2, 0.3}}, {"loss/total", {9}, {9}}});
    strips.append({{"reward/mean", {2, 3}, {0.9, NAN}}});
    QVERIFY(strips.explain(1).contains("0.10"));
    QVERIFY(strips.explain(2).contains("0.90"));
    QVERIFY(!strips.explain(3).contains("Mean"));
    QCOMPARE(strips.stepAt({1000, 10}), 2);
    strips.clear();
    QCOMPARE(strips.stepAt({10, 10}), -1);
}

void RolloutsTest::newStepsAreFollowed() {
    World world;
    const auto run = world.runOf({1});
    Desk desk(world.file);
    QVERIFY(desk.shows(1));
    world.store.append(run, 2, healthOf(2), threeGroups());
    QTRY_COMPARE(desk.steps->steps().size(), 2u);
    QCOMPARE(desk.space.step(), 1);  // what is read stays
    desk.steps->setFollowsNewest(true);
    QVERIFY(desk.shows(2));
    world.store.append(run, 3, healthOf(3), threeGroups());
    QVERIFY(desk.shows(3));
}

void RolloutsTest::aStepThatIsAskedForIsNotLeftForTheNewest_data() {
    QTest::addColumn<AskFor>("ask");
    QTest::newRow("from a curve or an alert")
        << AskFor([](Desk& desk, std::int64_t run) { desk.space.showStep(run, 1); });
    QTest::newRow("in the health strips") << AskFor([](Desk& desk, std::int64_t) {
        QTRY_VERIFY(desk.health->stepAt({8, 20}) == 1);
        QTest::mouseClick(desk.health, Qt::LeftButton, {}, QPoint(8, 20));
    });
    QTest::newRow("with the slider")
        << AskFor([](Desk& desk, std::int64_t) { desk.steps->findChild<QSlider*>()->setValue(0); });
    QTest::newRow("by its number") << AskFor(
        [](Desk& desk, std::int64_t) { desk.steps->findChild<QSpinBox*>()->setValue(1); });
}

void RolloutsTest::aStepThatIsAskedForIsNotLeftForTheNewest() {
    QFETCH(AskFor, ask);
    World world;
    const auto run = world.runOf({1, 2});
    Desk desk(world.file);
    QVERIFY(desk.shows(2));
    QTRY_COMPARE(desk.steps->steps().size(), 2u);  // the slider knows where it can go
    desk.steps->setFollowsNewest(true);
    ask(desk, run);
    QVERIFY(desk.shows(1));
    world.store.append(run, 3, healthOf(3), threeGroups());
    QTRY_COMPARE(desk.steps->steps().size(), 3u);
    QCOMPARE(desk.space.step(), 1);
    QVERIFY(!desk.steps->followsNewest());
    desk.steps->setFollowsNewest(true);  // and on again it goes there
    QVERIFY(desk.shows(3));
}

void RolloutsTest::runsWithoutRolloutsAreLeftOut() {
    World world;
    Desk desk(world.file);
    QVERIFY(desk.says("has rollouts yet"));
    const auto sft = world.start("sft");
    world.store.append(sft, 1, healthOf(1));
    const auto run = world.runOf({4});
    QVERIFY(desk.shows(4));  // without being told
    QCOMPARE(desk.steps->findChild<QComboBox*>()->count(), 1);
    QCOMPARE(desk.space.run(), run);
}

void RolloutsTest::badStoresAreSaidInOneSentence_data() {
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("sentence");
    QTest::newRow("missing") << QByteArray() << "There is no run store";
    QTest::newRow("no database") << QByteArray(5000, 'x') << "is not a run store";
}

void RolloutsTest::badStoresAreSaidInOneSentence() {
    QFETCH(QByteArray, content);
    QFETCH(QString, sentence);
    QTemporaryDir folder;
    QFile file(folder.filePath("runs.db"));
    if (!content.isEmpty()) {
        QVERIFY(file.open(QFile::WriteOnly));
        file.write(content);
        file.close();
    }
    Desk desk(file.fileName().toStdU16String());
    QVERIFY(desk.says(sentence));
}

void RolloutsTest::aStoreThatIsMadeLaterIsOpened() {
    QTemporaryDir folder;
    const fs::path file = folder.filePath("runs.db").toStdU16String();
    Desk desk(file);
    QVERIFY(desk.says("There is no run store"));
    RunStore store(file);
    const auto run = store.start({.kind = "grpo"});
    store.append(run, 1, healthOf(1), threeGroups());
    QVERIFY(desk.shows(1));
}

void RolloutsTest::aStoreTakenAwayKeepsWhatIsShown() {
    World world;
    world.runOf({1});
    Desk desk(world.file);
    QVERIFY(desk.shows(1));
    fs::remove(world.file);
    QTRY_VERIFY(desk.message->sentence().contains("is gone"));
    QCOMPARE(desk.groups->model()->rowCount(), 3);
    QVERIFY(desk.browser->current() != nullptr);
}

void RolloutsTest::onlyTheNewestStepIsReported() {
    World world;
    const auto run = world.runOf({1, 2, 3});
    StoreReader reader;
    QSignalSpy read(&reader, &StoreReader::stepRead), opened(&reader, &StoreReader::opened);
    reader.open(world.file);
    QVERIFY(opened.wait());
    for (int i = 0; i < 20; ++i) reader.readStep(run, 1 + i % 2);
    reader.readStep(run, 3);
    QVERIFY(read.wait());
    reader.finish();  // the thread has done all there was
    QCOMPARE(read.size(), 1);
    QCOMPARE(read[0][1].toInt(), 3);
}

void RolloutsTest::probeAnswersStandSideBySide() {
    ProbeTable table;
    table.show(
        {{10, {sample(1, false), sample(2, false)}}, {20, {sample(2, true), sample(1, false)}}});
    QCOMPARE(table.rowCount(), 2);
    QCOMPARE(table.columnCount(), 2);
    QCOMPARE(table.index(0, 0).data().toString(), QString("sun"));
    QCOMPARE(table.index(1, 1).data().toString(), QString("moon"));
    QCOMPARE(table.index(1, 1).data(Qt::AccessibleTextRole).toString(), QString("moon, right"));
    QCOMPARE(table.summary(1), QString("1 of 2 right"));
    QVERIFY(table.headerData(1, Qt::Vertical, Qt::DisplayRole).toString().contains("number 2"));
}

void RolloutsTest::theScrubberGoesThroughTheCheckpoints() {
    CheckpointScrubber scrubber;
    QSignalSpy wanted(&scrubber, &CheckpointScrubber::pictureWanted);
    scrubber.resize(1200, 600);
    scrubber.show({{10, {sample(1, false, "/a.png"), sample(2, false, "/a.png")}},
                   {20, {sample(1, true, "/a.png"), sample(2, false, "/a.png")}}});
    scrubber.QWidget::show();
    QCOMPARE(wanted.size(), 1);  // one picture, once
    auto* slider = scrubber.findChild<QSlider*>();
    auto* view = scrubber.findChild<QTableView*>();
    QCOMPARE(scrubber.step(), 20);
    QTest::keyClick(slider, Qt::Key_Left);
    QCOMPARE(scrubber.step(), 10);
    QCOMPARE(view->currentIndex().data().toString(), QString("sun"));
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {},
                      view->visualRect(view->model()->index(1, 1)).center());
    QCOMPARE(slider->value(), 1);
    QVERIFY(QTest::qWaitForWindowExposed(&scrubber));
    auto* tokens = scrubber.findChild<RolloutTokens*>();
    QTest::mouseClick(tokens->viewport(), Qt::LeftButton, {}, tokens->latentRect(1).center());
    QCOMPARE(scrubber.findChild<HeatPicture*>()->selectedLatent(), 1);
    scrubber.setNoPicture("/a.png", "no such file");
    QCOMPARE(scrubber.findChild<HeatPicture*>()->emptyText(), QString("no such file"));
    // Another checkpoint comes; what is looked at stays.
    scrubber.chooseStep(10);
    scrubber.show({{10, {sample(1, false)}}, {20, {sample(1, true)}}, {30, {sample(1, true)}}});
    QCOMPARE(scrubber.step(), 10);
    scrubber.show({});
    QCOMPARE(scrubber.step(), -1);
}

void RolloutsTest::aCheckpointThatWasNotAskedHasAnEmptyCell() {
    CheckpointScrubber scrubber;
    scrubber.resize(900, 500);
    scrubber.show({{10, {sample(1, true)}}, {20, {sample(1, true), sample(2, true)}}, {30, {}}});
    scrubber.QWidget::show();
    auto* view = scrubber.findChild<QTableView*>();
    view->setCurrentIndex(view->model()->index(1, 0));
    QCOMPARE(view->currentIndex().data(Qt::AccessibleTextRole).toString(), QString("not asked"));
    QCOMPARE(scrubber.findChild<RolloutTokens*>()->latentCount(), 0);
    scrubber.grab();  // paints cells without an answer
    scrubber.chooseStep(20);
    QCOMPARE(scrubber.findChild<RolloutTokens*>()->latentCount(), 2);
}

void RolloutsTest::newCheckpointsAppearInThePanel() {
    World world;
    const auto run = world.start("sft");
    world.store.addSamples(run, 10, {sample(1, false)});
    StoreReader reader;
    reader.open(world.file);
    CheckpointPanel panel(&reader);
    panel.resize(1000, 500);
    panel.show();
    auto* model = panel.findChild<QTableView*>()->model();
    panel.showRun(run);
    QTRY_COMPARE(model->columnCount(), 1);
    world.store.addSamples(run, 20, {sample(1, true)});
    QTRY_COMPARE(model->columnCount(), 2);
    const auto other = world.start("sft");
    panel.showRun(other);
    QTRY_COMPARE(model->columnCount(), 0);
    panel.hide();  // another run in between, out of sight
    panel.showRun(run);
    panel.showRun(other);
    panel.showRun(run);
    panel.show();
    QTRY_COMPARE(model->columnCount(), 2);
    panel.showRun(0);  // nothing is chosen for a while
    panel.showRun(run);
    QTRY_COMPARE(model->columnCount(), 2);
}

QTEST_MAIN(RolloutsTest)
#include "rollouts_test.moc"
