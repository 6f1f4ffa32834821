#pragma once

#include <QByteArray>
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
    void showQuestion(const Sample& sample);  // to be compared when asked to
    void compare();                           // now
    void stop();
    bool isBusy() const;
    bool isAskingSet() const;  // a set is being compared

    // Strategies, set, layout, and which comparison of the store is shown.
    QByteArray saveState() const;
    void restoreState(const QByteArray& state);  // what is unreadable is left as it is

Q_SIGNALS:
    void busyChanged(bool busy);

private:
    void wire();
    void say(const QString& sentence);

    const std::string store_;
    StrategyList* strategies_;
    QuestionPage* question_;
    SetPage* set_;
    QTabWidget* tabs_;
    QSplitter* splitter_;
    MessageBar* messages_;
    bool chosen_ = false;  // somebody changed the strategies
};

}  // namespace lvr
