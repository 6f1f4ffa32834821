#pragma once

#include <QString>

namespace lvr {

// One sentence for a person out of what is being caught; to be called inside a catch block.
QString thrownSentence();

}  // namespace lvr
