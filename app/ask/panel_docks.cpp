#include "app/ask/panel_docks.h"

#include <QAction>
#include <QDockWidget>
#include <QEvent>
#include <QTabBar>
#include <QToolButton>

namespace lvr {
namespace {

constexpr int kCentreShare = 54;  // percent of the width that the centre has at least

}  // namespace

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
        for (auto* bar : findChildren<QTabBar*>(Qt::FindDirectChildrenOnly)) {
            bar->setFocusPolicy(bar->geometry().intersects(rect()) ? Qt::TabFocus : Qt::NoFocus);
            for (auto* arrow : bar->findChildren<QToolButton*>())
                arrow->setFocusPolicy(Qt::NoFocus);
        }
    if (event->type() == QEvent::Resize || event->type() == QEvent::Show) giveCentreRoom();
    return done;
}

// Of the panels left and right of it, one of each stack.
std::vector<QDockWidget*> PanelDocks::besideCentre() const {
    std::vector<QDockWidget*> beside;
    for (const Panel& panel : panels_) {
        const auto area = dockWidgetArea(panel.dock);
        const bool isBeside = area == Qt::LeftDockWidgetArea || area == Qt::RightDockWidgetArea;
        const bool isSeen = panel.dock->isVisible() && !panel.dock->isFloating() &&
                            !panel.dock->visibleRegion().isEmpty();
        if (isBeside && isSeen) beside.push_back(panel.dock);
    }
    return beside;
}

void PanelDocks::giveCentreRoom() {
    const auto beside = besideCentre();
    const int most = width() - width() * kCentreShare / 100;  // for all of them
    int wanted = 0;
    const auto usual = [this](QDockWidget* dock) {
        const auto before = narrowed_.find(dock);
        return before == narrowed_.end() ? dock->width() : before->second;
    };
    for (QDockWidget* dock : beside) wanted += usual(dock);
    if (wanted <= most && narrowed_.empty()) return;
    QList<QDockWidget*> docks;
    QList<int> widths;
    for (QDockWidget* dock : beside) {
        const int width = usual(dock);
        docks.append(dock);
        widths.append(wanted <= most ? width : width * most / wanted);
        narrowed_.try_emplace(dock, width);
    }
    if (wanted <= most) narrowed_.clear();
    resizeDocks(docks, widths, Qt::Horizontal);
}

QDockWidget* PanelDocks::addPanel(const QString& id, const QString& title, QWidget* panel,
                                  Qt::DockWidgetArea area, bool shown) {
    auto* dock = new QDockWidget(title, this);
    dock->setObjectName(id);
    dock->setAccessibleName(title);
    dock->setWidget(panel);
    dock->toggleViewAction()->setObjectName("panels." + id);
    dock->toggleViewAction()->setToolTip(tr("Show or close the panel %1").arg(title));
    connect(dock->toggleViewAction(), &QAction::triggered, dock, [dock](bool shown) {
        if (shown) dock->raise();  // in front of those that share its place
    });
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
