#include "app/causal/tested_set_run.h"

#include <QPointer>
#include <algorithm>
#include <utility>

#include "app/causal/panel_donors.h"
#include "app/compare/run_keeper.h"
#include "core/error.h"
#include "core/store/run_store.h"
#include "widgets/job.h"

namespace lvr {
namespace {

constexpr int kMostProblems = 3;  // in a row, before it is given up

// Of the questions around it in the set: another picture's, and one that lends nothing.
PanelDonors donorsInSet(const TestedSource& source, int number, const Sample& asked) {
    const SampleSet& set = source.samples;
    const SampleSet rest{.size = set.size, .sample = [&](int step) {
                             return set.sample((number + set.size / 2 + step) % set.size);
                         }};
    PanelDonors donors = donorsFrom(rest, asked);
    donors.answers = source.answers;
    return donors;
}

PanelRequest requestFor(const Sample& sample, const PanelDonors& donors, const TestedSet& set) {
    PanelRequest request{.question = causalQuestion(sample, donors),
                         .otherPicture = donors.otherPicture,
                         .options = set.options,
                         .interventions = set.interventions,
                         .looks = false};
    const std::string other = anotherQuestion(sample.question.text);
    if (!other.empty()) request.otherQuestion = Sample{.question = {sample.question.images, other}};
    return request;
}

// What a set needs of a panel.
CausalPanel withoutHeat(CausalPanel panel) {
    panel.heat.clear();
    panel.answerAttention.clear();
    for (auto& outcome : panel.outcomes) outcome.heat.clear();
    return panel;
}

// Throws Cancelled.
TestedItem testOne(AskEngine& engine, const TestedSource& source, int number, const TestedSet& set,
                   const std::stop_token& stop) {
    TestedItem item{.number = number, .item = {.id = std::to_string(number)}};
    try {
        const Sample sample = source.samples.sample(number);
        item.item.kind = sample.kind;
        if (!sample.id.empty()) item.item.id = sample.id;
        item.item.panel = withoutHeat(
            engine.panel(requestFor(sample, donorsInSet(source, number, sample), set), {}, stop));
    } catch (const Cancelled&) {
        throw;
    } catch (...) {
        item.problem = thrownSentence().toStdString();
    }
    return item;
}

bool differ(const std::string& a, const std::string& b) {
    return !a.empty() && !b.empty() && a != b;
}

}  // namespace

TestedSetRun::TestedSetRun(CompareServices services, QObject* parent)
    : QObject(parent), services_(std::move(services)), opens_(new Job(this)) {}

TestedSetRun::~TestedSetRun() { stop_.request_stop(); }

// ---- Opening ----

void TestedSetRun::open(const SetChoice& choice, const std::string& model,
                        std::function<void(const Opened&)> then) {
    opening_ = true;
    Q_EMIT busyChanged();
    opens_->replace(
        [choice, model, services = services_](const Job::Turn& turn) {
            Opened opened{.source = {.samples = services.openSet(choice, turn.stop)}};
            if (choice.file.empty()) opened.source.answers = answersIn(opened.source.samples);
            if (services.modelHash && !turn.stop.stop_requested())
                opened.modelHash = services.modelHash(model);
            return opened;
        },
        std::move(then), [this](const QString& sentence) { openingEnded(sentence); });
}

void TestedSetRun::openingEnded(const QString& sentence) {
    opening_ = false;
    if (!sentence.isEmpty()) Q_EMIT failed(sentence);
    Q_EMIT notBegun();
    Q_EMIT busyChanged();
}

void TestedSetRun::begin(const Plan& plan) {
    if (isBusy()) return;
    open(plan.choice, modelName_, [this, plan](const Opened& opened) {
        set_ = {
            .choice = plan.choice, .interventions = plan.interventions, .options = plan.options};
        set_.run.info = testedSetInfo(set_, {.command = plan.command,
                                             .parent = modelName_,
                                             .parentHash = opened.modelHash,
                                             .data = opened.source.samples.name,
                                             .dataHash = opened.source.samples.hash,
                                             .codeVersion = services_.codeVersion,
                                             .steps = opened.source.samples.size});
        letGo(std::exchange(keeper_, nullptr));
        startTesting(opened);
    });
}

// ---- One that is kept ----

void TestedSetRun::show(TestedSet set) {
    if (isBusy()) return;
    letGo(std::exchange(keeper_, nullptr));
    set_ = std::move(set);
    source_.reset();
    Q_EMIT replaced();
}

bool TestedSetRun::canGoOn() const {
    return !isBusy() && !set_.interventions.empty() && nextNumber() < questions();
}

void TestedSetRun::goOn() {
    if (!canGoOn()) return;
    if (isAlive(set_.run.status) && !keeper_ && set_.run.id != 0)
        return failed(tr("Tested set %1 is still running in another window; stop it there first.")
                          .arg(set_.run.id));
    const std::string& model = set_.run.info.parent;
    if (model != modelName_)
        return failed(
            tr("This set was tested with %1, and %2 is open; open %1 to go on with it.")
                .arg(QString::fromStdString(model),
                     modelName_.empty() ? tr("no model") : QString::fromStdString(modelName_)));
    open(set_.choice, model, [this](const Opened& opened) {
        if (const QString why = whyNot(opened); !why.isEmpty()) return openingEnded(why);
        if (keeper_) keeper_->goOn();
        startTesting(opened);
    });
}

QString TestedSetRun::whyNot(const Opened& opened) const {
    const RunInfo& info = set_.run.info;
    if (differ(info.parentHash, opened.modelHash))
        return tr("The model %1 is not what this set began with; run it anew.")
            .arg(QString::fromStdString(info.parent));
    if (differ(info.dataHash, opened.source.samples.hash) ||
        opened.source.samples.name != info.data || opened.source.samples.size != info.steps)
        return tr("The questions of %1 are not what this set began with; run it anew.")
            .arg(QString::fromStdString(info.data));
    return {};
}

// ---- Testing ----

void TestedSetRun::startTesting(const Opened& opened) {
    opening_ = false;
    testing_ = true;
    source_ = opened.source;
    stop_ = std::stop_source();
    problemsInARow_ = 0;
    doneBefore_ = done();
    set_.run.status = RunStatus::Running;
    clock_.start();
    if (!keeper_ && !services_.store.empty()) {
        keeper_ = new RunKeeper(services_.store, set_.run.info, set_.run.id, this);
        connect(keeper_, &RunKeeper::failed, this, &TestedSetRun::failed);
    }
    Q_EMIT replaced();
    Q_EMIT busyChanged();
    testNext();
}

int TestedSetRun::nextNumber() const {
    int number = 0;
    for (const auto& item : set_.items) {
        if (item.number != number) break;
        ++number;
    }
    return number;
}

// Reports of a run that is gone by then are dropped: it is looked up on the GUI thread only.
void TestedSetRun::testNext() {
    const int number = nextNumber();
    if (number >= questions()) return settle(false);
    const QPointer<TestedSetRun> self(this);
    const TestedSet plan{.run = {.info = set_.run.info},
                         .interventions = set_.interventions,
                         .options = set_.options};
    services_.runOnEngine(
        [self, plan, number, source = *source_, model = modelName_,
         stop = stop_](const EngineDesk& desk) mutable {
            const std::stop_callback closing(desk.ending, [&] { stop.request_stop(); });
            if (!desk.engine) throw Error("No model is open; choose one with Open model…");
            if (desk.engine->info().name != model)
                throw Error("Another model was opened meanwhile; open the first one to go on.");
            try {
                if (stop.stop_requested()) throw Cancelled();
                desk.report(
                    [self, item = testOne(*desk.engine, source, number, plan, stop.get_token())] {
                        if (self) self->put(item);
                    });
            } catch (const Cancelled&) {
                desk.report([self] {
                    if (self) self->settle(true);
                });
            }
        },
        [self](const std::string& sentence) {
            if (!self) return;
            Q_EMIT self->failed(QString::fromStdString(sentence));
            self->settle(true);
        });
}

void TestedSetRun::put(TestedItem item) {
    problemsInARow_ = item.problem.empty() ? 0 : problemsInARow_ + 1;
    const QString problem = QString::fromStdString(item.problem);
    if (keeper_)
        keeper_->keep(
            item.number,
            [item](RunStore& store, std::int64_t run, int done) {
                putItem(store, run, item, done);
            },
            item.number + 1);
    const auto at = std::ranges::lower_bound(set_.items, item.number, {}, &TestedItem::number);
    set_.items.insert(at, std::move(item));
    Q_EMIT progressed();
    if (problemsInARow_ >= kMostProblems) {
        Q_EMIT failed(tr("%1 questions in a row could not be tested; the last one: %2")
                          .arg(kMostProblems)
                          .arg(problem));
        return settle(true);
    }
    if (stop_.stop_requested()) return settle(true);
    testNext();
}

qint64 TestedSetRun::msLeft() const {
    return clock_.elapsed() * (questions() - done()) / std::max(done() - doneBefore_, 1);
}

std::int64_t TestedSetRun::runNumber() const { return keeper_ ? keeper_->run() : set_.run.id; }

void TestedSetRun::stop() {
    if (opening_) {
        opens_->drop();
        openingEnded({});
    }
    stop_.request_stop();
}

void TestedSetRun::settle(bool stopped) {
    testing_ = false;
    set_.run.status = stopped ? RunStatus::Stopped : RunStatus::Finished;
    if (keeper_) {
        set_.run.id = keeper_->run();
        keeper_->end(set_.run.status, stopped ? "stopped after " + std::to_string(done()) + " of " +
                                                    std::to_string(questions()) + " questions"
                                              : std::string());
    }
    Q_EMIT finished(stopped);
    Q_EMIT busyChanged();
}

}  // namespace lvr
