#pragma once

#include <QString>
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

// The command that makes a panel again. picture: a file that holds it.
QString panelCommand(const DiagnosedModel& model, const PanelRequest& request,
                     const QString& picture);
// The same for a set.
QString setCommand(const DiagnosedModel& model, const SetChoice& choice,
                   const std::vector<Intervention>& interventions, const DecodeOptions& options);

}  // namespace lvr
