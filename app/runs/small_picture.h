#pragma once

#include <QImage>

namespace lvr {

// A picture that a rollout or a probe question is about, made small enough to show. For another
// thread than the GUI's. Throws Error: there is none, or it can't be read.
QImage readSmallPicture(const QString& file);

}  // namespace lvr
