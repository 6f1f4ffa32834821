#pragma once

#include "app/engine/ask_engine.h"

namespace lvr {

// The engine that answers with LibTorch; see EngineFactory.
std::unique_ptr<AskEngine> openLvrEngine(const ModelWish& wish, const LoadHooks& hooks,
                                         const std::stop_token& stop);

std::string torchVersion();

}  // namespace lvr
