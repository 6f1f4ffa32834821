#pragma once

#include <QObject>
#include <utility>
#include <vector>

#include "app/window/workspace_id.h"

class QAction;
class QMenu;
class QTabBar;
class QToolBar;

namespace lvr {

// Chooses the workspace: tabs, menu entries and Ctrl+1 to Ctrl+4. What belongs to one workspace is
// there, and its keys work, in that workspace only.
class WorkspaceSwitch : public QObject {
    Q_OBJECT
public:
    explicit WorkspaceSwitch(QWidget* window);

    QList<QAction*> actions() const { return actions_; }
    void addTabsTo(QToolBar* bar);
    void show(WorkspaceId id);                // says nothing
    void setBadge(WorkspaceId id, int news);  // on its tab: how much was not seen yet; 0: nothing

    void belongs(WorkspaceId id, QMenu* menu);
    void belongs(WorkspaceId id, QToolBar* bar);
    void belongs(WorkspaceId id, QAction* action);

Q_SIGNALS:
    void chosen(lvr::WorkspaceId id);  // by the person

private:
    void add(WorkspaceId id, QObject* part);

    QList<QAction*> actions_;
    QTabBar* tabs_ = nullptr;
    WorkspaceId current_ = WorkspaceId::Ask;
    std::vector<std::pair<WorkspaceId, QObject*>> parts_;
};

}  // namespace lvr
