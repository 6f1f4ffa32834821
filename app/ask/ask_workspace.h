#pragma once

#include <QUrl>
#include <QWidget>
#include <memory>
#include <optional>

#include "core/values/trace.h"

class QAction;
class QDockWidget;

namespace lvr {

class AskPanel;
class PanelDocks;
class PicturePanel;
struct LatentViewState;
struct ModelInfo;
struct ReadingProgress;

// Ask and look: a picture, questions about it, and what each latent step looked at. Owns the trace
// on screen and the sample whose answer is known; says by signals what the model should do and is
// told what came of it.
class AskWorkspace : public QWidget {
    Q_OBJECT
public:
    explicit AskWorkspace(QWidget* parent = nullptr);
    ~AskWorkspace() override;

    // ---- What is asked about ----
    void showPicture(Image picture, const QString& name);
    void showSample(Sample sample);
    void showTrace(const Trace& trace, const QString& file);
    void showAnswer(const Trace& trace);  // about the picture on screen, from before

    // ---- The model ----
    // A model of that name is being opened: questions wait for it.
    void modelIsOpening(const QString& name);
    void showModel(const ModelInfo& model);
    void modelDidNotOpen();  // the one before, if any, stays
    void modelClosed();      // none is open now

    // ---- Asking ----
    void ask();  // the question in the line
    void ask(const QString& question);
    void ask(const QString& question, const DecodeOptions& options);
    void edit(const QString& question, const DecodeOptions& options);  // to be asked by the person
    QString question() const;                                          // the one in the line
    void setQuestion(const QString& question);
    void drawRegion(const Box& box);
    const std::vector<Box>& regions() const;  // drawn, in the order of the thought
    // The same question with the drawn regions as its thought; asked with the model's own thought
    // first, unless that answer is there already.
    void useAsThought();
    void forgetWaitingQuestion();
    void showReading(const ReadingProgress& progress);
    void begun(const std::vector<PatchGrid>& grids);
    void append(const DecodeStep& step);
    void finish(Trace trace);
    void fail();  // the steps that came before the failure stay
    bool isAsking() const { return asking_; }
    bool canStop() const { return asking_ || isOpening(); }

    const Trace& trace() const { return trace_; }
    const std::optional<Trace>& otherAnswer() const { return other_; }  // from the other thought
    Trace snapshot() const;  // what is on screen, fit for a file: an unfinished answer is left out
    const LatentViewState& view() const;  // how its steps are looked at
    Sample sample() const;  // picture and question as they are now, with what is known of them
    void showLastStep();
    QWidget* picture() const;
    QWidget* questionLine() const;
    QList<QAction*> stepActions() const;
    QList<QAction*> viewActions() const;
    QList<QAction*> modeActions() const;    // what the heat shows
    QList<QAction*> regionActions() const;  // the first: draw one
    void recolour(const QColor& ink);       // the icons

    // ---- Panels around the picture ----
    // As PanelDocks has it: id names it in saved layouts.
    QDockWidget* addPanel(const QString& id, const QString& title, QWidget* panel,
                          Qt::DockWidgetArea area, bool shown);
    QList<QAction*> panelActions() const;  // each shows or closes one; more come by panelAdded()
    QByteArray saveLayout() const;
    void restoreLayout(const QByteArray& layout);
    void resetLayout();

Q_SIGNALS:
    void askWanted(const lvr::Question& question, const lvr::DecodeOptions& options);
    void stopWanted();
    void pictureShown(const std::vector<lvr::Image>& pictures);  // or the same ones again
    void answered(const lvr::Trace& trace);                      // complete or stopped
    void answerUnwanted();  // of what is being asked nothing is wanted any more

    void readingChanged(std::optional<double> fraction);  // of a question; nothing: none is read
    void stateChanged(const QString& sentence);
    void titleChanged(const QString& title);
    void failed(const QString& sentence);
    void modelWanted(const QString& sentence);  // failed, and opening a model helps
    void hinted(const QString& sentence);       // opening a model may help
    void allWell();                             // what was failed or hinted no longer matters
    void actionsChanged();
    void panelAdded(QAction* action);
    void settled();

    void filesGiven(const QList<QUrl>& files);
    void picturePasted(const QImage& picture);

protected:
    void changeEvent(QEvent* event) override;

private:
    void wire();
    void wireRegions();
    bool mayAsk();  // says what is missing
    void begin(GivenThought thought);
    std::optional<Trace> ownAnswer() const;  // to what would be asked now
    void showOtherThought();
    void updateThoughts();
    void updateRois();
    void updateGrids();
    bool isOpening() const { return !openingModel_.isEmpty(); }
    void hintAtScenes();
    bool sampleIsAsked() const;
    void showAnswerParts();
    void clearAnswer();
    void updateVerdict();
    void updateActions();

    std::unique_ptr<ModelInfo> model_;  // null until one is open
    Trace trace_;                       // what is on screen
    std::optional<Sample> sample_;      // when the picture's answer is known
    std::optional<Trace> other_;        // the same question answered from the other thought
    std::vector<Box> knownRois_;        // of the sample or the opened trace
    bool thoughtIsNext_ = false;        // when the model's own answer has come
    QString openingModel_;
    bool asking_ = false;
    bool askWhenOpen_ = false;

    PicturePanel* panel_ = nullptr;
    AskPanel* side_ = nullptr;
    PanelDocks* docks_ = nullptr;
};

}  // namespace lvr
