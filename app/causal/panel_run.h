#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <stop_token>

#include "app/causal/panel_donors.h"
#include "app/engine/ask_engine.h"

namespace lvr {

// One panel on the inference thread: the question as it is, then what each intervention makes of
// it. Used and heard on the GUI thread; whoever wants another one drops this one first.
class PanelRun : public QObject {
    Q_OBJECT
public:
    // donors: found on the inference thread; none: nobody lends.
    PanelRun(RunOnEngine runOnEngine, PanelRequest request, std::function<PanelDonors()> donors,
             QObject* parent = nullptr);
    ~PanelRun() override;  // stops; nothing follows

    void start();
    void stop();  // stopped() follows, unless it has ended
    int outcomes() const { return static_cast<int>(request_.interventions.size()); }
    int done() const { return done_; }
    qint64 msLeft() const;

Q_SIGNALS:
    void begun(const lvr::PanelRequest& request);   // with whose latents are lent
    void untouched(const lvr::CausalPanel& panel);  // its own answer, and no outcomes yet
    void outcome(const lvr::InterventionOutcome& outcome);
    void finished(const lvr::CausalPanel& panel);
    void stopped();
    void failed(const QString& sentence);

private:
    RunOnEngine runOnEngine_;
    PanelRequest request_;
    std::function<PanelDonors()> donors_;
    std::stop_source stop_;
    QElapsedTimer clock_;
    int done_ = 0;
};

}  // namespace lvr
