// Regions drawn on the picture: what mouse and keys do to them, with and without a window, and the
// answer that comes of using them as the model's thought.

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QLabel>
#include <QMimeData>
#include <QRadioButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QToolButton>
#include <QtTest>
#include <atomic>

#include "app/ask/ask_panel.h"
#include "app/ask/picture_panel.h"
#include "app/engine/ask_engine.h"
#include "app/window/main_window.h"
#include "app/window/window_services.h"
#include "core/error.h"
#include "core/vision/patch_grid.h"
#include "widgets/imgui_canvas.h"
#include "widgets/question_line.h"
#include "widgets/regions/region_actions.h"
#include "widgets/regions/region_editor.h"
#include "widgets/regions/region_json.h"
#include "widgets/regions/region_tool.h"
#include "widgets/token_stream.h"

using namespace lvr;

namespace {

constexpr RegionPoint kReach{0.02, 0.02};
constexpr PatchGrid kGrid{.rows = 4, .cols = 6};

bool near(const Box& a, const Box& b, double by = 1e-9) {
    return std::abs(a.x0 - b.x0) <= by && std::abs(a.y0 - b.y0) <= by &&
           std::abs(a.x1 - b.x1) <= by && std::abs(a.y1 - b.y1) <= by;
}

RegionEdit editOf(std::vector<Box> boxes, int chosen = -1) {
    RegionEdit edit;
    edit.setRegions({std::move(boxes), chosen});
    return edit;
}

void dragFromTo(RegionEdit& edit, RegionPoint from, RegionPoint to,
                RegionEdit::Press press = RegionEdit::Press::OnWhatIsThere) {
    edit.press(from, kReach, press);
    edit.drag({(from.x + to.x) / 2, (from.y + to.y) / 2});
    edit.drag(to);
    edit.release();
}

// Thinks of two patches and answers "moon"; with a given thought of one region "star".
class ScriptedEngine : public AskEngine {
public:
    explicit ScriptedEngine(std::atomic<int>& asked) : asked_(asked) {}
    ModelInfo info() const override { return {.name = "scripted", .pixels = PreprocessConfig{}}; }
    Trace ask(const Question& question, const DecodeOptions& options, const AskHooks& hooks,
              const std::stop_token&) override {
        ++asked_;
        const bool given = !options.thought.boxes.empty();
        Trace trace{
            .model = "scripted", .question = question, .grids = {kGrid}, .options = options};
        hooks.onGrids(trace.grids);
        trace.hiddenSize = 1;
        trace.imageTokens.resize(kGrid.count());
        const int looks = given ? static_cast<int>(options.thought.boxes.size()) : 2;
        for (int i = 0; i < looks; ++i) add(trace, {.position = i, .what = look(i)}, hooks);
        const std::string answer = given ? "star" : "moon";
        add(trace, {.position = looks, .text = "<|lvr_end|>", .what = TextStep{1}}, hooks);
        add(trace, {.position = looks + 1, .text = answer, .what = TextStep{given ? .75f : .5f}},
            hooks);
        trace.answer = trace.text = answer;
        return trace;
    }

    CausalPanel panel(const PanelRequest&, const PanelHooks&, const std::stop_token&) override {
        throw Error("This engine is only asked; open another.");
    }
    SetLook look(const CausalSetItem&, const DecodeOptions&, const std::stop_token&) override {
        throw Error("This engine is only asked; open another.");
    }
    std::vector<ProbeRow> probes(const SetLooks&, std::uint64_t) override { return {}; }

private:
    static LatentStep look(int index) {
        LatentStep latent{.index = index, .norm = 1};
        latent.cosine.assign(kGrid.count(), 0.1f);
        latent.l2.assign(kGrid.count(), 1.0f);
        latent.cosine[index] = 0.9f;
        return latent;
    }
    static void add(Trace& trace, DecodeStep step, const AskHooks& hooks) {
        if (std::holds_alternative<LatentStep>(step.what)) trace.latents.push_back(1);
        hooks.onStep(step);
        trace.steps.push_back(std::move(step));
    }
    std::atomic<int>& asked_;
};

Image picture() {
    return {.width = 168, .height = 112, .rgb = std::vector<std::uint8_t>(168 * 112 * 3, 90)};
}

// A window with a model and a scene of two known regions.
struct World {
    std::atomic<int> asked = 0;
    MainWindow window{{.openEngine = [this](const ModelWish&, const LoadHooks&,
                                            const std::stop_token&) -> std::unique_ptr<AskEngine> {
                           return std::make_unique<ScriptedEngine>(asked);
                       },
                       .sceneKinds = {"chain"},
                       .newScene =
                           [](const std::string&) {
                               return Sample{.question = {.images = {picture()}, .text = "What?"},
                                             .answer = "moon",
                                             .rois = {{0, 0, 0.1, 0.2}, {0.5, 0.5, 0.6, 0.7}}};
                           },
                       .cachedCheckpoints = [] { return std::vector<std::string>(); }}};
    QSignalSpy settled{&window, &MainWindow::settled};
    PicturePanel& panel;
    QWidget& surface;
    RegionTool& tool;

    World()
        : panel(*window.findChild<PicturePanel*>()),
          surface(*panel.focusProxy()),
          tool(panel.regions()) {
        window.resize(1280, 720);
        window.show();
        window.newScene("chain");
        window.openModel({});
        settle();
        window.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        surface.setFocus();
    }
    void settle() { QVERIFY(!window.isBusy() || settled.wait(5000)); }
    void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) {
        QTest::keyClick(&surface, key, modifiers);
    }
    // Draws, and the picture's place is known then.
    void startDrawing() {
        press(Qt::Key_R);
        QVERIFY(tool.actions().draw->isChecked());
        QTRY_VERIFY(panel.pictureRect().width > 100);
        settleFrames();
    }
    void settleFrames() {
        if (auto* canvas = qobject_cast<ImGuiCanvas*>(&surface)) {
            QSignalSpy drawn(canvas, &ImGuiCanvas::drawn);
            canvas->redraw();
            QTRY_VERIFY(drawn.size() >= 3);
        } else {
            surface.grab();
        }
    }
    QPoint at(double x, double y) const {
        const ViewRect& r = panel.pictureRect();
        return {qRound(r.x + x * static_cast<double>(r.width)),
                qRound(r.y + y * static_cast<double>(r.height))};
    }
    void drag(RegionPoint from, RegionPoint to, Qt::MouseButton button = Qt::LeftButton,
              Qt::KeyboardModifiers modifiers = {}) {
        const RegionPoint middle{(from.x + to.x) / 2, (from.y + to.y) / 2};
        const auto go = [&](RegionPoint p) {
            QMouseEvent move(QEvent::MouseMove, at(p.x, p.y), surface.mapToGlobal(at(p.x, p.y)),
                             Qt::NoButton, button, modifiers);
            QApplication::sendEvent(&surface, &move);
            settleFrames();
        };
        QTest::mousePress(&surface, button, modifiers, at(from.x, from.y));
        settleFrames();
        const auto start = panel.pictureRect();
        go(middle);
        if (start.x == panel.pictureRect().x && start.y == panel.pictureRect().y) go(to);
        QTest::mouseRelease(&surface, button, modifiers, at(to.x, to.y));
        settleFrames();
    }
    void click(RegionPoint where, Qt::KeyboardModifiers modifiers = {}) {
        QTest::mousePress(&surface, Qt::LeftButton, modifiers, at(where.x, where.y));
        settleFrames();
        QTest::mouseRelease(&surface, Qt::LeftButton, modifiers, at(where.x, where.y));
        settleFrames();
    }
    QString said() {
        for (auto* label : window.findChildren<QLabel*>())
            if (label->accessibleName() == "What is drawn") return label->text();
        return {};
    }
    QRadioButton& radio(const QString& begin) {
        for (auto* button : window.findChildren<QRadioButton*>())
            if (button->text().startsWith(begin)) return *button;
        qFatal("no choice %s", qPrintable(begin));
    }
    void useAsThought() {
        tool.actions().thought->trigger();
        settle();
    }
    // A pixel of the screen, in fractions of the picture.
    double pixel() const { return 1.6 / static_cast<double>(panel.pictureRect().width); }
};

}  // namespace

class RegionsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    // ---- The editing alone ----
    void aDragOnNothingDrawsABoxWithItsCornersInOrder();
    void aPressThatStaysDrawsNothingAndUnchooses();
    void draggingTheInsideMovesAndKeepsTheSize();
    void edgesAndCornersResize_data();
    void edgesAndCornersResize();
    void anEdgeDraggedAcrossTheOtherTurnsTheBoxAround();
    void nearIsNearOnTheScreen();
    void aSmallBoxCanBeMoved();
    void theSmallestBoxAroundThePointIsTaken();
    void shiftDrawsOnTopOfABox();
    void cancellingPutsItBack();
    void keysMoveAndResizeByPictureAndStayInside();
    void tabGoesRound();
    void removingChoosesTheOneBefore();
    void theBoxAroundTokensHasJustThese();
    void jsonComesBack();
    void jsonKeepsTheImageOfABox();
    void boxesOnOtherImagesAreLeftAlone();
    void aNewRegionIsOnThePictureThatIsShown();
    void wrongJsonIsNamed_data();
    void wrongJsonIsNamed();
    void whatWasDoneIsTakenBackStepByStep();
    void nudgesInARowAreOneStep();

    // ---- In the window ----
    void mouseDrawsMovesAndResizes();
    void aZoomedPictureIsDrawnOnToo();
    void middleButtonAndSpaceMoveThePicture();
    void keysEditWithoutAMouse();
    void escapeLeavesOneThingAtATime();
    void arrowsGoThroughTheStepsWhenNothingIsDrawn();
    void boxesAreCopiedAndPasted();
    void pastingNonsenseSaysSo();
    void tokensBecomeABoxAndABoxSnapsToThem();
    void knownRegionsCanBeTaken();
    void boxesSurviveAskingAndGoWithThePicture();
    void ownRegionsAreSavedAsTheTracesRois();

    // ---- As a thought ----
    void theThoughtIsOfferedOnceThereIsARegion();
    void useAsThoughtAsksBothWaysAndShowsBoth();
    void anAnswerThatIsThereIsNotAskedForAgain();
    void bothThoughtsCanBeLookedAtWithoutAsking();
    void anotherQuestionForgetsTheComparison();
    void aGivenThoughtComesBackFromItsTrace();

private:
    QTemporaryDir folder_;
};

// ---- The editing alone ----

void RegionsTest::aDragOnNothingDrawsABoxWithItsCornersInOrder() {
    RegionEdit edit;
    dragFromTo(edit, {0.8, 0.9}, {0.2, 0.3});
    QCOMPARE(edit.regions().boxes.size(), std::size_t{1});
    QVERIFY(near(edit.regions().boxes[0], {0.2, 0.3, 0.8, 0.9}));
    QCOMPARE(edit.regions().chosen, 0);
    dragFromTo(edit, {0.85, 0.1}, {1.4, -0.5});
    QVERIFY(near(edit.regions().boxes[1], {0.85, 0, 1, 0.1}));
}

void RegionsTest::aPressThatStaysDrawsNothingAndUnchooses() {
    RegionEdit edit = editOf({{0.1, 0.1, 0.3, 0.3}}, 0);
    dragFromTo(edit, {0.7, 0.7}, {0.705, 0.705});
    QCOMPARE(edit.regions().boxes.size(), std::size_t{1});
    QCOMPARE(edit.regions().chosen, -1);
}

void RegionsTest::draggingTheInsideMovesAndKeepsTheSize() {
    RegionEdit edit = editOf({{0.1, 0.1, 0.3, 0.4}});
    dragFromTo(edit, {0.2, 0.2}, {0.3, 0.4});
    QVERIFY(near(edit.regions().boxes[0], {0.2, 0.3, 0.4, 0.6}));
    dragFromTo(edit, {0.3, 0.4}, {2, -1});
    QVERIFY(near(edit.regions().boxes[0], {0.8, 0, 1, 0.3}));
    QCOMPARE(edit.regions().chosen, 0);
}

void RegionsTest::edgesAndCornersResize_data() {
    QTest::addColumn<int>("x");
    QTest::addColumn<int>("y");
    for (const int x : {-1, 0, 1})
        for (const int y : {-1, 0, 1})
            if (x || y) QTest::addRow("%d %d", x, y) << x << y;
}

void RegionsTest::edgesAndCornersResize() {
    QFETCH(const int, x);
    QFETCH(const int, y);
    RegionEdit edit = editOf({{0.4, 0.4, 0.6, 0.6}});
    const RegionPoint grip{0.5 + 0.1 * x, 0.5 + 0.1 * y};
    QCOMPARE(edit.gripAt(grip, kReach), (RegionGrip{0, x, y}));
    dragFromTo(edit, grip, {grip.x + 0.05, grip.y + 0.05});
    const Box expected{x < 0 ? 0.45 : 0.4, y < 0 ? 0.45 : 0.4, x > 0 ? 0.65 : 0.6,
                       y > 0 ? 0.65 : 0.6};
    QVERIFY(near(edit.regions().boxes[0], expected));
}

void RegionsTest::anEdgeDraggedAcrossTheOtherTurnsTheBoxAround() {
    RegionEdit edit = editOf({{0.4, 0.4, 0.6, 0.6}});
    dragFromTo(edit, {0.4, 0.5}, {0.9, 0.5});
    QVERIFY(near(edit.regions().boxes[0], {0.6, 0.4, 0.9, 0.6}));
}

void RegionsTest::nearIsNearOnTheScreen() {
    const RegionEdit edit = editOf({{0.4, 0.4, 0.6, 0.6}});
    const RegionPoint at{0.385, 0.5};
    QCOMPARE(edit.gripAt(at, {0.02, 0.02}), (RegionGrip{0, -1, 0}));
    QCOMPARE(edit.gripAt(at, {0.002, 0.002}).box, -1);  // the same place, ten times as large
}

void RegionsTest::aSmallBoxCanBeMoved() {
    RegionEdit edit = editOf({{0.50, 0.50, 0.51, 0.51}}, 0);
    QCOMPARE(edit.gripAt({0.505, 0.505}, kReach), (RegionGrip{0, 0, 0}));
    QCOMPARE(edit.gripAt({0.515, 0.515}, kReach), (RegionGrip{0, 1, 1}));
}

void RegionsTest::theSmallestBoxAroundThePointIsTaken() {
    RegionEdit edit = editOf({{0.4, 0.4, 0.6, 0.6}, {0.1, 0.1, 0.9, 0.9}});
    QCOMPARE(edit.gripAt({0.5, 0.5}, kReach).box, 0);
    QCOMPARE(edit.gripAt({0.2, 0.2}, kReach).box, 1);
    // Where two edges meet, the chosen box's.
    edit = editOf({{0.1, 0.1, 0.5, 0.5}, {0.5, 0.1, 0.9, 0.5}}, 0);
    QCOMPARE(edit.gripAt({0.5, 0.3}, kReach), (RegionGrip{0, 1, 0}));
    edit = editOf(edit.regions().boxes, 1);
    QCOMPARE(edit.gripAt({0.5, 0.3}, kReach), (RegionGrip{1, -1, 0}));
}

void RegionsTest::shiftDrawsOnTopOfABox() {
    RegionEdit edit = editOf({{0.1, 0.1, 0.9, 0.9}});
    dragFromTo(edit, {0.3, 0.3}, {0.5, 0.5}, RegionEdit::Press::NewBox);
    QCOMPARE(edit.regions().boxes.size(), std::size_t{2});
    QVERIFY(near(edit.regions().boxes[0], {0.1, 0.1, 0.9, 0.9}));
}

void RegionsTest::cancellingPutsItBack() {
    RegionEdit edit = editOf({{0.1, 0.1, 0.3, 0.3}}, 0);
    const Regions before = edit.regions();
    edit.press({0.2, 0.2}, kReach);
    edit.drag({0.6, 0.6});
    QVERIFY(edit.regions() != before);
    edit.cancel();
    QCOMPARE(edit.regions(), before);
    edit.drag({0.9, 0.9});
    QCOMPARE(edit.regions(), before);
}

void RegionsTest::keysMoveAndResizeByPictureAndStayInside() {
    RegionEdit edit = editOf({{0.1, 0.1, 0.3, 0.3}}, 0);
    edit.setImage(0, {0.01, 0.02});
    edit.move(1, -2);
    QVERIFY(near(edit.regions().boxes[0], {0.11, 0.06, 0.31, 0.26}));
    edit.move(1000, -1000);
    QVERIFY(near(edit.regions().boxes[0], {0.8, 0, 1, 0.2}));
    edit.resize(-3, 5);
    QVERIFY(near(edit.regions().boxes[0], {0.8, 0, 0.97, 0.3}));
    edit.resize(-1000, -1000);
    QVERIFY(near(edit.regions().boxes[0], {0.8, 0, 0.81, 0.02}));
}

void RegionsTest::tabGoesRound() {
    RegionEdit edit = editOf({{0, 0, 0.1, 0.1}, {0.2, 0, 0.3, 0.1}, {0.4, 0, 0.5, 0.1}});
    QList<int> chosen;
    for (const int by : {1, 1, 1, 1, -1, -1}) {
        edit.choose(by);
        chosen << edit.regions().chosen;
    }
    QCOMPARE(chosen, (QList<int>{0, 1, 2, 0, 2, 1}));
    RegionEdit none;
    none.choose(1);
    QCOMPARE(none.regions().chosen, -1);
}

void RegionsTest::removingChoosesTheOneBefore() {
    RegionEdit edit = editOf({{0, 0, 0.1, 0.1}, {0.2, 0, 0.3, 0.1}}, 1);
    edit.remove();
    QCOMPARE(edit.regions().chosen, 0);
    edit.remove();
    QCOMPARE(edit.regions().chosen, -1);
    edit.remove();
    QVERIFY(edit.regions().boxes.empty());
}

void RegionsTest::theBoxAroundTokensHasJustThese() {
    for (int rows = 1; rows <= 40; ++rows) {
        const PatchGrid grid{rows, rows * 3 + 1};
        for (const int token : {0, grid.cols - 1, grid.count() / 2, grid.count() - 1}) {
            QCOMPARE(boxTokens(*boxAround({token}, grid), grid), std::vector{token});
            // Also after it went through the clipboard.
            const Box copied = boxesFromJson(toJson({*boxAround({token}, grid)}))[0];
            QCOMPARE(boxTokens(copied, grid), std::vector{token});
        }
    }
    const auto box = boxAround({14, 9}, kGrid);
    QCOMPARE(boxTokens(*box, kGrid), (std::vector{8, 9, 14, 15}));
    QVERIFY(!boxAround({}, kGrid));
}

void RegionsTest::jsonComesBack() {
    const std::vector<Box> boxes{{0.125, 0.25, 0.5, 1}, {0, 0, 1.0 / 3, 0.1}};
    QCOMPARE(toJson(boxes), "[[0.125, 0.25, 0.5, 1], [0, 0, 0.333333, 0.1]]");
    const auto back = boxesFromJson(toJson(boxes));
    QCOMPARE(back.size(), std::size_t{2});
    QVERIFY(near(back[1], boxes[1], 1e-6));
    QCOMPARE(boxesFromJson("[0.1, 0.2, 0.3, 0.4]").size(), std::size_t{1});
    QCOMPARE(boxesFromJson(R"({"image": "a.png", "bboxes": [[0, 0, 1, 1]]})").size(),
             std::size_t{1});
}

void RegionsTest::jsonKeepsTheImageOfABox() {
    const std::vector<Box> boxes{{0, 0, 0.5, 1}, {0, 0, 0.25, 0.5, 1}};
    QCOMPARE(toJson(boxes),
             R"({"bboxes": [[0, 0, 0.5, 1], [0, 0, 0.25, 0.5]], "bbox_images": [0, 1]})");
    QCOMPARE(boxesFromJson(toJson(boxes)), boxes);
}

void RegionsTest::boxesOnOtherImagesAreLeftAlone() {
    const Box first{0.2, 0.2, 0.6, 0.6}, second{0.2, 0.2, 0.6, 0.6, 1};
    RegionEdit edit = editOf({first, second}, 0);
    edit.setImage(1, {0.01, 0.01});
    QCOMPARE(edit.regions().chosen, -1);
    QCOMPARE(edit.gripAt({0.4, 0.4}, {0.01, 0.01}).box, 1);
    edit.choose(1);
    edit.choose(1);
    QCOMPARE(edit.regions().chosen, 1);
    dragFromTo(edit, {0.8, 0.8}, {0.9, 0.9});
    QCOMPARE(edit.regions().boxes.back().image, 1);
    edit.remove();
    edit.remove();
    QCOMPARE(edit.regions().boxes, (std::vector<Box>{first}));
    QCOMPARE(edit.regions().chosen, -1);
    edit.choose(-1);
    QCOMPARE(edit.regions().chosen, -1);
}

void RegionsTest::aNewRegionIsOnThePictureThatIsShown() {
    LatentViewState state;
    state.tokensOf = [](const Box& box, PatchGrid grid) { return boxTokens(box, grid); };
    QWidget panel;
    RegionTool tool(state, &panel);
    tool.showPictures({{100, 100}, {50, 50}});
    tool.setGrids({{8, 8}, {1, 1}});
    tool.actions().add->trigger();
    state.image = 1;
    tool.turnTo(1);
    QCOMPARE(state.chosenBox, -1);
    QCOMPARE(state.boxGrid, (PatchGrid{1, 1}));
    tool.actions().add->trigger();
    QCOMPARE(tool.boxes().size(), std::size_t{2});
    QCOMPARE(tool.boxes()[0].image, 0);
    QCOMPARE(tool.boxes()[1].image, 1);
    QCOMPARE(state.chosenBox, 1);
    const auto tokens = boxTokens(tool.boxes()[0], {8, 8}).size() + 1;
    QVERIFY2(tool.summary().startsWith(QString("2 regions, %1 tokens").arg(tokens)),
             qPrintable(tool.summary()));
    tool.showPictures({{100, 100}});
    QVERIFY(tool.boxes().empty());
}

void RegionsTest::wrongJsonIsNamed_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("names");
    QTest::newRow("words") << "hello"
                           << "no regions";
    QTest::newRow("nothing") << ""
                             << "no regions";
    QTest::newRow("three numbers") << "[[0, 0, 1, 1], [0, 0, 1]]"
                                   << "Box 2 does not have four";
    QTest::newRow("a word in it") << R"([[0, 0, 1, "x"]])"
                                  << "Box 1 does not have four";
    QTest::newRow("pixels") << "[[10, 20, 30, 40]]"
                            << "Box 1 is outside";
    QTest::newRow("wrong order") << "[[0.5, 0, 0.4, 1]]"
                                 << "Box 1 has no area";
}

void RegionsTest::wrongJsonIsNamed() {
    QFETCH(const QString, text);
    QFETCH(const QString, names);
    try {
        boxesFromJson(text);
        QFAIL("taken");
    } catch (const Error& error) {
        QVERIFY2(QString(error.what()).contains(names), error.what());
    }
}

void RegionsTest::whatWasDoneIsTakenBackStepByStep() {
    RegionEditor editor;
    editor.turnTo(0, {0.01, 0.01});
    std::vector<Regions> states{editor.regions()};
    const auto then = [&](const std::function<void(RegionEdit&)>& how) {
        editor.change("step", how);
        states.push_back(editor.regions());
    };
    then([](RegionEdit& edit) { edit.add({0.1, 0.1, 0.2, 0.2}); });
    then([](RegionEdit& edit) { edit.add({0.5, 0.5, 0.7, 0.7}); });
    then([](RegionEdit& edit) { edit.move(3, 3); });
    then([](RegionEdit& edit) { edit.remove(); });
    editor.choose(1);  // is no step
    for (int i = 3; i >= 0; --i) {
        editor.history().undo();
        QCOMPARE(editor.regions().boxes, states[i].boxes);
    }
    QVERIFY(!editor.history().canUndo());
    for (int i = 1; i <= 4; ++i) {
        editor.history().redo();
        QCOMPARE(editor.regions(), states[i]);
    }
}

void RegionsTest::nudgesInARowAreOneStep() {
    RegionEditor editor;
    editor.turnTo(0, {0.01, 0.01});
    editor.reset({{0.1, 0.1, 0.2, 0.2}, {0.3, 0.3, 0.4, 0.4}});
    const auto nudge = [&] {
        editor.change(
            "nudge", [](RegionEdit& edit) { edit.move(1, 0); }, RegionEditor::Merge::Yes);
    };
    editor.choose(1);
    nudge();
    nudge();
    nudge();
    editor.choose(1);
    nudge();
    QCOMPARE(editor.history().count(), 2);
    editor.history().undo();
    editor.history().undo();
    QVERIFY(near(editor.regions().boxes[0], {0.1, 0.1, 0.2, 0.2}));
    QVERIFY(near(editor.regions().boxes[1], {0.3, 0.3, 0.4, 0.4}));
}

// ---- In the window ----

void RegionsTest::mouseDrawsMovesAndResizes() {
    World world;
    world.startDrawing();
    world.drag({0.2, 0.2}, {0.4, 0.5});
    QCOMPARE(world.tool.boxes().size(), std::size_t{1});
    QVERIFY(near(world.tool.boxes()[0], {0.2, 0.2, 0.4, 0.5}, world.pixel()));
    world.drag({0.3, 0.3}, {0.5, 0.4});
    QVERIFY(near(world.tool.boxes()[0], {0.4, 0.3, 0.6, 0.6}, 2 * world.pixel()));
    world.drag({0.6, 0.6}, {0.7, 0.8});
    QVERIFY(near(world.tool.boxes()[0], {0.4, 0.3, 0.7, 0.8}, 3 * world.pixel()));
    world.drag({0.45, 0.45}, {0.55, 0.55}, Qt::LeftButton, Qt::ShiftModifier);
    QCOMPARE(world.tool.boxes().size(), std::size_t{2});
    QCOMPARE(world.said(), "2 regions, 13 tokens (number 2: 4)");
    world.press(Qt::Key_Z, Qt::ControlModifier);
    world.press(Qt::Key_Z, Qt::ControlModifier);
    QVERIFY(near(world.tool.boxes()[0], {0.4, 0.3, 0.6, 0.6}, 2 * world.pixel()));
    world.press(Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
    QVERIFY(near(world.tool.boxes()[0], {0.4, 0.3, 0.7, 0.8}, 3 * world.pixel()));
}

void RegionsTest::aZoomedPictureIsDrawnOnToo() {
    World world;
    if (!qobject_cast<ImGuiCanvas*>(&world.surface)) QSKIP("the plain view does not zoom");
    world.startDrawing();
    const float before = world.panel.pictureRect().width;
    const QPointF at = world.at(0.25, 0.25);
    for (int turn = 0; turn < 8; ++turn) {
        QWheelEvent wheel(at, world.surface.mapToGlobal(at), {}, {0, 120}, Qt::NoButton,
                          Qt::NoModifier, Qt::NoScrollPhase, false);
        QTest::mouseMove(&world.surface, at.toPoint());
        world.settleFrames();
        QApplication::sendEvent(&world.surface, &wheel);
        world.settleFrames();
    }
    QVERIFY(world.panel.pictureRect().width > 3 * before);
    world.drag({0.24, 0.24}, {0.27, 0.28});
    QCOMPARE(world.tool.boxes().size(), std::size_t{1});
    QVERIFY(near(world.tool.boxes()[0], {0.24, 0.24, 0.27, 0.28}, world.pixel()));
    world.drag({0.27, 0.26}, {0.29, 0.26});
    QVERIFY(near(world.tool.boxes()[0], {0.24, 0.24, 0.29, 0.28}, 2 * world.pixel()));
}

void RegionsTest::middleButtonAndSpaceMoveThePicture() {
    World world;
    if (!qobject_cast<ImGuiCanvas*>(&world.surface)) QSKIP("the plain view does not move");
    world.startDrawing();
    const float x = world.panel.pictureRect().x;
    world.drag({0.5, 0.5}, {0.4, 0.5}, Qt::MiddleButton);
    const float moved = world.panel.pictureRect().x;
    QVERIFY(moved < x - 10);
    QTest::keyPress(&world.surface, Qt::Key_Space);
    world.drag({0.5, 0.5}, {0.6, 0.5});
    QTest::keyRelease(&world.surface, Qt::Key_Space);
    QVERIFY(world.panel.pictureRect().x > moved + 10);
    QVERIFY(world.tool.boxes().empty());
    QVERIFY(!world.panel.isPlaying());
}

void RegionsTest::keysEditWithoutAMouse() {
    World world;
    world.press(Qt::Key_Insert);
    QVERIFY(world.tool.actions().draw->isChecked());
    QCOMPARE(world.tool.boxes().size(), std::size_t{1});
    const Box box = world.tool.boxes()[0];
    world.press(Qt::Key_Right);
    world.press(Qt::Key_Down, Qt::ShiftModifier);
    world.press(Qt::Key_Right, Qt::ControlModifier | Qt::ShiftModifier);
    const double x = 1.0 / 168, y = 1.0 / 112;
    QVERIFY(near(world.tool.boxes()[0],
                 {box.x0 + x, box.y0 + 10 * y, box.x1 + 11 * x, box.y1 + 10 * y}));
    world.press(Qt::Key_Insert);
    world.press(Qt::Key_Tab);
    QVERIFY(world.surface.hasFocus());
    world.press(Qt::Key_Delete);
    QCOMPARE(world.tool.boxes().size(), std::size_t{1});
    QVERIFY(near(world.tool.boxes()[0], box));
}

void RegionsTest::escapeLeavesOneThingAtATime() {
    World world;
    world.startDrawing();
    QTest::mousePress(&world.surface, Qt::LeftButton, {}, world.at(0.2, 0.2));
    world.settleFrames();
    QMouseEvent move(QEvent::MouseMove, world.at(0.5, 0.5),
                     world.surface.mapToGlobal(world.at(0.5, 0.5)), Qt::NoButton, Qt::LeftButton,
                     Qt::NoModifier);
    QApplication::sendEvent(&world.surface, &move);
    world.settleFrames();
    QCOMPARE(world.tool.boxes().size(), std::size_t{1});
    world.press(Qt::Key_Escape);
    QVERIFY(world.tool.boxes().empty());
    QTest::mouseRelease(&world.surface, Qt::LeftButton, {}, world.at(0.5, 0.5));
    world.settleFrames();
    QVERIFY(world.tool.boxes().empty());
    QVERIFY(world.tool.actions().draw->isChecked());
    QVERIFY(world.window.findChild<RegionBar*>()->isVisible());
    world.press(Qt::Key_Escape);
    QVERIFY(!world.tool.actions().draw->isChecked());
    QVERIFY(!world.window.findChild<RegionBar*>()->isVisible());
}

void RegionsTest::arrowsGoThroughTheStepsWhenNothingIsDrawn() {
    World world;
    world.window.ask("What?");
    world.settle();
    world.press(Qt::Key_Home);
    world.press(Qt::Key_Right);
    QCOMPARE(world.panel.selectedStep(), 1);
}

void RegionsTest::boxesAreCopiedAndPasted() {
    World world;
    world.press(Qt::Key_Insert);
    world.press(Qt::Key_C, Qt::ControlModifier);
    const auto copied = boxesFromJson(QApplication::clipboard()->text());
    QVERIFY(near(copied.at(0), world.tool.boxes()[0], 1e-6));
    QApplication::clipboard()->setText("[[0, 0, 0.25, 0.5], [0.5, 0.5, 1, 1]]");
    world.press(Qt::Key_V, Qt::ControlModifier);
    QCOMPARE(world.tool.boxes().size(), std::size_t{3});
    QCOMPARE(world.tool.boxes()[2], (Box{0.5, 0.5, 1, 1}));
    world.press(Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(world.tool.boxes().size(), std::size_t{1});
    QCOMPARE(world.window.trace().question.images[0], picture());
}

void RegionsTest::pastingNonsenseSaysSo() {
    World world;
    world.startDrawing();
    QApplication::clipboard()->setText("[[10, 20, 30, 40]]");
    world.press(Qt::Key_V, Qt::ControlModifier);
    QVERIFY2(world.window.message().contains("Box 1 is outside"),
             qPrintable(world.window.message()));
    QVERIFY(world.tool.boxes().empty());
}

void RegionsTest::tokensBecomeABoxAndABoxSnapsToThem() {
    World world;
    world.startDrawing();
    // 168x112 pixels are 4x6 tokens, known before anything was asked.
    world.click({1.5 / 6, 1.5 / 4}, Qt::ControlModifier);
    world.drag({2.5 / 6, 2.5 / 4}, {3.5 / 6, 2.5 / 4}, Qt::LeftButton, Qt::ControlModifier);
    world.click({3.5 / 6, 2.5 / 4}, Qt::ControlModifier);  // and not this one after all
    QVERIFY(world.tool.boxes().empty());
    world.press(Qt::Key_Return);
    QCOMPARE(world.tool.boxes().size(), std::size_t{1});
    QCOMPARE(boxTokens(world.tool.boxes()[0], kGrid), (std::vector{7, 8, 13, 14}));
    QCOMPARE(world.said(), "1 region, 4 tokens");
    world.press(Qt::Key_Delete);
    world.drag({0.4 / 6, 0.4 / 4}, {1.2 / 6, 0.8 / 4});
    world.press(Qt::Key_G);
    QVERIFY(near(world.tool.boxes()[0], *boxAround({0, 1}, kGrid)));
}

void RegionsTest::knownRegionsCanBeTaken() {
    World world;
    world.tool.actions().useKnown->trigger();
    QCOMPARE(world.tool.boxes(), (std::vector<Box>{{0, 0, 0.1, 0.2}, {0.5, 0.5, 0.6, 0.7}}));
}

void RegionsTest::boxesSurviveAskingAndGoWithThePicture() {
    World world;
    world.press(Qt::Key_Insert);
    for (int i = 0; i < 2; ++i) {
        world.window.ask("What?");
        world.settle();
        QCOMPARE(world.tool.boxes().size(), std::size_t{1});
    }
    const auto drawn = world.tool.boxes();
    QMimeData pasted;
    pasted.setImageData(QImage(30, 20, QImage::Format_RGB888));
    world.window.give(pasted);
    QVERIFY(world.tool.boxes().empty());
    world.window.newScene("chain");  // the same picture again
    QCOMPARE(world.tool.boxes(), drawn);
}

void RegionsTest::ownRegionsAreSavedAsTheTracesRois() {
    World world;
    world.press(Qt::Key_Insert);
    world.window.ask("What?");
    world.settle();
    QCOMPARE(world.window.trace().rois.size(), std::size_t{2});  // the scene's own are known
    world.window.ask("Something else?");
    world.settle();
    QCOMPARE(world.window.trace().rois, world.tool.boxes());
    world.press(Qt::Key_Right);
    QCOMPARE(world.window.trace().rois, world.tool.boxes());
}

// ---- As a thought ----

void RegionsTest::theThoughtIsOfferedOnceThereIsARegion() {
    World world;
    auto& row = *world.window.findChild<ThoughtRow*>();
    QVERIFY(!world.tool.actions().thought->isEnabled());
    QVERIFY(!row.isVisible());
    world.press(Qt::Key_Insert);
    QVERIFY(world.tool.actions().thought->isEnabled());
    QVERIFY(row.isVisible());
    world.press(Qt::Key_Delete);
    QVERIFY(!row.isVisible());
}

void RegionsTest::useAsThoughtAsksBothWaysAndShowsBoth() {
    World world;
    world.press(Qt::Key_Insert);
    world.useAsThought();
    QCOMPARE(world.asked.load(), 2);
    QCOMPARE(world.window.trace().answer, "star");
    QCOMPARE(world.window.trace().options.thought.boxes, world.tool.boxes());
    QCOMPARE(world.radio("own").text(), "own thought: moon (50.0 %)");
    QCOMPARE(world.radio("your").text(), "your region: star (75.0 %)");
    QCOMPARE(world.window.findChild<QLabel*>("ask.moved")->text(), "→ another answer");
    QVERIFY(world.radio("your").isChecked() && world.radio("your").isVisible());
}

void RegionsTest::anAnswerThatIsThereIsNotAskedForAgain() {
    World world;
    world.window.ask("What?");
    world.settle();
    world.press(Qt::Key_Insert);
    world.useAsThought();
    QCOMPARE(world.asked.load(), 2);
    world.press(Qt::Key_Insert);
    world.useAsThought();
    QCOMPARE(world.asked.load(), 3);
    QVERIFY(world.radio("your").text().startsWith("your 2 regions: star"));
    QVERIFY(world.radio("own").text().startsWith("own thought: moon"));
}

void RegionsTest::bothThoughtsCanBeLookedAtWithoutAsking() {
    World world;
    world.press(Qt::Key_Insert);
    world.useAsThought();
    auto& stream = *world.window.findChild<TokenStream*>();
    QCOMPARE(stream.latentCount(), 1);
    QTest::mouseClick(&world.radio("own"), Qt::LeftButton, {}, {8, 8});
    QCOMPARE(world.window.trace().answer, "moon");
    QVERIFY(world.window.trace().options.thought.boxes.empty());
    QCOMPARE(stream.latentCount(), 2);
    QTest::keyClick(&world.radio("own"), Qt::Key_Down);
    QCOMPARE(world.window.trace().answer, "star");
    QCOMPARE(stream.latentCount(), 1);
    QCOMPARE(world.asked.load(), 2);
}

void RegionsTest::anotherQuestionForgetsTheComparison() {
    World world;
    world.press(Qt::Key_Insert);
    world.useAsThought();
    world.window.ask("And now?");
    world.settle();
    QVERIFY(!world.radio("your").isVisible());
    world.useAsThought();
    QCOMPARE(world.asked.load(), 4);
    QCOMPARE(world.window.trace().question.text, "And now?");
}

void RegionsTest::aGivenThoughtComesBackFromItsTrace() {
    World world;
    world.press(Qt::Key_Insert);
    world.useAsThought();
    const Trace saved = world.window.trace();
    const QString file = folder_.filePath("given.lvrtrace");
    world.window.saveTrace(file);
    world.settle();
    QCOMPARE(world.window.message(), "");
    world.window.newScene("chain");
    world.window.openFile(file);
    world.settle();
    QCOMPARE(world.window.trace().options, saved.options);
    QCOMPARE(world.tool.boxes(), saved.options.thought.boxes);
    QVERIFY(world.radio("your").isVisible());
    QVERIFY(!world.radio("own").isVisible());
}

QTEST_MAIN(RegionsTest)
#include "regions_test.moc"
