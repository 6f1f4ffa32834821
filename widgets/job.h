#pragma once

#include <QMetaObject>
#include <QObject>
#include <QPointer>
#include <QString>
#include <QThreadPool>
#include <atomic>
#include <functional>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace lvr {

// One sentence for a person out of what is being caught; to be called inside a catch block.
QString thrownSentence();

// Runs work away from the GUI thread: reading, writing, measuring. A part that needs such work
// holds a Job; all functions are called on the GUI thread and all reports come there. What work
// throws comes as a sentence. Work takes nothing, or a Turn to look at and to report by while it
// runs.
class Job : public QObject {
public:
    // One piece of work that runs: whether it should stop, and a way to tell how far it is.
    class Turn {
    public:
        std::stop_token stop;
        // Runs `report` on the GUI thread, if this work is still wanted then.
        void tell(std::function<void()> report) const;

    private:
        friend class Job;
        Job* job = nullptr;
        quint64 id = 0;  // 0: of add(), which is always wanted
    };
    using Failed = std::function<void(const QString& sentence)>;

    // With one thread, work runs in the order in which it was given.
    explicit Job(QObject* parent = nullptr, int threads = 1);
    // Asks what runs to stop, and waits. What was added still runs, what was to replace does not;
    // neither reports any more.
    ~Job() override;

    // Every one counts, and each reports: writing.
    template <class Work, class Then>
    void add(Work work, Then then, Failed failed) {
        start(countedTurn(), std::move(work), std::move(then), std::move(failed));
    }
    // The newest wins: an older one is asked to stop, does not begin and does not report: reading.
    template <class Work, class Then>
    void replace(Work work, Then then, Failed failed) {
        drop();
        start(newestTurn(), std::move(work), std::move(then), std::move(failed));
    }
    // Nothing of what replace() began is wanted any more.
    void drop();
    // Asks what replace() began to stop; it still reports.
    void requestStop() { stop_.request_stop(); }

    // Waits for what was added, and reports it. Nothing of what replace() began is wanted.
    void finish();
    // For work that can't be stopped: this part of the window goes and doesn't wait for it. Nothing
    // is reported any more; the Job ends with its work, at the latest with the program.
    static void letEnd(Job* job);

    bool isBusy() const { return running_ > 0; }
    std::function<void()> whenIdle;  // called when the last report was made

private:
    // Of work that returns nothing, too, there is a value that can be carried.
    struct Nothing {};

    Turn countedTurn();  // of add()
    Turn newestTurn();   // of replace()
    bool isWanted(quint64 id) const { return !isLeft_ && (id == 0 || id == newest_); }
    void settle();

    template <class Work>
    static auto outcomeOf(Work& work, const Turn& turn) {
        const auto run = [&] {
            if constexpr (std::is_invocable_v<Work&, const Turn&>)
                return work(turn);
            else
                return work();
        };
        if constexpr (std::is_void_v<decltype(run())>) {
            run();
            return Nothing();
        } else {
            return run();
        }
    }

    // QFuture's continuations would do, but those of Qt 6.4 lose what kind of exception it was and
    // assert when their context ends before them.
    template <class Work, class Then>
    void start(Turn turn, Work work, Then then, Failed failed) {
        ++running_;
        pool_.start([this, turn = std::move(turn), work = std::move(work), then = std::move(then),
                     failed = std::move(failed)]() mutable {
            using Outcome = decltype(outcomeOf(work, turn));
            std::optional<Outcome> outcome;
            QString sentence;
            try {
                if (isWanted(turn.id)) outcome = outcomeOf(work, turn);
            } catch (...) {
                sentence = thrownSentence();
            }
            auto report = [this, guard = QPointer(this), id = turn.id, outcome = std::move(outcome),
                           sentence, then = std::move(then), failed = std::move(failed)]() mutable {
                if (isWanted(id) && outcome) tellOutcome(then, *outcome);
                if (!guard) return;  // `then` ended its owner
                if (isWanted(id) && !outcome && failed) failed(sentence);
                if (guard) settle();
            };
            QMetaObject::invokeMethod(this, std::move(report));
        });
    }

    template <class Then, class Outcome>
    static void tellOutcome(Then& then, const Outcome& outcome) {
        if constexpr (std::is_same_v<Outcome, Nothing>)
            then();
        else
            then(outcome);
    }

    QThreadPool pool_;
    std::stop_source stop_;
    std::atomic<quint64> newest_ = 0;
    std::atomic<bool> isLeft_ = false;  // letEnd()
    int running_ = 0;
};

}  // namespace lvr
