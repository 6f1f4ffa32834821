#pragma once

#include <QToolBar>

class QLabel;

namespace lvr {

// The tools for drawing regions in one row, with a word on what is drawn; what does not fit goes
// behind its arrow.
class RegionBar : public QToolBar {
    Q_OBJECT
public:
    RegionBar(const QList<QAction*>& actions, QWidget* parent = nullptr);
    void say(const QString& summary);

private:
    QLabel* summary_;
};

}  // namespace lvr
