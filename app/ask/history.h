#pragma once

#include <QObject>
#include <functional>
#include <memory>

#include "app/ask/history_folder.h"
#include "widgets/conversation/past_list.h"
#include "widgets/job.h"

namespace lvr {

// A HistoryFolder away from the GUI thread: jobs are done one after the other, results come as
// signals on the GUI thread. `page` is a number of the caller's that comes back with the result.
class History : public QObject {
    Q_OBJECT
public:
    explicit History(HistoryFolder folder, QObject* parent = nullptr);
    bool isBusy() const { return job_.isBusy() || past_.isBusy(); }

    void read(quint64 page, const std::shared_ptr<const std::vector<Image>>& pictures);
    void add(quint64 page, const Trace& trace, std::int64_t askedAt, const std::string& ticket);
    void readAnswer(quint64 page, const std::string& picture, const std::string& id);
    // What was drawn on the pictures; `replaces` what was kept, or else joins it.
    void keepRegions(const std::shared_ptr<const std::vector<Image>>& pictures,
                     const std::vector<Box>& boxes, const std::vector<std::string>& names,
                     bool replaces, int ticket);
    void readAll();  // of all pictures; reports all that is readable
    // `then` on the GUI thread, with all of it.
    void readPast(const PastAnswer& answer, std::function<void(const Trace&)> then);
    void remove(quint64 page, const std::string& picture, const std::string& id);
    enum class Scope { ThisPicture, AllPictures };
    // By the pictures themselves: it may be wanted before read() has said what they are called.
    void removeAll(quint64 page, const std::shared_ptr<const std::vector<Image>>& pictures,
                   Scope scope);

Q_SIGNALS:
    void idle();  // nothing is being read or written any more
    void conversationRead(quint64 page, const lvr::Conversation& conversation);
    void answerRead(quint64 page, const std::string& id, const lvr::Trace& trace);
    // What ticket was is now the answer `id` about that picture.
    void added(quint64 page, const std::string& ticket, const std::string& picture,
               const std::string& id);
    void allRead(const std::vector<lvr::PastAnswer>& answers);  // newest first
    void changed();                                             // other answers are kept now
    void regionsKept(int ticket);
    void failed(const QString& sentence);

private:
    using Report = std::function<void()>;
    // `what` was not done, when the job throws: "%1" is its sentence.
    void run(const QString& what, std::function<Report()> work);
    void tellIfIdle();
    Report afterRemoval(quint64 page, const std::string& picture);
    Report whatIsThere(quint64 page, const std::string& picture);

    HistoryFolder folder_;
    class PastReader;
    std::shared_ptr<PastReader> reader_;  // used on the thread of past_ alone
    Job job_;                             // which waits at its end until all is written
    Job past_;
};

}  // namespace lvr
