#pragma once

#include <QByteArray>
#include <QImage>
#include <QUrl>
#include <QWidget>
#include <string>

#include "app/compare/sample_sets.h"

class QTabWidget;

namespace lvr {

class TestedSetPage;
class MessageBar;
class PanelPage;
struct CausalPanel;

// What Ask has on screen, to be tested.
struct CausalSubject {
    Sample sample;
    DecodeOptions options;     // it was, or would be, asked with
    std::vector<Box> regions;  // drawn on the picture
};

// Are the latents used, and for what? Interventions on one question, or on a set of them.
class CausalWorkspace : public QWidget {
    Q_OBJECT
public:
    explicit CausalWorkspace(const CompareServices& services, QWidget* parent = nullptr);

    void setModel(const ModelInfo& model);  // the one that is open
    // The picture and question of Ask, to be tested when asked to.
    void showQuestion(const CausalSubject& subject);
    // Likewise, if it is another than last time and nothing is being tested; what was typed here
    // stays otherwise. Drawn regions always come.
    void follow(const CausalSubject& subject);
    void showOneQuestion();  // in front
    void showSet();
    void test();   // that question, now
    void start();  // what is in front: the question, or the set
    void stop();
    void showPast();      // sets that were tested before
    void chooseExport();  // of what is in front
    void exportTo(const QString& file);
    void copyCommand();
    bool hasExport() const;
    bool isBusy() const;
    bool isTestingSet() const;
    const CausalPanel& panel() const;  // of the one question, as far as it has come
    const TestedSetPage& set() const { return *set_; }

    // Interventions, question, set, layout, and the panel on screen.
    QByteArray saveState() const;
    void restoreState(const QByteArray& state);  // what is unreadable is left as it is

Q_SIGNALS:
    void busyChanged(bool busy);
    void filesGiven(const QList<QUrl>& files);  // pasted or dropped, to be opened
    void picturePasted(const QImage& picture);

private:
    void wire();
    void wireSet();
    void testSet();
    bool isSetInFront() const;
    void showInPage(const CausalSubject& subject);
    void say(const QString& sentence);

    const std::string store_;
    PanelPage* question_;
    TestedSetPage* set_;
    QTabWidget* tabs_;
    MessageBar* messages_;
    CausalSubject fromAsk_;  // last
    bool chosen_ = false;    // somebody changed the interventions
    QWidget* setRoom_;       // scrolls set_
};

}  // namespace lvr
