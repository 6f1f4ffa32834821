#include "app/causal/tested_set_run.h"

#include <QPointer>
#include <algorithm>
#include <utility>

#include "app/causal/causal_sets.h"
#include "app/compare/run_keeper.h"
#include "core/causal/set_looks.h"
#include "core/error.h"
#include "core/store/run_store.h"
#include "widgets/job.h"

namespace lvr {
namespace {

constexpr int kProbesPlace = -1;  // among what is kept, before the questions
constexpr int kMostProblems = 3;  // in a row, before it is given up

// What a set needs of a panel.
CausalPanel withoutHeat(CausalPanel panel) {
    panel.heat.clear();
    panel.answerAttention.clear();
    for (auto& outcome : panel.outcomes) outcome.heat.clear();
    return panel;
}

// Throws Cancelled.
TestedItem testOne(AskEngine& engine, const CausalSet& questions, int number, const TestedSet& set,
                   const KnownSet& known, const std::stop_token& stop) {
    TestedItem item{.number = number, .item = {.id = std::to_string(number)}};
    try {
        const auto at = static_cast<std::size_t>(number);
        const CausalSetItem asked = questions.item(at);
        item.item = {.id = asked.sample.id, .kind = asked.sample.kind, .cluster = asked.cluster};
        const PanelRequest request{
            .question = questionInSet(known.looks, at, asked, known.moments, set.choice.seed),
            .options = set.options,
            .interventions = set.interventions,
            .looks = false};
        item.item.panel = withoutHeat(engine.panel(request, {}, stop));
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
            Opened opened{.data = services.openCausalSet
                                      ? services.openCausalSet(choice, turn.stop)
                                      : causalSetOf(services.openSet(choice, turn.stop), choice)};
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
                                             .data = opened.data.name,
                                             .dataHash = opened.data.hash,
                                             .codeVersion = services_.codeVersion,
                                             .steps = static_cast<int>(opened.data.set.count)});
        letGo(std::exchange(keeper_, nullptr));
        startTesting(opened);
    });
}

// ---- One that is kept ----

void TestedSetRun::show(TestedSet set) {
    if (isBusy()) return;
    letGo(std::exchange(keeper_, nullptr));
    set_ = std::move(set);
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
    if (differ(info.dataHash, opened.data.hash) || opened.data.name != info.data ||
        static_cast<int>(opened.data.set.count) != info.steps)
        return tr("The questions of %1 are not what this set began with; run it anew.")
            .arg(QString::fromStdString(info.data));
    return {};
}

// ---- Testing ----

void TestedSetRun::startTesting(const Opened& opened) {
    opening_ = false;
    testing_ = true;
    questions_ = opened.data.set;
    looks_.clear();
    known_.reset();
    stop_ = std::stop_source();
    problemsInARow_ = 0;
    doneBefore_ = done();
    set_.run.status = RunStatus::Running;
    clock_.start();
    part_.start();
    if (!keeper_ && !services_.store.empty()) {
        keeper_ = new RunKeeper(services_.store, set_.run.info, set_.run.id, this);
        connect(keeper_, &RunKeeper::failed, this, &TestedSetRun::failed);
    }
    Q_EMIT replaced();
    Q_EMIT busyChanged();
    goFurther();
}

// First all that is lent, then the panels.
void TestedSetRun::goFurther() {
    if (stop_.stop_requested()) return settle(true);
    if (nextNumber() >= questions()) return settle(false);
    if (known_) return testNext();
    looked() < questions() ? lookNext() : knowSet();
}

int TestedSetRun::nextNumber() const {
    int number = 0;
    for (const auto& item : set_.items) {
        if (item.number != number) break;
        ++number;
    }
    return number;
}

// Has work done on the inference thread by the model that is open, and then what it returns here.
// Reports of a run that is gone by then are dropped: it is looked up on the GUI thread only.
void TestedSetRun::onEngine(std::function<Then(AskEngine&, const std::stop_token&)> work) {
    const QPointer<TestedSetRun> self(this);
    services_.runOnEngine(
        [self, work = std::move(work), model = modelName_,
         stop = stop_](const EngineDesk& desk) mutable {
            const std::stop_callback closing(desk.ending, [&] { stop.request_stop(); });
            if (!desk.engine) throw Error("No model is open; choose one with Open model…");
            if (desk.engine->info().name != model)
                throw Error("Another model was opened meanwhile; open the first one to go on.");
            Then then = [](TestedSetRun& run) { run.settle(true); };
            try {
                if (!stop.stop_requested()) then = work(*desk.engine, stop.get_token());
            } catch (const Cancelled&) {
            }
            desk.report([self, then = std::move(then)] {
                if (self) then(*self);
            });
        },
        [self](const std::string& sentence) {
            if (!self) return;
            Q_EMIT self->failed(QString::fromStdString(sentence));
            self->settle(true);
        });
}

void TestedSetRun::lookNext() {
    onEngine([questions = questions_, number = looks_.size(), options = set_.options](
                 AskEngine& engine, const std::stop_token& stop) -> Then {
        try {
            auto look = engine.look(questions.item(number), options, stop);
            return [look = std::move(look)](TestedSetRun& run) { run.takeLook(look, {}); };
        } catch (const Cancelled&) {
            throw;
        } catch (...) {
            return [problem = thrownSentence().toStdString()](TestedSetRun& run) {
                run.takeLook(std::nullopt, problem);
            };
        }
    });
}

// What can't be asked is left out, and not tried again.
void TestedSetRun::takeLook(std::optional<SetLook> look, const std::string& problem) {
    const int number = looked();
    looks_.push_back(std::move(look));
    const bool isKnown = std::ranges::binary_search(set_.items, number, {}, &TestedItem::number);
    if (!problem.empty() && !isKnown)
        return put({.number = number, .item = {.id = std::to_string(number)}, .problem = problem});
    problemsInARow_ = 0;
    Q_EMIT progressed();
    goFurther();
}

void TestedSetRun::knowSet() {
    onEngine([looks = std::exchange(looks_, {}), seed = set_.choice.seed](
                 AskEngine& engine, const std::stop_token&) -> Then {
        const auto known = std::make_shared<KnownSet>(KnownSet{
            .looks = looks, .moments = momentsOf(looks), .probes = engine.probes(looks, seed)});
        return [known](TestedSetRun& run) { run.takeKnown(known); };
    });
}

void TestedSetRun::takeKnown(std::shared_ptr<const KnownSet> known) {
    known_ = std::move(known);
    set_.probes = known_->probes;
    if (keeper_)
        keeper_->keep(
            kProbesPlace,
            [probes = set_.probes](RunStore& store, std::int64_t run, int done) {
                putProbes(store, run, probes, done);
            },
            done());
    doneBefore_ = done();
    part_.start();
    goFurther();
}

void TestedSetRun::testNext() {
    const TestedSet plan{
        .choice = set_.choice, .interventions = set_.interventions, .options = set_.options};
    onEngine([plan, questions = questions_, number = nextNumber(), known = known_](
                 AskEngine& engine, const std::stop_token& stop) -> Then {
        return [item = testOne(engine, questions, number, plan, *known, stop)](TestedSetRun& run) {
            run.put(item);
        };
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
            done() + 1);
    const auto at = std::ranges::lower_bound(set_.items, item.number, {}, &TestedItem::number);
    set_.items.insert(at, std::move(item));
    Q_EMIT progressed();
    if (problemsInARow_ >= kMostProblems) {
        Q_EMIT failed(tr("%1 questions in a row could not be tested; the last one: %2")
                          .arg(kMostProblems)
                          .arg(problem));
        return settle(true);
    }
    goFurther();
}

qint64 TestedSetRun::msLeft() const {
    const int made = isLooking() ? looked() : done() - doneBefore_;
    const int left = questions() - (isLooking() ? looked() : done());
    return part_.elapsed() * left / std::max(made, 1);
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
    looks_.clear();
    known_.reset();
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
