#include <imgui.h>

#include <QApplication>
#include <QClipboard>
#include <QMimeData>
#include <QSignalSpy>
#include <QtTest>
#include <cmath>
#include <limits>

#include "widgets/exit_rule_form.h"
#include "widgets/heat.h"
#include "widgets/latent_view.h"
#include "widgets/message_bar.h"
#include "widgets/qt_image.h"
#include "widgets/question_line.h"
#include "widgets/token_stream.h"

using namespace lvr;

namespace {

// A 2x3 grid; latent i is nearest to patch i.
DecodeStep latentStep(int index) {
    LatentStep latent{
        .index = index, .norm = 5.0f + static_cast<float>(index), .endProbability = 0.25f};
    for (int patch = 0; patch < 6; ++patch) {
        latent.cosine.push_back(patch == index ? 0.9f : 0.1f * static_cast<float>(patch) - 0.2f);
        latent.l2.push_back(static_cast<float>(patch));
    }
    return {.position = index + 1, .text = "<|lvr|>", .what = latent};
}

Trace threeLooks() {
    Trace trace;
    trace.question.images = {
        {.width = 84, .height = 56, .rgb = std::vector<std::uint8_t>(84 * 56 * 3)}};
    trace.grids = {{.rows = 2, .cols = 3}};
    trace.steps = {{.position = 0, .text = "<|lvr_start|>", .what = TextStep{.probability = 1}}};
    for (int i = 0; i < 3; ++i) trace.steps.push_back(latentStep(i));
    trace.steps.push_back({.position = 4, .text = "moon", .what = TextStep{.probability = 0.25f}});
    trace.rois = {{.x0 = 0, .y0 = 0, .x1 = 0.33, .y1 = 0.5}};
    return trace;
}

// Dear ImGui with no window and no OpenGL: frames are laid out and thrown away.
class NullImGui {
public:
    NullImGui() : context_(ImGui::CreateContext()) {
        ImGui::SetCurrentContext(context_);
        ImGuiIO& io = ImGui::GetIO();
        io.IniFilename = nullptr;
        io.DisplaySize = {800, 600};
        unsigned char* pixels = nullptr;
        int width = 0, height = 0;
        io.Fonts->GetTexDataAsRGBA32(&pixels, &width, &height);
    }
    ~NullImGui() { ImGui::DestroyContext(context_); }

    int vertices(const Trace& trace, LatentViewState& state, bool hasPicture = true) {
        ImGui::GetIO().DeltaTime = 1.0f / 60;
        ImGui::NewFrame();
        drawLatentView(trace, hasPicture ? this : nullptr, state);
        ImGui::Render();
        return ImGui::GetDrawData()->TotalVtxCount;
    }
    void pointAt(float x, float y) { ImGui::GetIO().MousePos = {x, y}; }
    void press(bool down) { ImGui::GetIO().MouseDown[0] = down; }
    void wheel(float turns) { ImGui::GetIO().MouseWheel = turns; }

private:
    ImGuiContext* context_;
};

QPoint middleOf(const TokenStream& stream, int chip) { return stream.chipRect(chip).center(); }

}  // namespace

class WidgetsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void colourMapsRunFromDarkToLight();
    void whatIsNoNumberIsDrawnAsCold();
    void heatRangeCoversAllSteps();
    void nearestPatchesComeBestFirst();
    void secondImageHasItsOwnPartOfTheValues();
    void valuesThatDoNotFitTheGridAreNotShown();
    void picturesSurviveTheWayThroughQt();
    void transparentPixelsBecomeWhite();
    void shrinkingAverages();
    void thinPicturesShrinkToo();

    void panelWithoutPictureSaysWhatToDo();
    void panelDrawsHeatOnlyForASelectedStep();
    void eachToggleDrawsSomething_data();
    void eachToggleDrawsSomething();
    void pointingAtAPatchReadsIt();
    void clickingTheStripSelectsAStep();
    void wheelZoomsAroundTheCursor();
    void panelSurvivesAnEmptyTrace();

    void streamShowsWordsAndChips();
    void clickingAChipSelectsItsStep();
    void pointingTellsTheProbability();
    void copyingKeepsTheLatents();
    void enterAsksAndShiftEnterBreaksTheLine();
    void pastedPictureDoesNotBecomeText();
    void exitRuleComesBackAsSet_data();
    void exitRuleComesBackAsSet();
    void settingTheSameRuleSaysNothing();
    void messageCanBeDismissedAndProgressCancelled();
};

void WidgetsTest::colourMapsRunFromDarkToLight() {
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

void WidgetsTest::whatIsNoNumberIsDrawnAsCold() {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    QCOMPARE(colourAt(ColourMap::Cividis, nan), colourAt(ColourMap::Cividis, 0));
    QCOMPARE(colourAt(ColourMap::Cividis, 7), colourAt(ColourMap::Cividis, 1));
}

void WidgetsTest::heatRangeCoversAllSteps() {
    const HeatRange range = heatRange(threeLooks(), 0);
    QCOMPARE(range.low, -0.2f);
    QCOMPARE(range.high, 0.9f);
    QCOMPARE(range.place(range.high), 1.0f);
    QCOMPARE(range.place(-5), 0.0f);
    QCOMPARE(heatRange(Trace{}, 0), HeatRange{});
}

void WidgetsTest::nearestPatchesComeBestFirst() {
    const Trace trace = threeLooks();
    const auto nearest = nearestPatches(trace, latentOf(*latentSteps(trace)[1]), 0, 2);
    QCOMPARE(nearest.size(), std::size_t{2});
    QCOMPARE(nearest[0], (Patch{.row = 0, .col = 1, .cosine = 0.9f, .l2 = 1}));
    QCOMPARE(nearest[1].row, 1);
    QCOMPARE(nearest[1].col, 2);
    QCOMPARE(nearestPatches(trace, latentOf(*latentSteps(trace)[1]), 0, 99).size(), std::size_t{6});
}

void WidgetsTest::secondImageHasItsOwnPartOfTheValues() {
    Trace trace = threeLooks();
    trace.grids = {{.rows = 1, .cols = 2}, {.rows = 2, .cols = 2}};
    const LatentStep& step = latentOf(*latentSteps(trace)[0]);
    QCOMPARE(cosineOn(trace, step, 1).size(), std::size_t{4});
    QCOMPARE(l2On(trace, step, 1)[0], 2.0f);
}

void WidgetsTest::valuesThatDoNotFitTheGridAreNotShown() {
    Trace trace = threeLooks();
    trace.grids = {{.rows = 20, .cols = 20}};
    const LatentStep& step = latentOf(*latentSteps(trace)[0]);
    QVERIFY(cosineOn(trace, step, 0).empty());
    QVERIFY(cosineOn(trace, step, 1).empty());
    QVERIFY(cosineOn(trace, step, -1).empty());
    QVERIFY(nearestPatches(trace, step, 0, 3).empty());
}

void WidgetsTest::picturesSurviveTheWayThroughQt() {
    Image image{.width = 3, .height = 2, .rgb = {}};
    for (int i = 0; i < 18; ++i) image.rgb.push_back(static_cast<std::uint8_t>(i * 13));
    QCOMPARE(toImage(toQImage(image)), image);
    QVERIFY(toQImage(Image{}).isNull());
}

void WidgetsTest::transparentPixelsBecomeWhite() {
    QImage clear(1, 1, QImage::Format_ARGB32);
    clear.fill(QColor(255, 0, 0, 0));
    QCOMPARE(toImage(clear).rgb, (std::vector<std::uint8_t>{255, 255, 255}));
}

void WidgetsTest::shrinkingAverages() {
    const Image image{.width = 2, .height = 2, .rgb = {0, 0, 0, 100, 0, 0, 0, 40, 0, 100, 0, 0}};
    QCOMPARE(shrunkTo(image, 1), (Image{.width = 1, .height = 1, .rgb = {50, 10, 0}}));
    QCOMPARE(shrunkTo(image, 2), image);
}

void WidgetsTest::thinPicturesShrinkToo() {
    const Image line{.width = 1000, .height = 1, .rgb = std::vector<std::uint8_t>(3000, 7)};
    const Image small = shrunkTo(line, 100);
    QCOMPARE(small.width, 100);
    QCOMPARE(small.height, 1);
    QCOMPARE(small.rgb, std::vector<std::uint8_t>(300, 7));
}

void WidgetsTest::panelWithoutPictureSaysWhatToDo() {
    NullImGui gui;
    LatentViewState state;
    QVERIFY(gui.vertices(Trace{}, state, false) > 100);  // two lines of text
}

void WidgetsTest::panelDrawsHeatOnlyForASelectedStep() {
    NullImGui gui;
    const Trace trace = threeLooks();
    LatentViewState state{.nearest = false};
    gui.vertices(trace, state);
    const int none = gui.vertices(trace, state);
    state.selectedStep = 1;
    const int heat = gui.vertices(trace, state);
    QVERIFY2(heat >= none + 6 * 4, qPrintable(QString("%1, %2").arg(none).arg(heat)));
}

void WidgetsTest::eachToggleDrawsSomething_data() {
    QTest::addColumn<int>("toggle");
    QTest::newRow("heat") << 0;
    QTest::newRow("grid") << 1;
    QTest::newRow("regions") << 2;
    QTest::newRow("nearest") << 3;
}

void WidgetsTest::eachToggleDrawsSomething() {
    QFETCH(const int, toggle);
    constexpr bool LatentViewState::*kToggles[] = {&LatentViewState::heat, &LatentViewState::grid,
                                                   &LatentViewState::rois,
                                                   &LatentViewState::nearest};
    NullImGui gui;
    LatentViewState state{
        .selectedStep = 0, .heat = false, .grid = false, .rois = false, .nearest = false};
    gui.vertices(threeLooks(), state);
    const int off = gui.vertices(threeLooks(), state);
    state.*kToggles[toggle] = true;
    // A check mark alone is 12 vertices at most.
    QVERIFY(gui.vertices(threeLooks(), state) > off + 12);
}

void WidgetsTest::pointingAtAPatchReadsIt() {
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

void WidgetsTest::clickingTheStripSelectsAStep() {
    NullImGui gui;
    LatentViewState state{.selectedStep = 2, .playing = true};
    gui.pointAt(8 + 64 * 1 + 20, 600 - 40);  // second cell
    for (const bool down : {false, true, false}) {
        gui.press(down);
        gui.vertices(threeLooks(), state);
        gui.vertices(threeLooks(), state);
    }
    QCOMPARE(state.selectedStep, 1);
    QVERIFY(!state.playing);
}

void WidgetsTest::wheelZoomsAroundTheCursor() {
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

void WidgetsTest::panelSurvivesAnEmptyTrace() {
    NullImGui gui;
    LatentViewState state{.selectedStep = 5, .image = 3, .grid = true};
    QVERIFY(gui.vertices(Trace{}, state) > 0);
    Trace unmeasured = threeLooks();
    unmeasured.grids.clear();
    state.image = 0;
    QVERIFY(gui.vertices(unmeasured, state) > 0);
}

void WidgetsTest::streamShowsWordsAndChips() {
    TokenStream stream;
    stream.show(threeLooks());
    QCOMPARE(stream.latentCount(), 3);
    QString text = stream.toPlainText();
    QCOMPARE(text.replace(QChar::ObjectReplacementCharacter, '#'), "<|lvr_start|>###moon");
    stream.clear();
    QCOMPARE(stream.latentCount(), 0);
    QVERIFY(stream.toPlainText().isEmpty());
}

void WidgetsTest::clickingAChipSelectsItsStep() {
    TokenStream stream;
    stream.resize(400, 200);
    stream.show(threeLooks());
    stream.QWidget::show();
    QSignalSpy selected(&stream, &TokenStream::stepSelected);
    QTest::mouseClick(stream.viewport(), Qt::LeftButton, {}, middleOf(stream, 2));
    QTest::mouseClick(stream.viewport(), Qt::LeftButton, {}, middleOf(stream, 0));
    QCOMPARE(selected.size(), 2);
    QCOMPARE(selected[0][0].toInt(), 2);
    QCOMPARE(selected[1][0].toInt(), 0);
}

void WidgetsTest::pointingTellsTheProbability() {
    TokenStream stream;
    stream.resize(400, 200);
    stream.show(threeLooks());
    stream.QWidget::show();
    const QRect last = stream.chipRect(2);
    const QString word = stream.explain(QPoint(last.right() + 12, last.center().y()));
    QVERIFY2(word.contains("25.0 %"), qPrintable(word));
    const QString chip = stream.explain(middleOf(stream, 1));
    QVERIFY2(chip.contains("Latent step 2") && chip.contains("6.000"), qPrintable(chip));
    QVERIFY(stream.explain({399, 199}).isEmpty());
}

void WidgetsTest::copyingKeepsTheLatents() {
    TokenStream stream;
    stream.show(threeLooks());
    stream.selectAll();
    stream.copy();
    QCOMPARE(QApplication::clipboard()->text(), "<|lvr_start|><|lvr|><|lvr|><|lvr|>moon");
}

void WidgetsTest::enterAsksAndShiftEnterBreaksTheLine() {
    QuestionLine line;
    QSignalSpy asked(&line, &QuestionLine::asked);
    QTest::keyClicks(&line, "a");
    QTest::keyClick(&line, Qt::Key_Return, Qt::ShiftModifier);
    QTest::keyClicks(&line, "b");
    QTest::keyClick(&line, Qt::Key_Return);
    QCOMPARE(asked.size(), 1);
    QCOMPARE(line.toPlainText(), "a\nb");
}

void WidgetsTest::pastedPictureDoesNotBecomeText() {
    QuestionLine line;
    QSignalSpy pasted(&line, &QuestionLine::picturePasted);
    QImage picture(2, 2, QImage::Format_RGB888);
    picture.fill(Qt::green);
    QApplication::clipboard()->setImage(picture);
    line.paste();
    QCOMPARE(pasted.size(), 1);
    QVERIFY(line.toPlainText().isEmpty());
}

void WidgetsTest::exitRuleComesBackAsSet_data() {
    QTest::addColumn<int>("row");
    for (int row = 0; row < 5; ++row) QTest::addRow("%d", row) << row;
}

void WidgetsTest::exitRuleComesBackAsSet() {
    QFETCH(const int, row);
    const ExitRule rules[] = {
        NoLatents{}, FixedSteps{.count = 0},
        NearLatentEnd{.metric = LatentEndMetric::Cosine, .threshold = 0.125, .cap = 7},
        EndToken{.cap = 3}, EndProbability{.threshold = 0.75, .cap = 9}};
    ExitRuleForm form;
    QSignalSpy changed(&form, &ExitRuleForm::changed);
    form.setRule(rules[row]);
    QCOMPARE(form.rule(), rules[row]);
    QCOMPARE(changed.size(), 1);
}

void WidgetsTest::settingTheSameRuleSaysNothing() {
    ExitRuleForm form;
    QSignalSpy changed(&form, &ExitRuleForm::changed);
    form.setRule(EndProbability{});
    QCOMPARE(form.rule(), ExitRule(EndProbability{}));
    QCOMPARE(changed.size(), 0);
}

void WidgetsTest::messageCanBeDismissedAndProgressCancelled() {
    MessageBar bar;
    bar.say(MessageBar::Kind::Error, "Something is wrong.");
    QCOMPARE(bar.sentence(), "Something is wrong.");
    bar.dismiss();
    QVERIFY(bar.sentence().isEmpty());
    bar.showProgress("Reading", 0.5);
    QVERIFY(bar.showsProgress());
    bar.say(MessageBar::Kind::Hint, "Done.");
    QVERIFY(!bar.showsProgress());
}

QTEST_MAIN(WidgetsTest)
#include "widgets_test.moc"
