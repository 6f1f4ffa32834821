#include "app/causal/panel_looks.h"

#include <QTabBar>

#include "widgets/causal/early_answers.h"
#include "widgets/causal/latent_map.h"
#include "widgets/causal/step_matrix.h"
#include "widgets/causal/step_table.h"

namespace lvr {

PanelLooks::PanelLooks(QWidget* parent)
    : QTabWidget(parent),
      early_(new EarlyAnswers),
      steps_(new StepTable),
      influence_(
          new StepMatrix("influence", tr("Influence of steps"), StepMatrix::Scale::FromZero)),
      cosine_(new StepMatrix("cosine", tr("Cosine of steps"), StepMatrix::Scale::Signed)),
      map_(new LatentMap) {
    setAccessibleName(tr("What the latents are"));
    tabBar()->setAccessibleName(tr("Views of the latents"));
    setDocumentMode(true);
    const auto add = [this](QWidget* page, const QString& title, const QString& tip) {
        setTabToolTip(addTab(page, title), tip);
    };
    add(early_, tr("Early answer"),
        tr("What it would answer if the thought ended after k latents"));
    add(steps_, tr("Steps"), tr("Words and patches that are near each latent"));
    add(influence_, tr("Influence"), tr("How much a change of one latent changes the later ones"));
    add(cosine_, tr("Cosine"), tr("How alike the latents are: all near 1 is a collapse"));
    add(map_, tr("Map"), tr("Latents among the picture's visual tokens, in two dimensions (PCA)"));
    influence_->setAxes(tr("changed step"), tr("what it changes in later steps"));
    cosine_->setAxes(tr("step"), tr("cosine between steps"));
    connect(early_, &EarlyAnswers::latentsChosen, this, [this](int k) { choose(k - 1); });
    connect(steps_, &StepTable::stepChosen, this, &PanelLooks::choose);
    connect(influence_, &StepMatrix::cellChosen, this, [this](int row, int) { choose(row); });
    connect(cosine_, &StepMatrix::cellChosen, this, [this](int row, int) { choose(row); });
    connect(map_, &LatentMap::latentChosen, this, &PanelLooks::choose);
    connect(map_, &LatentMap::tokenPointedAt, this, &PanelLooks::tokenPointedAt);
}

void PanelLooks::setPicture(const QImage& picture, PatchGrid grid) {
    steps_->setPicture(picture, grid);
}

void PanelLooks::show(const CausalPanel& panel) {
    early_->setAnswers(panel.early, panel.candidates, panel.expected);
    steps_->setSteps(panel.steps);
    influence_->setValues(panel.influence, tr("Step %1 changes step %2 by %3 of its own change"));
    cosine_->setValues(panel.cosine, tr("Steps %1 and %2: cosine %3"));
    map_->setPoints(panel.projection, panel.tokenProjection);
}

void PanelLooks::clear(const QString& why) {
    show(CausalPanel{});
    setEmptyText(why);
}

void PanelLooks::setEmptyText(const QString& text) {
    for (FigureView* figure : std::initializer_list<FigureView*>{early_, influence_, cosine_, map_})
        figure->setEmptyText(text);
    steps_->setEmptyText(text);
}

void PanelLooks::lightToken(int token) { map_->lightToken(token); }

const FigureView* PanelLooks::figureInFront() const {
    return qobject_cast<const FigureView*>(currentWidget());
}

void PanelLooks::choose(int step) {
    early_->choose(early_->isEmpty() ? -1 : step + 1);
    if (step >= 0) steps_->choose(step);
    map_->chooseLatent(step);
    Q_EMIT stepChosen(step);
}

}  // namespace lvr
