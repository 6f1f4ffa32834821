#pragma once

#include <QIcon>

class QColor;

namespace lvr {

enum class IconName { OpenPicture, Paste, NewScene, OpenModel, SaveTrace, Region, Ask, Stop };
// Line drawings in one ink, sharp at every size.
QIcon icon(IconName name, const QColor& ink);
QIcon applicationIcon();

}  // namespace lvr
