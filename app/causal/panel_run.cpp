#include "app/causal/panel_run.h"

#include <QPointer>
#include <algorithm>
#include <memory>
#include <utility>

#include "core/error.h"

namespace lvr {

namespace {

// The same is asked about another picture. A set that can't be read lends nothing: what needs it
// says so.
void addDonors(PanelRequest& request, const std::function<PanelDonors()>& find) {
    if (!find) return;
    try {
        const PanelDonors donors = find();
        request.question.randomAnswer = donors.randomAnswer;
        request.question.candidates = donors.answers;
        if (!donors.otherPicture) return;
        request.otherPicture = donors.otherPicture;
        request.otherPicture->question.text = request.question.question.text;
    } catch (const Error&) {
    }
}

}  // namespace

PanelRun::PanelRun(RunOnEngine runOnEngine, PanelRequest request,
                   std::function<PanelDonors()> donors, QObject* parent)
    : QObject(parent),
      runOnEngine_(std::move(runOnEngine)),
      request_(std::move(request)),
      donors_(std::move(donors)) {}

PanelRun::~PanelRun() { stop_.request_stop(); }

void PanelRun::stop() { stop_.request_stop(); }

qint64 PanelRun::msLeft() const {
    return clock_.elapsed() * (outcomes() - done_) / std::max(done_ + 1, 1);
}

// Reports of a run that is gone by then are dropped: it is looked up on the GUI thread only.
void PanelRun::start() {
    clock_.start();
    const QPointer<PanelRun> self(this);
    runOnEngine_(
        [self, request = request_, donors = donors_, stop = stop_](const EngineDesk& desk) mutable {
            const std::stop_callback closing(desk.ending, [&] { stop.request_stop(); });
            const auto report = [&](auto what) {
                desk.report([self, what = std::move(what)] {
                    if (self) what(*self);
                });
            };
            if (!desk.engine) throw Error("No model is open; choose one with Open model…");
            const PanelHooks hooks{
                .onUntouched =
                    [&](const CausalPanel& panel) {
                        report([panel](PanelRun& run) { Q_EMIT run.untouched(panel); });
                    },
                .onOutcome =
                    [&](const InterventionOutcome& outcome) {
                        report([outcome](PanelRun& run) {
                            ++run.done_;
                            Q_EMIT run.outcome(outcome);
                        });
                    }};
            try {
                if (stop.stop_requested()) throw Cancelled();
                addDonors(request, donors);
                report([asked = request](PanelRun& run) { Q_EMIT run.begun(asked); });
                const auto panel = std::make_shared<const CausalPanel>(
                    desk.engine->panel(request, hooks, stop.get_token()));
                report([panel](PanelRun& run) { Q_EMIT run.finished(*panel); });
            } catch (const Cancelled&) {
                report([](PanelRun& run) { Q_EMIT run.stopped(); });
            }
        },
        [self](const std::string& sentence) {
            if (self) Q_EMIT self->failed(QString::fromStdString(sentence));
        });
}

}  // namespace lvr
