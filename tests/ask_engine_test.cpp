// What the window relies on in whoever answers: held to the shipped model first, then to the
// engine of a few lines that other tests ask. And what only the shipped model can show in a window.

#include <QAction>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProgressBar>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

#include "app/ask/detail_row.h"
#include "app/ask/picture_panel.h"
#include "app/engine/inference_worker.h"
#include "app/engine/lvr_engine.h"
#include "core/error.h"
#include "core/trace/trace_file.h"
#include "core/vision/image_file.h"
#include "datasets/scenes/scenes.h"
#include "tests/support/scripted_window.h"
#include "widgets/regions/region_tool.h"

using namespace lvr;

namespace {

using MakeEngine = std::function<std::unique_ptr<AskEngine>()>;

std::unique_ptr<AskEngine> shippedModel() { return openLvrEngine({}, {}, {}); }

// A photo of more visual tokens than the shipped model reads, at most 5 in a row alike.
Image photo(int width, int height) {
    Image image = picture(width, height);
    for (std::size_t i = 0; i < image.rgb.size(); ++i)
        image.rgb[i] = static_cast<std::uint8_t>((i * 2654435761U) >> 24U);
    return image;
}

WindowServices withShippedModel() {
    return {.openEngine = openLvrEngine,
            .sceneKinds = sceneKinds(),
            .newScene = [](const std::string& kind) { return sceneSample(7, 0, kind); },
            .cachedCheckpoints = [] { return std::vector<std::string>(); }};
}

// A window with the shipped model and a scene.
struct RealWorld {
    MainWindow window{withShippedModel()};
    QSignalSpy settled{&window, &MainWindow::settled};
    QSignalSpy failed{&window, &MainWindow::failed};

    RealWorld() {
        window.resize(1280, 720);
        window.show();
        window.newScene("chain");
        window.openModel({});
        settle();
    }
    void settle() { QVERIFY(!window.isBusy() || settled.wait(60000)); }
    QLabel& label(const QString& accessibleName) {
        for (auto* label : window.findChildren<QLabel*>())
            if (label->accessibleName() == accessibleName) return *label;
        qFatal("no label %s", qPrintable(accessibleName));
    }
};

}  // namespace

Q_DECLARE_METATYPE(MakeEngine)

class AskEngineTest : public QObject {
    Q_OBJECT

    Script script_;
    Sample scene_ = sceneSample(7, 0, "chain");
    DecodeOptions options_{.exit = FixedSteps{3},
                           .spanStart = SpanStart::Forced,
                           .maxNewTokens = 12,
                           .sampling = {.temperature = 0.7, .seed = 5}};

    DecodeOptions greedy() const {
        DecodeOptions options = options_;
        options.sampling = {};
        return options;
    }

    static void engines(Script& script) {
        QTest::addColumn<MakeEngine>("make");
        QTest::newRow("shipped model") << MakeEngine(shippedModel);
        QTest::newRow("scripted") << MakeEngine(
            [&script] { return std::make_unique<ScriptedEngine>(script, "tiny"); });
    }

private Q_SLOTS:
    void aTraceSaysWhoWasAskedWhat_data() { engines(script_); }
    void aTraceSaysWhoWasAskedWhat() {
        QFETCH(MakeEngine, make);
        const auto engine = make();
        const auto trace = engine->ask(scene_.question, options_, {}, {});
        QCOMPARE(trace.model, engine->info().name);
        QCOMPARE(trace.question, scene_.question);
        QCOMPARE(trace.options, options_);
    }

    void whatIsReportedIsWhatTheTraceHolds_data() { engines(script_); }
    void whatIsReportedIsWhatTheTraceHolds() {
        QFETCH(MakeEngine, make);
        std::vector<std::vector<PatchGrid>> grids;
        std::vector<DecodeStep> steps;
        std::size_t stepsBeforeGrids = 0;
        const auto trace = make()->ask(scene_.question, options_,
                                       {.onGrids =
                                            [&](const std::vector<PatchGrid>& announced) {
                                                stepsBeforeGrids = steps.size();
                                                grids.push_back(announced);
                                            },
                                        .onStep = [&](const DecodeStep& s) { steps.push_back(s); }},
                                       {});
        QCOMPARE(grids, std::vector<std::vector<PatchGrid>>{trace.grids});
        QCOMPARE(stepsBeforeGrids, std::size_t{0});
        QCOMPARE(steps.size(), trace.steps.size());
        for (std::size_t i = 0; i < steps.size(); ++i) {
            QCOMPARE(steps[i].position, static_cast<int>(i));
            QCOMPARE(steps[i].what.index(), trace.steps[i].what.index());
            if (const auto* latent = std::get_if<LatentStep>(&steps[i].what))
                QCOMPARE(*latent, std::get<LatentStep>(trace.steps[i].what));
        }
    }

    void allPartsOfATraceFitEachOther_data() { engines(script_); }
    void allPartsOfATraceFitEachOther() {
        QFETCH(MakeEngine, make);
        const auto trace = make()->ask(scene_.question, options_, {}, {});
        const QTemporaryDir dir;
        const auto file = dir.filePath("a.lvrtrace").toStdString();
        writeTrace(trace, file);  // which refuses what does not fit
        QVERIFY(readTrace(file) == trace);
        QVERIFY(!trace.latents.empty() && !trace.imageTokens.empty());
    }

    void theSameSeedGivesTheSameAnswer_data() { engines(script_); }
    void theSameSeedGivesTheSameAnswer() {
        QFETCH(MakeEngine, make);
        const auto engine = make();
        const auto first = engine->ask(scene_.question, options_, {}, {}),
                   again = engine->ask(scene_.question, options_, {}, {});
        QCOMPARE(again.text, first.text);
        QCOMPARE(again.latents, first.latents);
    }

    void aPanelIsReportedInTheOrderAsked_data() { engines(script_); }
    void aPanelIsReportedInTheOrderAsked() {
        QFETCH(MakeEngine, make);
        std::vector<InterventionOutcome> told;
        std::vector<std::size_t> toldBefore;  // when its own answer came
        const PanelRequest request{
            .question = {.question = scene_.question, .expected = scene_.answer},
            .options = greedy(),
            .interventions = {{.kind = InterventionKind::MarkersOnly},
                              {.kind = InterventionKind::Zero}}};
        const auto panel = make()->panel(
            request,
            {.onUntouched = [&](const CausalPanel&) { toldBefore.push_back(told.size()); },
             .onOutcome = [&](const InterventionOutcome& outcome) { told.push_back(outcome); }},
            {});
        QCOMPARE(toldBefore, std::vector<std::size_t>{0});
        QVERIFY(told == panel.outcomes);
        QCOMPARE(told.size(), request.interventions.size());
        for (std::size_t i = 0; i < told.size(); ++i)
            QVERIFY(told[i].intervention == request.interventions[i]);
        QVERIFY(panel.latents > 0);
        QCOMPARE(panel.steps.size(), static_cast<std::size_t>(panel.latents));
        QCOMPARE(panel.question, scene_.question.text);
    }

    void aLookAtAQuestionSaysWhatItLends_data() { engines(script_); }
    void aLookAtAQuestionSaysWhatItLends() {
        QFETCH(MakeEngine, make);
        const CausalSetItem item{.cluster = "c", .sample = scene_};
        const auto look = make()->look(item, greedy(), {});
        const auto& thought = look.thought;
        QVERIFY(!thought.answer.empty() && thought.width > 0 && !thought.latents.empty());
        QCOMPARE(thought.latents.size() % static_cast<std::size_t>(thought.width), std::size_t{0});
        QVERIFY(look.picture != 0);
        std::stop_source stop;
        stop.request_stop();
        QVERIFY_THROWS_EXCEPTION(Cancelled, make()->look(item, greedy(), stop.get_token()));
    }

    void aStoppedPanelIsCancelled_data() { engines(script_); }
    void aStoppedPanelIsCancelled() {
        QFETCH(MakeEngine, make);
        std::stop_source stop;
        const PanelRequest request{
            .question = {.question = scene_.question},
            .options = greedy(),
            .interventions = {{.kind = InterventionKind::Zero}, {.kind = InterventionKind::Mean}}};
        QVERIFY_THROWS_EXCEPTION(
            Cancelled,
            make()->panel(request,
                          {.onUntouched = [&](const CausalPanel&) { stop.request_stop(); }},
                          stop.get_token()));
    }

    void aStopBeforeItBeginsLeavesNothing_data() { engines(script_); }
    void aStopBeforeItBeginsLeavesNothing() {
        QFETCH(MakeEngine, make);
        std::stop_source stop;
        stop.request_stop();
        const auto engine = make();
        const auto trace = engine->ask(scene_.question, options_, {}, stop.get_token());
        QCOMPARE(trace.stopped, StopReason::Cancelled);
        QCOMPARE(trace.model, engine->info().name);
        QVERIFY(trace.steps.empty() && trace.answer.empty());
    }

    void aStopWithinKeepsWhatCameSoFar_data() { engines(script_); }
    void aStopWithinKeepsWhatCameSoFar() {
        QFETCH(MakeEngine, make);
        std::stop_source stop;
        const auto trace = make()->ask(scene_.question, options_,
                                       {.onStep =
                                            [&](const DecodeStep& step) {
                                                if (step.position == 1) stop.request_stop();
                                            }},
                                       stop.get_token());
        QCOMPARE(trace.stopped, StopReason::Cancelled);
        QCOMPARE(trace.steps.size(), std::size_t{2});
        const QTemporaryDir dir;
        writeTrace(trace, dir.filePath("stopped.lvrtrace").toStdString());
    }

    void whatCannotBeAnsweredIsASentence() {
        const auto engine = shippedModel();
        Question endless = scene_.question;
        for (int i = 0; i < 3000; ++i) endless.text += " and where is the star";
        try {
            engine->ask(endless, options_, {}, {});
            QFAIL("answered");
        } catch (const Error& error) {
            const QString sentence = error.what();
            QVERIFY2(sentence.contains("Follow the dots"), error.what());  // the question's words
            QVERIFY2(sentence.contains("2,048") && sentence.contains("shorten it"), error.what());
            QVERIFY2(!sentence.contains("--"), error.what());
            QVERIFY2(sentence.size() < 300, error.what());
        }
    }

    // ---- The shipped model ----

    void anyPhotoIsScaledToWhatTheModelReads() {
        const auto engine = shippedModel();
        std::vector<ReadingProgress> reading;
        const Question question{{photo(2400, 1600)}, "What color is the cup?"};
        const auto trace =
            engine->ask(question, {.exit = FixedSteps{2}, .maxNewTokens = 3},
                        {.onReading = [&](const auto& p) { reading.push_back(p); }}, {});
        QVERIFY(!trace.steps.empty());
        QVERIFY(trace.grids.front().count() < engine->info().positions);
        QVERIFY(trace.grids.front().count() > engine->info().positions / 2);
        QVERIFY(!reading.empty() && reading.front().pictures.lowered);
        QCOMPARE(reading.front().fraction, 0);
        QCOMPARE(reading.front().pictures.grids, trace.grids);
        QCOMPARE(trace.question, question);  // the photo itself stays as it is
    }

    void severalPhotosShareTheRoom() {
        const auto engine = shippedModel();
        const auto trace = engine->ask({{photo(1600, 1200), photo(1200, 1600)}, "Which is wider?"},
                                       {.exit = NoLatents{}, .maxNewTokens = 2}, {}, {});
        QCOMPARE(trace.grids.size(), std::size_t{2});
        QCOMPARE(trace.grids[0].rows, trace.grids[1].cols);
        QVERIFY(trace.grids[0].count() + trace.grids[1].count() < engine->info().positions);
    }

    void aStopWhileAPhotoIsReadReportsNoMore() {
        std::stop_source stop;
        int reports = 0, grids = 0;
        const auto trace = shippedModel()->ask({{photo(2400, 1600)}, "What?"}, options_,
                                               {.onReading =
                                                    [&](const ReadingProgress&) {
                                                        ++reports;
                                                        stop.request_stop();
                                                    },
                                                .onGrids = [&](const auto&) { ++grids; }},
                                               stop.get_token());
        QCOMPARE(trace.stopped, StopReason::Cancelled);
        QCOMPARE(reports, 1);
        QCOMPARE(grids, 0);
        QVERIFY(trace.steps.empty());
    }

    // By another rule, as a comparison asks, and after its latents were tested.
    void aQuestionIsReadOnceHoweverOftenItIsAsked() {
        const auto engine = shippedModel();
        int layers = 0;
        const AskHooks counting{.onReading = [&](const ReadingProgress& reading) {
            layers += reading.what == ReadingProgress::What::Prompt;
        }};
        const auto ask = [&](const DecodeOptions& options) {
            layers = 0;
            return engine->ask(scene_.question, options, counting, {});
        };
        const auto first = ask(options_);
        QVERIFY(layers > 0 && !reusedEncoding(first));
        auto other = options_;
        other.exit = FixedSteps{1};
        QVERIFY(reusedEncoding(ask(other)));
        QCOMPARE(layers, 0);
        engine->panel({.question = {.question = scene_.question},
                       .options = options_,
                       .interventions = {{.kind = InterventionKind::Zero}}},
                      {}, {});
        const auto again = ask(options_);
        QCOMPARE(layers, 0);
        QCOMPARE(again.text, first.text);
        QCOMPARE(again.latents, first.latents);
    }

    // ---- In a window ----

    void useAsThoughtAsksWithTheRegion() {
        RealWorld world;
        world.window.ask();
        world.settle();
        const Trace own = world.window.trace();
        QCOMPARE(own.model, "tiny model");
        auto& regions = world.window.findChild<PicturePanel*>()->regions();
        regions.setBoxes({{0.1, 0.1, 0.3, 0.3}});
        regions.actions().thought->trigger();
        world.settle();
        QCOMPARE(world.window.trace().options.thought.boxes.size(), std::size_t{1});
        QCOMPARE(world.window.trace().question.text, own.question.text);
        QVERIFY(!world.window.trace().steps.empty());
    }

    // From the menu to the values on screen; the shipped model needs what is in its latents.
    void itsLatentsAreTestedFromTheMenuOfAsk() {
        RealWorld world;
        world.window.ask(QString::fromStdString(scene_.question.text));
        world.settle();
        world.window.findChild<QAction*>("ask.test-latents")->trigger();
        world.settle();
        QVERIFY(world.failed.isEmpty());
        const auto shown = QJsonDocument::fromJson(world.window.state()).object();
        QCOMPARE(shown["workspace"].toString(), "causal");
        const auto panel = shown["causal"].toObject();
        QCOMPARE(panel["answer"].toString(), QString::fromStdString(world.window.trace().answer));
        QVERIFY(panel["latents"].toInt() > 0);
        QCOMPARE(panel["outcomes"].toArray().size(), qsizetype(standardPanel().size()));
        bool flips = false;
        for (const QJsonValue outcome : panel["outcomes"].toArray())
            flips = flips || outcome["flipped"].toBool();
        QVERIFY(flips);
        QCOMPARE(panel["early"].toArray().size(), panel["latents"].toInt() + 1);
        QVERIFY(panel["decodes"].toDouble() < 4);
    }

    void whatAPhotoIsScaledToIsSaidAndChosen() {
        RealWorld world;
        const QTemporaryDir dir;
        writePng(photo(2400, 1600), dir.filePath("photo.png").toStdString());
        world.window.openFile(dir.filePath("photo.png"));
        world.settle();
        const QString before = world.label("What the picture is scaled to").text();
        QVERIFY2(before.contains("visual tokens") && !before.contains(" s"), qPrintable(before));
        auto& detail = *world.window.findChild<DetailRow*>();
        const auto all = detail.grids().front();
        world.window.ask("What color is the cup?");
        world.settle();
        QVERIFY(world.failed.isEmpty());
        QCOMPARE(world.window.trace().grids.front(), all);  // as it was said before
        const QString after = world.label("What the picture is scaled to").text();
        QVERIFY2(after.startsWith(before) && after.size() > before.size(), qPrintable(after));

        auto& slider = *detail.findChild<QSlider*>();
        slider.setValue(slider.maximum() / 2);
        const auto half = detail.grids().front();
        QVERIFY(half.count() < all.count() / 2);
        world.window.ask("What color is the cup?");
        world.settle();
        QCOMPARE(world.window.trace().grids.front(), half);
        QVERIFY(world.window.trace().options.pixels.max.has_value());
        slider.setValue(slider.maximum());
        world.window.ask("What color is the cup?");
        world.settle();
        QCOMPARE(world.window.trace().grids.front(), all);
    }

    void stopEndsReadingAPhotoAndTheWindowSaysHowFarItIs() {
        RealWorld world;
        const QTemporaryDir dir;
        writePng(photo(2400, 1600), dir.filePath("photo.png").toStdString());
        world.window.openFile(dir.filePath("photo.png"));
        world.settle();
        QStringList said;
        auto& worker = *world.window.findChild<InferenceWorker*>();
        connect(&worker, &InferenceWorker::reading, this, [&] {
            said << world.label("State").text();
            world.window.stop();
        });
        world.window.ask("What color is the cup?");
        world.settle();
        QVERIFY(!said.isEmpty());
        QVERIFY2(said.first().contains("visual tokens"), qPrintable(said.first()));
        QCOMPARE(world.window.trace().stopped, StopReason::Cancelled);
        QVERIFY(!world.window.findChild<QProgressBar*>()->isVisible());
        QVERIFY(world.failed.isEmpty());
    }
};

QTEST_MAIN(AskEngineTest)
#include "ask_engine_test.moc"
