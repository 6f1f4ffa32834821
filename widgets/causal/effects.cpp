#include "widgets/causal/effects.h"

#include <QObject>

namespace lvr {
namespace {

constexpr double kSignificant = 0.05;
constexpr int kFewest = 10;  // questions of which anything is said

}  // namespace

QString sayingOf(const InterventionSummary& s) {
    if (s.count < kFewest) return QObject::tr("too few questions to tell");
    if (s.paired > 0 && s.shiftHolm < kSignificant && s.beyondRandom.value > 0)
        return QObject::tr("the answer follows what is fed");
    if (s.judged > 0 && s.mcnemarHolm < kSignificant)
        return s.rightWrong > s.wrongRight ? QObject::tr("it costs right answers")
                                           : QObject::tr("it brings right answers");
    if (s.flips == 0 && s.originalChange.low > -kSignificant &&
        s.originalChange.high < kSignificant)
        return QObject::tr("nothing moves");
    if (!s.smallestDifference)
        return QObject::tr("no difference was seen, and so few could show none");
    return QObject::tr("no difference of %1 % or more").arg(100 * *s.smallestDifference, 0, 'f', 0);
}

}  // namespace lvr
