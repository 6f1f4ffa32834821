// What hands that know other viewers expect of Ask: past answers over all pictures, a picture that
// keeps its place, keys that act where they belong, regions as a list and as training data. With
// the shipped model, a history on disk and the command.

#include <QApplication>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QMimeData>
#include <QPushButton>
#include <QRadioButton>
#include <QSettings>
#include <QTemporaryDir>
#include <filesystem>
#include <fstream>

#include "app/sources/record_dialog.h"
#include "core/error.h"
#include "core/trace/trace_file.h"
#include "datasets/dataset.h"
#include "datasets/record_file.h"
#include "tests/support/program.h"
#include "tests/support/real_window.h"
#include "widgets/conversation/past_list.h"
#include "widgets/regions/region_list.h"
#include "widgets/token_stream.h"

using namespace lvr;

class AskHabitsTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    int histories_ = 0;
    QString newHistory() { return folder_.filePath(QString("history-%1").arg(++histories_)); }

    static PastList& past(RealWindow& world) { return world.the<PastList>(); }
    static QListView& rows(RealWindow& world) { return *past(world).findChild<QListView*>(); }
    static QString row(RealWindow& world, int at) {
        return rows(world).model()->index(at, 0).data(Qt::ToolTipRole).toString();
    }
    static void open(RealWindow& world, int at) {
        Q_EMIT rows(world).clicked({});  // nothing is chosen yet
        rows(world).setCurrentIndex(rows(world).model()->index(at, 0));
        world.action("history.open").trigger();
    }
    static void paste(RealWindow& world, QColor colour) {
        QImage picture(60, 40, QImage::Format_RGB888);
        picture.fill(colour);
        QMimeData pasted;
        pasted.setImageData(picture);
        world.window.give(pasted);
    }
    static QWidget& picture(RealWindow& world) { return *world.the<PicturePanel>().focusProxy(); }
    static void focus(RealWindow& world, QWidget& widget) {
        world.window.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&world.window));
        widget.setFocus();
        QTRY_COMPARE(QApplication::focusWidget(), &widget);
    }
    static QRectF place(RealWindow& world) {
        world.the<PicturePanel>().grab();  // it is known once it was drawn
        const ViewRect& at = world.the<PicturePanel>().pictureRect();
        return {at.x, at.y, at.width, at.height};
    }

private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setOrganizationName("lvr-ask-habits-test");
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, folder_.path());
    }

    // ---- Past answers ----

    void theHistoryListsTheAnswersAboutAllPictures() {
        const QString history = newHistory();
        std::vector<Image> scene;
        {
            RealWindow world(history);
            world.begin();
            scene = world.window.trace().question.images;
            world.ask("What shape is the red object?");
            paste(world, Qt::darkGreen);
            world.ask("What colour is it?");
            QTRY_COMPARE(past(world).count(), 2);
            QVERIFY2(row(world, 0).startsWith("What colour"), qPrintable(row(world, 0)));
            QVERIFY2(row(world, 1).contains("tiny model"), qPrintable(row(world, 1)));
            QVERIFY2(row(world, 1).contains("P(end)") || row(world, 1).contains("fixed"),
                     qPrintable(row(world, 1)));
        }
        RealWindow again(history);
        again.begin();
        again.window.newScene("left-right");  // not the one that was asked about
        QTRY_COMPARE(past(again).count(), 2);
        const auto thumbnail =
            rows(again).model()->index(0, 0).data(Qt::DecorationRole).value<QImage>();
        QCOMPARE(thumbnail.pixelColor(thumbnail.rect().center()), QColor(Qt::darkGreen));
        open(again, 1);
        QTRY_COMPARE(again.window.trace().question.text, "What shape is the red object?");
        QVERIFY(again.window.trace().question.images == scene);
        QVERIFY(!again.window.trace().answer.empty());
        again.action("trail.back").trigger();
        QVERIFY(again.window.trace().question.images != scene);
        again.action("trail.forward").trigger();
        QVERIFY(again.window.trace().question.images == scene);
    }

    void theHistoryIsSearchedByAllOfItsWords() {
        RealWindow world(newHistory());
        world.begin();
        world.ask("What shape is the red object?");
        world.ask("What colour is the moon?");
        QTRY_COMPARE(past(world).count(), 2);
        auto& search = *past(world).findChild<QLineEdit*>();
        const std::pair<const char*, int> found[] = {
            {"shape", 1}, {"tiny MOON", 1}, {"what", 2}, {"shape moon", 0}, {"[", 0}, {"", 2}};
        for (const auto& [words, count] : found) {
            search.setText(words);
            QCOMPARE(past(world).count(), count);
        }
    }

    void aDraftAndTheOptionsStayWhenAPastAnswerIsOpened() {
        RealWindow world(newHistory());
        world.begin();
        world.ask("What shape is the red object?");
        world.window.newScene("left-right");
        world.type("half a quest");
        world.the<ExitRuleForm>().setRule(FixedSteps{3});
        QTRY_COMPARE(past(world).count(), 1);
        open(world, 0);
        QTRY_COMPARE(world.window.trace().question.text, "What shape is the red object?");
        QCOMPARE(world.line(), "half a quest");
        QCOMPARE(world.the<ExitRuleForm>().rule(), ExitRule(FixedSteps{3}));
    }

    void aPastAnswerIsDeletedAfterAQuestion() {
        RealWindow world(newHistory());
        world.begin();
        world.ask("What shape is the red object?");
        QTRY_COMPARE(past(world).count(), 1);
        rows(world).setCurrentIndex(rows(world).model()->index(0, 0));
        world.action("history.delete").trigger();
        QCOMPARE(past(world).count(), 1);
        for (auto* button : world.window.findChildren<QPushButton*>())
            if (button->text() == "Delete") button->click();
        QTRY_COMPARE(past(world).count(), 0);
    }

    // ---- The picture and its keys ----

    void theArrowKeysStepOnceAnAnswerIsThere() {
        RealWindow world(newHistory());
        world.begin();
        world.the<ExitRuleForm>().setRule(FixedSteps{4});
        focus(world, world.the<QuestionLine>());
        QTest::keyClick(&world.the<QuestionLine>(), Qt::Key_Return);
        world.settle();
        QTRY_COMPARE(QApplication::focusWidget(), &picture(world));
        world.the<PicturePanel>().pause();
        world.the<PicturePanel>().selectStep(2);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Left);
        QCOMPARE(world.the<PicturePanel>().selectedStep(), 1);
    }

    void whoeverTypesOnKeepsTyping() {
        RealWindow world(newHistory());
        world.begin();
        focus(world, world.the<QuestionLine>());
        QTest::keyClick(&world.the<QuestionLine>(), Qt::Key_Return);
        world.type("the next one");
        world.settle();
        QCOMPARE(QApplication::focusWidget(), &world.the<QuestionLine>());
    }

    void aStrayLetterActsOnThePictureAlone() {
        RealWindow world(newHistory());
        world.begin();
        world.ask(world.line());
        focus(world, world.the<TokenStream>());
        const bool tokens = world.action("regions.tokens").isChecked();
        QTest::keyClicks(&world.the<TokenStream>(), "right");
        QVERIFY(!world.action("regions.draw").isChecked());
        QCOMPARE(world.action("regions.tokens").isChecked(), tokens);
        focus(world, picture(world));
        QTest::keyClick(&picture(world), Qt::Key_R);
        QVERIFY(world.action("regions.draw").isChecked());
    }

    void thePictureKeepsItsPlace() {
        RealWindow world(newHistory());
        world.begin();
        const QRectF before = place(world);
        QVERIFY(before.width() > 0);
        for (const ExitRule& rule :
             {ExitRule(NoLatents{}), ExitRule(FixedSteps{1}), ExitRule(FixedSteps{6})}) {
            world.the<ExitRuleForm>().setRule(rule);
            world.ask(world.line());
            QCOMPARE(place(world), before);
        }
        for (int i = 0; i < 2; ++i) {
            world.action("regions.draw").trigger();
            QCOMPARE(place(world), before);
        }
    }

    void heatIsHiddenWhileAKeyIsHeld() {
        RealWindow world(newHistory());
        world.begin();
        world.the<ExitRuleForm>().setRule(FixedSteps{4});
        world.ask(world.line());
        world.the<PicturePanel>().pause();
        focus(world, picture(world));
        const auto seen = [&] { return world.the<PicturePanel>().grab().toImage(); };
        QTRY_VERIFY(seen() == seen());
        const QImage hot = seen();
        QTest::keyPress(&picture(world), Qt::Key_H);
        QVERIFY(world.the<PicturePanel>().view().heat);
        QTRY_VERIFY(seen() != hot);
        QTest::keyRelease(&picture(world), Qt::Key_H);
        QTRY_VERIFY(seen() == hot);
    }

    void aQuickClickAsksAPatchAndEscapeClosesItsCard() {
        RealWindow world(newHistory());
        world.begin();
        world.the<ExitRuleForm>().setRule(FixedSteps{4});
        world.ask(world.line());
        if (!world.the<PicturePanel>().noOpenGl().isEmpty()) QSKIP("needs the ImGui panel");
        focus(world, picture(world));
        const QPoint middle = place(world).center().toPoint();
        QTest::mouseMove(&picture(world), middle);
        QTest::mouseClick(&picture(world), Qt::LeftButton, {}, middle);
        QTRY_VERIFY(world.the<PicturePanel>().view().asked);
        QTest::keyClick(&picture(world), Qt::Key_Escape);
        QTRY_VERIFY(!world.the<PicturePanel>().view().asked);
    }

    void coloursForOneStepsValuesAreTakenBackByAnotherMode() {
        RealWindow world(newHistory());
        world.begin();
        world.the<ExitRuleForm>().setRule(FixedSteps{4});
        world.ask(world.line());
        const auto& view = world.the<PicturePanel>().view();
        QVERIFY(!view.limits);
        world.action("view.limits-auto").trigger();
        QVERIFY(view.limits);
        QVERIFY(view.limits->hot > view.limits->cold);
        world.action("heat.l2-distance").trigger();
        QVERIFY(!view.limits);
        world.action("view.limits-auto").trigger();
        QVERIFY(view.limits->hot < view.limits->cold);  // near is hot
        world.action("view.limits-reset").trigger();
        QVERIFY(!view.limits);
    }

    void theFigureIsCopied() {
        RealWindow world(newHistory());
        world.begin();
        world.ask(world.line());
        QGuiApplication::clipboard()->clear();
        world.action("view.copy-figure").trigger();
        QTRY_VERIFY(!QGuiApplication::clipboard()->image().isNull());
        QVERIFY(QGuiApplication::clipboard()->image().width() > 400);
    }

    // ---- With and without the latents ----

    static QString choice(RealWindow& world, const QString& begins) {
        for (const auto* radio : world.window.findChildren<QRadioButton*>())
            if (!radio->isHidden() && radio->text().startsWith(begins)) return radio->text();
        return {};
    }

    void anAnswerIsComparedWithOneWithoutItsLatents_data() {
        QTest::addColumn<QString>("action");
        QTest::addColumn<QString>("words");
        QTest::addColumn<int>("feed");
        const auto row = [](const char* name, const char* words, LatentFeed feed) {
            QTest::newRow(name) << QString("latents.") + name << words << static_cast<int>(feed);
        };
        row("none", "markers only: ", LatentFeed::None);
        row("zero", "zeros: ", LatentFeed::Zero);
        row("noise", "noise: ", LatentFeed::Noise);
        row("swap", "latents of another picture's", LatentFeed::Swap);
    }
    void anAnswerIsComparedWithOneWithoutItsLatents() {
        QFETCH(QString, action);
        QFETCH(QString, words);
        QFETCH(int, feed);
        const QString history = newHistory();
        RealWindow world(history);
        world.begin();
        world.the<ExitRuleForm>().setRule(FixedSteps{4});
        QVERIFY(!world.action(action).isEnabled());
        world.ask("What colour is it?");
        world.window.newScene("left-right");
        world.ask(world.line());
        const Trace own = world.window.trace();
        QVERIFY(!own.latents.empty());
        world.action(action).trigger();
        world.settle();
        const Trace other = world.window.trace();
        QCOMPARE(static_cast<int>(other.options.latentFeed), feed);
        QCOMPARE(other.question.text, own.question.text);
        QCOMPARE(other.model, own.model);
        QVERIFY(world.asks().otherAnswer() && *world.asks().otherAnswer() == own);
        QVERIFY(other.latents != own.latents);
        const auto isZero = [](float value) { return value == 0; };
        if (feed == static_cast<int>(LatentFeed::None)) {
            QVERIFY(other.latents.empty());
            QVERIFY2(other.text.find("<|lvr_start|><|lvr_end|>") != std::string::npos,
                     other.text.c_str());
        }
        if (feed == static_cast<int>(LatentFeed::Zero))
            QVERIFY(std::ranges::all_of(other.latents, isZero));
        QVERIFY2(!choice(world, words).isEmpty(), qPrintable(words));
        const auto* moved = world.window.findChild<QLabel*>("ask.moved");
        QVERIFY(moved && moved->isVisible());
        QCOMPARE(moved->text(),
                 own.answer == other.answer ? "→ the same answer" : "→ another answer");
        QVERIFY(!choice(world, "own thought: ").isEmpty());
        // The history has both, and says of the other what it is.
        QTRY_COMPARE(past(world).count(), 3);
        const QString said = row(world, 0);
        QVERIFY2(said.contains(words.section(':', 0, 0)), qPrintable(said));
        open(world, 0);
        QTRY_COMPARE(static_cast<int>(world.window.trace().options.latentFeed), feed);
    }

    void anotherPicturesLatentsAreMissedInASentence() {
        RealWindow world(newHistory());
        world.begin();
        world.ask(world.line());
        world.action("latents.swap").trigger();
        QVERIFY(world.sentences().join(' ').contains("about another picture"));
    }

    void theCommandTakesLatentsAwayToo() {
        const auto sample = sceneSample(7, 1, "chain", {});
        const QString picture = folder_.filePath("scene.png"),
                      kept = folder_.filePath("a.lvrtrace");
        writePng(sample.question.images.front(), picture.toStdString());
        const auto ask = [&](const QStringList& more) {
            return program::lvr(QStringList{"ask", "--image", picture, "--question",
                                            QString::fromStdString(sample.question.text), "--exit",
                                            "fixed:4", "--force-start", "--json"} +
                                more);
        };
        const auto feedOf = [](const program::Result& result) {
            return program::jsonOf(result)["text"].toString();
        };
        const auto own = ask({"--trace", kept});
        QVERIFY2(own.code == 0, qPrintable(own.err));
        const auto none = ask({"--latents", "none"});
        QVERIFY2(none.code == 0, qPrintable(none.err));
        QVERIFY(feedOf(none) != feedOf(own));
        for (const QString& latents : QStringList{"zero", "noise", "swap:" + kept}) {
            const auto file = folder_.filePath("b.lvrtrace");
            const auto result = ask({"--latents", latents, "--trace", file});
            QVERIFY2(result.code == 0, qPrintable(result.err));
            const Trace trace = readTrace(file.toStdString());
            QCOMPARE(trace.options.latentFeed != LatentFeed::Own, true);
            QCOMPARE(trace.latents == readTrace(kept.toStdString()).latents,
                     latents.startsWith("swap"));
        }
        // Where nothing would be replaced, that is said before anything is read.
        for (const QStringList& more : {QStringList{"--latents", "some"},
                                        {"--latents", "swap:"},
                                        {"--latents", "noise", "--thought-box", "0,0,1,1"},
                                        {"--latents", "noise", "--latent-feed", "zero"},
                                        {"--latents", "noise", "--exit", "none"}}) {
            const auto refused = ask(more);
            QCOMPARE(refused.code, 2);
            QVERIFY2(refused.err.contains("--latents"), qPrintable(refused.err));
            QVERIFY(refused.out.isEmpty());
        }
        QVERIFY(ask({"--latents", "swap:" + picture}).code != 0);
    }

    void aSystemPromptIsAskedWithAndKept() {
        RealWindow world(newHistory());
        world.begin();
        for (auto* line : world.window.findChildren<QLineEdit*>())
            if (line->accessibleName() == "System prompt") line->setText("Answer in one word.");
        world.ask("What shape is the red object?");
        QCOMPARE(world.window.trace().options.system, "Answer in one word.");
        QTRY_COMPARE(past(world).count(), 1);
        QVERIFY2(row(world, 0).contains("system prompt"), qPrintable(row(world, 0)));
        world.window.newScene("left-right");
        open(world, 0);
        QTRY_COMPARE(world.window.trace().options.system, "Answer in one word.");
    }

    // ---- Regions ----

    void regionsAreReorderedLabelledAndHiddenInTheirList() {
        const QString history = newHistory();
        const Box a{0.1, 0.1, 0.3, 0.3}, b{0.4, 0.4, 0.6, 0.6}, c{0.7, 0.1, 0.9, 0.3};
        std::vector<Image> scene;
        {
            RealWindow world(history);
            world.begin();
            scene = world.window.trace().question.images;
            world.draw({a, b, c});
            auto& list = *world.tool().list()->findChild<QListWidget*>();
            QCOMPARE(list.count(), 3);
            list.setCurrentRow(2);
            world.action("region-list.up").trigger();
            QTRY_COMPARE(world.asks().regions(), (std::vector<Box>{a, c, b}));
            list.item(0)->setText("cup");
            QTRY_COMPARE(world.asks().regionNames(), std::vector<std::string>{"cup"});
            list.item(1)->setCheckState(Qt::Unchecked);
            QTRY_COMPARE(world.the<PicturePanel>().view().hiddenBoxes, std::vector<int>{1});
            QCOMPARE(world.asks().regions().size(), std::size_t{3});
            list.setCurrentRow(0);
            world.action("region-list.down").trigger();
            QTRY_COMPARE(world.asks().regionNames(), (std::vector<std::string>{"", "cup"}));
            world.action("regions.undo").trigger();
            QTRY_COMPARE(world.asks().regionNames(), std::vector<std::string>{"cup"});
        }
        RealWindow again(history);
        again.begin();
        QVERIFY(again.window.trace().question.images == scene);
        QTRY_COMPARE(again.asks().regions(), (std::vector<Box>{a, c, b}));
        QCOMPARE(again.asks().regionNames(), std::vector<std::string>{"cup"});
    }

    void drawnRegionsBecomeARecordThatTrains() {
        RealWindow world(newHistory());
        world.begin();
        const auto pixels = world.window.trace().question.images;
        const auto right = world.asks().sample().answer;
        const QString question = world.line(), file = folder_.filePath("mine/drawn.json");
        QVERIFY(QDir().mkpath(QFileInfo(file).path()));
        const std::vector<Box> boxes{{0.125, 0.25, 0.375, 0.5}, {0.5, 0.5, 0.75, 0.875}};
        world.draw(boxes);
        for (int record = 1; record <= 2; ++record) {
            world.action("regions.record").trigger();
            auto& dialog = world.the<RecordDialog>();
            for (auto* line : dialog.findChildren<QLineEdit*>())
                if (line->accessibleName() == "File of records") {
                    if (record == 1) line->setText(file);
                    QCOMPARE(line->text(), file);
                }
            QSignalSpy saved(&dialog, &RecordDialog::saved);
            for (auto* button : dialog.findChildren<QPushButton*>())
                if (button->text() == "&Append") button->click();
            QTRY_COMPARE(saved.count(), 1);
            QCOMPARE(saved[0][1].toInt(), record);
            QTRY_VERIFY(!world.window.findChild<RecordDialog*>());
        }
        const Dataset data = readDataset({.data = file.toStdString()});
        QCOMPARE(data.records.size(), std::size_t{2});
        QVERIFY(data.bad.empty());
        const DataRecord& record = data.records.front();
        QCOMPARE(record.question, question.toStdString());
        QCOMPARE(record.answer, right);
        QCOMPARE(record.boxes, boxes);
        QVERIFY(record.usesItsBoxes());
        QVERIFY(readImage(record.images.at(0)) == pixels.at(0));
        const auto checked = program::lvr({"data", "check", file});
        QVERIFY2(checked.code == 0, qPrintable(checked.err));
        const auto trained =
            program::lvr({"sft", "--model", LVR_RESOURCES "/models/tiny", "--data", file, "--out",
                          folder_.filePath("trained"), "--steps", "1", "--threads", "1"});
        QVERIFY2(trained.code == 0, qPrintable(trained.err));
    }

    void aRecordThatCouldNotBeReadIsRefused() {
        Sample sample = sceneSample(7, 1, "chain", {});
        const std::filesystem::path folder = folder_.path().toStdString();
        QVERIFY_EXCEPTION_THROWN(appendRecord({sample}, folder), Error);
        sample.answer = "star </answer> <lvr>";
        const auto file = folder / "marks.json";
        QVERIFY_EXCEPTION_THROWN(appendRecord({sample}, file), Error);
        QVERIFY(!std::filesystem::exists(file));
        sample.answer = "star";
        QVERIFY(std::ofstream(file).good());  // an empty file is a list of nothing
        QCOMPARE(appendRecord({sample}, file), std::size_t{1});
        QCOMPARE(readDataset({.data = file}).records.size(), std::size_t{1});
    }

    void aPanelThatIsAskedForComesToTheFront() {
        RealWindow world(newHistory());
        world.begin();
        auto& history = world.the<PastList>();
        world.action("panels.ask/history").trigger();
        QTRY_VERIFY(history.isVisible() && !history.visibleRegion().isEmpty());
    }

    void aFileThatIsNoListOfRecordsIsLeftAlone() {
        const QString file = folder_.filePath("notes.json");
        QFile notes(file);
        QVERIFY(notes.open(QIODevice::WriteOnly));
        notes.write("{\"mine\": 1}\n");
        notes.close();
        RealWindow world(newHistory());
        world.begin();
        world.action("regions.record").trigger();
        auto& dialog = world.the<RecordDialog>();
        for (auto* line : dialog.findChildren<QLineEdit*>())
            if (line->accessibleName() == "File of records") line->setText(file);
        for (auto* button : dialog.findChildren<QPushButton*>())
            if (button->text() == "&Append") button->click();
        QTRY_VERIFY(world.label("About the record").contains("notes.json"));
        QVERIFY(notes.open(QIODevice::ReadOnly));
        QCOMPARE(notes.readAll(), QByteArray("{\"mine\": 1}\n"));
    }
};

QTEST_MAIN(AskHabitsTest)
#include "ask_habits_test.moc"
