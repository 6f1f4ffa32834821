#pragma once

#include <QUrl>
#include <QWidget>
#include <optional>

#include "core/values/trace.h"

class QAction;
class QLabel;
class QPushButton;
class QRadioButton;
class QToolButton;

namespace lvr {

class DetailRow;
class ExitRuleForm;
class LivenessBadge;
class FlowingLabel;
class QuestionLine;
class SamplingForm;
class TokenStream;

// What an answer was, with how sure the model was of its words: "star (97 %)".
QString answerWithProbability(const Trace& trace);

// The answer from the model's own thought beside one from another: regions that were given, or
// something else in the place of the latents. Whether it moved, and the choice which of them is
// looked at. Hidden while there is neither an answer nor a region.
class ThoughtRow : public QWidget {
    Q_OBJECT
public:
    // useAsThought: asks with the regions as thought.
    explicit ThoughtRow(QWidget* parent = nullptr);

    void offer(QAction* useAsThought);
    void offerWithoutLatents(const QList<QAction*>& actions);
    void offerMore(QAction* more);  // in the same menu, below them
    void setRegions(int count);
    void setAnswered(bool answered);  // there is an answer to be compared with another
    // Null: there is none.
    void show(const Trace* own, const Trace* given, bool givenIsShown);

Q_SIGNALS:
    void ownWanted();
    void givenWanted();

private:
    void updateVisible();

    QToolButton* use_;
    QToolButton* without_;
    QRadioButton* own_;
    QRadioButton* given_;
    FlowingLabel* moved_;  // whether the second answer is another one than the first
    int regions_ = 0;
    bool answered_ = false;
    bool compares_ = false;
};

// The window's right side: the question, the exit rule, Ask and Stop; below them the answer, how it
// compares with a known one, and the positions it was made of.
class AskPanel : public QWidget {
    Q_OBJECT
public:
    explicit AskPanel(QWidget* parent = nullptr);

    QString question() const;  // trimmed
    void setQuestion(const QString& question);
    void focusQuestion();
    QWidget* questionLine() const;
    DecodeOptions options() const;
    void setOptions(const DecodeOptions& options);
    void setStoppable(bool stoppable);
    ThoughtRow& thoughts() { return *thoughts_; }
    DetailRow& detail() { return *detail_; }

    void append(const DecodeStep& step);
    void show(const Trace& trace);  // all of a finished answer
    void clear();
    void showAsked(const QString& text);  // how the answer below was asked for; empty: none
    // expected: the known answer, if there is one. right: of what was said, once it is complete.
    void compare(const std::optional<std::string>& expected, std::optional<bool> right);
    int latentCount() const;
    void selectStep(int latentStep);  // -1: none

Q_SIGNALS:
    void asked();
    void stopped();
    void questionChanged();
    void filesGiven(const QList<QUrl>& files);
    void picturePasted(const QImage& picture);
    void stepSelected(int latentStep);

private:
    void build();
    void wire();
    void fitDetail();

    QuestionLine* question_;
    ExitRuleForm* exitRule_;
    SamplingForm* sampling_;
    DetailRow* detail_;
    QPushButton* ask_;
    QPushButton* stop_;
    QLabel* asked_;
    QLabel* answer_;
    QLabel* verdict_;
    LivenessBadge* badge_;
    ThoughtRow* thoughts_;
    TokenStream* stream_;
    std::size_t shown_ = 0;  // positions in the stream
};

}  // namespace lvr
