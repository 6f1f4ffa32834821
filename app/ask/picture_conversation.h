#pragma once

#include <QObject>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/ask/history.h"
#include "widgets/job.h"

namespace lvr {

class AskWorkspace;
class ConversationPanel;
class Job;
class PictureRegions;

// The conversation about the picture on screen: takes in what the workspace answers, shows an
// answer again, asks it again. What can't be kept on disk stays until the window closes.
class PictureConversation : public QObject {
    Q_OBJECT
public:
    // historyFolder: where answers are kept across restarts; empty: nowhere.
    PictureConversation(AskWorkspace& ask, const std::filesystem::path& historyFolder);
    ConversationPanel* panel() const { return panel_; }
    PastList* past() const { return past_; }                        // of all pictures
    bool isBusy() const { return history_ && history_->isBusy(); }  // with its files
    std::vector<Exchange> exchanges() const;                        // about the picture on screen
    // The partial answer to a question before the newest; perhaps about another picture.
    void keepOvertaken(const Trace& trace);
    void keepRegions();  // what was drawn last, when the window ends

Q_SIGNALS:
    void settled();  // no longer busy
    void failed(const QString& sentence);
    void stateChanged(const QString& sentence);

private:
    struct Fresh {  // not on disk, or not yet
        Exchange exchange;
        Trace trace;
    };

    struct InFlight {  // a question whose answer may still come
        std::string text;
        DecodeOptions options;
        std::int64_t askedAt;
    };

    void wireAsk();
    void wirePanel();
    void wireHistory();
    void wirePast();
    void openPast(const PastAnswer& answer);
    void lendLatents();
    void lend(const Trace& trace);
    void askToRemovePast(const PastAnswer& answer);

    void begin(const std::vector<Image>& pictures);
    void keep(const Trace& trace);
    void noteQuestion(const Question& question, const DecodeOptions& options);
    std::int64_t whenAsked(const Trace& trace) const;
    std::string keepAs(const Trace& trace, std::int64_t askedAt);  // its ticket
    void choose(const Exchange& exchange);
    void show(const std::string& id, const Trace& trace);
    void askAgain(const Exchange& exchange);
    void askToRemove(const Exchange& exchange, std::function<void()> removes);
    void sayAnswerIsComing();
    void remove(const std::string& given);
    void askToClear();
    void clear(History::Scope scope);
    void copy(const std::string& text, const QString& what);
    void exportTo();
    void write(const QString& file);

    const Fresh* freshOf(const std::string& id) const;
    bool isAboutThePicture(const Fresh& fresh) const;
    std::string onScreen(const std::vector<Exchange>& all) const;  // its id; empty: none of them
    void refresh();
    void markShown(const std::string& id);

    AskWorkspace& ask_;
    ConversationPanel* panel_;
    PastList* past_;
    Job* writing_;                // of exports
    History* history_ = nullptr;  // null: nothing is kept
    PictureRegions* regions_;
    quint64 page_ = 0;  // of the picture on screen
    std::shared_ptr<const std::vector<Image>> pictures_;
    QString title_;
    Conversation kept_;
    std::vector<Fresh> fresh_;
    std::vector<PastAnswer> pastAnswers_;       // newest first
    std::map<std::string, std::string> named_;  // what fresh answers are called on disk
    std::set<std::string> unwanted_;            // deleted before they were on disk
    std::string shown_;
    std::vector<InFlight> inFlight_;  // oldest first; answers of some never come
    std::int64_t askedAt_ = 0;        // the newest
    quint64 wantedAnswer_ = 0;        // the turn of the one being read; 0: none
    int tickets_ = 0;
};

}  // namespace lvr
