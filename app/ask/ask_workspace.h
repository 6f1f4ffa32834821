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
class Job;
class PanelDocks;
class PicturePanel;
struct LatentViewState;
struct ModelInfo;
struct ReadingProgress;

// What was on screen, to be gone back to.
struct AskPlace {
    QString title;
    QString question;  // in the line, asked or not
    Trace trace;       // as snapshot() has it
    std::optional<Sample> sample;
};

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
    void showAnswer(const Trace& trace);  // about the picture on screen; the question stays
    void showPlace(const AskPlace& place);
    AskPlace place() const;

    // What is shown next may have to be read first: it claims its turn when it is asked for, and is
    // shown only if nothing was shown or claimed since. So the newest wins, whatever it is.
    using Turn = std::uint64_t;
    Turn claimTurn() { return ++newestTurn_; }
    bool isTurnOf(Turn turn) const { return turn == newestTurn_; }

    // ---- What the person drew on the picture ----
    const std::vector<Box>& regions() const;              // in the order of the thought
    void drawRegion(const Box& box);                      // one more
    const std::vector<std::string>& regionNames() const;  // may be fewer
    // Nothing to take back.
    void setRegions(const std::vector<Box>& boxes, const std::vector<std::string>& names = {});

    // ---- The model ----
    // A model of that name is being opened: questions wait for it.
    void modelIsOpening(const QString& name);
    void showModel(const ModelInfo& model);
    void modelDidNotOpen();  // the one before, if any, stays
    void modelClosed();      // none is open now

    // ---- Asking ----
    void ask();  // the question in the line
    void ask(const QString& question);
    // The line and its options stay as they are.
    void ask(const QString& question, const DecodeOptions& options);
    void edit(const QString& question, const DecodeOptions& options);  // to be asked by the person
    QString question() const;                                          // the one in the line
    void setQuestion(const QString& question);
    // Those of the next question, if they are others than the model offered; once set so, the model
    // that opens next does not change them.
    std::optional<DecodeOptions> chosenOptions() const;
    void setChosenOptions(const DecodeOptions& options);
    // The question in the line with the drawn regions as its thought; asked with the model's own
    // thought first, unless that answer is there already.
    void useAsThought();
    // The question of the answer on screen once more, with something else than the model's own
    // latents; both answers are shown beside each other.
    void askWithoutLatents(LatentFeed instead, const BorrowedLatents& borrowed = {});
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
    void rememberView();                  // takes that from the settings and keeps it there
    Sample sample() const;  // picture and question as they are now, with what is known of them
    void showLastStep();
    QWidget* picture() const;
    QWidget* questionLine() const;
    QList<QAction*> stepActions() const;
    QList<QAction*> viewActions() const;                              // the last copies the figure
    QList<QAction*> modeActions() const;                              // what the heat shows
    QList<QAction*> regionActions() const;                            // the first: draw one
    QList<QAction*> latentActions() const { return latentActions_; }  // ask without them
    void offerTest(QAction* test);  // of the latents, beside asking without them

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
    void leaving();  // the picture on screen, with all that place() has of it
    // Picture, question, answer and regions are to be trained on; labels may be fewer.
    void latentsOfAnotherWanted();  // for askWithoutLatents(); nobody here knows other answers
    void recordWanted(const lvr::Sample& sample, const std::vector<std::string>& labels);
    void pictureShown(const std::vector<lvr::Image>& pictures);  // or the same ones again
    void regionsChanged();                                       // by the person
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
    // A question as it was asked, perhaps while its model was still being opened.
    struct Asked {
        std::string question;
        DecodeOptions options;
        bool asOffered = false;    // nobody chose the options: the model that opens says how
        bool withRegions = false;  // the drawn regions as its thought, beside the own one
        // What is fed for the own latents, beside the own answer; Own: nothing else.
        LatentFeed instead = LatentFeed::Own;
        BorrowedLatents borrowed = {};
        bool isBesideOwn() const { return withRegions || instead != LatentFeed::Own; }
    };

    void wire();
    void makeCopyAction();
    void copyFigure();  // as it would be exported, to the clipboard
    void focusPicture();
    void wireRegions();
    void makeLatentActions();
    void wantRecord();
    void leave();
    void turnTo(const QString& title, std::vector<Box> regions);  // the picture is in the trace
    bool hasDraft() const;  // a question in the line that was neither given nor asked
    Asked asked() const;    // the one in the line
    void put(Asked asked);  // asks it, lets it wait, or says what is missing
    bool mayAsk(const Asked& asked);
    void begin(const Asked& asked);
    std::optional<Trace> ownAnswer(const Asked& asked) const;
    void showOtherThought();
    void updateThoughts();
    void updateRois();
    void showTargets();
    void updateGrids();
    bool isOpening() const { return !openingModel_.isEmpty(); }
    void hintAtScenes();
    bool isTheSamples(const std::string& question) const;
    void showAnswerParts();
    void clearAnswer();
    void updateAsked();
    void updateVerdict();
    void updateActions();

    std::unique_ptr<ModelInfo> model_;  // null until one is open
    Trace trace_;                       // what is on screen
    QString title_;                     // of the picture
    std::optional<Sample> sample_;      // when the picture's answer is known
    std::optional<Trace> other_;        // the same question answered from the other thought
    std::vector<Box> knownRois_;        // of the sample or the opened trace
    std::optional<Asked> waiting_;      // for the model that is being opened
    std::optional<Asked> otherNext_;    // when the model's own answer has come
    DecodeOptions offered_;             // by the model, or by nobody
    bool optionsStay_ = false;          // when the next model opens
    QString openingModel_;
    bool asking_ = false;
    bool turning_ = false;  // to another picture: what changes is not the person's doing
    Turn newestTurn_ = 0;

    QAction* copyFigure_ = nullptr;
    QList<QAction*> latentActions_;
    Job* figures_ = nullptr;
    PicturePanel* panel_ = nullptr;
    AskPanel* side_ = nullptr;
    PanelDocks* docks_ = nullptr;
};

}  // namespace lvr
