#include "app/window/workspace_switch.h"

#include <QAction>
#include <QActionGroup>
#include <QSignalBlocker>
#include <QTabBar>
#include <QToolBar>
#include <QWidget>

#include "widgets/action_tip.h"

namespace lvr {
namespace {

QString tipOf(WorkspaceId id) {
    switch (id) {
        case WorkspaceId::Ask:
            return QObject::tr("Ask about a picture and see what each latent step looks at");
        case WorkspaceId::Train:
            return QObject::tr("Launch trainings and watch them");
        case WorkspaceId::Rollouts:
            return QObject::tr("Read what a run of GRPO said");
        case WorkspaceId::Compare:
            return QObject::tr("Hold decoding strategies against each other");
        case WorkspaceId::Causal:
            return QObject::tr("Change its latents and see whether the answer moves");
    }
    return {};
}

}  // namespace

WorkspaceSwitch::WorkspaceSwitch(QWidget* window) : QObject(window) {
    auto* group = new QActionGroup(this);
    for (const WorkspaceId id : kWorkspaces) {
        auto* action = new QAction("&" + titleOf(id), this);
        action->setObjectName("workspace." + titleOf(id).toLower());
        action->setShortcut(Qt::CTRL | static_cast<Qt::Key>(Qt::Key_1 + actions_.size()));
        action->setToolTip(tipOf(id));
        updateTip(*action);
        action->setCheckable(true);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, id] { Q_EMIT chosen(id); });
        actions_.append(action);
    }
    window->addActions(actions_);
}

void WorkspaceSwitch::addTabsTo(QToolBar* bar) {
    tabs_ = new QTabBar(bar);
    tabs_->setObjectName("workspaces.tabs");
    tabs_->setAccessibleName(tr("Workspaces"));
    tabs_->setDrawBase(false);
    tabs_->setExpanding(false);
    for (const QAction* action : actions_)
        tabs_->setTabToolTip(tabs_->addTab(action->text().mid(1)), action->toolTip());
    bar->addWidget(tabs_);
    connect(tabs_, &QTabBar::currentChanged, this,
            [this](int place) { Q_EMIT chosen(kWorkspaces[place]); });
    show(current_);
}

void WorkspaceSwitch::show(WorkspaceId id) {
    current_ = id;
    actions_[static_cast<int>(id)]->setChecked(true);
    if (tabs_) {
        const QSignalBlocker quiet(tabs_);
        tabs_->setCurrentIndex(static_cast<int>(id));
    }
    for (const auto& [owners, part] : parts_) part->setProperty("visible", owners.contains(id));
}

void WorkspaceSwitch::setBadge(WorkspaceId id, int news) {
    if (!tabs_) return;
    const int tab = static_cast<int>(id);
    tabs_->setTabText(tab, news > 0 ? tr("%1 (%2)").arg(titleOf(id)).arg(news) : titleOf(id));
    const QString tip = actions_[tab]->toolTip();
    tabs_->setTabToolTip(tab, news > 0 ? tip + '\n' + tr("%1 alerts not seen yet").arg(news) : tip);
}

void WorkspaceSwitch::showIn(const QList<WorkspaceId>& workspaces, QObject* part) {
    parts_.emplace_back(workspaces, part);
    if (workspaces.size() == 1) part->setProperty(kActionPlace, titleOf(workspaces.first()));
    part->setProperty("visible", workspaces.contains(current_));
}

}  // namespace lvr
