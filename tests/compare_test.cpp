#include <QComboBox>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QSignalSpy>
#include <QSpinBox>
#include <QToolButton>
#include <QtTest>

#include "widgets/compare/strategy_list.h"

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

}  // namespace

class CompareTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void strategiesSayWhatTheyDo_data();
    void strategiesSayWhatTheyDo();
    void strategiesAreAddedDuplicatedMovedAndRemoved();
    void editingAFieldChangesTheChosenStrategyOnly();
    void everyFieldOfAStrategyComesBackFromTheForm();
};

void CompareTest::strategiesSayWhatTheyDo_data() {
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

void CompareTest::strategiesSayWhatTheyDo() {
    QFETCH(DecodeOptions, options);
    QTEST(describe(options), "words");
}

void CompareTest::strategiesAreAddedDuplicatedMovedAndRemoved() {
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
    QCOMPARE(titles(list).mid(3, 3), QStringList({"fixed 4", "fixed 4", "no latents"}));
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

void CompareTest::editingAFieldChangesTheChosenStrategyOnly() {
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

void CompareTest::everyFieldOfAStrategyComesBackFromTheForm() {
    const Strategy full{.name = "all",
                        .options = {.exit = NearLatentEnd{.threshold = 0.125, .cap = 5},
                                    .spanStart = SpanStart::Forced,
                                    .spanEnd = SpanEnd::Forced,
                                    .headPositions = HeadPositions::Released,
                                    .latentFeed = LatentFeed::Filler,
                                    .maxNewTokens = 77,
                                    .sampling = {.temperature = 0.75,
                                                 .topP = 0.5,
                                                 .topK = 9,
                                                 .repetitionPenalty = 1.25,
                                                 .seed = 11}},
                        .model = "/models/ö"};
    StrategyList list;
    list.setStrategies({{}, full});
    list.setCurrent(1);
    named<QLineEdit>(list, "Strategy name").setText("same");
    Strategy renamed = full;
    renamed.name = "same";
    QCOMPARE(list.strategies()[1], renamed);
    QCOMPARE(list.strategies()[0], Strategy{});
}

QTEST_MAIN(CompareTest)
#include "compare_test.moc"
