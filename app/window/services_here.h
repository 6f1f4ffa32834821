#pragma once

#include <QString>
#include <filesystem>
#include <optional>

#include "app/window/window_services.h"

namespace lvr {

struct Here {
    std::optional<QString> store;   // run store; absent: that of this machine
    std::filesystem::path history;  // folder of the conversations; empty: none are kept
    bool reproducible = false;      // the same scenes each time, instead of fresh ones
};

// What the program itself gives its window: the real model, scenes, data files and places of this
// machine.
WindowServices servicesHere(const Here& here);

}  // namespace lvr
