#include "app/compare/set_run.h"

#include <algorithm>
#include <utility>

#include "app/compare/compare_run.h"
#include "app/compare/run_keeper.h"
#include "core/error.h"
#include "core/eval/kept_comparison.h"
#include "core/store/run_store.h"
#include "widgets/job.h"

namespace lvr {
namespace {

int latentsIn(const Trace& trace) {
    return static_cast<int>(std::ranges::count_if(trace.steps, [](const DecodeStep& step) {
        return std::holds_alternative<LatentStep>(step.what);
    }));
}

}  // namespace

SetRun::SetRun(CompareServices services, QObject* parent)
    : QObject(parent), services_(std::move(services)), opens_(new Job(this)) {}

// ---- Opening ----

void SetRun::open(const SetChoice& choice, const std::string& model,
                  std::function<void(const Opened&)> then) {
    opening_ = true;
    Q_EMIT busyChanged();
    opens_->replace(
        [choice, model, services = services_](const Job::Turn& turn) {
            Opened opened{.set = services.openSet(choice, turn.stop)};
            if (services.modelHash && !turn.stop.stop_requested())
                opened.modelHash = services.modelHash(model);
            return opened;
        },
        std::move(then), [this](const QString& sentence) { openingEnded(sentence); });
}

void SetRun::openingEnded(const QString& sentence) {
    opening_ = false;
    if (!sentence.isEmpty()) Q_EMIT failed(sentence);
    Q_EMIT notBegun();
    Q_EMIT busyChanged();
}

// ---- A new comparison ----

void SetRun::begin(const SetChoice& choice, const std::vector<Strategy>& strategies) {
    if (isBusy()) return;
    open(choice, modelName_,
         [=, this](const Opened& opened) { beginWith(opened, choice, strategies); });
}

void SetRun::beginWith(const Opened& opened, const SetChoice& choice,
                       const std::vector<Strategy>& strategies) {
    set_ = opened.set;
    const RunInfo info = comparisonInfo(choice, strategies,
                                        {.command = "Compare, in the window",
                                         .parent = modelName_,
                                         .parentHash = opened.modelHash,
                                         .data = set_->name,
                                         .dataHash = set_->hash,
                                         .codeVersion = services_.codeVersion,
                                         .steps = set_->size});
    shown_ = {.run = {.info = info}, .choice = choice, .results = resultsOf(info, strategies, {})};
    letGo(std::exchange(keeper_, nullptr));
    makeKeeper();
    startRun();
}

void SetRun::makeKeeper() {
    if (services_.store.empty()) return;
    keeper_ = new RunKeeper(services_.store, shown_.run.info, shown_.run.id, this);
    connect(keeper_, &RunKeeper::failed, this, &SetRun::failed);
}

// ---- One that is kept ----

void SetRun::show(Comparison comparison) {
    if (isBusy()) return;
    letGo(std::exchange(keeper_, nullptr));
    shown_ = std::move(comparison);
    set_.reset();
    Q_EMIT replaced();
}

bool SetRun::canGoOn() const {
    if (isBusy() || results().strategies.empty()) return false;
    if (std::ssize(results().questions) < shown_.run.info.steps) return true;
    return std::ranges::any_of(results().questions, [](const SetQuestion& question) {
        return !std::ranges::all_of(question.outcomes, &std::optional<Outcome>::has_value);
    });
}

void SetRun::goOn() {
    if (!canGoOn()) return;
    if (isAlive(shown_.run.status) && !keeper_ && shown_.run.id != 0)
        return failed(tr("Comparison %1 is still running in another window; stop it there first.")
                          .arg(shown_.run.id));
    const std::string& model = shown_.run.info.parent;
    if (model != modelName_)
        return failed(
            tr("This comparison is of %1, and %2 is open; open %1 to go on with it.")
                .arg(QString::fromStdString(model),
                     modelName_.empty() ? tr("no model") : QString::fromStdString(modelName_)));
    open(shown_.choice, model, [this](const Opened& opened) { goOnWith(opened); });
}

QString SetRun::whyNot(const Opened& opened) const {
    const RunInfo& info = shown_.run.info;
    const auto differ = [](const std::string& a, const std::string& b) {
        return !a.empty() && !b.empty() && a != b;
    };
    if (differ(info.parentHash, opened.modelHash))
        return tr("The model %1 is not what this comparison began with; run it anew.")
            .arg(QString::fromStdString(info.parent));
    if (differ(info.dataHash, opened.set.hash) || opened.set.name != info.data ||
        opened.set.size != info.steps)
        return tr("The questions of %1 are not what this comparison began with; run it anew.")
            .arg(QString::fromStdString(info.data));
    return {};
}

void SetRun::goOnWith(const Opened& opened) {
    if (const QString why = whyNot(opened); !why.isEmpty()) return openingEnded(why);
    set_ = opened.set;
    shown_.results.unreadable.clear();  // they are tried again
    if (keeper_)
        keeper_->goOn();
    else
        makeKeeper();
    startRun();
}

// ---- Asking ----

void SetRun::startRun() {
    opening_ = false;
    shown_.run.status = RunStatus::Running;
    clock_.start();
    step_ = firstStep_ = 0;
    run_ = new CompareRun(services_, *set_, results().strategies, CompareRun::Report::AnswersOnly,
                          this);
    // As it is now: what fails from here on is not asked twice.
    std::vector<std::pair<int, int>> behind;
    for (const auto& question : results().questions)
        for (int i = 0; i < std::ssize(question.outcomes); ++i)
            if (question.outcomes[i]) behind.emplace_back(question.number, i);
    if (!behind.empty())
        run_->leaveOut([behind = std::move(behind)](int question, int strategy) {
            return std::ranges::binary_search(behind, std::pair(question, strategy));
        });
    wireRun();
    Q_EMIT replaced();
    Q_EMIT busyChanged();
    run_->start();
}

void SetRun::wireRun() {
    connect(run_, &CompareRun::questionRead, this, &SetRun::questionRead);
    connect(run_, &CompareRun::questionFailed, this, &SetRun::questionFailed);
    connect(run_, &CompareRun::answered, this, &SetRun::answered);
    connect(run_, &CompareRun::strategyFailed, this, &SetRun::strategyFailed);
    connect(run_, &CompareRun::finished, this, &SetRun::settle);
}

std::size_t SetRun::placeOf(int number) const {
    const auto at = std::ranges::lower_bound(results().questions, number, {}, &SetQuestion::number);
    return static_cast<std::size_t>(at - results().questions.begin());
}

void SetRun::questionRead(int number, const Sample& sample) {
    auto& questions = shown_.results.questions;
    const std::size_t place = placeOf(number), count = results().strategies.size();
    if (place < questions.size() && questions[place].number == number) return;  // it goes on
    const bool isLast = place == questions.size();
    questions.insert(questions.begin() + static_cast<std::ptrdiff_t>(place),
                     {.number = number,
                      .id = sample.id,
                      .kind = sample.kind,
                      .text = sample.question.text,
                      .expected = sample.answer,
                      .outcomes = std::vector<std::optional<Outcome>>(count),
                      .failures = std::vector<std::string>(count)});
    if (!isLast) Q_EMIT replaced();  // places are others
}

void SetRun::questionFailed(int number, const QString& sentence) {
    shown_.results.unreadable.push_back(sentence.toStdString());
    passed(number, static_cast<int>(results().strategies.size()) - 1);
    keep({.number = number, .unreadable = sentence.toStdString()});
}

void SetRun::answered(int number, int strategy, const StrategyAnswer& answer) {
    if (answer.trace.stopped == StopReason::Cancelled) return;
    const std::size_t place = placeOf(number);
    auto& question = shown_.results.questions.at(place);
    question.outcomes.at(strategy) = Outcome{.answer = answer.trace.answer,
                                             .right = answer.right.value_or(false),
                                             .latents = latentsIn(answer.trace),
                                             .times = answer.times};
    question.failures.at(strategy).clear();
    keep(question);
    Q_EMIT questionChanged(place);
    passed(number, strategy);
}

void SetRun::strategyFailed(int number, int strategy, const QString& sentence) {
    auto& question = shown_.results.questions.at(placeOf(number));
    question.failures.at(strategy) = sentence.toStdString();
    shown_.results.failures.at(strategy) = sentence.toStdString();
    keep(question);
    passed(number, strategy);
}

void SetRun::keep(const SetQuestion& question) {
    if (!keeper_) return;
    keeper_->keep(
        question.number,
        [question](RunStore& store, std::int64_t run, int done) {
            store.putQuestion(run, question, done);
        },
        question.number + 1);
}

void SetRun::passed(int number, int strategy) {
    const int before =
        number * static_cast<int>(results().strategies.size()) + strategy;  // of the whole set
    if (step_ == 0) firstStep_ = before;
    step_ = before + 1;
    Q_EMIT progressed();
}

int SetRun::steps() const {
    return shown_.run.info.steps * static_cast<int>(results().strategies.size());
}

qint64 SetRun::msLeft() const {
    return clock_.elapsed() * (steps() - step_) / std::max(step_ - firstStep_, 1);
}

std::int64_t SetRun::runNumber() const { return keeper_ ? keeper_->run() : shown_.run.id; }

std::function<Sample(int)> SetRun::sampleReader() const {
    if (set_) return set_->sample;
    return [open = services_.openSet, choice = shown_.choice](int question) {
        return open(choice, {}).sample(question);
    };
}

// ---- The end ----

void SetRun::stop() {
    if (opening_) {
        opens_->drop();
        openingEnded({});
    }
    if (run_) run_->stop();
}

void SetRun::settle(bool stopped) {
    run_->disconnect();
    std::exchange(run_, nullptr)->deleteLater();
    shown_.run.status = stopped ? RunStatus::Stopped : RunStatus::Finished;
    if (keeper_) {
        shown_.run.id = keeper_->run();
        keeper_->end(shown_.run.status,
                     stopped ? "stopped after " + std::to_string(results().questions.size()) +
                                   " of " + std::to_string(shown_.run.info.steps) + " questions"
                             : std::string());
    }
    Q_EMIT finished(stopped);
    Q_EMIT busyChanged();
}

}  // namespace lvr
