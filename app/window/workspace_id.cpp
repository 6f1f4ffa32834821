#include "app/window/workspace_id.h"

#include <QObject>

namespace lvr {

QString titleOf(WorkspaceId id) {
    switch (id) {
        case WorkspaceId::Ask:
            return QObject::tr("Ask");
        case WorkspaceId::Train:
            return QObject::tr("Train");
        case WorkspaceId::Rollouts:
            return QObject::tr("Rollouts");
        case WorkspaceId::Compare:
            return QObject::tr("Compare");
    }
    return {};
}

QString nameOf(WorkspaceId id) {
    switch (id) {
        case WorkspaceId::Ask:
            return "ask";
        case WorkspaceId::Train:
            return "train";
        case WorkspaceId::Rollouts:
            return "rollouts";
        case WorkspaceId::Compare:
            return "compare";
    }
    return {};
}

std::optional<WorkspaceId> workspaceNamed(const QString& name) {
    for (const WorkspaceId id : kWorkspaces)
        if (nameOf(id) == name) return id;
    return std::nullopt;
}

}  // namespace lvr
