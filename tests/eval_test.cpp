#include <QtTest>

#include "core/error.h"
#include "core/eval/evaluate.h"
#include "datasets/scenes/scenes.h"

using namespace lvr;

namespace {

const std::string kTiny = LVR_RESOURCES "/models/tiny";

EvalItem itemOf(std::uint64_t index) {
    return {sceneSample(4343, static_cast<int>(index), "color-to-shape"), {}};
}

}  // namespace

class EvalTest : public QObject {
    Q_OBJECT

    LvrCheckpoint tiny_ = LvrCheckpoint::open(kTiny);
    DecodeOptions options_{.exit = tiny_.defaultExit()};

    std::vector<EvalOutcome> ask(const std::vector<EvalItem>& items,
                                 InterventionKind intervention) const {
        return evaluate(tiny_, items, options_, intervention);
    }

    QString refusal(const std::vector<EvalItem>& items, InterventionKind intervention) const {
        try {
            ask(items, intervention);
        } catch (const Error& e) {
            return e.what();
        }
        return "none";
    }

    // Two questions whose answers change when they are given each other's latents.
    std::pair<EvalItem, EvalItem> twoThatSwap() const {
        for (std::uint64_t i = 1; i < 20; ++i) {
            const std::vector<EvalItem> two{itemOf(0), itemOf(i)};
            const auto own = ask(two, InterventionKind::Own),
                       swapped = ask(two, InterventionKind::OtherPicture);
            if (own[0].right && own[1].right && !swapped[0].right && !swapped[1].right)
                return {two[0], two[1]};
        }
        throw Error("no two scenes of which each answers the other's question");
    }

private Q_SLOTS:
    // More than one batch, of which the last holds one question; all but that are about one
    // picture.
    void aSwapIsNeverWithTheSamePicture() {
        const auto [one, other] = twoThatSwap();
        std::vector<EvalItem> items(64, one);
        items.push_back(other);
        const auto two = ask({one, other}, InterventionKind::OtherPicture),
                   many = ask(items, InterventionKind::OtherPicture);
        QCOMPARE(many.size(), items.size());
        for (std::size_t i = 0; i + 1 < many.size(); ++i) QCOMPARE(many[i].answer, two[0].answer);
        QCOMPARE(many.back().answer, two[1].answer);
    }

    void whatAnInterventionNeedsAndLacksIsSaid() {
        const auto one = itemOf(0);
        const QString swap =
            "a swap needs latents of another picture, and no other question of kind "
            "\"color-to-shape\" has any; ask more questions, on several pictures, of a model that "
            "thinks";
        QCOMPARE(refusal({one}, InterventionKind::OtherPicture), swap);
        QCOMPARE(refusal({one, one, one}, InterventionKind::OtherPicture), swap);
        QCOMPARE(refusal({}, InterventionKind::OtherPicture), "none");
        QVERIFY(
            refusal({one}, InterventionKind::Transplant).startsWith("transplant needs another"));
        auto blind = one;
        blind.sample.rois.clear();
        QCOMPARE(refusal({blind}, InterventionKind::Oracle),
                 "oracle needs the regions to look at; a question of kind \"color-to-shape\" has "
                 "none");
        const auto thoughtless = DecodeOptions{.exit = NoLatents{}};
        QVERIFY_THROWS_EXCEPTION(
            Error, evaluate(tiny_, {one, itemOf(1)}, thoughtless, InterventionKind::OtherPicture));
        QVERIFY_THROWS_EXCEPTION(Error, evaluate(tiny_, {{one.sample, itemOf(1).sample}},
                                                 thoughtless, InterventionKind::Transplant));
    }

    void anAnswerIsRightByTheOneRule() {
        auto item = itemOf(0);
        const auto answer = ask({item}, InterventionKind::Own).front().answer;
        item.sample.answer = QString::fromStdString(answer).toUpper().toStdString() + ".";
        QVERIFY(ask({item}, InterventionKind::Own).front().right);
        item.sample.answer = answer + "s";
        QVERIFY(!ask({item}, InterventionKind::Own).front().right);
    }
};

QTEST_GUILESS_MAIN(EvalTest)
#include "eval_test.moc"
