#pragma once

#include <QStringList>
#include <string>
#include <vector>

#include "app/engine/ask_engine.h"
#include "core/values/comparison.h"

namespace lvr {

// Whose latents and how they are decoded, as a command line says it.
struct DiagnosedModel {
    std::string name;  // as the window has it; the shipped one needs no flag
    bool isShipped = false;
    DecodeOptions offered;  // what the model's own files say: only what differs is a flag
};

// The command that makes a panel again. pictures: files that hold the question's and, after them,
// the one that is lent from.
QString panelCommand(const DiagnosedModel& model, const PanelRequest& request,
                     const QStringList& pictures);
// The same for a set.
QString setCommand(const DiagnosedModel& model, const SetChoice& choice,
                   const std::vector<Intervention>& interventions, const DecodeOptions& options);

}  // namespace lvr
