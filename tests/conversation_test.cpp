#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QTemporaryDir>
#include <QToolButton>
#include <fstream>

#include "app/ask/ask_workspace.h"
#include "app/ask/conversation_text.h"
#include "app/ask/history.h"
#include "app/ask/picture_conversation.h"
#include "app/ask/picture_panel.h"
#include "core/trace/trace_file.h"
#include "tests/support/scripted_window.h"
#include "widgets/conversation/conversation_panel.h"
#include "widgets/conversation/exchange_list.h"
#include "widgets/conversation/liveness_badge.h"
#include "widgets/conversation/sampling_form.h"
#include "widgets/decode_form.h"
#include "widgets/qt_image.h"
#include "widgets/question_line.h"

using namespace lvr;
namespace fs = std::filesystem;

namespace {

// A window with a conversation, as a person sees it.
struct Talk : World {
    using World::World;

    ExchangeList& list() { return the<ExchangeList>(); }
    // "question: answer, answer; question: answer"
    QString listed() {
        QStringList questions;
        for (int q = 0; q < list().topLevelItemCount(); ++q) {
            QStringList answers;
            for (int a = 0; a < list().topLevelItem(q)->childCount(); ++a)
                answers << list().topLevelItem(q)->child(a)->text(0);
            questions << list().topLevelItem(q)->text(0) + ": " + answers.join(", ");
        }
        return questions.join("; ");
    }
    QTreeWidgetItem* item(int question, int answer = 0) {
        return list().topLevelItem(question)->child(answer);
    }
    void click(int question, int answer = 0) {
        const QRect rect = list().visualItemRect(item(question, answer));
        QTest::mouseClick(list().viewport(), Qt::LeftButton, {}, rect.center());
    }
    QString shown() {
        for (QTreeWidgetItemIterator it(&list()); *it; ++it)
            if ((*it)->data(0, ExchangeDelegate::Shown).toBool())
                return (*it)->parent()->text(0) + ": " + (*it)->text(0);
        return {};
    }
    QAction& action(const QString& text) {
        for (auto* action : the<ConversationPanel>().findChildren<QAction*>())
            if (action->text().remove('&') == text) return *action;
        qFatal("no action %s", qPrintable(text));
    }
    void does(const QString& text) {
        QTRY_VERIFY2(action(text).isEnabled(), qPrintable(text));
        action(text).trigger();
        settle();
    }
    QString note() {
        for (auto* label : the<ConversationPanel>().findChildren<QLabel*>())
            if (label->accessibleName() == "About the history")
                return label->isHidden() ? QString() : label->text();
        return {};
    }
    void press(const QString& text) {  // a button of the dialog that is open
        auto* box = window.findChild<QMessageBox*>();
        QVERIFY(box);
        for (auto* button : box->buttons())
            if (button->text().remove('&') == text) return button->click();
        QFAIL(qPrintable("no button " + text));
    }
    void show(const Image& image) {
        QMimeData data;
        data.setImageData(toQImage(image));
        window.give(data);
    }
};

// Finished ones: what is still being written has another name. Folders may go meanwhile.
std::vector<fs::path> filesIn(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code failed;
    for (fs::recursive_directory_iterator at(folder, failed), end; !failed && at != end;
         at.increment(failed))
        if (at->path().extension() == ".lvrtrace") files.push_back(at->path());
    std::sort(files.begin(), files.end());
    return files;
}

// A trace that can be written; the picture's grey tells pictures apart.
Trace smallTrace(const std::string& answer, std::uint8_t grey) {
    return {.model = "tiny",
            .question = {{{2, 1, std::vector<std::uint8_t>(6, grey)}}, "What?"},
            .grids = {{1, 1}},
            .steps = {{0, 7, answer, TextStep{0.5f}}},
            .answer = answer,
            .hiddenSize = 1,
            .imageTokens = {1}};
}

std::string pictureOf(const Trace& trace) {
    return HistoryFolder::pictureOf(trace.question.images);
}

}  // namespace

class ConversationTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() {
        temporary_ = std::make_unique<QTemporaryDir>();
        history_ = fs::path(temporary_->path().toStdString()) / "Geschichte ü";
    }

    void everyAnswerIsListedUnderItsQuestion();
    void clickingShowsAnAnswerAgainWithoutAsking();
    void enterShowsAnAnswerToo();
    void olderAnswersWaitWhileOneIsComing();
    void stopKeepsThePartialAnswerAndSaysSo();
    void anOvertakenAnswerIsKept();
    void everyAnswerHasTheTimeOfItsQuestion();
    void anAnswerUnderWayIsKeptWhenTheWindowCloses();
    void anAnswerIsKeptWhereItsPictureIsLeft();
    void editTakesQuestionAndOptionsBack();
    void againAsksTheSame();
    void againSamplesWithANewSeed();
    void againGivesTheSameThought();
    void aBranchStandsBesideTheOldAnswer();
    void deletingAsksFirst();
    void answersAndConversationsAreCopied();
    void aConversationIsExported();

    void theConversationComesBackInANewWindow();
    void everyPictureHasItsOwnConversation();
    void twoWindowsKeepEachOthersAnswers();
    void brokenFilesAreLeftOutWithASentence();
    void anAnswerAboutAnotherPictureIsNotShown();
    void anAnswerThatIsGoneSaysSo();
    void historyIsClearedForOnePictureOrForAll();
    void historyIsClearedBeforeItWasRead();
    void withoutAHomeAnswersStayUntilTheWindowCloses();
    void aFullDiskKeepsTheAnswerInTheWindow();
    void theOldestAnswersMakeRoom();
    void namesSortByTimeAndNeverClash();

    void theBadgeSaysWhetherLatentsWereFedBack();
    void theBadgeIsEmptyUntilThereIsAnAnswer();
    void advancedOptionsReachTheEngine();
    void theFoldSaysWhatItHides();
    void markdownIsEscaped();

private:
    std::unique_ptr<QTemporaryDir> temporary_;
    fs::path history_;
    QString file(const QString& name) const { return temporary_->filePath(name); }
};

void ConversationTest::everyAnswerIsListedUnderItsQuestion() {
    Talk talk(history_);
    QCOMPARE(talk.listed(), "");
    talk.ask("First?");
    talk.ask("Second?");
    talk.ask("First?");
    QTRY_COMPARE(talk.listed(), "First?: moon, moon; Second?: moon");
    QCOMPARE(talk.shown(), "First?: moon");
    const auto said = [&](int role) { return talk.item(0)->data(0, role).toString(); };
    QVERIFY2(said(ExchangeDelegate::How).startsWith("P(end)"),
             qPrintable(said(ExchangeDelegate::How)));
    QCOMPARE(said(ExchangeDelegate::OfModel).toStdString(), talk.window.trace().model);
    QVERIFY2(said(ExchangeDelegate::Details).startsWith("4 latents"),
             qPrintable(said(ExchangeDelegate::Details)));
    QVERIFY(talk.item(0)->data(0, Qt::AccessibleTextRole).toString().contains("fed back"));
}

void ConversationTest::clickingShowsAnAnswerAgainWithoutAsking() {
    Talk talk(history_);
    talk.ask("What? chain");
    const Trace first = talk.window.trace();
    talk.ask("Second?");
    QTRY_COMPARE(filesIn(history_).size(), std::size_t{2});
    QTRY_COMPARE(talk.shown(), "Second?: moon");
    talk.click(0);
    QTRY_COMPARE(talk.shown(), "What? chain: moon");
    QVERIFY(talk.window.trace() == first);
    QCOMPARE(talk.script.asked.load(), 2);
    QCOMPARE(talk.latents(), kLooks);
    QCOMPARE(talk.the<PicturePanel>().selectedStep(), kLooks - 1);
    QCOMPARE(talk.the<QuestionLine>().toPlainText(), "Second?");  // the next question is one's own
    QVERIFY(talk.verdict().contains("Right"));
}

void ConversationTest::enterShowsAnAnswerToo() {
    Talk talk(history_);
    talk.ask("First?");
    talk.ask("Second?");
    QTRY_COMPARE(talk.shown(), "Second?: moon");
    talk.list().setCurrentItem(talk.item(0));
    QTest::keyClick(&talk.list(), Qt::Key_Return);
    QTRY_COMPARE(talk.shown(), "First?: moon");
}

void ConversationTest::olderAnswersWaitWhileOneIsComing() {
    Talk talk(history_);
    talk.ask("First?");
    QTRY_COMPARE(talk.listed(), "First?: moon");
    talk.script.waitsForStop = true;
    talk.window.ask("Second?");
    QTRY_COMPARE(talk.latents(), 2);
    QCOMPARE(talk.shown(), "");
    talk.click(0);
    QVERIFY(talk.window.isBusy());
    QCOMPARE(talk.window.trace().question.text, "Second?");
}

void ConversationTest::stopKeepsThePartialAnswerAndSaysSo() {
    {
        Talk talk(history_);
        talk.script.waitsForStop = true;
        talk.window.ask("Long?");
        QTRY_COMPARE(talk.latents(), 2);
        talk.window.stop();
        talk.settle();
        QCOMPARE(talk.listed(), "Long?: (stopped)");
        QTRY_COMPARE(filesIn(history_).size(), std::size_t{1});
    }
    Talk again(history_);
    QTRY_COMPARE(again.listed(), "Long?: (stopped)");
    again.click(0);
    QTRY_COMPARE(again.latents(), 2);
    QCOMPARE(again.window.trace().stopped, StopReason::Cancelled);
    QVERIFY(again.the<LivenessBadge>().text().contains("stopped by you"));
}

void ConversationTest::anOvertakenAnswerIsKept() {
    Talk talk(history_);
    talk.script.waitsForStop = true;
    talk.window.ask("Long?");
    QTRY_COMPARE(talk.latents(), 2);
    talk.script.waitsForStop = false;
    talk.ask("Second?");
    QTRY_COMPARE(talk.listed(), "Long?: (stopped); Second?: moon");
    QCOMPARE(talk.shown(), "Second?: moon");
    QTRY_COMPARE(filesIn(history_).size(), std::size_t{2});
    talk.click(0);
    QTRY_COMPARE(talk.latents(), 2);
}

// The first answer comes when two more questions have been asked.
void ConversationTest::everyAnswerHasTheTimeOfItsQuestion() {
    Talk talk(history_);
    talk.script.waitsForStop = true;
    talk.window.ask("First?");
    const qint64 asked = QDateTime::currentMSecsSinceEpoch();
    QTRY_COMPARE(talk.latents(), 2);
    QTRY_VERIFY(QDateTime::currentMSecsSinceEpoch() > asked);
    talk.script.waitsForStop = false;
    talk.window.ask("Second?");
    talk.ask("Third?");
    QTRY_VERIFY(talk.listed().startsWith("First?: (stopped); ") &&
                talk.listed().endsWith("Third?: moon"));
    QTRY_VERIFY(!filesIn(history_).empty() &&
                readTraceOutline(filesIn(history_).front()).question.text == "First?");
    QVERIFY(std::stoll(filesIn(history_).front().filename().string().substr(0, 13)) <= asked);
}

void ConversationTest::anAnswerUnderWayIsKeptWhenTheWindowCloses() {
    {
        Talk talk(history_);
        talk.script.waitsForStop = true;
        talk.window.ask("Long?");
        QTRY_COMPARE(talk.latents(), 2);
        talk.window.close();
    }
    QCOMPARE(filesIn(history_).size(), std::size_t{1});
    Talk again(history_);
    QTRY_COMPARE(again.listed(), "Long?: (stopped)");
}

void ConversationTest::anAnswerIsKeptWhereItsPictureIsLeft() {
    Talk talk(history_);
    talk.script.waitsForStop = true;
    talk.window.ask("Long?");
    QTRY_COMPARE(talk.latents(), 2);
    QSignalSpy kept(&talk.the<History>(), &History::added);
    talk.show(picture(20, 30));
    QTRY_COMPARE(kept.count(), 1);
    QCOMPARE(filesIn(history_).size(), std::size_t{1});
    QCOMPARE(talk.listed(), "");
    QCOMPARE(talk.latents(), 0);
    talk.show(picture(84, 56));
    QTRY_COMPARE(talk.listed(), "Long?: (stopped)");
}

void ConversationTest::editTakesQuestionAndOptionsBack() {
    Talk talk(history_);
    talk.the<ExitRuleForm>().setRule(FixedSteps{3});
    talk.ask("First?");
    talk.the<ExitRuleForm>().setRule(NoLatents{});
    talk.ask("Second?");
    QTRY_COMPARE(talk.listed(), "First?: moon; Second?: moon");
    talk.list().setCurrentItem(talk.item(0));
    talk.does("Edit");
    QCOMPARE(talk.the<QuestionLine>().toPlainText(), "First?");
    QCOMPARE(talk.the<ExitRuleForm>().rule(), ExitRule(FixedSteps{3}));
    QCOMPARE(talk.script.asked.load(), 2);
    QTest::keyClick(&talk.the<QuestionLine>(), Qt::Key_Return);
    talk.settle();
    QTRY_COMPARE(talk.listed(), "First?: moon, moon; Second?: moon");
}

void ConversationTest::againAsksTheSame() {
    Talk talk(history_);
    talk.the<ExitRuleForm>().setRule(FixedSteps{3});
    talk.ask("First?");
    talk.the<ExitRuleForm>().setRule(NoLatents{});
    QTRY_COMPARE(talk.listed(), "First?: moon");
    talk.list().setCurrentItem(talk.item(0));
    talk.does("Again");
    QCOMPARE(talk.script.asked.load(), 2);
    QCOMPARE(talk.window.trace().options, DecodeOptions{.exit = FixedSteps{3}});
    QTRY_COMPARE(talk.listed(), "First?: moon, moon");
}

void ConversationTest::againSamplesWithANewSeed() {
    Talk talk(history_);
    DecodeOptions hot{.sampling = {.temperature = 0.123, .topP = 0.9, .seed = 7}};
    talk.the<SamplingForm>().setOptions(hot);
    talk.ask("First?");
    QCOMPARE(talk.window.trace().options, hot);
    QTRY_COMPARE(talk.listed(), "First?: moon");
    talk.list().setCurrentItem(talk.item(0));
    talk.does("Again");
    QVERIFY(talk.window.trace().options.sampling.seed != 7);
    hot.sampling.seed = talk.window.trace().options.sampling.seed;
    QCOMPARE(talk.window.trace().options, hot);
}

void ConversationTest::againGivesTheSameThought() {
    Talk talk(history_);
    DecodeOptions given;
    given.thought.boxes = {{0, 0, 0.5, 0.5}};
    talk.the<AskWorkspace>().ask("First?", given);
    talk.settle();
    QCOMPARE(talk.window.trace().options, given);
    QTRY_COMPARE(talk.listed(), "First?: moon");
    talk.list().setCurrentItem(talk.item(0));
    talk.does("Again");
    QCOMPARE(talk.window.trace().options, given);
    talk.ask("Another?");  // the model thinks for itself again
    QCOMPARE(talk.window.trace().options, DecodeOptions{});
}

void ConversationTest::aBranchStandsBesideTheOldAnswer() {
    Talk talk(history_);
    talk.ask("First?");
    talk.ask("Second?");
    QTRY_COMPARE(talk.listed(), "First?: moon; Second?: moon");
    talk.list().setCurrentItem(talk.item(0));
    QMenu* menu = talk.action("Branch").menu();
    Q_EMIT menu->aboutToShow();
    const auto names = [&] {
        QStringList all;
        for (QAction* action : menu->actions()) all << action->text();
        return all;
    }();
    QVERIFY(names.contains("no latents") && names.contains("fixed 8"));
    QVERIFY(!names.contains("P(end) ≥ 0.5, at most 16"));  // that is the old one
    menu->actions().at(names.indexOf("fixed 8"))->trigger();
    talk.settle();
    QCOMPARE(talk.window.trace().question.text, "First?");
    QCOMPARE(talk.window.trace().options.exit, ExitRule(FixedSteps{8}));
    QTRY_COMPARE(talk.listed(), "First?: moon, moon; Second?: moon");
}

void ConversationTest::deletingAsksFirst() {
    Talk talk(history_);
    talk.ask("First?");
    talk.ask("Second?");
    QTRY_COMPARE(filesIn(history_).size(), std::size_t{2});
    QTRY_COMPARE(talk.shown(), "Second?: moon");
    // The list is filled anew once an answer is on disk, which forgets what was chosen in it.
    const auto choose = [&] {
        talk.list().setCurrentItem(talk.item(0));
        return talk.action("Delete answer…").isEnabled();
    };
    QTRY_VERIFY(choose());
    talk.does("Delete answer…");
    talk.press("Cancel");
    QCOMPARE(filesIn(history_).size(), std::size_t{2});
    QTRY_VERIFY(!talk.window.findChild<QMessageBox*>());
    QTRY_VERIFY(choose());
    talk.does("Delete answer…");
    talk.press("Delete");
    QTRY_COMPARE(talk.listed(), "Second?: moon");
    QCOMPARE(filesIn(history_).size(), std::size_t{1});
}

void ConversationTest::answersAndConversationsAreCopied() {
    Talk talk(history_);
    talk.ask("What? chain");
    QTRY_COMPARE(talk.listed(), "What? chain: moon");
    talk.list().setCurrentItem(talk.item(0));
    talk.does("Copy answer");
    QCOMPARE(QApplication::clipboard()->text(), "moon");
    talk.does("Copy conversation as Markdown");
    const QString copied = QApplication::clipboard()->text();
    QVERIFY2(copied.startsWith("# chain scene\n\n## What? chain\n\n**moon** ✓\n"),
             qPrintable(copied));
    QVERIFY(copied.contains("- 4 latents fed back, ended by P(end) ≥ 0.5, not closed\n"));
}

void ConversationTest::aConversationIsExported() {
    Talk talk(history_);
    talk.ask("What? chain");
    QTRY_COMPARE(talk.listed(), "What? chain: moon");
    const auto exportTo = [&](const QString& name) {
        talk.does("Export conversation…");
        auto* dialog = talk.window.findChild<QFileDialog*>();
        Q_EMIT dialog->fileSelected(file(name));
        dialog->close();
        const bool waited = QTest::qWaitFor([&] {
            const bool done = QFileInfo::exists(file(name)) || !talk.window.message().isEmpty();
            return done && !talk.window.findChild<QFileDialog*>();
        });
        if (!waited) return QByteArray("nothing was written");
        QFile written(file(name));
        return written.open(QIODevice::ReadOnly) ? written.readAll() : QByteArray();
    };
    QVERIFY(exportTo("talk.md").contains("**moon** ✓"));
    const auto json = QJsonDocument::fromJson(exportTo("talk.json")).object();
    QCOMPARE(json["about"].toString(), "chain scene");
    const auto exchange = json["exchanges"].toArray().at(0).toObject();
    QCOMPARE(exchange["answer"].toString(), "moon");
    QCOMPARE(exchange["right"].toBool(), true);
    QCOMPARE(exchange["options"].toObject()["exit"].toString(), "end-prob:0.5:16");
    const auto steps = exchange["steps"].toArray();
    QCOMPARE(steps.size(), kLooks + 1);
    QCOMPARE(steps.at(0).toObject()["norm"].toDouble(), 2.0);
    QCOMPARE(steps.last().toObject()["probability"].toDouble(), 0.75);
    exportTo("missing/talk.md");
    QTRY_VERIFY2(talk.window.message().contains("missing"), qPrintable(talk.window.message()));
}

void ConversationTest::theConversationComesBackInANewWindow() {
    Trace first;
    {
        Talk talk(history_);
        talk.ask("What? chain");
        first = talk.window.trace();
    }
    Talk again(history_);
    QTRY_COMPARE(again.listed(), "What? chain: moon");
    QCOMPARE(again.shown(), "");
    again.click(0);
    QTRY_COMPARE(again.shown(), "What? chain: moon");
    QVERIFY(again.window.trace() == first);
    QCOMPARE(again.note(), "");
}

void ConversationTest::everyPictureHasItsOwnConversation() {
    Talk talk(history_);
    talk.ask("About the scene?");
    talk.show(picture(20, 30));
    QTRY_COMPARE(talk.listed(), "");
    talk.ask("About the other?");
    QTRY_COMPARE(talk.listed(), "About the other?: moon");
    talk.show(picture(84, 56));
    QTRY_COMPARE(talk.listed(), "About the scene?: moon");
    talk.show(picture(30, 20));  // as many pixels, the same bytes
    QTRY_COMPARE(talk.listed(), "");
}

void ConversationTest::twoWindowsKeepEachOthersAnswers() {
    Talk one(history_), two(history_);
    one.ask("One?");
    QTRY_COMPARE(filesIn(history_).size(), std::size_t{1});
    two.ask("Two?");
    QTRY_COMPARE(two.listed(), "One?: moon; Two?: moon");
    one.ask("Three?");
    QTRY_COMPARE(one.listed(), "One?: moon; Two?: moon; Three?: moon");
    QCOMPARE(filesIn(history_).size(), std::size_t{3});
}

void ConversationTest::brokenFilesAreLeftOutWithASentence() {
    {
        Talk talk(history_);
        talk.ask("First?");
        talk.ask("Second?");
        QTRY_COMPARE(filesIn(history_).size(), std::size_t{2});
    }
    const auto broken = filesIn(history_).front();
    fs::resize_file(broken, fs::file_size(broken) / 2);
    std::ofstream(broken.parent_path() / "notes.txt") << "not ours, not a trace";
    Talk again(history_);
    QTRY_COMPARE(again.listed(), "Second?: moon");
    QVERIFY2(again.note().contains(QString::fromStdString(broken.filename().string())),
             qPrintable(again.note()));
    QVERIFY(!again.note().contains("notes.txt"));
    QVERIFY(fs::exists(broken));
    again.ask("Third?");
    QTRY_COMPARE(again.listed(), "Second?: moon; Third?: moon");
    QVERIFY(fs::exists(broken));
}

void ConversationTest::anAnswerAboutAnotherPictureIsNotShown() {
    HistoryFolder folder(history_);
    const auto scene = HistoryFolder::pictureOf({picture(84, 56)});
    fs::create_directories(history_ / scene);
    writeTrace(smallTrace("stranger", 1), history_ / scene / "copied.lvrtrace");
    Talk talk(history_);
    QTRY_COMPARE(talk.listed(), "What?: stranger");
    const Image before = talk.window.trace().question.images.at(0);
    talk.click(0);
    QTRY_VERIFY2(talk.window.message().contains("another picture"),
                 qPrintable(talk.window.message()));
    QCOMPARE(talk.window.trace().question.images.at(0), before);
}

void ConversationTest::anAnswerThatIsGoneSaysSo() {
    Talk talk(history_);
    talk.ask("First?");
    QTRY_COMPARE(filesIn(history_).size(), std::size_t{1});
    talk.ask("Second?");
    QTRY_COMPARE(filesIn(history_).size(), std::size_t{2});
    QTRY_COMPARE(talk.shown(), "Second?: moon");
    const auto gone = filesIn(history_).front();
    fs::remove(gone);
    talk.click(0);
    QTRY_VERIFY(talk.window.message().contains(QString::fromStdString(gone.filename().string())));
    QCOMPARE(talk.shown(), "Second?: moon");
}

void ConversationTest::historyIsClearedForOnePictureOrForAll() {
    Talk talk(history_);
    talk.ask("Scene?");
    talk.show(picture(20, 30));
    talk.ask("Other?");
    QTRY_COMPARE(filesIn(history_).size(), std::size_t{2});
    QTRY_COMPARE(talk.listed(), "Other?: moon");
    talk.does("Clear history…");
    talk.press("This picture");
    QTRY_COMPARE(talk.listed(), "");
    QTRY_COMPARE(filesIn(history_).size(), std::size_t{1});
    QTRY_VERIFY(!talk.window.findChild<QMessageBox*>());
    talk.does("Clear history…");
    talk.press("All pictures");
    QTRY_COMPARE(filesIn(history_).size(), std::size_t{0});
    talk.ask("Anew?");
    QTRY_COMPARE(talk.listed(), "Anew?: moon");
    talk.click(0);
    QTRY_COMPARE(talk.shown(), "Anew?: moon");
}

// The folder is read in another thread; its report waits until events are handled.
void ConversationTest::historyIsClearedBeforeItWasRead() {
    Talk talk(history_);
    talk.ask("Scene?");
    talk.show(picture(20, 30));
    talk.ask("Other?");
    QTRY_COMPARE(filesIn(history_).size(), std::size_t{2});
    Q_EMIT talk.the<AskWorkspace>().pictureShown({picture(20, 30)});
    Q_EMIT talk.the<ConversationPanel>().clearWanted();
    talk.press("This picture");
    QTRY_COMPARE(filesIn(history_).size(), std::size_t{1});
    QTRY_COMPARE(talk.listed(), "");
}

void ConversationTest::withoutAHomeAnswersStayUntilTheWindowCloses() {
    Talk talk;
    QVERIFY(talk.note().contains("no home folder"));
    talk.ask("Scene?");
    QCOMPARE(talk.listed(), "Scene?: moon");
    talk.show(picture(20, 30));
    QCOMPARE(talk.listed(), "");
    talk.show(picture(84, 56));
    QCOMPARE(talk.listed(), "Scene?: moon");
    talk.click(0);
    QCOMPARE(talk.shown(), "Scene?: moon");
    talk.list().setCurrentItem(talk.item(0));
    talk.does("Delete answer…");
    talk.press("Delete");
    QCOMPARE(talk.listed(), "");
}

void ConversationTest::aFullDiskKeepsTheAnswerInTheWindow() {
    std::ofstream(history_) << "a file where the folder should be";
    Talk talk(history_);
    talk.ask("First?");
    QTRY_VERIFY2(talk.window.message().contains("until the window closes"),
                 qPrintable(talk.window.message()));
    QCOMPARE(talk.listed(), "First?: moon");
    talk.ask("Second?");
    talk.click(0);
    QCOMPARE(talk.shown(), "First?: moon");
}

void ConversationTest::theOldestAnswersMakeRoom() {
    const auto first = smallTrace("first", 1), second = smallTrace("second", 2);
    const auto id = HistoryFolder(history_).add(first, 1000);
    const auto size = fs::file_size(filesIn(history_).front());
    std::ofstream(history_ / pictureOf(first) / "copied.lvrtrace") << "kept: not ours";
    const HistoryFolder two(history_, 2 * size + 2 * size / 3);
    two.add(second, 2000);
    QCOMPARE(two.read(pictureOf(first)).exchanges.size(), std::size_t{1});
    two.add(second, 3000);
    QCOMPARE(two.read(pictureOf(first)).exchanges.size(), std::size_t{0});
    QCOMPARE(two.read(pictureOf(first)).leftOut.size(), std::size_t{1});  // it stays
    const auto left = two.read(pictureOf(second));
    QCOMPARE(left.exchanges.size(), std::size_t{2});
    QCOMPARE(left.exchanges[0].askedAt, 2000);
    const HistoryFolder none(history_, 1);
    none.add(first, 500);  // the newest one stays, however large
    QCOMPARE(filesIn(history_).size(), std::size_t{2});
    QCOMPARE(none.read(pictureOf(first)).exchanges.at(0).outline.answer, "first");
}

void ConversationTest::namesSortByTimeAndNeverClash() {
    const HistoryFolder folder(history_);
    const auto trace = smallTrace("same", 1);
    std::vector<std::string> ids;
    for (const std::int64_t time :
         std::vector<std::int64_t>{1795647134123, 1795647134123, 99, 1795647134124})
        ids.push_back(folder.add(trace, time));
    const auto read = folder.read(pictureOf(trace)).exchanges;
    QCOMPARE(read.size(), std::size_t{4});
    QCOMPARE(read.front().id, ids[2]);
    QCOMPARE(read.front().askedAt, 99);
    QCOMPARE(read.back().id, ids[3]);
    QVERIFY(read[1].outline == outlineOf(trace));
    QVERIFY(folder.answer(pictureOf(trace), ids[0]) == trace);
}

void ConversationTest::theBadgeSaysWhetherLatentsWereFedBack() {
    Talk talk(history_);
    talk.ask("First?");
    auto& badge = talk.the<LivenessBadge>();
    QVERIFY(badge.isVisible());
    QCOMPARE(badge.text(), "4 latents fed back, ended by P(end) ≥ 0.5, not closed");
    QVERIFY(badge.toolTip().contains("Not closed"));
    QCOMPARE(badge.accessibleDescription(), badge.text());
    DecodeOptions snapped{.latentFeed = LatentFeed::Snap};
    talk.the<SamplingForm>().setOptions(snapped);
    talk.ask("Second?");
    QVERIFY(badge.text().startsWith("4 latents replaced"));
}

void ConversationTest::theBadgeIsEmptyUntilThereIsAnAnswer() {
    Talk talk(history_);
    QVERIFY(!talk.the<LivenessBadge>().isVisible());
    talk.ask("First?");
    QVERIFY(talk.the<LivenessBadge>().isVisible());
    talk.window.newScene("has-dot");
    QVERIFY(!talk.the<LivenessBadge>().isVisible());
}

void ConversationTest::advancedOptionsReachTheEngine() {
    Talk talk(history_);
    auto& form = talk.the<SamplingForm>();
    QCOMPARE(form.options(), DecodeOptions{});
    auto* fold = form.findChild<QToolButton*>();
    auto* seed = form.findChild<QLineEdit*>();
    QVERIFY(!seed->isVisible());
    fold->click();
    QVERIFY(seed->isVisible());
    for (auto* number : form.findChildren<QDoubleSpinBox*>())
        if (number->accessibleName() == "Temperature") number->setValue(0.7);
    for (auto* number : form.findChildren<QLineEdit*>())
        if (number->accessibleName() == "Seed") number->setText("18446744073709551615");
    form.findChild<QCheckBox*>()->click();
    talk.ask("Hot?");
    const auto& options = talk.window.trace().options;
    QCOMPARE(options.sampling.temperature, 0.7);
    QCOMPARE(options.sampling.seed, ~std::uint64_t{0});
    QCOMPARE(options.spanStart, SpanStart::Forced);
    QCOMPARE(options.exit, ExitRule(EndProbability{}));
}

void ConversationTest::theFoldSaysWhatItHides() {
    SamplingForm form;
    const auto text = [&] { return form.findChild<QToolButton*>()->accessibleName(); };
    QCOMPARE(text(), "Advanced");
    const int narrow = form.minimumSizeHint().width();
    form.setOptions({.spanStart = SpanStart::Forced,
                     .maxNewTokens = 64,
                     .sampling = {.temperature = 0.5, .seed = 3}});
    QCOMPARE(text(), "Advanced: start forced, T 0.5, seed 3, at most 64 tokens");
    // However long it is, the panel stays as narrow as somebody made it.
    form.setOptions({.spanStart = SpanStart::Forced,
                     .maxNewTokens = 64,
                     .sampling = {.temperature = 0.5,
                                  .topP = 0.9,
                                  .topK = 50,
                                  .minP = 0.05,
                                  .repetitionPenalty = 1.05,
                                  .seed = 3},
                     .pixels = {100'000, 900'000}});
    const int most = narrow + form.fontMetrics().horizontalAdvance("Advanced: …");
    QVERIFY2(form.minimumSizeHint().width() < most,
             qPrintable(QString::number(form.minimumSizeHint().width())));
}

void ConversationTest::markdownIsEscaped() {
    Exchange exchange{"id", 0, smallTrace("<|x|> *y*", 1)};
    exchange.outline.question.text = "# What\nis `it`?";
    const auto text = QString::fromStdString(toMarkdown({exchange}, "a_b.png"));
    QVERIFY(
        text.startsWith("# a\\_b.png\n\n## \\# What is \\`it\\`?\n\n**\\<\\|x\\|\\> \\*y\\***"));
}

QTEST_MAIN(ConversationTest)
#include "conversation_test.moc"
