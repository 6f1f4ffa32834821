#include <QApplication>
#include <QClipboard>
#include <QMimeData>
#include <QSignalSpy>
#include <QtTest>

#include "tests/support/three_looks.h"
#include "widgets/decode_form.h"
#include "widgets/message_bar.h"
#include "widgets/qt_image.h"
#include "widgets/question_line.h"
#include "widgets/token_stream.h"

using namespace lvr;

namespace {

QPoint middleOf(const TokenStream& stream, int chip) { return stream.latentRect(chip).center(); }

}  // namespace

class WidgetsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void picturesSurviveTheWayThroughQt();
    void transparentPixelsBecomeWhite();
    void shrinkingAverages();
    void thinPicturesShrinkToo();

    void streamShowsWordsAndChips();
    void clickingAChipSelectsItsStep();
    void pointingTellsTheProbability();
    void arrowKeysGoFromPositionToPosition();
    void copyingKeepsTheLatents();
    void enterAsksAndShiftEnterBreaksTheLine();
    void pastedPictureDoesNotBecomeText();
    void exitRuleComesBackAsSet_data();
    void exitRuleComesBackAsSet();
    void aChosenExitRuleHasItsFieldsAndItsUsualThreshold();
    void settingTheSameRuleSaysNothing();
    void messageCanBeDismissedAndProgressCancelled();
    void anErrorStaysWhileTheRestGoes();
};

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
    const QRect last = stream.latentRect(2);
    const QString word = stream.explain(QPoint(last.right() + 12, last.center().y()));
    QVERIFY2(word.contains("25.0 %"), qPrintable(word));
    const QString chip = stream.explain(middleOf(stream, 1));
    QVERIFY2(chip.contains("Latent step 2") && chip.contains("6.000"), qPrintable(chip));
    QVERIFY(stream.explain({399, 199}).isEmpty());
}

void WidgetsTest::arrowKeysGoFromPositionToPosition() {
    TokenStream stream;
    stream.resize(400, 200);
    stream.show(threeLooks());
    stream.QWidget::show();
    QSignalSpy selected(&stream, &TokenStream::stepSelected);
    const auto press = [&](Qt::Key key) {
        QTest::keyClick(&stream, key);
        return stream.position();
    };
    QCOMPARE(press(Qt::Key_Right), 0);
    QCOMPARE(selected.size(), 0);  // a word
    QVERIFY(stream.accessibleDescription().contains("probability 100.0 %"));
    QCOMPARE(press(Qt::Key_Right), 1);
    QCOMPARE(press(Qt::Key_Right), 2);
    QCOMPARE(selected.size(), 2);
    QCOMPARE(selected[1][0].toInt(), 1);
    QVERIFY(stream.accessibleDescription().contains("Latent step 2"));
    QCOMPARE(press(Qt::Key_End), 4);
    QCOMPARE(press(Qt::Key_Right), 4);
    QCOMPARE(press(Qt::Key_Home), 0);
    QCOMPARE(press(Qt::Key_Left), 0);
    stream.selectStep(2);
    QCOMPARE(press(Qt::Key_Left), 2);
    stream.clear();
    QCOMPARE(press(Qt::Key_Right), -1);
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
    for (int row = 0; row < 9; ++row) QTest::addRow("%d", row) << row;
}

void WidgetsTest::exitRuleComesBackAsSet() {
    QFETCH(const int, row);
    const ExitRule rules[] = {
        NoLatents{},
        FixedSteps{.count = 0},
        NearLatentEnd{.metric = LatentEndMetric::Cosine, .threshold = 0.125, .cap = 7},
        EndToken{.cap = 3},
        EndProbability{.threshold = 0.75, .cap = 9},
        Settled{.threshold = 0.98765, .cap = 5},
        AnswerSettled{.held = 4, .cap = 6},
        AnswerEntropy{.threshold = 1.5, .cap = 8},
        LearnedProbe{.file = "probes/of chains.json", .threshold = 0.625, .cap = 12},
        RepeatedToken{.times = 4, .cap = 11}};
    ExitRuleForm form;
    QSignalSpy changed(&form, &ExitRuleForm::changed);
    form.setRule(rules[row]);
    QCOMPARE(form.rule(), rules[row]);
    QCOMPARE(changed.size(), 1);
}

void WidgetsTest::aChosenExitRuleHasItsFieldsAndItsUsualThreshold() {
    ExitRuleForm form;
    form.show();
    auto* kind = form.findChild<QComboBox*>();
    const auto seen = [&](const QString& name) -> QWidget* {
        for (auto* widget : form.findChildren<QWidget*>())
            if (widget->accessibleName() == name && widget->isVisible()) return widget;
        return nullptr;
    };
    kind->setCurrentText("Settled");
    QCOMPARE(form.rule(), ExitRule(Settled{}));
    kind->setCurrentText("Sure answer");
    QCOMPARE(form.rule(), ExitRule(AnswerEntropy{}));
    kind->setCurrentText("Answer settled");
    QVERIFY(!seen("Threshold") && !seen("Probe file"));
    qobject_cast<QSpinBox*>(seen("Latents that the early answer has to last"))->setValue(5);
    QCOMPARE(form.rule(), ExitRule(AnswerSettled{.held = 5}));
    kind->setCurrentText("Learned probe");
    auto* file = qobject_cast<QLineEdit*>(seen("Probe file"));
    file->clear();
    QTest::keyClicks(file, "my:probe");  // no colon, which would end the name in a file
    QCOMPARE(form.rule(), ExitRule(LearnedProbe{.file = "myprobe"}));
    QCOMPARE(parseExitRule(toText(form.rule())), form.rule());
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
    QVERIFY(bar.showsProgress());
    bar.endProgress();
    QVERIFY(!bar.showsProgress());
}

void WidgetsTest::anErrorStaysWhileTheRestGoes() {
    MessageBar bar;
    QAction remedy;
    QSignalSpy said(&bar, &MessageBar::said);
    bar.say(MessageBar::Kind::Error, "Something is wrong.");
    bar.showProgress("Reading", 0.5);
    bar.dismissHint();
    bar.endProgress();
    bar.dismissSolved(&remedy);
    QCOMPARE(bar.sentence(), "Something is wrong.");
    bar.say(MessageBar::Kind::Error, "No model.", &remedy);
    bar.dismissSolved(&remedy);
    QCOMPARE(bar.sentence(), "");
    bar.say(MessageBar::Kind::Hint, "By the way.");
    bar.dismissHint();
    QCOMPARE(bar.sentence(), "");
    QCOMPARE(said.size(), 3);
}

QTEST_MAIN(WidgetsTest)
#include "widgets_test.moc"
