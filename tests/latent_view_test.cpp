#include "widgets/latent/latent_view.h"

#include <QtTest>
#include <cmath>
#include <limits>

#include "core/trace/heat.h"
#include "core/trace/step_curves.h"
#include "tests/support/null_imgui.h"
#include "tests/support/three_looks.h"
#include "widgets/latent/latent_heat.h"
#include "widgets/latent/latent_state.h"
#include "widgets/latent/plain_view.h"

using namespace lvr;

class LatentViewTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void colourMapsRunFromDarkToLight();
    void whatIsNoNumberIsDrawnAsCold();
    void heatRangeCoversAllSteps();
    void nearestPatchesComeBestFirst();
    void secondImageHasItsOwnPartOfTheValues();
    void valuesThatDoNotFitTheGridAreNotShown();

    void onlyModesTheTraceHoldsAreOffered();
    void whatIsHotterThanTheMeanIsBrighterThanWhatIsColder();
    void theMeanMarksItsOwnPatches();
    void aModeThatATraceLacksComesBackWithTheNext();
    void waysOfLookingComeBackFromTheirText();
    void softmaxSharesAddUpToOne();
    void topPatchesAloneAreKept();
    void relativeToTheMeanAddsUpToNothing();
    void nearIsHotForDistances();
    void dotPutsTheLengthsBack();
    void smallHeatKeepsTheHottest();
    void allMapsOfAFrameAreOneTexture();
    void whatIsNotMeasuredIsClear();
    void aPatchNamesItsNearestStepsFirst();
    void aPatchNamesItsNearestTokensFirst();
    void curvesHoldWhatTheTraceHolds();
    void entropyIsZeroForOnePatchAndFullForAll();
    void successiveCosineStartsAnewWithEachThought();

    void panelWithoutPictureSaysWhatToDo();
    void panelDrawsHeatOnlyForASelectedStep();
    void eachToggleDrawsSomething_data();
    void eachToggleDrawsSomething();
    void pointingAtAPatchReadsIt();
    void clickingTheStripSelectsAStep();
    void wheelZoomsAroundTheCursor();
    void clickingAPatchAsksItAndAgainTakesItBack();
    void draggingThePictureAsksNothing();
    void framesComputeNothingAnew();
    void allStepsBesideEachOtherSelectOnClick();
    void everyModeDraws();
    void panelSurvivesAnEmptyTrace();
    void plainViewPaintsTheModes();
};

void LatentViewTest::colourMapsRunFromDarkToLight() {
    for (const ColourMap map : kColourMaps) {
        double last = -1;
        for (int i = 0; i <= 64; ++i) {
            const HeatColour c = colourAt(map, static_cast<float>(i) / 64);
            const double light = 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b;
            QVERIFY2(light > last - 0.5, nameOf(map).data());
            last = std::max(light, last);
        }
    }
    QCOMPARE(colourAt(ColourMap::Viridis, 0), (HeatColour{0x44, 0x01, 0x54}));
    QCOMPARE(colourAt(ColourMap::Viridis, 1), (HeatColour{0xfd, 0xe7, 0x25}));
    QCOMPARE(colourAt(ColourMap::Magma, 0.5f), (HeatColour{0xb7, 0x37, 0x79}));
}

void LatentViewTest::whatIsNoNumberIsDrawnAsCold() {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    QCOMPARE(colourAt(ColourMap::Cividis, nan), colourAt(ColourMap::Cividis, 0));
    QCOMPARE(colourAt(ColourMap::Cividis, 7), colourAt(ColourMap::Cividis, 1));
}

void LatentViewTest::heatRangeCoversAllSteps() {
    const HeatScale range = cosineScale(threeLooks(), 0);
    QCOMPARE(range.cold, -0.2f);
    QCOMPARE(range.hot, 0.9f);
    QCOMPARE(range.place(range.hot), 1.0f);
    QCOMPARE(range.place(-5), 0.0f);
    QCOMPARE(cosineScale(Trace{}, 0), HeatScale{});
}

void LatentViewTest::nearestPatchesComeBestFirst() {
    const Trace trace = threeLooks();
    const auto nearest = nearestPatches(trace, latentOf(*latentSteps(trace)[1]), 0, 2);
    QCOMPARE(nearest.size(), std::size_t{2});
    QCOMPARE(nearest[0], (Patch{.row = 0, .col = 1, .cosine = 0.9f, .l2 = 1}));
    QCOMPARE(nearest[1].row, 1);
    QCOMPARE(nearest[1].col, 2);
    QCOMPARE(nearestPatches(trace, latentOf(*latentSteps(trace)[1]), 0, 99).size(), std::size_t{6});
}

void LatentViewTest::secondImageHasItsOwnPartOfTheValues() {
    Trace trace = threeLooks();
    trace.grids = {{.rows = 1, .cols = 2}, {.rows = 2, .cols = 2}};
    const LatentStep& step = latentOf(*latentSteps(trace)[0]);
    QCOMPARE(cosineOn(trace, step, 1).size(), std::size_t{4});
    QCOMPARE(l2On(trace, step, 1)[0], 2.0f);
}

void LatentViewTest::valuesThatDoNotFitTheGridAreNotShown() {
    Trace trace = threeLooks();
    trace.grids = {{.rows = 20, .cols = 20}};
    const LatentStep& step = latentOf(*latentSteps(trace)[0]);
    QVERIFY(cosineOn(trace, step, 0).empty());
    QVERIFY(cosineOn(trace, step, 1).empty());
    QVERIFY(cosineOn(trace, step, -1).empty());
    QVERIFY(nearestPatches(trace, step, 0, 3).empty());
}

void LatentViewTest::panelWithoutPictureSaysWhatToDo() {
    NullImGui gui;
    LatentViewState state;
    QVERIFY(gui.vertices(Trace{}, state, false) > 100);  // two lines of text
}

void LatentViewTest::panelDrawsHeatOnlyForASelectedStep() {
    NullImGui gui;
    const Trace trace = threeLooks();
    LatentViewState state{.nearest = false};
    gui.vertices(trace, state);
    const int none = gui.vertices(trace, state);
    state.thumbnails = false;
    gui.cells.clear();
    gui.vertices(trace, state);
    QVERIFY(gui.cells.empty());
    state.selectedStep = 1;
    gui.vertices(trace, state);
    const auto texels = gui.cells;
    QCOMPARE(texels.size(), std::size_t{6});
    state.selectedStep = 2;
    gui.vertices(trace, state);
    QVERIFY(gui.cells != texels);
    state.thumbnails = true;
    const int heat = gui.vertices(trace, state);
    QVERIFY2(heat >= none + 4, qPrintable(QString("%1, %2").arg(none).arg(heat)));
}

void LatentViewTest::eachToggleDrawsSomething_data() {
    QTest::addColumn<int>("toggle");
    QTest::newRow("heat") << 0;
    QTest::newRow("grid") << 1;
    QTest::newRow("regions") << 2;
    QTest::newRow("nearest") << 3;
    QTest::newRow("path") << 4;
    QTest::newRow("small pictures") << 5;
    QTest::newRow("curves") << 6;
}

void LatentViewTest::eachToggleDrawsSomething() {
    QFETCH(const int, toggle);
    constexpr bool LatentViewState::*kToggles[] = {
        &LatentViewState::heat,    &LatentViewState::grid, &LatentViewState::rois,
        &LatentViewState::nearest, &LatentViewState::path, &LatentViewState::thumbnails,
        &LatentViewState::curves};
    NullImGui gui;
    LatentViewState state{.selectedStep = 0,
                          .heat = false,
                          .grid = false,
                          .rois = false,
                          .nearest = false,
                          .thumbnails = false,
                          .curves = false,
                          .targets = threeLooks().rois,
                          .tokensOf = [](const Box&, PatchGrid) {
                              return std::vector{0, 1};
                          }};
    gui.vertices(threeLooks(), state);
    const int off = gui.vertices(threeLooks(), state);
    state.*kToggles[toggle] = true;
    // A check mark alone is 12 vertices at most.
    QVERIFY(gui.vertices(threeLooks(), state) > off + 12);
}

void LatentViewTest::pointingAtAPatchReadsIt() {
    NullImGui gui;
    LatentViewState state{.selectedStep = 2};
    gui.pointAt(360, 240);  // the middle of the picture's region, give or take a patch
    for (int frame = 0; frame < 3; ++frame) gui.vertices(threeLooks(), state);
    QVERIFY(state.hovered);
    QCOMPARE(state.hovered->col, 1);
    const int index = state.hovered->row * 3 + state.hovered->col;
    QCOMPARE(state.hovered->l2, static_cast<float>(index));
    gui.pointAt(-1, -1);
    gui.vertices(threeLooks(), state);
    QVERIFY(!state.hovered);
}

void LatentViewTest::clickingTheStripSelectsAStep() {
    NullImGui gui;
    LatentViewState state{.selectedStep = 2, .playing = true};
    gui.click(threeLooks(), state, 8 + 126 + 72 * 1 + 20, 600 - 40);  // second column
    QCOMPARE(state.selectedStep, 1);
    QVERIFY(!state.playing);
}

void LatentViewTest::wheelZoomsAroundTheCursor() {
    NullImGui gui;
    LatentViewState state;
    gui.pointAt(300, 200);
    gui.vertices(threeLooks(), state);
    gui.vertices(threeLooks(), state);
    const auto before = state.hovered;
    gui.wheel(4);
    gui.vertices(threeLooks(), state);
    gui.wheel(0);
    gui.vertices(threeLooks(), state);
    QVERIFY(state.zoom > 2);
    QVERIFY(before);
    QCOMPARE(state.hovered, before);
}

void LatentViewTest::panelSurvivesAnEmptyTrace() {
    NullImGui gui;
    LatentViewState state{.selectedStep = 5, .image = 3, .grid = true};
    QVERIFY(gui.vertices(Trace{}, state) > 0);
    Trace unmeasured = threeLooks();
    unmeasured.grids.clear();
    state.image = 0;
    QVERIFY(gui.vertices(unmeasured, state) > 0);
}

void LatentViewTest::onlyModesTheTraceHoldsAreOffered() {
    Trace trace = threeLooks();
    using Modes = std::vector<HeatMode>;
    QCOMPARE(modesFor(trace, 0), (Modes{HeatMode::Cosine, HeatMode::Distance, HeatMode::Softmax,
                                        HeatMode::TopK, HeatMode::Relative, HeatMode::Mean}));
    trace.hiddenSize = 2;
    trace.imageTokens.resize(12);
    QVERIFY(modesFor(trace, 0).at(2) == HeatMode::Dot);
    trace.steps.resize(2);  // one look has nothing to be compared with
    for (DecodeStep& step : trace.steps)
        if (auto* latent = std::get_if<LatentStep>(&step.what)) latent->l2.clear();
    QCOMPARE(modesFor(trace, 0),
             (Modes{HeatMode::Cosine, HeatMode::Dot, HeatMode::Softmax, HeatMode::TopK}));
    QCOMPARE(modesFor(Trace{}, 0), Modes{HeatMode::Cosine});
    QCOMPARE(modesFor(trace, 7), Modes{HeatMode::Cosine});
}

void LatentViewTest::whatIsHotterThanTheMeanIsBrighterThanWhatIsColder() {
    const HeatMaps maps = heatMaps(threeLooks(), 0, {.mode = HeatMode::Relative});
    const auto brightness = [&](float place) {
        const HeatColour rgb = colourOf(maps.scale, ColourMap::Viridis, place);
        return 0.21 * rgb.r + 0.72 * rgb.g + 0.07 * rgb.b;
    };
    QVERIFY(maps.scale.isSigned);
    QVERIFY(brightness(1) > 110 && brightness(0) < 40);
    for (float place = 0; place < 1; place += 0.05f)  // nothing hotter looks like the cold end
        QVERIFY(place < 0.5f || brightness(place) > brightness(0) + 70);
}

void LatentViewTest::theMeanMarksItsOwnPatches() {
    const Trace trace = threeLooks();
    const auto marked = [&](HeatMode mode, int step) {
        return nearestPatches(trace, latentOf(*latentSteps(trace)[step]), 0, {.mode = mode}, 1)
            .at(0);
    };
    QCOMPARE(marked(HeatMode::Cosine, 0).col, 0);
    QCOMPARE(marked(HeatMode::Cosine, 1).col, 1);
    // Of three steps patch 2 has (0 + 0 + .9) / 3, patch 5 (.3 + .3 + .3) / 3, patch 1 less.
    for (const int step : {0, 1, 2}) {
        const Patch patch = marked(HeatMode::Mean, step);
        QVERIFY(std::abs(patch.cosine - 0.3f) < 1e-5f);
        QCOMPARE(patch.row * 3 + patch.col,
                 marked(HeatMode::Mean, 0).row * 3 + marked(HeatMode::Mean, 0).col);
    }
}

void LatentViewTest::aModeThatATraceLacksComesBackWithTheNext() {
    NullImGui gui;
    LatentViewState state{.selectedStep = 0, .shown = {.mode = HeatMode::Relative}};
    Trace one = threeLooks();
    one.steps.resize(2);  // one look has nothing to be compared with
    gui.vertices(one, state);
    QCOMPARE(state.shown.mode, HeatMode::Cosine);
    QCOMPARE(viewChoices(state)["mode"].toString(), "vs. mean");
    gui.vertices(threeLooks(), state);
    QCOMPARE(state.shown.mode, HeatMode::Relative);
}

void LatentViewTest::waysOfLookingComeBackFromTheirText() {
    LatentViewState chosen{.shown = {HeatMode::TopK, 0.25f, 12},
                           .look = {ColourMap::Magma, HeatCover::Spotlight, 0.125f},
                           .heat = false,
                           .grid = true,
                           .rois = true,
                           .path = true,
                           .nearest = false,
                           .nearestCount = 7,
                           .multiples = true,
                           .thumbnails = false,
                           .curves = false,
                           .loop = true};
    LatentViewState state;
    applyViewChoices(viewChoices(chosen), state);
    QCOMPARE(viewChoices(state), viewChoices(chosen));
    QCOMPARE(state.shown, chosen.shown);
    QCOMPARE(state.look, chosen.look);
    const QJsonObject before = viewChoices(state);
    applyViewChoices({{"mode", "nonsense"}, {"opacity", 7}, {"top_k", "many"}}, state);
    QCOMPARE(state.shown, chosen.shown);
    QCOMPARE(state.look.opacity, 1.0f);
    applyViewChoices(before, state);
    QCOMPARE(viewChoices(state), before);
}

void LatentViewTest::softmaxSharesAddUpToOne() {
    const HeatMaps maps =
        heatMaps(threeLooks(), 0, {.mode = HeatMode::Softmax, .temperature = 0.1f});
    for (const auto& step : maps.steps) {
        float sum = 0;
        for (const float share : step) sum += share;
        QVERIFY(std::abs(sum - 1) < 1e-5f);
    }
    // Against exp(0.9 / 0.1) of the nearest: the others are -0.1, 0, 0.1, 0.2 and 0.3.
    const double others = std::exp(-1) + 1 + std::exp(1) + std::exp(2) + std::exp(3);
    QVERIFY(std::abs(maps.steps[0][0] - std::exp(9) / (std::exp(9) + others)) < 1e-5);
    QCOMPARE(maps.scale.cold, 0.0f);
}

void LatentViewTest::topPatchesAloneAreKept() {
    const HeatMaps maps = heatMaps(threeLooks(), 0, {.mode = HeatMode::TopK, .topK = 2});
    const auto& step = maps.steps[1];
    QCOMPARE(step[1], 0.9f);
    QCOMPARE(step[5], 0.1f * 5 - 0.2f);
    for (const int patch : {0, 2, 3, 4}) QVERIFY(std::isnan(step[patch]));
    QVERIFY(std::isnan(maps.scale.place(step[0])));
}

void LatentViewTest::relativeToTheMeanAddsUpToNothing() {
    const HeatMaps maps = heatMaps(threeLooks(), 0, {.mode = HeatMode::Relative});
    for (int patch = 0; patch < 6; ++patch) {
        float sum = 0;
        for (const auto& step : maps.steps) sum += step[patch];
        QVERIFY(std::abs(sum) < 1e-6f);
    }
    QVERIFY(maps.scale.isSigned);
    QCOMPARE(maps.scale.cold, -maps.scale.hot);
    QCOMPARE(colourOf(maps.scale, ColourMap::Viridis, 0.5f), (HeatColour{0xf7, 0xf7, 0xf7}));
    const HeatMaps mean = heatMaps(threeLooks(), 0, {.mode = HeatMode::Mean});
    QCOMPARE(mean.steps[0], mean.steps[2]);
    QVERIFY(std::abs(mean.steps[0][0] - (0.9f - 0.2f - 0.2f) / 3) < 1e-6f);
}

void LatentViewTest::nearIsHotForDistances() {
    const HeatMaps maps = heatMaps(threeLooks(), 0, {.mode = HeatMode::Distance});
    QCOMPARE(maps.scale.place(0), 1.0f);
    QCOMPARE(maps.scale.place(5), 0.0f);
    QVERIFY(maps.scale.hot < maps.scale.cold);
}

void LatentViewTest::dotPutsTheLengthsBack() {
    Trace trace = threeLooks();
    trace.hiddenSize = 2;
    trace.imageTokens.assign(12, 0);
    trace.imageTokens[2] = 3;  // token 1 is (3, 4)
    trace.imageTokens[3] = 4;
    const HeatMaps maps = heatMaps(trace, 0, {.mode = HeatMode::Dot});
    QCOMPARE(maps.steps[1][1], 0.9f * 5 * 6);  // cosine, |token|, norm of step 1
    QCOMPARE(maps.steps[1][0], 0.0f);
}

void LatentViewTest::smallHeatKeepsTheHottest() {
    const HeatMaps maps = heatMaps(threeLooks(), 0, {});
    const SmallHeat small = smallHeat(maps, 1, {.rows = 2, .cols = 3}, 1);
    QCOMPARE(small.values, std::vector<float>{0.9f});
    QCOMPARE(smallHeat(maps, 1, {.rows = 2, .cols = 3}, 9).values, maps.steps[1]);
    QVERIFY(smallHeat(maps, 1, {.rows = 9, .cols = 9}, 4).values.empty());
    QVERIFY(smallHeat(maps, 7, {.rows = 2, .cols = 3}, 4).values.empty());
}

void LatentViewTest::allMapsOfAFrameAreOneTexture() {
    const HeatMaps maps = heatMaps(threeLooks(), 0, {});
    const PatchGrid grid{.rows = 2, .cols = 3};
    const HeatTexels texels = heatTexels(maps, grid, 1, 2, {.colours = ColourMap::Magma});
    QCOMPARE(texels.width, 3);
    QCOMPARE(texels.height, 2 + 3 * 2);
    QCOMPARE(texels.small.size(), std::size_t{3});
    const auto compare = [&](const HeatTexels::Part& part, const SmallHeat& expected) {
        QVERIFY(part.grid == expected.grid);
        for (int i = 0; i < part.grid.count(); ++i) {
            const int row = part.top + i / part.grid.cols, col = i % part.grid.cols;
            const std::uint32_t texel = texels.rgba[row * texels.width + col];
            QCOMPARE(texel, heatPixels(std::span(&expected.values[i], 1), maps.scale,
                                       {.colours = ColourMap::Magma})
                                .front());
        }
    };
    compare(texels.selected, {grid, maps.steps[1]});
    for (int step = 0; step < 3; ++step)
        compare(texels.small[step], smallHeat(maps, step, grid, 2));
}

void LatentViewTest::whatIsNotMeasuredIsClear() {
    const PatchGrid grid{.rows = 2, .cols = 3};
    HeatMaps maps = heatMaps(threeLooks(), 0, {.mode = HeatMode::TopK, .topK = 2});
    const HeatTexels two = heatTexels(maps, grid, 0, 0, {});
    QCOMPARE(std::count(two.rgba.begin(), two.rgba.end(), 0u), 4);
    QVERIFY(two.small.empty());
    maps.steps[0].clear();
    QVERIFY(heatTexels(maps, grid, 0, 0, {}).selected.isEmpty());
    QVERIFY(heatTexels(maps, grid, -1, 0, {}).rgba.empty());
}

void LatentViewTest::aPatchNamesItsNearestStepsFirst() {
    const auto near = stepsNear(threeLooks(), 0, 2);
    QCOMPARE(near.size(), std::size_t{3});
    QCOMPARE(near[0], (StepAtPatch{.step = 2, .cosine = 0.9f}));
    QCOMPARE(near[1].step, 0);  // equal ones in feeding order
    QVERIFY(stepsNear(threeLooks(), 0, 6).empty());
    QVERIFY(stepsNear(threeLooks(), 1, 0).empty());
}

void LatentViewTest::aPatchNamesItsNearestTokensFirst() {
    const auto near = tokensNear(threeLooks(), 0, 2, 5);
    QCOMPARE(near.size(), std::size_t{2});
    QCOMPARE(near[0], (TokenAtPatch{.step = 4, .cosine = 0.6f}));
    QCOMPARE(near[1], (TokenAtPatch{.step = 0, .cosine = 0.2f}));
    QCOMPARE(tokensNear(threeLooks(), 0, 0, 1).size(), std::size_t{1});
    QVERIFY(tokensNear(threeLooks(), 0, 6, 5).empty());
    QVERIFY(tokensNear(threeLooks(), 1, 0, 5).empty());
}

void LatentViewTest::curvesHoldWhatTheTraceHolds() {
    Trace trace = threeLooks();
    const auto names = [&] {
        QStringList list;
        for (const StepCurve& curve : stepCurves(trace, 0.1f))
            list << QString::fromStdString(curve.name);
        return list.join(", ");
    };
    QCOMPARE(names(), "P(end), norm, entropy");
    QCOMPARE(stepCurves(trace, 0.1f)[1].values, (std::vector<float>{5, 6, 7}));
    QCOMPARE(stepCurves(trace, 0.1f)[0].threshold, std::optional(0.5f));
    trace.hiddenSize = 2;
    trace.latents = {1, 0, 0, 2, 0, 3};
    trace.options.exit = NearLatentEnd{.threshold = 0.25};
    std::get<LatentStep>(trace.steps[2].what).endDistance = 0.5f;
    QCOMPARE(names(), "P(end), to end, norm, entropy, to previous");
    const auto curves = stepCurves(trace, 0.1f);
    QVERIFY(!curves[0].threshold);
    QCOMPARE(curves[1].threshold, std::optional(0.25f));
    QVERIFY(std::isnan(curves[1].values[0]));
    QCOMPARE(curves[1].values[1], 0.5f);
    QVERIFY(std::isnan(curves[4].values[0]));
    QCOMPARE(curves[4].values[1], 0.0f);
    QCOMPARE(curves[4].values[2], 1.0f);
}

void LatentViewTest::entropyIsZeroForOnePatchAndFullForAll() {
    Trace trace = threeLooks();
    std::get<LatentStep>(trace.steps[1].what).cosine = {9, 0, 0, 0, 0, 0};
    std::get<LatentStep>(trace.steps[2].what).cosine.assign(6, 0.3f);
    const StepCurve entropy = stepCurves(trace, 0.1f).back();
    QVERIFY(entropy.values[0] < 1e-3f);
    QVERIFY(std::abs(entropy.values[1] - std::log2(6.0f)) < 1e-5f);
}

void LatentViewTest::successiveCosineStartsAnewWithEachThought() {
    Trace trace = threeLooks();
    trace.hiddenSize = 1;
    trace.latents = {1, 1, 1};
    std::get<LatentStep>(trace.steps[2].what).index = 0;  // a second thought begins
    const StepCurve moved = stepCurves(trace, 0.1f).back();
    QCOMPARE(moved.name, "to previous");
    QVERIFY(std::isnan(moved.values[1]));
    QCOMPARE(moved.values[2], 1.0f);
}

void LatentViewTest::clickingAPatchAsksItAndAgainTakesItBack() {
    NullImGui gui;
    LatentViewState state{.selectedStep = 2};
    gui.click(threeLooks(), state, 340, 240);
    QVERIFY(state.asked);
    QCOMPARE(*state.asked % 3, 1);
    const int asked = gui.vertices(threeLooks(), state);
    gui.click(threeLooks(), state, 340, 240);
    QVERIFY(!state.asked);
    QVERIFY(gui.vertices(threeLooks(), state) < asked);
}

void LatentViewTest::draggingThePictureAsksNothing() {
    NullImGui gui;
    LatentViewState state{.selectedStep = 2};
    gui.pointAt(340, 240);
    gui.vertices(threeLooks(), state);
    gui.press(true);
    gui.vertices(threeLooks(), state);
    gui.pointAt(300, 240);
    gui.vertices(threeLooks(), state);
    gui.press(false);
    gui.vertices(threeLooks(), state);
    QVERIFY(!state.asked);
    QVERIFY(state.centreX > 0.5f);
}

void LatentViewTest::framesComputeNothingAnew() {
    NullImGui gui;
    LatentViewState state{.selectedStep = 0};
    const Trace trace = threeLooks();
    const auto times = [&] {
        const int before = state.heatOf.times();
        gui.vertices(trace, state);
        return state.heatOf.times() - before;
    };
    QVERIFY(times() > 0);
    gui.pointAt(340, 240);
    for (int frame = 0; frame < 5; ++frame) QCOMPARE(times(), 0);
    state.look.opacity = 0.3f;
    QCOMPARE(times(), 1);  // the texels alone
    ++state.revision;
    QVERIFY(times() > 0);
    QCOMPARE(times(), 0);
}

void LatentViewTest::allStepsBesideEachOtherSelectOnClick() {
    NullImGui gui;
    LatentViewState state{.selectedStep = 2, .multiples = true};
    gui.click(threeLooks(), state, 40, 100);
    QCOMPARE(state.selectedStep, 0);
    QVERIFY(state.multiples);
}

void LatentViewTest::everyModeDraws() {
    Trace trace = threeLooks();
    trace.hiddenSize = 2;
    trace.imageTokens.assign(12, 1);
    NullImGui gui;
    for (const HeatMode mode : kHeatModes) {
        LatentViewState state{.selectedStep = 1, .shown = {.mode = mode}};
        gui.vertices(trace, state);
        const int with = gui.vertices(trace, state);
        QVERIFY(state.shown.mode == mode);
        state.heat = false;
        QVERIFY2(gui.vertices(trace, state) < with, nameOf(mode).data());
    }
    LatentViewState state{.selectedStep = 1, .shown = {.mode = HeatMode::Dot}};
    gui.vertices(threeLooks(), state);  // which holds no image tokens
    QVERIFY(state.shown.mode == HeatMode::Cosine);
}

void LatentViewTest::plainViewPaintsTheModes() {
    const Trace trace = threeLooks();
    LatentViewState state{.selectedStep = 1, .nearest = false};
    PlainView view(trace, state, "OpenGL is not there");
    view.resize(400, 300);
    view.setPicture(trace.question.images[0]);
    const auto painted = [&] { return view.grab().toImage(); };
    const QImage cosine = painted();
    QVERIFY(state.picture.width > 200);
    state.shown.mode = HeatMode::Relative;
    const QImage relative = painted();
    QVERIFY(relative != cosine);
    state.heat = false;
    QVERIFY(painted() != relative);
    state.boxes = {{0.5, 0.5, 0.9, 0.9}};
    const QImage plain = painted();
    state.boxes.clear();
    QVERIFY(painted() != plain);
}

QTEST_MAIN(LatentViewTest)
#include "latent_view_test.moc"
