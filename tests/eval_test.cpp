#include <QTemporaryDir>
#include <QtTest>
#include <random>

#include "core/error.h"
#include "core/eval/evaluate.h"
#include "core/eval/evaluate_items.h"
#include "core/eval/roi_heat.h"
#include "core/vision/image_file.h"
#include "datasets/scenes/scenes.h"

using namespace lvr;

namespace {

const std::string kTiny = LVR_RESOURCES "/models/tiny";

EvalItem itemOf(std::uint64_t index) {
    return {sceneSample(4343, static_cast<int>(index), "color-to-shape"), {}};
}

// Each pixel as a square of so many.
void enlarge(Image& picture, int times) {
    Image large{picture.width * times, picture.height * times, {}};
    for (int y = 0; y < large.height; ++y)
        for (int x = 0; x < large.width; ++x) {
            const auto* from = &picture.rgb[3 * (y / times * picture.width + x / times)];
            large.rgb.insert(large.rgb.end(), from, from + 3);
        }
    picture = std::move(large);
}

// The obvious way: every box there is.
double smallestArea(const std::vector<double>& heat, PatchGrid grid, double share) {
    double all = 0, best = grid.count();
    for (const double each : heat) all += each;
    for (int r0 = 0; r0 < grid.rows; ++r0)
        for (int r1 = r0 + 1; r1 <= grid.rows; ++r1)
            for (int c0 = 0; c0 < grid.cols; ++c0)
                for (int c1 = c0 + 1; c1 <= grid.cols; ++c1) {
                    double inside = 0;
                    for (int r = r0; r < r1; ++r)
                        for (int c = c0; c < c1; ++c) inside += heat[r * grid.cols + c];
                    if (inside >= share * all) best = std::min(best, double(r1 - r0) * (c1 - c0));
                }
    return best;
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

    QTemporaryDir folder_;
    RecentPrompts recent_;

    // A scene as an item of a benchmark, its picture in a file.
    EvaluatedItem sceneItem(int index, const std::string& kind = "color-to-shape") const {
        const auto sample = sceneSample(4343, index, kind);
        const auto& picture = sample.question.images.front();
        const auto file = folder_.filePath(QString::number(index) + ".png").toStdString();
        writePng(picture, file);
        BenchmarkItem item{.benchmark = "data",
                           .id = std::to_string(index),
                           .question = sample.question.text,
                           .gold = sample.answer,
                           .images = {file}};
        for (const auto& roi : sample.rois)
            item.targets.push_back({"it", roi.x0 * picture.width, roi.y0 * picture.height,
                                    (roi.x1 - roi.x0) * picture.width,
                                    (roi.y1 - roi.y0) * picture.height, roi.image});
        return {.item = item, .set = "data", .prompt = item.question};
    }

    std::vector<ItemAnswer> askIn(const EvaluatedItem& item, const std::vector<EvalColumn>& columns,
                                  const ItemHooks& hooks = {}) {
        return askItem(tiny_, item.item, {item.prompt, chainText(item.item)}, columns, options_,
                       recent_, hooks);
    }

private Q_SLOTS:
    // What each budget gives is what it gives alone, and the prompt is read once for all of them.
    void severalBudgetsShareOnePrefill() {
        const std::vector<EvalColumn> columns{{EvalMode::Lvr, FixedSteps{2}},
                                              {EvalMode::Lvr, FixedSteps{5}},
                                              {EvalMode::Lvr, tiny_.defaultExit()},
                                              {EvalMode::Base}};
        const auto item = sceneItem(3);
        std::int64_t passes = 0, positions = 0;
        const auto together = askIn(item, columns, {.onRead = [&](std::int64_t read) {
                                        ++passes;
                                        positions += read;
                                    }});
        QCOMPARE(passes, 1);
        QCOMPARE(positions, together.front().promptTokens);
        for (std::size_t c = 0; c < columns.size(); ++c) {
            recent_ = RecentPrompts();
            const auto alone = askIn(item, {columns[c]}).front();
            QCOMPARE(together[c].output, alone.output);
            QCOMPARE(together[c].thoughts, alone.thoughts);
            QCOMPARE(together[c].answer, alone.answer);
        }
        QCOMPARE(together[0].latents(), 2);
        QCOMPARE(together[1].latents(), 5);
        QCOMPARE(together[3].latents(), 0);
    }

    // A picture is read when the answers about the one before are there.
    void picturesAreReadWhenItIsTheirTurn() {
        std::vector<EvaluatedItem> items{sceneItem(0), sceneItem(1), sceneItem(2)};
        items[1].item.images = {folder_.filePath("gone.png").toStdString()};
        QStringList events;
        EvalPlan plan{.columns = {{EvalMode::Lvr, FixedSteps{1}}, {EvalMode::Chain}},
                      .decoding = options_};
        plan.decoding.maxNewTokens = 8;
        evaluateItems(tiny_, plan, items,
                      {.onItem =
                           [&](const EvaluatedItem& item) {
                               events << QString("%1 has %2 answers")
                                             .arg(QString::fromStdString(item.item.id))
                                             .arg(item.answers.size());
                               if (!item.unreadable.empty())
                                   events << QString::fromStdString(item.unreadable);
                           },
                       .ask = {.onPicture = [&](const std::string& file) {
                           events << "read " + QFileInfo(QString::fromStdString(file)).fileName();
                       }}});
        QCOMPARE(events.size(), 7);
        QVERIFY2(events[4].contains("gone.png"), qPrintable(events[4]));
        events.removeAt(4);
        QCOMPARE(events, QStringList({"read 0.png", "0 has 2 answers", "read gone.png",
                                      "1 has 0 answers", "read 2.png", "2 has 2 answers"}));
    }

    // The shipped model looks at what it is asked about: heat there is beyond chance.
    void heatIsHeldAgainstChance() {
        int hits = 0, asked = 0;
        double rank = 0, chance = 0, mass = 0, area = 0;
        for (int i = 0; i < 6; ++i) {
            const auto answer = askIn(sceneItem(i), {{EvalMode::Lvr, tiny_.defaultExit()}}).front();
            QCOMPARE(answer.latentHeat.size(), static_cast<std::size_t>(answer.latents()));
            if (answer.latentHeat.empty()) continue;
            const auto& heat = answer.latentHeat.front();
            ++asked;
            hits += heat.hit;
            rank += heat.rank;
            chance += heat.rankChance;
            mass += heat.mass;
            area += heat.massChance;
            QVERIFY(answer.answerHeat.has_value());
        }
        QVERIFY(asked >= 5);
        QVERIFY2(hits >= asked - 1 && rank < chance / 2 && mass > 2 * area,
                 qPrintable(QString("%1 hits, rank %2 of %3, mass %4 of %5")
                                .arg(hits)
                                .arg(rank)
                                .arg(chance)
                                .arg(mass)
                                .arg(area)));
    }

    void chanceCountsTheTokensAround() {
        const std::vector<PatchGrid> grids{{2, 2}, {4, 5}};
        // One token in the second picture's corner: rows 0 to 1, columns 0 to 1 are near it.
        const auto target = roiTarget({{0.01, 0.01, 0.02, 0.02, 1}}, grids, "it");
        QCOMPARE(target.tokens, std::vector<int>{4});
        QCOMPARE(target.near, (std::vector<int>{4, 5, 9, 10}));
        std::vector<float> cosine(24, 0.0F);
        cosine[10] = 1.0F;
        const auto heat = roiHeat(cosine, target);
        QVERIFY(heat.hit);
        QCOMPARE(heat.rank, 2.0);
        QCOMPARE(heat.rankChance, 12.5);
        QCOMPARE(heat.massChance, 4.0 / 24);
    }

    void theHottestBoxIsTheSmallestOfAll() {
        std::mt19937 random(7);
        for (int round = 0; round < 60; ++round) {
            const PatchGrid grid{1 + static_cast<int>(random() % 6),
                                 1 + static_cast<int>(random() % 6)};
            std::vector<double> heat;
            for (int i = 0; i < grid.count(); ++i)
                heat.push_back(random() % 4 == 0 ? 1 + random() % 9 : random() % 2);
            heat[random() % heat.size()] += 1;
            const auto box = hottestBox(heat, grid, 0.5);
            const double area = (box.x1 - box.x0) * grid.cols * (box.y1 - box.y0) * grid.rows;
            QCOMPARE(std::lround(area), std::lround(smallestArea(heat, grid, 0.5)));
            double all = 0, inside = 0;
            for (int i = 0; i < grid.count(); ++i) {
                const double x = (i % grid.cols + 0.5) / grid.cols,
                             y = (i / grid.cols + 0.5) / grid.rows;
                all += heat[i];
                if (x > box.x0 && x < box.x1 && y > box.y0 && y < box.y1) inside += heat[i];
            }
            QVERIFY(inside >= all / 2);
        }
    }

    void aCropIsWhatTheLatentsLookAt() {
        const auto item = sceneItem(0);
        const auto answers = askIn(item, {{EvalMode::Crop, tiny_.defaultExit()},
                                          {EvalMode::OracleCrop},
                                          {EvalMode::Lvr, tiny_.defaultExit()}});
        QVERIFY2(answers[0].failure.empty(), answers[0].failure.c_str());
        QVERIFY(answers[0].crop && answers[1].crop && !answers[2].crop);
        QVERIFY(answers[0].visualTokens > answers[2].visualTokens);  // one picture more
        const auto& target = item.item.targets.front();
        const auto picture = readPictureSize(item.item.images.front());
        const double x = (target.x + target.width / 2) / picture.width,
                     y = (target.y + target.height / 2) / picture.height;
        const auto& box = *answers[0].crop;
        QVERIFY(box.x0 <= x && x <= box.x1 && box.y0 <= y && y <= box.y1);
        QVERIFY((box.x1 - box.x0) * (box.y1 - box.y0) < 0.5);
    }

    void aCutIsThePixelsOfTheBox() {
        Image picture{4, 3, {}};
        for (int i = 0; i < 36; ++i) picture.rgb.push_back(static_cast<std::uint8_t>(i));
        const auto part = cutOut(picture, {0.5, 1.0 / 3, 1, 1});
        QCOMPARE(part.width, 2);
        QCOMPARE(part.height, 2);
        QCOMPARE(part.rgb,
                 (std::vector<std::uint8_t>{18, 19, 20, 21, 22, 23, 30, 31, 32, 33, 34, 35}));
        QCOMPARE(cutOut(picture, {1, 1, 1, 1}).rgb, (std::vector<std::uint8_t>{33, 34, 35}));
    }

    // More than one batch, of which the last holds one question; all but that are about one
    // picture.
    // What is asked at once is bounded by positions and by visual tokens; answers don't tell how.
    void largePicturesAreAskedFewAtATimeAsOneByOne() {
        std::vector<EvalItem> items;
        for (int i = 0; i < 10; ++i) {
            items.push_back(itemOf(static_cast<std::uint64_t>(i)));
            if (i < 6) enlarge(items.back().sample.question.images.front(), 5);
        }
        auto options = options_;
        options.maxNewTokens = 6;
        int reports = 0;
        const auto together = evaluate(tiny_, items, options, InterventionKind::Own,
                                       [&](EvalProgress) { ++reports; });
        QCOMPARE(reports, 2);
        for (const std::size_t i : {5, 9}) {
            const auto alone = evaluate(tiny_, {items[i]}, options, InterventionKind::Own).front();
            QCOMPARE(together[i].answer, alone.answer);
            QCOMPARE(together[i].latents, alone.latents);
            QCOMPARE(together[i].hits, alone.hits);
        }
    }

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

    // A picture goes through the vision tower once, and a prompt is read once, however often its
    // question is asked.
    void whatIsAskedTwiceIsReadOnce() {
        const auto [one, other] = twoThatSwap();
        const auto counted = [&](const std::vector<EvalItem>& items, InterventionKind what) {
            EvalProgress last;
            evaluate(tiny_, items, options_, what, [&](EvalProgress now) { last = now; });
            return std::pair(last.encoded, last.read);
        };
        QCOMPARE(counted({one, other}, InterventionKind::Own), std::pair(2, 2));
        QCOMPARE(counted({one, other}, InterventionKind::OtherPicture), std::pair(2, 2));
        auto lent = one, borrowed = one;
        lent.donor = other.sample;  // about another picture
        QCOMPARE(counted({lent}, InterventionKind::Transplant), std::pair(2, 2));
        borrowed.donor = one.sample;
        QCOMPARE(counted({borrowed}, InterventionKind::Transplant), std::pair(1, 2));
    }

    void aPictureThatIsKnownLendsTheSameThought() {
        const auto [one, other] = twoThatSwap();
        auto known = one, anew = one;
        known.donor = anew.donor = one.sample;
        anew.donor->question.images.front().rgb.front() ^= 1;  // as good as the same, but not known
        const auto a = ask({known}, InterventionKind::Transplant).front(),
                   b = ask({anew}, InterventionKind::Transplant).front();
        QCOMPARE(a.answer, b.answer);
        QCOMPARE(a.latents, b.latents);
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
