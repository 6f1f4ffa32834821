#include "app/ask/panel_docks.h"

#include <QDockWidget>
#include <QEvent>
#include <QTabBar>

namespace lvr {

PanelDocks::PanelDocks(QWidget* centre, QWidget* parent) : QMainWindow(parent) {
    setWindowFlags(Qt::Widget);  // the constructor makes it a window, whatever it is told
    setCentralWidget(centre);
    setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
    setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    setCorner(Qt::TopLeftCorner, Qt::LeftDockWidgetArea);
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    setCorner(Qt::TopRightCorner, Qt::RightDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    setContextMenuPolicy(
        Qt::NoContextMenu);  // its menu would come in places where nobody expects it
}

// Qt keeps the tab bar of panels of which none or one is left, out of sight, where Tab reaches it.
bool PanelDocks::event(QEvent* event) {
    const bool done = QMainWindow::event(event);
    if (event->type() == QEvent::LayoutRequest || event->type() == QEvent::Resize)
        for (auto* bar : findChildren<QTabBar*>(Qt::FindDirectChildrenOnly))
            bar->setFocusPolicy(bar->geometry().intersects(rect()) ? Qt::TabFocus : Qt::NoFocus);
    return done;
}

QDockWidget* PanelDocks::addPanel(const QString& id, const QString& title, QWidget* panel,
                                  Qt::DockWidgetArea area, bool shown) {
    auto* dock = new QDockWidget(title, this);
    dock->setObjectName(id);
    dock->setAccessibleName(title);
    dock->setWidget(panel);
    dock->toggleViewAction()->setObjectName("panels." + id);
    dock->toggleViewAction()->setToolTip(tr("Show or close the panel %1").arg(title));
    panels_.push_back({dock, area, shown, 0});
    if (!restoreDockWidget(dock)) place(panels_.back());
    Q_EMIT panelAdded(dock->toggleViewAction());
    return dock;
}

void PanelDocks::place(const Panel& panel) {
    addDockWidget(panel.area, panel.dock);
    for (const Panel& other : panels_)
        if (other.dock != panel.dock && other.area == panel.area &&
            dockWidgetArea(other.dock) == panel.area) {
            tabifyDockWidget(other.dock, panel.dock);
            break;
        }
    panel.dock->setVisible(panel.shown);
}

void PanelDocks::setWidth(const QString& id, int width) {
    for (Panel& panel : panels_)
        if (panel.dock->objectName() == id) panel.width = width;
    applyWidths();
}

void PanelDocks::applyWidths() {
    for (const Panel& panel : panels_)
        if (panel.width > 0) resizeDocks({panel.dock}, {panel.width}, Qt::Horizontal);
}

QList<QAction*> PanelDocks::panelActions() const {
    QList<QAction*> actions;
    for (const Panel& panel : panels_) actions.append(panel.dock->toggleViewAction());
    return actions;
}

void PanelDocks::resetLayout() {
    for (const Panel& panel : panels_) {
        panel.dock->setFloating(false);
        removeDockWidget(panel.dock);
    }
    for (const Panel& panel : panels_) place(panel);
    for (const Panel& panel : panels_)
        if (panel.shown) panel.dock->raise();
    applyWidths();
}

}  // namespace lvr
