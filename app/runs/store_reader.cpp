#include "app/runs/store_reader.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

constexpr int kOftenMs = 200;    // while something runs, or the file is still to come
constexpr int kSeldomMs = 1000;  // otherwise

}  // namespace

StoreReader::StoreReader(QObject* parent)
    : QObject(parent), store_(std::make_unique<StoreLooker>()) {
    timer_.setSingleShot(true);
    connect(&timer_, &QTimer::timeout, this, &StoreReader::lookNow);
}

StoreReader::~StoreReader() { finish(); }

void StoreReader::finish() {
    if (std::exchange(isFinished_, true)) return;
    timer_.stop();
    store_->stop.request_stop();
    job_.finish();
}

void StoreReader::open(const std::filesystem::path& file) {
    wanted_.file = file;
    wanted_.store = ++tickets_;
    runs_.clear();
    hasListed_ = false;
    trouble_.clear();
    lookNow();
}

void StoreReader::subscribe(const std::vector<std::int64_t>& runs) {
    std::map<std::int64_t, quint64> metrics;
    for (const auto run : runs) {
        const auto before = wanted_.metrics.find(run);
        metrics[run] = before != wanted_.metrics.end() ? before->second : ++tickets_;
    }
    wanted_.metrics = std::move(metrics);
    wanted_.subscription = ++tickets_;
    lookNow();
}

void StoreReader::follow(FollowedRun& following, std::int64_t run, From from) {
    auto& last = &following == &wanted_.rollouts ? lastRollouts_ : lastProbes_;
    if (run != 0 && (run != last.run || from == From::Start)) last = {run, ++tickets_};
    following = run != 0 ? last : FollowedRun();
    if (run != 0) lookNow();
}

void StoreReader::followRollouts(std::int64_t run, From from) {
    follow(wanted_.rollouts, run, from);
}

void StoreReader::followProbes(std::int64_t run, From from) { follow(wanted_.probes, run, from); }

void StoreReader::lookNow() {
    if (isFinished_ || wanted_.file.empty()) return;
    looksAgain_ = isLooking_;
    if (!isLooking_) startLook();
}

void StoreReader::startLook() {
    isLooking_ = true;
    timer_.stop();
    job_.add([store = store_.get(), wanted = wanted_] { return store->look(wanted); },
             [this](const StoreLook& look) { take(look); },
             [this](const QString& sentence) { take({.wanted = wanted_, .trouble = sentence}); });
}

void StoreReader::take(const StoreLook& look) {
    isLooking_ = false;
    if (look.wanted.store == wanted_.store) tell(look);
    if (isFinished_ || isLooking_) return;
    if (look.hasMore || std::exchange(looksAgain_, false)) return startLook();
    timer_.start(look.isAnyAlive ? kOftenMs : kSeldomMs);
}

void StoreReader::tell(const StoreLook& look) {
    if (look.isOtherFile) {
        lastRollouts_ = lastProbes_ = {};
        Q_EMIT opened();
    }
    if (!look.trouble.isEmpty()) {
        trouble_ = look.trouble;
        if (look.isMissing)
            Q_EMIT missing(trouble_);
        else
            Q_EMIT failed(trouble_);
    }
    if (look.runs) {
        trouble_.clear();
        hasListed_ = true;
        runs_ = *look.runs;
        Q_EMIT runsChanged(*look.runs);
    }
    for (const auto& [run, columns] : look.metrics)
        if (const auto now = wanted_.metrics.find(run);
            now != wanted_.metrics.end() && now->second == look.wanted.metrics.at(run))
            Q_EMIT metricsAdded(run, columns);
    tellFollowed(look);
    if (!look.hasMore && look.wanted.subscription == wanted_.subscription) Q_EMIT upToDate();
}

void StoreReader::tellFollowed(const StoreLook& look) {
    const auto [run, ticket] = look.wanted.rollouts;
    if (run != 0 && ticket == wanted_.rollouts.ticket) {
        if (look.steps) Q_EMIT stepsRead(run, *look.steps);
        if (!look.health.empty()) Q_EMIT healthRead(run, look.health);
        if (!look.hasMore) Q_EMIT rolloutsFollowed(run);
    }
    if (look.probes && look.wanted.probes.ticket == wanted_.probes.ticket)
        Q_EMIT probesRead(look.wanted.probes.run, *look.probes);
}

void StoreReader::readStep(std::int64_t run, int step) {
    const auto id = store_->newestStep = ++newestStep_;
    const auto work = [store = store_.get(), id, run, step]() mutable {
        auto rollouts = store->readStep(id, run, step);
        return std::pair(step, std::move(rollouts));
    };
    job_.add(
        work,
        [this, id, run](const std::pair<int, SharedRollouts>& read) {
            if (read.second && id == newestStep_) Q_EMIT stepRead(run, read.first, read.second);
        },
        [this, id](const QString& sentence) {
            if (id == newestStep_) Q_EMIT stepFailed(sentence);
        });
}

void StoreReader::findSteps(std::int64_t run, const RolloutFilter& filter) {
    using Found = std::pair<std::map<int, int>, int>;
    const auto work = [file = wanted_.file, run, filter](const Job::Turn& turn) {
        const RunStore store(file, RunStore::Access::Read);
        const auto steps = store.rolloutSteps(run);
        Found found{{}, static_cast<int>(steps.size())};
        for (const int step : steps) {
            if (turn.stop.stop_requested()) break;
            const auto rollouts = store.rollouts(run, step);
            for (const auto& group : filtered(groupsOf(rollouts), filter))
                found.first[step] += static_cast<int>(group.rollouts.size());
        }
        return found;
    };
    searches_.replace(
        work,
        [this, run](const Found& found) { Q_EMIT stepsFound(run, found.first, found.second); },
        [this](const QString& sentence) { Q_EMIT stepFailed(sentence); });
}

void StoreReader::change(const Run& run, const std::function<void(RunStore&)>& act,
                         const std::function<void(const QString& why)>& then) {
    if (isFinished_) return;
    const auto done = [this, then](const QString& why) {
        then(why);
        lookNow();
    };
    job_.add([store = store_.get(), run, act] { store->change(run, act); }, [done] { done({}); },
             done);
}

void StoreReader::remove(const Run& run) {
    change(
        run, [id = run.id](RunStore& store) { store.remove(id); },
        [this](const QString& why) {
            if (!why.isEmpty()) Q_EMIT changeFailed(why);
        });
}

void StoreReader::setName(const Run& run, const QString& name) {
    change(
        run, [id = run.id, text = name.toStdString()](RunStore& store) { store.setName(id, text); },
        [this](const QString& why) {
            if (!why.isEmpty()) Q_EMIT changeFailed(why);
        });
}

void StoreReader::setTags(const Run& run, const QStringList& tags) {
    std::vector<std::string> words;
    for (const auto& tag : tags) words.push_back(tag.toStdString());
    change(
        run, [id = run.id, words](RunStore& store) { store.setTags(id, words); },
        [this](const QString& why) {
            if (!why.isEmpty()) Q_EMIT changeFailed(why);
        });
}

void StoreReader::setNotes(const Run& run, const QString& notes) {
    change(
        run,
        [id = run.id, text = notes.toStdString()](RunStore& store) { store.setNotes(id, text); },
        [this, id = run.id, notes](const QString& why) { Q_EMIT notesTold(id, notes, why); });
}

}  // namespace lvr
