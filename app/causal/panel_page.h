#pragma once

#include <QImage>
#include <QUrl>
#include <QWidget>
#include <string>

#include "app/causal/diagnose_command_text.h"
#include "app/causal/panel_donors.h"

class QLabel;
class QProgressBar;
class QSplitter;

namespace lvr {

class InterventionGrid;
class PanelExporter;
class PanelLooks;
class PanelQuestion;
class PanelRun;

// One question: its picture and text, what each intervention makes of its answer, and what its
// latents are.
class PanelPage : public QWidget {
    Q_OBJECT
public:
    explicit PanelPage(CompareServices services, QWidget* parent = nullptr);
    ~PanelPage() override;

    void setModel(const ModelInfo& model, const DiagnosedModel& diagnosed);
    // Whose set lends the latents of another picture.
    void setDonorSet(std::function<SetChoice()> choice) { donorSet_ = std::move(choice); }
    // origin: where it is from, for a person. Stops what runs; what came out before is gone.
    void setSample(const Sample& sample, const DecodeOptions& options, const QString& origin);
    void setRegions(const std::vector<Box>& regions);  // that are drawn in Ask
    void test();
    void stop();
    bool isBusy() const { return run_ != nullptr; }
    InterventionGrid& grid() { return *grid_; }
    const CausalPanel& panel() const { return panel_; }  // as far as it has come
    // The panel on screen with what it is about, as text; empty while there is none.
    const std::string& keptPanel() const { return kept_; }
    // Once the picture that it is about is on screen. Throws Error when it can't be read.
    void showKept(const std::string& panel);
    bool hasPanel() const { return panel_.grid.count() > 0; }
    void chooseExport();
    void exportTo(const QString& name);
    void copyCommand();
    QByteArray saveSplitters() const;
    void restoreSplitters(const QByteArray& state);

Q_SIGNALS:
    void testAsked();                      // test() is to follow
    void said(const QString& sentence);    // what was done, or is to be done first
    void failed(const QString& sentence);  // what went wrong
    void busyChanged();
    void filesGiven(const QList<QUrl>& files);  // pasted or dropped, to be opened
    void picturePasted(const QImage& picture);

private:
    void build();
    QWidget* makeResults();
    void wire();
    void wireRun();
    PanelRequest makeRequest();
    void begin();
    void showUntouched(const CausalPanel& panel);
    void showOutcome(const InterventionOutcome& outcome);
    void showFinished(const CausalPanel& panel);
    void showAwaited();
    void keepPanel();
    void showCurrentHeat();
    void showStep(int step);
    void tell(const QString& sentence);
    void settle();
    void clear();
    void updateButtons();
    QString summary() const;

    CompareServices services_;
    std::function<SetChoice()> donorSet_;
    ModelInfo model_;
    DiagnosedModel diagnosed_;
    DecodeOptions options_;
    PanelRequest asked_;  // what panel_ came from
    CausalPanel panel_;
    std::string kept_;         // panel_ as text, once it is whole
    std::string awaited_;      // kept, until something is tested: its picture may yet come
    PanelRun* run_ = nullptr;  // ours; gone when it has finished
    PanelExporter* exporter_;
    PanelQuestion* question_;
    QLabel* summary_;
    QProgressBar* progress_;
    QLabel* status_;
    InterventionGrid* grid_;
    PanelLooks* looks_;
    QSplitter* sides_;
    QSplitter* results_;
};

}  // namespace lvr
