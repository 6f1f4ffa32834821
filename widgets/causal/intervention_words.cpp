#include "widgets/causal/intervention_words.h"

#include <QObject>
#include <cmath>

namespace lvr {

QString titleOf(InterventionKind kind) {
    QString words = QString::fromStdString(wordsOf(kind));
    return words.replace(0, 1, words.left(1).toUpper());
}

QString titleOf(const Intervention& change) {
    QString title = titleOf(change.kind);
    if (change.strength != 1) title += QObject::tr(" ×%1").arg(change.strength, 0, 'g', 3);
    const int first = change.first + 1, last = change.last + 1;
    if (change.kind == InterventionKind::Freeze) {
        title += QObject::tr(" at step %1").arg(first);
        return last > 0 ? title + QObject::tr(" to %1").arg(last) : title;
    }
    if (first == 1 && last == 0) return title;
    if (last == 0) return title + QObject::tr(" from step %1").arg(first);
    return title + (first == last ? QObject::tr(" at step %1").arg(first)
                                  : QObject::tr(" at steps %1–%2").arg(first).arg(last));
}

QString explanationOf(InterventionKind kind) {
    switch (kind) {
        case InterventionKind::Own:
            return QObject::tr("Nothing is changed: what the others are held against.");
        case InterventionKind::Zero:
            return QObject::tr(
                "Zeros are fed in place of the latents. An answer that stays does not need what "
                "was in them.");
        case InterventionKind::Mean:
            return QObject::tr(
                "The mean latent of a set is fed: as usual in size and direction, but of no "
                "picture.");
        case InterventionKind::Noise:
            return QObject::tr(
                "Gaussian noise of the latents' own mean and spread; strength multiplies its "
                "spread.");
        case InterventionKind::Shuffle:
            return QObject::tr(
                "Its own latents in another order: does the order of the steps matter?");
        case InterventionKind::Freeze:
            return QObject::tr(
                "From the first chosen step on that step's latent again and again: do later "
                "steps add anything?");
        case InterventionKind::RepeatFirst:
            return QObject::tr("Its first latent in every slot.");
        case InterventionKind::OtherPicture:
            return QObject::tr(
                "The latents of a question about another picture: if latents carry what was "
                "seen, the answer moves to that picture's.");
        case InterventionKind::OtherQuestion:
            return QObject::tr(
                "The latents of another question about the same picture: if they carry the "
                "thought, the answer moves to that question's.");
        case InterventionKind::RandomPatches:
            return QObject::tr(
                "Visual tokens of random places of the same picture: is it enough to look "
                "anywhere?");
        case InterventionKind::Oracle:
            return QObject::tr(
                "The visual tokens of the right regions: what a perfect thought would do.");
        case InterventionKind::Transplant:
            return QObject::tr(
                "The first latent of another question, then its own steps from there: does the "
                "thought go on from what it is given?");
        case InterventionKind::Snap:
            return QObject::tr(
                "Each latent is replaced by the picture's visual token nearest to it: is it "
                "more than a pointer?");
        case InterventionKind::Regions:
            return QObject::tr("The visual tokens of the regions that are drawn in Ask.");
        case InterventionKind::MarkersOnly:
            return QObject::tr("The start and end markers with nothing between them.");
        case InterventionKind::SpanRemoved:
            return QObject::tr("Neither latents nor markers: the model answers at once.");
        case InterventionKind::EvidenceRemoved:
            return QObject::tr(
                "After the latents nobody sees the question and its pictures any more: do the "
                "latents alone carry the answer?");
        case InterventionKind::PictureBlack:
            return QObject::tr(
                "The picture is black, the latents are those of the whole picture: are they "
                "enough?");
        case InterventionKind::TargetOccluded:
            return QObject::tr(
                "The right region is covered, beside 32 covers of its size elsewhere: does the "
                "answer hang on that place?");
    }
    return {};
}

QList<InterventionKind> interventionKinds() {
    using enum InterventionKind;
    return {
        Zero,         Mean,          Noise,       Shuffle,         Freeze,       RepeatFirst,
        OtherPicture, OtherQuestion, Transplant,  RandomPatches,   Oracle,       Snap,
        Regions,      MarkersOnly,   SpanRemoved, EvidenceRemoved, PictureBlack, TargetOccluded};
}

QString changeText(double change) {
    const QString number = QString::number(std::abs(change), 'f', 2);
    if (number == QStringLiteral("0.00")) return number;
    return (change < 0 ? QStringLiteral("−") : QStringLiteral("+")) + number;
}

}  // namespace lvr
