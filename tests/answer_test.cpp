#include "core/eval/answer.h"

#include <QtTest>

using namespace lvr;

namespace {

const char* const kListed =
    "What colour is it?\nOptions:\nA. red\nB. blue\nC. 12\nAnswer with the option's letter.";
const char* const kInline = "Is the door open? (a) Open (b) Closed";

void row(const char* answer, const char* gold, bool right, const char* question = "") {
    QTest::addRow("%s %s %s%s", answer, right ? "is" : "is not", gold,
                  *question ? " of the options" : "")
        << QString(answer) << QString(gold) << QString(question) << right;
}

void addTexts() {
    row("red", "red", true);
    row("Red", "red", true);
    row("red.", "red", true);
    row(" red\n", "red", true);
    row("\"red\"", "red", true);
    row("“Red.”", "red", true);
    row("**red**", "red", true);
    row("$\\text{red}$", "red", true);
    row("a  red\ncar", "A red car", true);
    row("Größer", "größer", true);
    row("E\u0301te\u0301", "été", true);
    row(".", ".", true);
    row("red", "blue", false);
    row("red car", "red", false);
    row("red", "red car", false);
    row("it is red", "red", false);
    row("red and blue", "red", false);
    row("", "red", false);
    row("", "", false);
    row("résumé", "resume", false);
    row("\"red\" and \"blue\"", "red\" and \"blue", false);
}

void addNumbers() {
    row("12.0", "12", true);
    row("12", "12.", true);
    row("+7", "7", true);
    row("\u22125", "-5", true);
    row(".5", "0.5", true);
    row("1e3", "1000", true);
    row("1,234", "1234", true);
    row("1,234,567.50", "1234567.5", true);
    row("$\\boxed{1,200}$", "1200", true);
    row("1/2", "0.5", true);
    row("\\frac{1}{2}", "1/2", true);
    row("-\\frac{1}{2}", "-0.5", true);
    row("\\dfrac{3}{4}", "0.75", true);
    row("0.3333333", "1/3", true);
    row("50%", "0.5", true);
    row("50 %", "50.0\\%", true);
    row("1,2", "12", false);
    row("1,2,3", "123", false);
    row("12,34", "1234", false);
    row("1,2345", "12345", false);
    row("0,123", "123", false);
    row("1,234,5", "12345", false);
    row("1,2", "1.2", false);
    row("0.33", "1/3", false);
    row("0.0000001", "0", false);
    row("1000001", "1000000", false);
    row("1/0", "1", false);
    row("1/0", "1/0", true);
    row("50%", "50", false);
    row("5", "-5", false);
    row("12 cm", "12", false);
    row("1 2", "12", false);
    row("twelve", "12", false);
    row("1e400", "1e500", false);
    row("nan", "inf", false);
    row("0x10", "16", false);
    row("3:4", "0.75", false);
}

void addOptions() {
    row("b", "B", true);
    row("(B)", "B", true);
    row("(b)", "B", true);
    row("B.", "B", true);
    row("B)", "B", true);
    row("B) red", "B", true);
    row("B. red", "B", true);
    row("B: red", "(B)", true);
    row("B", "(B) red", true);
    row("red", "(B) red", true);
    row("(B) red", "red", true);
    row("B. 12.0", "12", true);
    row("A", "B", false);
    row("(A) red", "(B) red", false);
    row("blue", "(B) red", false);
    row("A", "A dog", false);
    row("A dog", "A", false);
    row("a dog", "A", false);
    row("A", "Apple", false);
    row("Blue", "B", false);
    row("B red", "B", false);
    row("a.m.", "A", false);
    row("A.M.", "A", false);
    row("A or B", "A", false);
    row("(A) or (B)", "A", false);
    row("A) red (B) blue", "A", false);
    row("A, B", "A", false);
    row("(AB)", "A", false);
    row("I. think", "It", false);
    row("it is B", "B", false);
}

void addListedOptions() {
    row("blue", "B", true, kListed);
    row("Blue.", "(B)", true, kListed);
    row("B", "blue", true, kListed);
    row("(B) blue", "blue", true, kListed);
    row("12.0", "C", true, kListed);
    row("B. the blue one", "B", true, kListed);
    row("closed", "(b)", true, kInline);
    row("B", "Closed", true, kInline);
    row("red", "B", false, kListed);
    row("A", "blue", false, kListed);
    row("B) red", "B", false, kListed);
    row("A) blue", "blue", false, kListed);
    row("green", "B", false, kListed);
    row("D", "blue", false, kListed);
    row("open", "B", false, kInline);
    row("blue", "B", false, "Is it blue? Vitamin A. or vitamin B. blue");
}

}  // namespace

class AnswerTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theAnswerIsInTheLastCompleteTag_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("answer");
        const auto row = [](const char* text, const char* answer) {
            QTest::newRow(text) << text << answer;
        };
        row("\n<answer> red </answer>", "red");
        row("<answer> A </answer> no, <answer>B</answer>", "B");
        row("<answer>A</answer> and <answer> cut off", "A");
        row("<answer> cut off", "cut off");
        row("<answer>A <answer> B </answer>", "B");
        row("<answer>A</answer></answer>", "A");
        row("<answer> two\nlines </answer>", "two\nlines");
        row("<answer> A </answer", "A");
        row("<answer></answer>", "");
        row("</answer> A", "</answer> A");
        row("  just text \n", "just text");
        row("", "");
        row("Well: <lvr> red", "red");
        row("<answer> A </answer> <lvr>", "A");
        row("<|lvr_start|><|lvr_end|>\n<answer> red </answer>", "red");
        row("<answer> <|lvr_start|>re<|lvr|><|lvr_latent_end|><|lvr_end|>d </answer>", "red");
        row("<|lvr_start|><|lvr_end|> red", "red");
    }
    void theAnswerIsInTheLastCompleteTag() {
        QFETCH(const QString, text);
        QFETCH(const QString, answer);
        QCOMPARE(QString::fromStdString(answerIn(text.toStdString())), answer);
    }

    void whatIsThoughtInWordsIsNoAnswer() {
        const auto answer = [](const char* text) { return QString::fromStdString(answerIn(text)); };
        QCOMPARE(answer("<think>maybe <answer>A</answer></think>\n<answer>B</answer>"), "B");
        QCOMPARE(answer("<think>maybe <answer>A</answer></think> It is B"), "It is B");
        QCOMPARE(answer("<reason>one</reason><reason>two</reason><answer>C</answer>"), "C");
        // Nothing follows: what it thought is all there is.
        QCOMPARE(answer("<think>so <answer>A</answer></think>"), "A");
    }

    void anAnswerIsWhereItsMethodPutsIt_data() {
        QTest::addColumn<AnswerMark>("mark");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("answer");
        const auto row = [](AnswerMark mark, const char* text, const char* answer) {
            QTest::newRow(text) << mark << text << answer;
        };
        row(AnswerMark::Boxed, "So it is \\boxed{B}.", "B");
        row(AnswerMark::Boxed, "\\boxed{A}, no: \\boxed{\\frac{1}{2}} then", "\\frac{1}{2}");
        row(AnswerMark::Boxed, "\\boxed{A}, no: \\boxed{B", "A");
        row(AnswerMark::Boxed, "<answer>C</answer>", "C");
        row(AnswerMark::Boxed, "It is red", "It is red");
        row(AnswerMark::Phrase, "Well. The Final Answer is: red.\nThanks", "red.");
        row(AnswerMark::Phrase, "The final answer is: \\boxed{12}", "12");
        row(AnswerMark::Phrase, "It is \\boxed{12}", "12");
        row(AnswerMark::Phrase, "final answer is: A final answer is: B", "B");
        row(AnswerMark::Tag, "\\boxed{A} <answer>B</answer>", "B");
        // Marks of a thought are no part of it, whoever's they are.
        row(AnswerMark::Tag, "<|sketch_end|>red", "red");
        row(AnswerMark::Boxed, "<abs_vis_token></abs_vis_token>red", "red");
        row(AnswerMark::Boxed, "\\boxed{<|latent_end|>red}", "red");
        row(AnswerMark::Phrase, "final answer is: red<|latent_start|>", "red");
    }
    void anAnswerIsWhereItsMethodPutsIt() {
        QFETCH(const AnswerMark, mark);
        QFETCH(const QString, text);
        QFETCH(const QString, answer);
        QCOMPARE(QString::fromStdString(answerIn(text.toStdString(), mark)), answer);
    }

    void anAnswerIsRightWhenItSaysTheSame_data() {
        QTest::addColumn<QString>("answer");
        QTest::addColumn<QString>("gold");
        QTest::addColumn<QString>("question");
        QTest::addColumn<bool>("right");
        addTexts();
        addNumbers();
        addOptions();
        addListedOptions();
    }
    void anAnswerIsRightWhenItSaysTheSame() {
        QFETCH(const QString, answer);
        QFETCH(const QString, gold);
        QFETCH(const QString, question);
        QFETCH(const bool, right);
        QCOMPARE(isRightAnswer(answer.toStdString(), gold.toStdString(), question.toStdString()),
                 right);
    }

    void aQuestionsOptionsAreFound_data() {
        QTest::addColumn<QString>("question");
        QTest::addColumn<QStringList>("options");
        QTest::newRow("lines") << kListed << QStringList{"red", "blue", "12"};
        QTest::newRow("in a line") << kInline << QStringList{"Open", "Closed"};
        QTest::newRow("commas") << "Which? (A) red, (B) blue; (C) a dog"
                                << QStringList{"red", "blue", "a dog"};
        QTest::newRow("brackets") << "Which?\n A) red\n B) blue" << QStringList{"red", "blue"};
        QTest::newRow("one is none") << "Which?\nA. red" << QStringList{};
        QTest::newRow("from A on") << "Which?\nB. red\nC. blue" << QStringList{};
        QTest::newRow("prose") << "Is A. left of B. there?" << QStringList{};
        QTest::newRow("none") << "" << QStringList{};
    }
    void aQuestionsOptionsAreFound() {
        QFETCH(const QString, question);
        QFETCH(const QStringList, options);
        QStringList found;
        for (const auto& option : optionsIn(question.toStdString()))
            found << QString::fromStdString(option);
        QCOMPARE(found, options);
    }

    void aVeryLongAnswerIsJudgedToo() {
        const std::string digits(200000, '1');
        QVERIFY(isRightAnswer(digits, digits));
        QVERIFY(!isRightAnswer(digits, "1"));
    }
};

QTEST_GUILESS_MAIN(AnswerTest)
#include "answer_test.moc"
