// The list of strategies, what is made of it, and the table of disagreements.

#include <QComboBox>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QToolButton>
#include <QtTest>

#include "core/error.h"
#include "core/eval/scores.h"
#include "core/eval/strategies_json.h"
#include "widgets/compare/disagreements.h"
#include "widgets/compare/strategy_list.h"
#include "widgets/save_file.h"

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

Strategy fixed(int count) { return {.options = {.exit = FixedSteps{count}}}; }

// So many questions, on which the two disagree.
SetResults disagreeing(int questions) {
    SetResults results{.strategies = {fixed(2), fixed(4)}, .failures = {"", ""}};
    for (int i = 0; i < questions; ++i)
        results.questions.push_back(
            {.number = i,
             .text = "Q",
             .outcomes = {Outcome{.answer = "moon", .right = true}, Outcome{.answer = "sun"}}});
    return results;
}

}  // namespace

class StrategiesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void strategiesAreAddedDuplicatedMovedAndRemoved();
    void editingAFieldChangesTheChosenStrategyOnly();
    void everyFieldOfAStrategyComesBackFromTheForm();
    void aStrategyKeepsItsColour();
    void aCopySaysSoUntilItIsSomethingElse();
    void strategiesSayWhatTheyDo_data();
    void strategiesSayWhatTheyDo();
    void strategiesComeBackFromText();
    void strategiesOfAnEarlierVersionOpen();
    void theDisagreementsCanBeUsedWhileTheSetRuns();
    void theEndingSaysTheFormat_data();
    void theEndingSaysTheFormat();
};

void StrategiesTest::strategiesAreAddedDuplicatedMovedAndRemoved() {
    StrategyList list;
    QSignalSpy changed(&list, &StrategyList::changed);
    auto* menu = named<QToolButton>(list, "Add strategies").menu();
    list.setCurrent(3);
    menu->actions().first()->trigger();
    QCOMPARE(titles(list).mid(3), QStringList({"no latents", "fixed 4", "fixed 8", "fixed 16"}));
    QCOMPARE(list.current(), 4);
    named<QToolButton>(list, "Move strategy up").click();
    QCOMPARE(titles(list).mid(3, 2), QStringList({"fixed 4", "no latents"}));
    named<QToolButton>(list, "Duplicate strategy").click();
    QCOMPARE(titles(list).mid(3, 3), QStringList({"fixed 4", "fixed 4 copy", "no latents"}));
    named<QToolButton>(list, "Move strategy down").click();
    named<QToolButton>(list, "Remove strategy").click();
    QCOMPARE(titles(list).mid(3), QStringList({"fixed 4", "no latents", "fixed 8", "fixed 16"}));
    QCOMPARE(changed.size(), 5);
    while (!list.strategies().empty()) named<QToolButton>(list, "Remove strategy").click();
    QVERIFY(!named<QToolButton>(list, "Duplicate strategy").isEnabled());
    QVERIFY(!named<QLineEdit>(list, "Strategy name").isEnabled());
    menu->actions().first()->trigger();
    QCOMPARE(titles(list), QStringList({"fixed 4", "fixed 8", "fixed 16"}));
}

void StrategiesTest::editingAFieldChangesTheChosenStrategyOnly() {
    StrategyList list;
    list.show();
    list.setCurrent(1);
    auto& name = named<QLineEdit>(list, "Strategy name");
    QCOMPARE(name.placeholderText(), "fixed 4");
    named<QSpinBox>(list, "Number of latent steps").setValue(6);
    QCOMPARE(name.placeholderText(), "fixed 6");
    name.setText("Größe 六");
    QCOMPARE(titles(list).mid(0, 3),
             QStringList({"P(end) ≥ 0.5, at most 16", "Größe 六", "fixed 8"}));
    QCOMPARE(named<QListWidget>(list, "Strategies").item(1)->text(), "Größe 六");
    QCOMPARE(std::get<FixedSteps>(list.strategies()[1].options.exit).count, 6);
}

void StrategiesTest::everyFieldOfAStrategyComesBackFromTheForm() {
    const Strategy full{.name = "all",
                        .options = {.exit = NearLatentEnd{.threshold = 0.0123456, .cap = 600},
                                    .spanStart = SpanStart::Forced,
                                    .spanEnd = SpanEnd::Forced,
                                    .headPositions = HeadPositions::Released,
                                    .latentFeed = LatentFeed::Filler,
                                    .maxNewTokens = 123456,
                                    .sampling = {.temperature = 0.7049,
                                                 .topP = 0.9512,
                                                 .topK = 9,
                                                 .minP = 0.001,
                                                 .repetitionPenalty = 1.0625,
                                                 .seed = 18446744073709551615ULL},
                                    .thought = {.boxes = {{0.1, 0.2, 0.3, 0.4}},
                                                .slotRule = GivenThought::Slots::OnePerBox},
                                    .system = "Be brief."},
                        .model = "/models/ö"};
    StrategyList list;
    list.setStrategies({{}, full});
    list.setCurrent(1);
    named<QLineEdit>(list, "Strategy name").setText("same");
    Strategy renamed = full, first;
    renamed.name = "same";
    renamed.colour = list.strategies()[1].colour;
    first.colour = list.strategies()[0].colour;
    QCOMPARE(list.strategies()[1], renamed);
    QCOMPARE(list.strategies()[0], first);
}

// In the list, beside which others it stands, and after an edit.
void StrategiesTest::aStrategyKeepsItsColour() {
    StrategyList list;
    list.setStrategies({fixed(2), fixed(4), fixed(8)});
    const auto colours = [&] {
        QList<int> all;
        for (const auto& strategy : list.strategies()) all << strategy.colour;
        return all;
    };
    const auto first = colours();
    QCOMPARE(QSet<int>(first.begin(), first.end()).size(), 3);
    list.setCurrent(0);
    named<QToolButton>(list, "Duplicate strategy").click();
    QCOMPARE(colours().size(), 4);
    QVERIFY(!first.contains(colours()[1]));
    QCOMPARE(QList<int>({colours()[0], colours()[2], colours()[3]}), first);
    list.setCurrent(3);
    named<QToolButton>(list, "Move strategy up").click();
    named<QSpinBox>(list, "Number of latent steps").setValue(6);
    QCOMPARE(colours()[2], first[2]);
    list.setStrategies({fixed(4)});
    QCOMPARE(colours()[0], colourOf(fixed(4)));  // whatever it stands beside
    QCOMPARE(scoresOf({.strategies = list.strategies(), .failures = {""}})[0].colour, colours()[0]);
}

void StrategiesTest::aCopySaysSoUntilItIsSomethingElse() {
    StrategyList list;
    list.setStrategies({fixed(2)});
    for (int i = 0; i < 2; ++i) {
        list.setCurrent(0);
        named<QToolButton>(list, "Duplicate strategy").click();
    }
    QCOMPARE(titles(list), QStringList({"fixed 2", "fixed 2 copy 2", "fixed 2 copy"}));
    named<QSpinBox>(list, "Number of latent steps").setValue(6);
    QCOMPARE(titles(list), QStringList({"fixed 2", "fixed 6", "fixed 2 copy"}));
    QVERIFY(named<QLineEdit>(list, "Strategy name").text().isEmpty());
}

void StrategiesTest::strategiesSayWhatTheyDo_data() {
    QTest::addColumn<DecodeOptions>("options");
    QTest::addColumn<QString>("words");
    QTest::newRow("none") << DecodeOptions{.exit = NoLatents{}} << "no latents";
    QTest::newRow("fixed") << DecodeOptions{.exit = FixedSteps{4}} << "fixed 4";
    QTest::newRow("latent end") << DecodeOptions{.exit = NearLatentEnd{.metric =
                                                                           LatentEndMetric::Cosine,
                                                                       .threshold = 0.05,
                                                                       .cap = 9}}
                                << "latent end ≤ 0.05 (cosine), at most 9";
    QTest::newRow("mode switching")
        << DecodeOptions{.exit = EndToken{}} << "mode switching, at most 32";
    QTest::newRow("sampled") << DecodeOptions{.exit = EndProbability{},
                                              .latentFeed = LatentFeed::Snap,
                                              .sampling = {.temperature = 0.7, .seed = 3}}
                             << "P(end) ≥ 0.5, at most 16, snapped to patches, T 0.7, seed 3";
}

void StrategiesTest::strategiesSayWhatTheyDo() {
    QFETCH(DecodeOptions, options);
    QTEST(describe(options), "words");
}

void StrategiesTest::strategiesComeBackFromText() {
    std::vector<Strategy> all = firstStrategies();
    for (const auto& preset : strategyPresets())
        all.insert(all.end(), preset.strategies.begin(), preset.strategies.end());
    all.push_back({.name = "ö",
                   .options = {.exit = NearLatentEnd{.metric = LatentEndMetric::Mae},
                               .spanStart = SpanStart::Forced,
                               .spanEnd = SpanEnd::Forced,
                               .headPositions = HeadPositions::Released,
                               .latentFeed = LatentFeed::Filler,
                               .maxNewTokens = 3,
                               .sampling = {0.5, 0.25, 4, 0.125, 1.5, 1ull << 60},
                               .thought = {.boxes = {{0.1, 0.2, 0.3, 0.4, 1}},
                                           .slotRule = GivenThought::Slots::OnePerBox},
                               .system = "Be brief."},
                   .model = "/ö",
                   .colour = 5});
    QVERIFY(strategiesFromText(strategiesToText(all)) == all);
    QVERIFY_EXCEPTION_THROWN(strategiesFromText("{}"), Error);
    QVERIFY_EXCEPTION_THROWN(strategiesFromText(R"([{"latent_feed": "owm"}])"), Error);
    QVERIFY_EXCEPTION_THROWN(strategiesFromText(R"([{"seed": "x"}])"), Error);
}

void StrategiesTest::strategiesOfAnEarlierVersionOpen() {
    const auto read = strategiesFromText(
        R"([{"exit":"latent-end:mae:0.02:16","name":"a","span_start":"forced","span_end":"forced",)"
        R"("head_positions":"released","latent_feed":"filler","max_new_tokens":3,)"
        R"("temperature":0.5,"top_p":0.25,"top_k":4,"min_p":0.125,"repetition_penalty":1.5,)"
        R"("seed":1152921504606846976,"slot_rule":"one_per_box","model":"/m","colour":5,)"
        R"("thought":[[0.1,0.2,0.3,0.4,1]]},{"exit":"fixed:4","of_a_later_version":1}])");
    const Strategy all{.name = "a",
                       .options = {.exit = NearLatentEnd{.metric = LatentEndMetric::Mae},
                                   .spanStart = SpanStart::Forced,
                                   .spanEnd = SpanEnd::Forced,
                                   .headPositions = HeadPositions::Released,
                                   .latentFeed = LatentFeed::Filler,
                                   .maxNewTokens = 3,
                                   .sampling = {0.5, 0.25, 4, 0.125, 1.5, 1ull << 60},
                                   .thought = {.boxes = {{0.1, 0.2, 0.3, 0.4, 1}},
                                               .slotRule = GivenThought::Slots::OnePerBox}},
                       .model = "/m",
                       .colour = 5};
    QVERIFY(read == (std::vector<Strategy>{all, fixed(4)}));
}

void StrategiesTest::theDisagreementsCanBeUsedWhileTheSetRuns() {
    auto results = disagreeing(4);
    Disagreements view;
    view.setResults(&results);
    view.choose(0, 1);
    view.show();
    auto& table = named<QTableView>(view, "Questions");
    QCOMPARE(view.shown(), 4);
    table.selectRow(2);
    const QPersistentModelIndex chosen = table.currentIndex();
    QSignalSpy reset(table.model(), &QAbstractItemModel::modelReset);
    QSignalSpy added(table.model(), &QAbstractItemModel::rowsInserted);
    auto more = results.questions[0];
    for (more.number = 4; more.number < 10004; ++more.number) {
        results.questions.push_back(more);
        view.update(results.questions.size() - 1);
    }
    QCOMPARE(reset.size(), 0);
    QCOMPARE(added.size(), 10000);
    QCOMPARE(view.shown(), 10004);
    QCOMPARE(table.currentIndex(), QModelIndex(chosen));
    QVERIFY(table.selectionModel()->isRowSelected(2, {}));
    view.update(results.questions.size() - 1);  // a third strategy's answer adds no second row
    QCOMPARE(view.shown(), 10004);
    view.setResults(nullptr);
    QCOMPARE(view.shown(), 0);
}

void StrategiesTest::theEndingSaysTheFormat_data() {
    QTest::addColumn<QString>("typed");
    QTest::addColumn<QString>("file");  // empty: refused
    QTest::addColumn<QString>("ending");
    QTest::newRow("none") << "light"
                          << "light.png"
                          << "png";
    QTest::newRow("another of them") << "/a/b.CSV"
                                     << "/a/b.CSV"
                                     << "csv";
    QTest::newRow("a number") << "T 0.5"
                              << "T 0.5.png"
                              << "png";
    QTest::newRow("a dot at the end") << "light."
                                      << "light.png"
                                      << "png";
    QTest::newRow("a folder's") << "/a.txt/light"
                                << "/a.txt/light.png"
                                << "png";
    QTest::newRow("none of them") << "c.gif"
                                  << ""
                                  << "";
}

void StrategiesTest::theEndingSaysTheFormat() {
    QFETCH(const QString, typed);
    const auto target = saveTarget(typed, {{"png", "Picture"}, {"csv", "Numbers"}});
    QTEST(target.file, "file");
    QTEST(target.ending, "ending");
    QCOMPARE(
        target.problem.contains("c.gif ends in .gif") && target.problem.contains(".png or .csv"),
        target.file.isEmpty());
}

QTEST_MAIN(StrategiesTest)
#include "strategies_test.moc"
