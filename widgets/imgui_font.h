#pragma once

#include <QByteArray>

class QFont;

namespace lvr {

// The font as one TrueType/OpenType file, put together again from its tables, so that Dear ImGui
// writes in the window's own font. Empty when the font has no outlines that ImGui can draw.
QByteArray fontFile(const QFont& font);

}  // namespace lvr
