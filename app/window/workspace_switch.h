#pragma once

#include <QList>
#include <QObject>
#include <utility>
#include <vector>

#include "app/window/workspaces.h"

class QAction;
class QTabBar;
class QToolBar;
class QWidget;

namespace lvr {

// Chooses the workspace: tabs, menu entries and Ctrl+1 to Ctrl+5. What is limited to
// some workspaces is there, and its keys work, in those only.
class WorkspaceSwitch : public QObject {
    Q_OBJECT
public:
    explicit WorkspaceSwitch(QWidget* window);

    QList<QAction*> actions() const { return actions_; }
    void addTabsTo(QToolBar* bar);
    void show(WorkspaceId id);                // says nothing
    void setBadge(WorkspaceId id, int news);  // on its tab: how much was not seen yet; 0: nothing

    // An action, menu action or tool bar.
    void showIn(const QList<WorkspaceId>& workspaces, QObject* part);

Q_SIGNALS:
    void chosen(lvr::WorkspaceId id);  // by the person

private:
    QList<QAction*> actions_;
    QTabBar* tabs_ = nullptr;
    WorkspaceId current_ = WorkspaceId::Ask;
    std::vector<std::pair<QList<WorkspaceId>, QObject*>> parts_;
};

}  // namespace lvr
