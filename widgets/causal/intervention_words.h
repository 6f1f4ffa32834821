#pragma once

#include <QList>
#include <QString>

#include "core/values/intervention.h"

namespace lvr {

// How interventions are said to a person, everywhere in the window alike.
QString titleOf(InterventionKind kind);        // "Another picture's latents"
QString titleOf(const Intervention& change);   // with strength and steps where they are chosen
QString explanationOf(InterventionKind kind);  // what is done, and what it tells

// All kinds but Own, in the order of a menu.
QList<InterventionKind> interventionKinds();

QString changeText(double change);  // "+1.24", "−0.03": in nats

}  // namespace lvr
