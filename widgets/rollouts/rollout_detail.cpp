#include "widgets/rollouts/rollout_detail.h"

#include <QEvent>
#include <QLabel>
#include <QSplitter>
#include <QTabWidget>
#include <QTextEdit>
#include <QVBoxLayout>
#include <cmath>

#include "widgets/colours.h"
#include "widgets/labels.h"
#include "widgets/rollouts/group_summary.h"
#include "widgets/rollouts/heat_picture.h"
#include "widgets/rollouts/rollout_tokens.h"
#include "widgets/word_diff.h"

namespace lvr {
namespace {

QLabel* plainLabel(QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

QString partsOf(const Rollout& rollout) {
    QStringList parts;
    for (const auto& [name, reward] : rollout.rewards)
        parts << QStringLiteral("%1 %2").arg(QString::fromStdString(name)).arg(reward);
    return parts.join(QStringLiteral(" + "));
}

QString summaryOf(const Rollout& rollout) {
    const int latents = latentCount(rollout);
    // Another program's completions are texts alone.
    const bool hasPositions = !rollout.tokens.empty();
    QStringList said{
        RolloutDetail::tr("Rollout %1").arg(rollout.index),
        RolloutDetail::tr("reward %1 = %2").arg(rollout.reward).arg(partsOf(rollout)),
        RolloutDetail::tr("advantage %1").arg(rollout.advantage, 0, 'f', 3),
        hasPositions ? RolloutDetail::tr("%1 positions").arg(rollout.tokens.size()) : QString(),
        !hasPositions  ? QString()
        : latents == 1 ? RolloutDetail::tr("1 latent")
                       : RolloutDetail::tr("%1 latents").arg(latents),
        rollout.stopped.empty() ? QString() : exitText(rollout.stopped)};
    said.removeAll(QString());
    if (isUnclosed(rollout)) said << RolloutDetail::tr("thought not closed");
    return said.join(QStringLiteral("  ·  "));
}

// What the tints of the positions stand for.
QString legendOf(const QPalette& palette) {
    QString swatches;
    for (const int percent : {100, 50, 10, 1}) {
        const QColor tint = surpriseColour(palette, std::log(percent / 100.0));
        swatches += QStringLiteral("<span style=\"background-color:%1\">&nbsp;%2 %&nbsp;</span>")
                        .arg(mixed(tint, palette.window().color()).name())
                        .arg(percent);
    }
    return RolloutDetail::tr("probability %1").arg(swatches);
}

void write(const std::vector<DiffPiece>& pieces, const QPalette& colours, QTextEdit* into) {
    into->clear();
    QTextCursor end(into->document());
    for (const auto& [text, change] : pieces) {
        QTextCharFormat format;
        if (change == WordChange::Added) format.setBackground(changeColour(colours));
        if (change == WordChange::Missing) {
            format.setFontStrikeOut(true);
            format.setForeground(faded(colours.text().color(), 0.55));
        }
        end.insertText(text, format);
    }
    into->moveCursor(QTextCursor::Start);
}

}  // namespace

RolloutDetail::RolloutDetail(QWidget* parent)
    : QWidget(parent),
      question_(new FlowingLabel(this)),
      summary_(plainLabel(this)),
      tokens_(new RolloutTokens(this)),
      difference_(new QTextEdit(this)),
      legend_(new QLabel(this)),
      picture_(new HeatPicture(this)) {
    build();
    wire();
}

void RolloutDetail::build() {
    QFont bold = question_->font();
    bold.setBold(true);
    question_->setFont(bold);
    question_->setTextFormat(Qt::PlainText);
    question_->setAccessibleName(tr("Question"));
    summary_->setAccessibleName(tr("Rewards and advantage"));
    difference_->setReadOnly(true);
    difference_->setAccessibleName(tr("Words that differ from the best of the group"));
    difference_->setPlaceholderText(
        tr("Choose a rollout to compare it with the best of its group."));
    auto* views = new QTabWidget(this);
    views->setAccessibleName(tr("Views of the rollout"));
    views->setDocumentMode(true);
    views->addTab(tokens_, tr("Positions"));
    views->addTab(difference_, tr("Against the best"));
    views->setTabToolTip(0, tr("Every position; the stronger the tint, the less likely it was"));
    views->setTabToolTip(1, tr("On a tint: only here. Struck out: only in the best of the group."));
    legend_->setText(legendOf(palette()));
    legend_->setToolTip(tr("Of the sampled token, at the rollout's temperature"));
    views->setCornerWidget(legend_);
    auto* words = new QWidget(this);
    auto* column = new QVBoxLayout(words);
    column->setContentsMargins(0, 0, 0, 0);
    for (QWidget* widget : std::initializer_list<QWidget*>{question_, summary_, views})
        column->addWidget(widget);
    column->setStretchFactor(views, 1);
    auto* halves = new QSplitter(this);
    halves->addWidget(words);
    halves->addWidget(picture_);
    halves->setStretchFactor(0, 3);
    halves->setStretchFactor(1, 2);
    halves->setChildrenCollapsible(false);
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(halves);
}

void RolloutDetail::wire() {
    connect(tokens_, &RolloutTokens::latentSelected, picture_, &HeatPicture::selectLatent);
}

void RolloutDetail::show(const Rollout& rollout, const Rollout& best) {
    question_->setText(tr("%1  (known answer: %2)")
                           .arg(QString::fromStdString(rollout.prompt).trimmed(),
                                QString::fromStdString(rollout.expected)));
    summary_->setText(summaryOf(rollout));
    tokens_->show(rollout.tokens);
    picture_->showHeat(rollout.grid, rollout.heat);
    pieces_ = wordDiff(QString::fromStdString(best.completion),
                       QString::fromStdString(rollout.completion));
    write(pieces_, palette(), difference_);
}

void RolloutDetail::clear() {
    question_->clear();
    summary_->clear();
    tokens_->show({});
    pieces_.clear();
    difference_->clear();
    picture_->showHeat({}, {});
    picture_->showNoPicture({});
}

void RolloutDetail::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) {
        legend_->setText(legendOf(palette()));
        write(pieces_, palette(), difference_);
    }
    QWidget::changeEvent(event);
}

void RolloutDetail::showPicture(const QImage& picture) { picture_->showPicture(picture); }
void RolloutDetail::showNoPicture(const QString& reason) { picture_->showNoPicture(reason); }

}  // namespace lvr
