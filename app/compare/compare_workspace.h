#pragma once

#include <QByteArray>
#include <QImage>
#include <QUrl>
#include <QWidget>
#include <string>

#include "app/compare/sample_sets.h"

class QSplitter;
class QTabWidget;

namespace lvr {

class MessageBar;
class QuestionPage;
class SetPage;
class StrategyList;

// Decoding strategies held against each other: their list on the left; on the right one question
// under all of them, or a set of questions.
class CompareWorkspace : public QWidget {
    Q_OBJECT
public:
    explicit CompareWorkspace(const CompareServices& services, QWidget* parent = nullptr);

    // The model that is open; its own exit rule takes the baseline's place while nobody has chosen
    // strategies.
    void setModel(const ModelInfo& model);
    // The picture and question of Ask, to be compared when asked to.
    void showQuestion(const Sample& sample);
    // Likewise, if it is another than last time and nothing is being compared; what was typed here
    // stays otherwise.
    void follow(const Sample& sample);
    void addModel(const QString& folder);  // as one more strategy
    void compare();                        // that question, now
    void start();                          // what is in front: the question, or the set
    void stop();
    void showPast();      // comparisons that were made before
    void chooseExport();  // of what is in front
    bool isBusy() const;
    bool isAskingSet() const;  // a set is being compared

    // Strategies, set, layout, and which comparison of the store is shown.
    QByteArray saveState() const;
    void restoreState(const QByteArray& state);  // what is unreadable is left as it is

Q_SIGNALS:
    void busyChanged(bool busy);
    void filesGiven(const QList<QUrl>& files);  // pasted or dropped, to be opened
    void picturePasted(const QImage& picture);

private:
    void wire();
    void compareSet();
    void showInPage(const Sample& sample);
    void say(const QString& sentence);

    const std::string store_;
    StrategyList* strategies_;
    QuestionPage* question_;
    SetPage* set_;
    QTabWidget* tabs_;
    QSplitter* splitter_;
    MessageBar* messages_;
    Question fromAsk_;     // last
    bool chosen_ = false;  // somebody changed the strategies
};

}  // namespace lvr
