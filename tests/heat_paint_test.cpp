#include "widgets/heat_paint.h"

#include <QtTest>
#include <algorithm>
#include <cmath>

#include "core/trace/heat_picture.h"
#include "tests/support/null_imgui.h"
#include "tests/support/three_looks.h"
#include "widgets/compare/step_strips.h"
#include "widgets/latent/plain_view.h"
#include "widgets/rollouts/heat_picture.h"

using namespace lvr;

namespace {

constexpr int kGrey = 120;
constexpr PatchGrid kGrid{.rows = 2, .cols = 3};

// As threeLooks(), on a grey picture so that covering it is seen.
Trace onGrey() {
    Trace trace = threeLooks();
    std::ranges::fill(trace.question.images[0].rgb, std::uint8_t{kGrey});
    trace.rois.clear();
    return trace;
}

QImage greyPicture() {
    QImage grey(84, 56, QImage::Format_RGB888);
    grey.fill(QColor(kGrey, kGrey, kGrey));
    return grey;
}

using Cells = std::vector<QColor>;  // [patches]

// What is in the middle of each patch of a picture that lies at `at`.
Cells cellsOf(const QImage& drawn, const QRectF& at) {
    Cells cells;
    for (int i = 0; i < kGrid.count(); ++i)
        cells.push_back(
            drawn.pixelColor(static_cast<int>(at.x() + (i % 3 + 0.5) * at.width() / 3),
                             static_cast<int>(at.y() + (i / 3 + 0.5) * at.height() / 2)));
    return cells;
}

Cells inAsk(const Trace& trace, int step, const HeatLook& look) {
    NullImGui gui;
    LatentViewState state{
        .selectedStep = step, .look = look, .nearest = false, .thumbnails = false};
    gui.vertices(trace, state);
    Cells cells;
    for (const std::uint32_t texel : gui.cells) {
        const double alpha = static_cast<double>(texel >> 24) / 255;
        const auto over = [&](std::uint32_t ink) {
            return static_cast<int>(std::lround(kGrey * (1 - alpha) + (ink & 0xff) * alpha));
        };
        cells.emplace_back(over(texel), over(texel >> 8), over(texel >> 16));
    }
    return cells;
}

Cells inAskWithoutOpenGl(const Trace& trace, int step, const HeatLook& look) {
    LatentViewState state{.selectedStep = step, .look = look, .nearest = false};
    PlainView view(trace, state, "there is no OpenGL");
    view.resize(400, 300);
    view.setPicture(trace.question.images[0]);
    const QImage drawn = view.grab().toImage();
    return cellsOf(drawn,
                   {state.picture.x, state.picture.y, state.picture.width, state.picture.height});
}

Cells inCompare(const Trace& trace, int step) {
    StepPicture view;
    view.resize(210, 140);
    view.showHeat(greyPicture(), heatImages(trace, cosineScale(trace, 0)).at(step + 1));
    return cellsOf(view.grab().toImage(), view.rect());
}

// A rollout keeps a cosine as a byte.
Cells inRollouts(const Trace& trace, int step) {
    std::vector<std::int8_t> heat;
    for (const DecodeStep* at : latentSteps(trace))
        for (const float cosine : latentOf(*at).cosine)
            heat.push_back(static_cast<std::int8_t>(std::lround(cosine * 127)));
    HeatPicture view;
    view.resize(330, 300);
    view.showPicture(greyPicture());
    view.showHeat(kGrid, heat);
    view.selectLatent(step);
    const QImage drawn = view.grab().toImage();
    const QColor paper = drawn.pixelColor(1, 1);
    QRect where;  // as large as all that is neither paper nor text
    for (int y = 0; y < drawn.height() * 3 / 4; ++y)
        for (int x = 0; x < drawn.width(); ++x)
            if (drawn.pixelColor(x, y) != paper) where |= QRect(x, y, 1, 1);
    return cellsOf(drawn, where);
}

Cells inAFigure(const Trace& trace, int step, const HeatLook& look) {
    const Image drawn = HeatPictures(trace, {.look = look}).draw(step, {210, 140});
    const QImage image(drawn.rgb.data(), 210, 140, 210 * 3, QImage::Format_RGB888);
    return cellsOf(image, QRectF(0, 0, 210, 140));
}

void compare(const Cells& found, const Cells& expected, const char* where) {
    QCOMPARE(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        const QColor a = found[i], b = expected[i];
        const int apart = std::max({std::abs(a.red() - b.red()), std::abs(a.green() - b.green()),
                                    std::abs(a.blue() - b.blue())});
        QVERIFY2(apart <= 4,
                 qPrintable(
                     QString("%1, patch %2: %3 for %4").arg(where).arg(i).arg(a.name(), b.name())));
    }
}

}  // namespace

// Heat lies over a picture by one law, whatever draws it.
class HeatPaintTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void oneTraceLooksTheSameWhereverItIsShown();
    void whatIsColdIsClearAndTheHottestIsStillSeen();
    void aVeilCoversAllAndASpotlightWhatIsCold();
    void whatWasLeftOutIsClearAndDarkBesideASpotlight();
    void signedHeatIsClearWhereNothingChanged();
    void aLegendShowsTheColoursOfThePicture();
};

void HeatPaintTest::oneTraceLooksTheSameWhereverItIsShown() {
    const Trace trace = onGrey();
    for (int step = 0; step < 3; ++step) {
        const Cells figure = inAFigure(trace, step, {});
        compare(inAsk(trace, step, {}), figure, "Ask");
        compare(inAskWithoutOpenGl(trace, step, {}), figure, "Ask without OpenGL");
        compare(inCompare(trace, step), figure, "Compare");
        compare(inRollouts(trace, step), figure, "Rollouts");
    }
    const HeatLook veil{ColourMap::Magma, HeatCover::Veil, 0.9f};
    compare(inAsk(trace, 1, veil), inAFigure(trace, 1, veil), "Ask under a veil");
    compare(inAskWithoutOpenGl(trace, 1, veil), inAFigure(trace, 1, veil), "the same, painted");
}

void HeatPaintTest::whatIsColdIsClearAndTheHottestIsStillSeen() {
    const HeatScale scale{.cold = -0.2f, .hot = 0.9f};
    QCOMPARE(inkOf({}, scale, -0.2f).alpha, 0.0f);
    QVERIFY(inkOf({}, scale, 0.9f).alpha < 0.5f);
    float before = -1;
    for (float value = -0.2f; value < 0.9f; value += 0.05f) {
        const float alpha = inkOf({}, scale, value).alpha;
        QVERIFY(alpha > before);
        before = alpha;
    }
    QVERIFY(inkOf({.opacity = 1}, scale, 0.9f).alpha < 1);
    QCOMPARE(inkOf({.opacity = 0}, scale, 0.9f).alpha, 0.0f);
}

void HeatPaintTest::aVeilCoversAllAndASpotlightWhatIsCold() {
    const HeatScale scale;
    QVERIFY(inkOf({.cover = HeatCover::Veil, .opacity = 1}, scale, 0).alpha > 0.3f);
    QCOMPARE(inkOf({.cover = HeatCover::Veil, .opacity = 1}, scale, 1).alpha, 1.0f);
    const HeatLook spotlight{.cover = HeatCover::Spotlight, .opacity = 0.8f};
    QCOMPARE(inkOf(spotlight, scale, 0).alpha, 0.8f);
    QCOMPARE(inkOf(spotlight, scale, 0).colour, (HeatColour{0, 0, 0}));
    QCOMPARE(inkOf(spotlight, scale, 1).alpha, 0.0f);
}

void HeatPaintTest::whatWasLeftOutIsClearAndDarkBesideASpotlight() {
    const float nan = std::nanf("");
    for (const HeatCover cover : {HeatCover::Opacity, HeatCover::Veil})
        QCOMPARE(inkOf({.cover = cover}, {}, nan).alpha, 0.0f);
    QCOMPARE(inkOf({.cover = HeatCover::Spotlight, .opacity = 1}, {}, nan).alpha, 1.0f);
    QVERIFY(heatImage(std::vector<float>(5), kGrid, {}).isNull());
    QVERIFY(heatImage({}, kGrid, {}).isNull());
}

void HeatPaintTest::signedHeatIsClearWhereNothingChanged() {
    const HeatScale scale{.cold = -2, .hot = 2, .isSigned = true};
    QCOMPARE(inkOf({}, scale, 0).alpha, 0.0f);
    QCOMPARE(inkOf({}, scale, -2).alpha, inkOf({}, scale, 2).alpha);
    QVERIFY(inkOf({}, scale, -2).colour != inkOf({}, scale, 2).colour);
}

void HeatPaintTest::aLegendShowsTheColoursOfThePicture() {
    QImage bar(4, 200, QImage::Format_RGB32);
    bar.fill(Qt::white);
    QPainter painter(&bar);
    const HeatScale scale{.cold = 5, .hot = 1};
    paintHeatBar(painter, QRectF(bar.rect()), Qt::Vertical, scale, {.cover = HeatCover::Veil});
    painter.end();
    const HeatColour hottest = colourAt(ColourMap::Viridis, 1);
    const QColor top = bar.pixelColor(2, 0);
    QVERIFY(std::abs(top.red() - hottest.r) < 8 && std::abs(top.blue() - hottest.b) < 8);
    QVERIFY(bar.pixelColor(2, 199).lightness() < top.lightness() + 60);
    QVERIFY(bar.pixelColor(2, 199) != top);
}

QTEST_MAIN(HeatPaintTest)
#include "heat_paint_test.moc"
