#pragma once

#include <QStringList>
#include <optional>

#include "app/shell/theme.h"
#include "app/window/start_script.h"

namespace lvr {

// What the command line says. Wrong use is one sentence that names the option.
struct CommandLine {
    StartOptions start;
    std::optional<QString> store;          // absent: the machine's own
    std::optional<QString> device, dtype;  // of models; absent: as last time, else auto
    std::optional<Theme> colours;          // absent: as last time
    bool sizeIsGiven = false;
    bool wantsHelp = false, wantsVersion = false;
};
CommandLine readCommandLine(const QStringList& arguments);  // with the program's name; throws Error
QString commandLineHelp();

}  // namespace lvr
