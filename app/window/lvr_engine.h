#pragma once

#include "app/window/ask_engine.h"

namespace lvr {

// The engine that answers with LibTorch; see EngineFactory.
std::unique_ptr<AskEngine> openLvrEngine(const std::string& folderOrRepoId,
                                         const OnLoadProgress& onProgress,
                                         const std::stop_token& stop);

std::string torchVersion();

}  // namespace lvr
