// A thought made of regions that somebody names: which vectors it is, and that the shipped model
// answers from it.

#include "core/decode/given_thought.h"

#include <QtTest>

#include "core/decode/decoder.h"
#include "core/error.h"
#include "core/eval/evaluate.h"
#include "core/torch.h"
#include "core/vision/patch_grid.h"
#include "datasets/scenes/scenes.h"

using namespace lvr;

namespace {

constexpr PatchGrid kGrid{.rows = 4, .cols = 4};
constexpr std::uint64_t kSeed = 4242;  // never trained on

// Token i of the grid is (i, -i).
torch::Tensor numberedTokens() {
    const auto number = torch::arange(kGrid.count(), torch::kFloat32);
    return torch::stack({number, -number}, 1);
}

std::vector<float> firstColumn(const torch::Tensor& latents) {
    const auto column = latents.select(1, 0).contiguous();
    return {column.data_ptr<float>(), column.data_ptr<float>() + column.numel()};
}

// Their cell, slightly inset, as SceneQuestion::rois has it.
Box boxOf(const SceneObject& object) {
    const Box cell = tokenBox(object.row * kSceneGrid + object.col, {kSceneGrid, kSceneGrid});
    return {cell.x0 + 1e-3, cell.y0 + 1e-3, cell.x1 - 1e-3, cell.y1 - 1e-3};
}

}  // namespace

class GivenThoughtTest : public QObject {
    Q_OBJECT

    LvrCheckpoint tiny_ = LvrCheckpoint::open(LVR_RESOURCES "/models/tiny");

    Trace ask(const Question& question, const std::vector<Box>& boxes) const {
        return decode(tiny_, question, {.exit = tiny_.defaultExit(), .thought = {boxes}});
    }

private Q_SLOTS:
    void eachTokenOfABoxIsALatentBoxByBox() {
        const GivenThought thought{{{0.5, 0.5, 1, 1}, {0, 0, 0.4, 0.2}}};
        QCOMPARE(firstColumn(thoughtLatents(thought, {kGrid}, {}, numberedTokens())),
                 (std::vector<float>{10, 11, 14, 15, 0, 1}));
    }

    void slotsFollowWhatTheModelWasTrainedOn() {
        const GivenThought thought{{{0.5, 0.5, 1, 1}, {0, 0, 0.4, 0.2}}};
        const auto latents =
            thoughtLatents(thought, {kGrid}, {RoiTokens::Rule::Pool, 2}, numberedTokens());
        QCOMPARE(firstColumn(latents), (std::vector<float>{35.0f / 3, 16.0f / 3}));
    }

    void oneSlotABoxIsTheMeanOfItsTokens() {
        const GivenThought thought{{{0.5, 0.5, 1, 1}, {0, 0, 0.4, 0.2}},
                                   GivenThought::Slots::OnePerBox};
        QCOMPARE(firstColumn(thoughtLatents(thought, {kGrid}, {}, numberedTokens())),
                 (std::vector<float>{12.5, 0.5}));
    }

    void boxesAreOnAnyOfSeveralImages() {
        const auto tokens = torch::cat({numberedTokens(), numberedTokens() + 100});
        for (const auto slots : {GivenThought::Slots::AsTrained, GivenThought::Slots::OnePerBox}) {
            const GivenThought thought{{{0.8, 0.8, 1, 1}, {0.8, 0.8, 1, 1, 1}}, slots};
            QCOMPARE(firstColumn(thoughtLatents(thought, {kGrid, kGrid}, {}, tokens)),
                     (std::vector<float>{15, 115}));
        }
    }

    void wrongBoxesAreNamed() {
        const auto problem = [](const std::vector<Box>& boxes,
                                const std::vector<PatchGrid>& grids) {
            try {
                thoughtLatents({boxes}, grids, {}, numberedTokens());
            } catch (const Error& error) {
                return QString(error.what());
            }
            return QString();
        };
        const Box good{0, 0, 1, 1};
        QVERIFY(
            problem({good, {0.5, 0, 0.2, 1}}, {kGrid}).startsWith("thought box 2 (0.5,0,0.2,1)"));
        QVERIFY(problem({{0, 0, 1.5, 1}}, {kGrid}).contains("outside the picture"));
        QVERIFY(problem({good}, {}).contains("needs a picture"));
        QVERIFY(problem({good, {0, 0, 1, 1, 1}}, {kGrid}).contains("box 2 is on image 1, of 1"));
        QVERIFY(problem({{0, 0, 1, 1, -1}}, {kGrid}).contains("count from 0"));
        QCOMPARE(problem({good}, {kGrid}), QString());
    }

    void theTargetsAsThoughtGiveTheRightAnswer_data() {
        QTest::addColumn<QString>("kind");
        for (const auto& kind : sceneKinds()) QTest::newRow(kind.c_str()) << kind.c_str();
    }
    void theTargetsAsThoughtGiveTheRightAnswer() {
        QFETCH(const QString, kind);
        constexpr int kCount = 24;
        int right = 0;
        for (int i = 0; i < kCount; ++i) {
            const auto sample = sceneSample(kSeed, i, kind.toStdString());
            const auto trace = ask(sample.question, sample.rois);
            right += trace.answer == sample.answer;
            QCOMPARE(trace.latents.size(), sample.rois.size() * trace.hiddenSize);
        }
        QVERIFY2(right >= kCount - 1, qPrintable(QString::number(right)));
    }

    void anotherObjectsBoxMakesItAnswerThatObjectsShape() {
        constexpr int kCount = 32;
        int followed = 0, own = 0;
        for (int i = 0; i < kCount; ++i) {
            const auto picture = sceneWithQuestion(kSeed, i, "color-to-shape");
            const auto& asked = picture.questions.front();
            const Question question{{paint(picture.scene)}, asked.text};
            const auto& objects = picture.scene.objects;
            const auto other = std::find_if(objects.begin(), objects.end(), [&](const auto& o) {
                return shapeWords()[o.shape] != asked.answer;
            });
            followed += ask(question, {boxOf(*other)}).answer == shapeWords()[other->shape];
            own += ask(question, {}).answer == asked.answer;
        }
        QVERIFY2(followed >= kCount - 1, qPrintable(QString::number(followed)));
        QVERIFY(own >= kCount - 1);
    }

    // Evaluation finds targets, hits and oracle latents on the image that each box is on.
    void regionsOfASecondImageAreEvaluatedThere() {
        auto sample = sceneSample(kSeed, 0, "color-to-shape");
        const auto other = sceneSample(kSeed, 1, "color-to-shape");
        sample.question.images.insert(sample.question.images.begin(), other.question.images[0]);
        for (Box& roi : sample.rois) roi.image = 1;
        const auto oracle = [&](const Sample& asked) {
            return evaluate(tiny_, {{.sample = asked}}, {.exit = FixedSteps{1}},
                            InterventionKind::Oracle)
                .front();
        };
        QCOMPARE(oracle(sample).targets, static_cast<int>(sample.rois.size()));
        QCOMPARE(oracle(sample).hits, 1);
        auto elsewhere = sample;
        elsewhere.rois[0].image = 2;
        QVERIFY_EXCEPTION_THROWN(oracle(elsewhere), Error);
    }

    void theTraceSaysThatTheThoughtWasGiven() {
        const auto sample = sceneSample(kSeed, 0, "chain");
        const auto trace = ask(sample.question, sample.rois);
        QCOMPARE(trace.options.thought.boxes, sample.rois);
        QVERIFY(QString::fromStdString(trace.text).startsWith("<|lvr_start|>"));
        QVERIFY(ask(sample.question, {}).options.thought.boxes.empty());
    }
};

QTEST_GUILESS_MAIN(GivenThoughtTest)
#include "given_thought_test.moc"
